//! Writer to reader: whatever is written in whatever order comes out as it went in, also when the
//! socket takes a byte at a time, and the length that is promised is the length that is written.

use std::io::IoSlice;

use onair_engine::flv::TagType;
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::{ChunkReader, Limits, Message};
use onair_types::Payload;

use crate::input::Input;

pub(crate) fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut writer = CommandWriter::new();
    let (mut out, mut wire) = (Outgoing::new(), Vec::new());
    let mut sent: Vec<Message> = Vec::new();
    let mut time_ms = 0_u32;
    for _ in 0..MOST_MESSAGES {
        if input.is_empty() {
            break;
        }
        match input.byte() % 8 {
            0 => {
                let size = [input.u32(), 128, 65_536][usize::from(input.byte()) % 3];
                writer.set_chunk_size(size, &mut out);
                let size = size.clamp(128, 0xFF_FFFF);
                sent.push(message(0, 1, 0, size.to_be_bytes().to_vec()));
            }
            1 => {
                let number = input.u32();
                writer.acknowledgement(number, &mut out);
                sent.push(message(0, 3, 0, number.to_be_bytes().to_vec()));
            }
            2 => {
                let body = body(&mut input);
                writer.data(1, time_ms, &body, &mut out);
                if !body.is_empty() {
                    sent.push(message(time_ms, 18, 1, body));
                }
            }
            3 => take(&mut out, usize::from(input.u16()), &mut wire),
            4 => time_ms = time_ms.wrapping_add(input.u32()),
            5 => {
                let (tag_type, body) = (tag_type(&mut input), body(&mut input));
                let (one, other) = body.split_at(body.len() / 3);
                out.push_copied(tag_type, 1, time_ms, &[one, other]).expect("it is small");
                sent.push(message(time_ms, tag_type as u8, 1, body));
            }
            _ => {
                let (tag_type, body) = (tag_type(&mut input), body(&mut input));
                let prefix = [1, 2, 3, 4, 5];
                let stream_id = 1 + u32::from(input.byte() & 1);
                let payload = Payload::from_vec(body.clone());
                out.push_media(tag_type, stream_id, time_ms, &prefix, &payload).expect("small");
                let body = [&prefix[..], &body].concat();
                sent.push(message(time_ms, tag_type as u8, stream_id, body));
            }
        }
    }
    take(&mut out, usize::MAX, &mut wire);
    assert!(out.is_empty());
    assert_eq!(out.total_bytes(), wire.len() as u64, "as long as it said");
    assert_eq!(out.written_bytes(), wire.len() as u64);

    let mut reader = ChunkReader::new(Limits::SERVER);
    let mut read = Vec::new();
    reader.push(&wire, &mut |message| read.push(message)).expect("what we write can be read");
    assert_eq!(read, sent);
}

fn message(timestamp_ms: u32, type_id: u8, stream_id: u32, body: Vec<u8>) -> Message {
    Message { timestamp_ms, type_id, stream_id, body }
}

fn tag_type(input: &mut Input<'_>) -> TagType {
    input.one_of(&[TagType::Audio, TagType::Video, TagType::Script])
}

/// Long ones are one byte again and again.
fn body(input: &mut Input<'_>) -> Vec<u8> {
    let (length, fill) = (input.u16(), input.byte());
    match length {
        ..256 => input.take(usize::from(length)).to_vec(),
        _ => vec![fill; usize::from(length)],
    }
}

/// The socket takes up to `limit` bytes.
fn take(out: &mut Outgoing, limit: usize, wire: &mut Vec<u8>) {
    let mut left = limit;
    while left > 0 && !out.is_empty() {
        let mut slices = [IoSlice::new(&[]); 3];
        let filled = out.io_slices_within(left, &mut slices);
        let before = wire.len();
        slices[..filled].iter().for_each(|slice| wire.extend_from_slice(slice));
        let taken = wire.len() - before;
        assert!(taken > 0 && taken <= left, "{taken} of {left}");
        out.advance(taken);
        left -= taken;
    }
}

const MOST_MESSAGES: usize = 64;
