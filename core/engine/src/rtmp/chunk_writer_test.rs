use onair_types::payload::Pool;
use proptest::prelude::*;

use super::*;
use crate::amf0::Value;
use crate::rtmp::command::{CommandWriter, read_with_rml};
use crate::rtmp::{ChunkReader, Limits, Message};

fn payload(len: usize) -> Payload {
    Payload::from_vec((0..len).map(|i| (i * 7 + i / 256) as u8).collect())
}

/// Takes everything as a socket that accepts `pieces` bytes at a time, with few slices.
fn drain(out: &mut Outgoing, piece: usize) -> (Vec<u8>, Written) {
    let mut bytes = Vec::new();
    let mut written = Written::default();
    while !out.is_empty() {
        let mut slices = [IoSlice::new(&[]); 3];
        let count = out.io_slices(&mut slices);
        assert!(count > 0);
        let mut room = piece;
        for slice in &slices[..count] {
            let taken = slice.len().min(room);
            bytes.extend_from_slice(&slice[..taken]);
            room -= taken;
        }
        let done = out.advance(piece - room);
        written.audio += done.audio;
        written.video += done.video;
    }
    (bytes, written)
}

fn all(out: &mut Outgoing) -> Vec<u8> {
    drain(out, usize::MAX).0
}

/// Reads what was written; Set Chunk Size is left out.
fn read_back(bytes: &[u8]) -> Vec<Message> {
    let mut reader = ChunkReader::new(Limits {
        message_bytes: 16 << 20,
        partial_bytes: 16 << 20,
        ..Limits::SERVER
    });
    let mut messages = Vec::new();
    reader.push(bytes, &mut |message| messages.push(message)).unwrap();
    messages.retain(|message| message.type_id != 1);
    messages
}

#[test]
fn the_first_message_is_absolute_and_the_next_a_delta() {
    let mut out = Outgoing::new();
    out.push_media(TagType::Video, 1, 1_000, &[0x17, 1, 0, 0, 0], &payload(2)).unwrap();
    out.push_media(TagType::Video, 1, 1_033, &[0x27, 1, 0, 0, 0], &payload(1)).unwrap();
    let expected = [
        &[0x05, 0, 0x03, 0xE8, 0, 0, 7, 9, 1, 0, 0, 0, 0x17, 1, 0, 0, 0, 0, 7][..],
        &[0x45, 0, 0, 33, 0, 0, 6, 9, 0x27, 1, 0, 0, 0, 0],
    ]
    .concat();
    assert_eq!(all(&mut out), expected);
}

#[test]
fn a_long_payload_gets_type_3_headers_between_its_chunks() {
    let mut out = Outgoing::new();
    let payload = payload(300);
    out.push_media(TagType::Audio, 1, 0, &[0xAF, 1], &payload).unwrap();
    let expected = [
        &[0x04, 0, 0, 0, 0, 1, 46, 8, 1, 0, 0, 0, 0xAF, 1],
        &payload[..126],
        &[0xC4],
        &payload[126..254],
        &[0xC4],
        &payload[254..],
    ]
    .concat();
    assert_eq!(out.len(), expected.len());
    assert_eq!(all(&mut out), expected);
}

#[test]
fn a_body_that_fills_its_chunks_has_no_header_behind_it() {
    for (payload_bytes, chunks) in [(126, 1), (127, 2), (254, 2), (255, 3), (0, 1)] {
        let mut out = Outgoing::new();
        out.push_media(TagType::Audio, 1, 0, &[0xAF, 1], &payload(payload_bytes)).unwrap();
        let bytes = all(&mut out);
        assert_eq!(bytes.len(), 12 + 2 + payload_bytes + chunks - 1, "{payload_bytes}");
        assert_eq!(read_back(&bytes)[0].body.len(), payload_bytes + 2);
    }
}

#[test]
fn lf47_with_a_raised_chunk_size_a_frame_is_one_chunk() {
    let mut out = Outgoing::new();
    let mut commands = CommandWriter::new();
    commands.set_chunk_size(4_096, &mut out);
    let before = out.len();
    out.push_media(TagType::Video, 1, 0, &[0x17, 1, 0, 0, 0], &payload(2_995)).unwrap();
    assert_eq!(out.len() - before, 12 + 3_000);
    assert_eq!(read_back(&all(&mut out))[0].body.len(), 3_000);
}

#[test]
fn lf48_one_message_is_one_vectored_write() {
    let mut out = Outgoing::new();
    out.push_media(TagType::Video, 1, 0, &[0x17, 1, 0, 0, 0], &payload(1_000)).unwrap();
    let mut slices = [IoSlice::new(&[]); 32];
    let count = out.io_slices(&mut slices);
    assert_eq!(slices[..count].iter().map(|slice| slice.len()).sum::<usize>(), out.len());
}

#[test]
fn d08_type_3_chunks_repeat_the_extended_time_and_nothing_else_has_one() {
    let mut out = Outgoing::new();
    for timestamp_ms in 16_777_213..=16_777_217 {
        out.push_media(TagType::Video, 1, timestamp_ms, &[0x27, 1, 0, 0, 0], &payload(200))
            .unwrap();
    }
    let bytes = all(&mut out);
    let type_0 = |time: [u8; 3], extended: &[u8]| {
        [&[0x05][..], &time, &[0, 0, 205, 9, 1, 0, 0, 0], extended].concat()
    };
    let body = [&[0x27, 1, 0, 0, 0][..], &payload(200)].concat();
    let message = |head: Vec<u8>, extended: &[u8]| {
        [&head, &body[..128], &[0xC5], extended, &body[128..]].concat()
    };
    let expected = [
        message(type_0([0xFF, 0xFF, 0xFD], &[]), &[]),
        message(vec![0x45, 0, 0, 1, 0, 0, 205, 9], &[]),
        message(type_0([0xFF; 3], &[0, 0xFF, 0xFF, 0xFF]), &[0, 0xFF, 0xFF, 0xFF]),
        message(type_0([0xFF; 3], &[1, 0, 0, 0]), &[1, 0, 0, 0]),
        message(type_0([0xFF; 3], &[1, 0, 0, 1]), &[1, 0, 0, 1]),
    ]
    .concat();
    assert_eq!(bytes, expected);
    for messages in [read_back(&bytes), read_with_rml(&bytes)] {
        let times: Vec<u32> = messages.iter().map(|message| message.timestamp_ms).collect();
        assert_eq!(times, (16_777_213..=16_777_217).collect::<Vec<u32>>());
        assert!(messages.iter().all(|message| message.body == body));
    }
}

#[test]
fn d10_d11_times_near_2_31_and_across_2_32_arrive_as_they_are() {
    for start in [(1u32 << 31) - 5_000, 0u32.wrapping_sub(5_000)] {
        let mut out = Outgoing::new();
        let times: Vec<u32> = (0..300).map(|i| start.wrapping_add(i * 33)).collect();
        for &time in &times {
            out.push_media(TagType::Video, 1, time, &[0x27, 1, 0, 0, 0], &payload(150)).unwrap();
        }
        let bytes = all(&mut out);
        for messages in [read_back(&bytes), read_with_rml(&bytes)] {
            let read: Vec<u32> = messages.iter().map(|message| message.timestamp_ms).collect();
            assert_eq!(read, times);
        }
    }
}

#[test]
fn d17_a_time_that_steps_back_is_sent_as_it_is() {
    let mut out = Outgoing::new();
    for time in [100, 50, 50, 60] {
        out.push_media(TagType::Audio, 1, time, &[0xAF, 1], &payload(10)).unwrap();
    }
    let times: Vec<u32> = read_back(&all(&mut out)).iter().map(|m| m.timestamp_ms).collect();
    assert_eq!(times, [100, 50, 50, 60]);
}

#[test]
fn another_message_stream_begins_with_a_full_header() {
    let mut out = Outgoing::new();
    out.push_media(TagType::Audio, 1, 10, &[], &payload(3)).unwrap();
    out.push_media(TagType::Audio, 2, 20, &[], &payload(3)).unwrap();
    let ids: Vec<u32> = read_back(&all(&mut out)).iter().map(|m| m.stream_id).collect();
    assert_eq!(ids, [1, 2]);
}

#[test]
fn advance_counts_shared_messages_at_their_last_byte() {
    let mut out = Outgoing::new();
    out.push_copied(TagType::Video, 1, 0, &[&[0x17, 0, 0, 0, 0], &[1; 30]]).unwrap();
    let header_bytes = out.len();
    out.push_media(TagType::Video, 1, 0, &[0x17, 1, 0, 0, 0], &payload(500)).unwrap();
    let video_bytes = out.len() - header_bytes;
    out.push_media(TagType::Audio, 1, 0, &[0xAF, 1], &payload(20)).unwrap();

    assert!(!out.is_mid_message());
    assert_eq!(out.advance(header_bytes), Written::default());
    assert!(!out.is_mid_message());
    assert_eq!(out.advance(video_bytes - 1), Written::default());
    assert!(out.is_mid_message());
    assert_eq!(out.advance(1), Written { audio: 0, video: 1 });
    assert!(!out.is_mid_message());
    assert_eq!(out.advance(out.len()), Written { audio: 1, video: 0 });
    assert!(out.is_empty());
    assert_eq!(out.written_bytes(), out.total_bytes());
}

#[test]
fn payloads_are_shared_not_copied() {
    let mut out = Outgoing::new();
    let payload = payload(100);
    out.push_media(TagType::Video, 1, 0, &[0x17, 1, 0, 0, 0], &payload).unwrap();
    let mut slices = [IoSlice::new(&[]); 4];
    assert_eq!(out.io_slices(&mut slices), 2);
    assert_eq!(slices[1].as_ptr(), payload.as_ptr());
}

#[test]
fn a_sent_payload_goes_back_to_its_pool() {
    let mut out = Outgoing::new();
    let mut pool = Pool::new(4);
    let first = pool.copy_of(&[1; 10]);
    let address = first.as_ptr();
    out.push_media(TagType::Audio, 1, 0, &[0xAF, 1], &first).unwrap();
    drop(first);
    out.advance(out.len());
    assert_eq!(pool.copy_of(&[2; 10]).as_ptr(), address);
}

#[test]
fn a_message_that_the_length_field_cannot_say_is_refused() {
    let mut out = Outgoing::new();
    let error = out.push_media(TagType::Video, 1, 0, &[0; 5], &payload(0xFF_FFFF - 4)).unwrap_err();
    assert_eq!(error, MessageTooLarge { size_bytes: 0x100_0000 });
    assert!(out.is_empty());
    out.push_media(TagType::Video, 1, 0, &[0; 5], &payload(0xFF_FFFF - 5)).unwrap();
    assert_eq!(read_back(&all(&mut out))[0].body.len(), 0xFF_FFFF);
}

#[test]
fn reset_begins_a_new_connection() {
    let mut out = Outgoing::new();
    CommandWriter::new().set_chunk_size(4_096, &mut out);
    out.push_media(TagType::Video, 1, 5_000, &[0x17, 1, 0, 0, 0], &payload(500)).unwrap();
    out.advance(20);
    out.reset();
    assert!(out.is_empty() && !out.is_mid_message());
    assert_eq!((out.total_bytes(), out.written_bytes()), (0, 0));
    out.push_media(TagType::Video, 1, 5_033, &[0x27, 1, 0, 0, 0], &payload(200)).unwrap();
    let bytes = all(&mut out);
    assert_eq!(bytes[..4], [0x05, 0, 0x13, 0xA9], "absolute again");
    assert_eq!(bytes.len(), 12 + 205 + 1, "chunks of 128 again");
}

/// One thing to append.
#[derive(Clone, Debug)]
enum Push {
    Media { tag_type: TagType, step: i32, bytes: usize },
    Copied { tag_type: TagType, step: i32, bytes: usize },
    Command { bytes: usize },
    Data { step: i32, bytes: usize },
    ChunkSize(u32),
}

fn any_push() -> impl Strategy<Value = Push> {
    let tag_type = prop_oneof![Just(TagType::Audio), Just(TagType::Video), Just(TagType::Script)];
    let step = prop_oneof![8 => 0..100i32, 1 => -50..0i32, 1 => any::<i32>()];
    let bytes = prop_oneof![3 => 0..300usize, 1 => 300..20_000usize];
    prop_oneof![
        6 => (tag_type.clone(), step.clone(), bytes.clone())
            .prop_map(|(tag_type, step, bytes)| Push::Media { tag_type, step, bytes }),
        1 => (tag_type, step.clone(), bytes.clone())
            .prop_map(|(tag_type, step, bytes)| Push::Copied { tag_type, step, bytes }),
        1 => (0..400usize).prop_map(|bytes| Push::Command { bytes }),
        1 => (step, 1..400usize).prop_map(|(step, bytes)| Push::Data { step, bytes }),
        1 => prop_oneof![128..200u32, 200..70_000u32].prop_map(Push::ChunkSize),
    ]
}

/// Appends all and says what a reader must find.
fn push_all(pushes: &[Push], start_ms: u32, out: &mut Outgoing) -> Vec<Message> {
    let mut commands = CommandWriter::new();
    let mut expected = Vec::new();
    let mut now_ms = start_ms;
    for push in pushes {
        let message = match push {
            Push::Media { tag_type, step, bytes } => {
                now_ms = now_ms.wrapping_add_signed(*step);
                let payload = payload(*bytes);
                out.push_media(*tag_type, 1, now_ms, &[9, 9, 9], &payload).unwrap();
                let body = [&[9, 9, 9], &payload[..]].concat();
                (now_ms, *tag_type as u8, 1, body)
            }
            Push::Copied { tag_type, step, bytes } => {
                now_ms = now_ms.wrapping_add_signed(*step);
                let payload = payload(*bytes);
                out.push_copied(*tag_type, 1, now_ms, &[&[8], &payload, &[7, 7]]).unwrap();
                (now_ms, *tag_type as u8, 1, [&[8], &payload[..], &[7, 7]].concat())
            }
            Push::Command { bytes } => {
                let name = "c".repeat(*bytes);
                commands.command(0, &name, 4.0, &[Value::Null], out);
                let mut body = Vec::new();
                crate::amf0::write_str(&mut body, &name);
                body.extend_from_slice(&[0, 0x40, 0x10, 0, 0, 0, 0, 0, 0, 5]);
                (0, 20, 0, body)
            }
            Push::Data { step, bytes } => {
                now_ms = now_ms.wrapping_add_signed(*step);
                let payload = payload(*bytes);
                commands.data(1, now_ms, &payload, out);
                (now_ms, 18, 1, payload.to_vec())
            }
            Push::ChunkSize(bytes) => {
                commands.set_chunk_size(*bytes, out);
                continue;
            }
        };
        let (timestamp_ms, type_id, stream_id, body) = message;
        expected.push(Message { timestamp_ms, type_id, stream_id, body });
    }
    expected
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read_back_whatever_the_pieces(
        pushes in prop::collection::vec(any_push(), 1..20),
        start_ms in prop_oneof![Just(0u32), 16_777_100..16_777_300u32, any::<u32>()],
        socket_takes in 1..3_000usize,
        reader_gets in 1..3_000usize,
    ) {
        let mut out = Outgoing::new();
        let expected = push_all(&pushes, start_ms, &mut out);
        let media = |wanted: TagType| pushes.iter()
            .filter(|p| matches!(p, Push::Media { tag_type, .. } if *tag_type == wanted))
            .count() as u32;
        let total = out.total_bytes();
        let (bytes, written) = drain(&mut out, socket_takes);
        prop_assert_eq!(bytes.len() as u64, total);
        prop_assert_eq!(written, Written { audio: media(TagType::Audio), video: media(TagType::Video) });

        let mut reader = ChunkReader::new(Limits::SERVER);
        let mut read = Vec::new();
        for piece in bytes.chunks(reader_gets) {
            reader.push(piece, &mut |message| read.push(message)).unwrap();
        }
        read.retain(|message| message.type_id != 1);
        prop_assert_eq!(&read, &expected);
        prop_assert_eq!(reader.received_bytes(), total);
    }

    #[test]
    fn another_implementation_reads_the_same(
        pushes in prop::collection::vec(any_push(), 1..20),
        start_ms in prop_oneof![Just(0u32), 16_777_100..16_777_300u32, any::<u32>()],
    ) {
        let mut out = Outgoing::new();
        let expected = push_all(&pushes, start_ms, &mut out);
        prop_assert_eq!(read_with_rml(&all(&mut out)), expected);
    }
}

/// Of one connection, and the same messages framed by it and sent by another.
#[test]
fn framed_messages_read_like_those_sent_one_by_one() {
    let (picture, sound) = (payload(1_000), payload(90));
    for at in [40, 0x00FF_FFFF - 10, 0x0100_0000, u32::MAX - 20] {
        let (mut plain, mut framing, mut sharing) =
            (Outgoing::new(), Outgoing::new(), Outgoing::new());
        let mut wires = [Vec::new(), Vec::new(), Vec::new()];
        for round in 0..3_u32 {
            let ms = at.wrapping_add(round * 40);
            let messages = [(TagType::Video, ms, &picture), (TagType::Audio, ms + 5, &sound)];
            for (tag_type, ms, body) in messages {
                plain.push_media(tag_type, 1, ms, &[], body).unwrap();
            }
            let framed = framing.frame(1, messages.into_iter()).unwrap();
            assert!(framing.push_framed(&framed, 1) && sharing.push_framed(&framed, 1));
            for (wire, out) in wires.iter_mut().zip([&mut plain, &mut framing, &mut sharing]) {
                // In pieces that end anywhere.
                wire.extend(drain(out, 77).0);
            }
        }
        assert_eq!(wires[0], wires[1]);
        assert_eq!(wires[0], wires[2]);
    }
}

#[test]
fn framed_messages_are_not_for_connections_that_stand_otherwise() {
    let sound = payload(90);
    let mut first = Outgoing::new();
    first.push_media(TagType::Audio, 1, 40, &[], &sound).unwrap();
    let framed = first.frame(1, [(TagType::Audio, 60, &sound)].into_iter()).unwrap();
    assert!(standing_like(&first).push_framed(&framed, 1));
    let mut behind = Outgoing::new();
    assert!(!behind.push_framed(&framed, 1), "nothing was before it here");
    behind.push_media(TagType::Audio, 1, 20, &[], &sound).unwrap();
    assert!(!behind.push_framed(&framed, 1), "a delta would mean another time");
    assert!(!first.push_framed(&framed, 2), "another message stream");
    let mut other = standing_like(&first);
    CommandWriter::new().set_chunk_size(4_096, &mut other);
    assert!(!other.push_framed(&framed, 1), "another chunk size");
    // What it does not use may stand anywhere.
    first.push_media(TagType::Video, 1, 50, &[], &sound).unwrap();
    assert!(first.push_framed(&framed, 1));
    assert!(!first.push_framed(&framed, 1), "once");
}

/// A connection on which the same was sent and written.
fn standing_like(out: &Outgoing) -> Outgoing {
    Outgoing { chunk_bytes: out.chunk_bytes, previous: out.previous, ..Outgoing::default() }
}
