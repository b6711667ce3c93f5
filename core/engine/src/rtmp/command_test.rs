use rml_rtmp::chunk_io::ChunkDeserializer;

use super::*;
use crate::rtmp::{ChunkReader, Limits, Message};

/// Reads messages with another implementation than ours; Set Chunk Size is applied and left out.
pub(in crate::rtmp) fn read_with_rml(bytes: &[u8]) -> Vec<Message> {
    let mut reader = ChunkDeserializer::new();
    let mut messages = Vec::new();
    let mut input = bytes;
    while let Some(message) = reader.get_next_message(input).unwrap() {
        input = &[];
        if message.type_id == 1 {
            let size = u32::from_be_bytes(message.data[..].try_into().unwrap());
            reader.set_max_chunk_size(size as usize).unwrap();
            continue;
        }
        messages.push(Message {
            timestamp_ms: message.timestamp.value,
            type_id: message.type_id,
            stream_id: message.message_stream_id,
            body: message.data.to_vec(),
        });
    }
    messages
}

/// Lets `write` write and takes what it wrote.
fn written(write: impl FnOnce(&mut CommandWriter, &mut Outgoing)) -> Vec<u8> {
    let mut out = Outgoing::new();
    write(&mut CommandWriter::new(), &mut out);
    all(&mut out)
}

fn all(out: &mut Outgoing) -> Vec<u8> {
    let mut slices = [std::io::IoSlice::new(&[]); 64];
    let count = out.io_slices(&mut slices);
    let bytes: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.to_vec()).collect();
    assert_eq!(bytes.len(), out.len());
    bytes
}

#[test]
fn control_messages_have_the_bytes_of_the_specification() {
    let cases: [(Vec<u8>, &[u8]); 5] = [
        (written(|w, out| w.set_chunk_size(65_536, out)), &[1, 0, 0, 0, 0, 0, 1, 0, 0]),
        (
            written(|w, out| w.window_ack_size(2_500_000, out)),
            &[5, 0, 0, 0, 0, 0, 0x26, 0x25, 0xA0],
        ),
        (written(|w, out| w.acknowledgement(258, out)), &[3, 0, 0, 0, 0, 0, 0, 1, 2]),
        (written(|w, out| w.set_peer_bandwidth(1, out)), &[6, 0, 0, 0, 0, 0, 0, 0, 1, 2]),
        (
            written(|w, out| w.user_control(7, &[1, 2, 3, 4], out)),
            &[4, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4],
        ),
    ];
    for (bytes, expected) in cases {
        // Full header on chunk stream 2, time 0; then length, and type, stream id and body.
        let length = expected.len() as u8 - 5;
        assert_eq!(bytes[..7], [2, 0, 0, 0, 0, 0, length]);
        assert_eq!(&bytes[7..], expected);
    }
}

#[test]
fn lf45_a_command_is_name_transaction_and_arguments_in_order() {
    let arguments = [
        Value::Object(vec![("app".into(), "live".into()), ("a".into(), Value::Null)]),
        Value::from("x"),
    ];
    let bytes = written(|w, out| w.command(1, "connect", 1.0, &arguments, out));
    let mut body = vec![2, 0, 7];
    body.extend_from_slice(b"connect\0\x3F\xF0\0\0\0\0\0\0");
    body.extend_from_slice(b"\x03\0\x03app\x02\0\x04live\0\x01a\x05\0\0\x09\x02\0\x01x");
    let header = [6, 0, 0, 0, 0, 0, body.len() as u8, 20, 1, 0, 0, 0];
    assert_eq!(bytes, [&header[..], &body].concat());
}

#[test]
fn every_message_begins_with_a_full_header_and_long_ones_go_on_with_type_3() {
    let mut out = Outgoing::new();
    let mut commands = CommandWriter::new();
    for _ in 0..3 {
        commands.command(0, "x", 0.0, &[Value::from("y".repeat(200))], &mut out);
    }
    let bytes = all(&mut out);
    let message_bytes = bytes.len() / 3;
    for message in bytes.chunks(message_bytes) {
        assert_eq!(message[0], 0x06);
        assert_eq!(message[12 + 128], 0xC6);
    }
}

#[test]
fn the_chunk_size_is_kept_within_what_servers_take() {
    for (asked, set) in [(0, 128), (1, 128), (4_096, 4_096), (u32::MAX, 0xFF_FFFF)] {
        let bytes = written(|w, out| w.set_chunk_size(asked, out));
        assert_eq!(bytes[12..], u32::to_be_bytes(set));
    }
}

#[test]
fn a_data_message_past_the_extended_time_repeats_it() {
    let bytes = written(|w, out| w.data(1, 0x0100_0000, &[5; 200], out));
    let mut read = Vec::new();
    let mut reader = ChunkReader::new(Limits::SERVER);
    reader.push(&bytes, &mut |message| read.push(message)).unwrap();
    let expected =
        Message { timestamp_ms: 0x0100_0000, type_id: 18, stream_id: 1, body: vec![5; 200] };
    assert_eq!(read, [expected]);
    assert_eq!(bytes[12 + 4 + 128..][..5], [0xC3, 1, 0, 0, 0]);
}
