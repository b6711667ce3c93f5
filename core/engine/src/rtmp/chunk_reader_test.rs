use proptest::prelude::*;

use super::*;
use crate::rtmp::chunk_header::EXTENDED;

#[path = "chunk_reader_hostile_test.rs"]
mod hostile;

/// A chunk header of type 0 on a short chunk stream id.
fn type_0(csid: u8, time: u32, length: u32, type_id: u8, stream_id: u32) -> Vec<u8> {
    let mut chunk = vec![csid];
    chunk.extend_from_slice(&time.min(EXTENDED).to_be_bytes()[1..]);
    chunk.extend_from_slice(&length.to_be_bytes()[1..]);
    chunk.push(type_id);
    chunk.extend_from_slice(&stream_id.to_le_bytes());
    if time >= EXTENDED {
        chunk.extend_from_slice(&time.to_be_bytes());
    }
    chunk
}

fn type_1(csid: u8, delta: u32, length: u32, type_id: u8) -> Vec<u8> {
    let mut chunk = vec![0x40 | csid];
    chunk.extend_from_slice(&delta.min(EXTENDED).to_be_bytes()[1..]);
    chunk.extend_from_slice(&length.to_be_bytes()[1..]);
    chunk.push(type_id);
    if delta >= EXTENDED {
        chunk.extend_from_slice(&delta.to_be_bytes());
    }
    chunk
}

fn type_2(csid: u8, delta: u32) -> Vec<u8> {
    [&[0x80 | csid], &delta.to_be_bytes()[1..]].concat()
}

fn type_3(csid: u8) -> Vec<u8> {
    vec![0xC0 | csid]
}

fn read_with(limits: Limits, bytes: &[u8]) -> (Vec<Message>, Result<(), ReadError>) {
    let mut messages = Vec::new();
    let result = ChunkReader::new(limits).push(bytes, &mut |message| messages.push(message));
    (messages, result)
}

fn read(parts: &[&[u8]]) -> Vec<Message> {
    let (messages, result) = read_with(Limits::SERVER, &parts.concat());
    result.unwrap();
    messages
}

fn refused(parts: &[&[u8]]) -> ReadError {
    let bytes = parts.concat();
    let (_, result) = read_with(Limits::SERVER, &bytes);
    let error = result.unwrap_err();
    // One byte at a time ends in the same error, and the reader stays shut.
    let mut reader = ChunkReader::new(Limits::SERVER);
    let drip = bytes.iter().find_map(|byte| reader.push(&[*byte], &mut |_| ()).err());
    assert_eq!(drip, Some(error.clone()));
    assert_eq!(reader.push(&[0], &mut |_| panic!("shut")), Err(error.clone()));
    error
}

fn audio(timestamp_ms: u32, body: &[u8]) -> Message {
    Message { timestamp_ms, type_id: 8, stream_id: 1, body: body.to_vec() }
}

fn set_chunk_size(size: u32) -> Vec<u8> {
    [type_0(2, 0, 4, 1, 0), size.to_be_bytes().to_vec()].concat()
}

#[test]
fn all_four_header_types_are_understood() {
    let messages = read(&[
        &type_0(4, 1_000, 2, 8, 1),
        b"ab",
        &type_1(4, 20, 3, 8),
        b"cde",
        &type_2(4, 30),
        b"fgh",
        &type_3(4),
        b"ijk",
    ]);
    assert_eq!(
        messages,
        [audio(1_000, b"ab"), audio(1_020, b"cde"), audio(1_050, b"fgh"), audio(1_080, b"ijk")]
    );
}

#[test]
fn a_type_3_message_right_after_type_0_takes_its_time_for_the_delta() {
    let messages = read(&[&type_0(4, 100, 1, 8, 1), b"a", &type_3(4), b"b"]);
    assert_eq!(messages[1].timestamp_ms, 200); // RTMP 1.0 5.3.1.2.4
}

#[test]
fn messages_of_chunk_streams_that_alternate_are_kept_apart() {
    let video = vec![9; 300];
    let messages = read(&[
        &type_0(6, 40, 300, 9, 1),
        &video[..128],
        &type_0(4, 20, 130, 8, 1),
        &[8; 128],
        &type_3(6),
        &video[128..256],
        &type_3(4),
        &[8; 2],
        &type_3(6),
        &video[256..],
    ]);
    assert_eq!(messages[0], audio(20, &[8; 130]));
    assert_eq!((messages[1].type_id, &messages[1].body), (9, &video));
}

#[test]
fn an_empty_message_is_a_message() {
    let messages = read(&[&type_0(4, 5, 0, 8, 1), &type_3(4), &type_1(4, 5, 1, 8), b"x"]);
    assert_eq!(messages, [audio(5, b""), audio(10, b""), audio(15, b"x")]);
}

#[test]
fn a_whole_header_repeated_within_a_message_changes_nothing() {
    let messages = read(&[
        &type_0(4, 100, 300, 8, 1),
        &[1; 128],
        &type_0(4, 100, 300, 8, 1),
        &[1; 128],
        &type_1(4, 0, 300, 8),
        &[1; 44],
    ]);
    assert_eq!(messages, [audio(100, &[1; 300])]);
}

#[test]
fn d09_extended_times_with_and_without_repetition_in_type_3() {
    let time = 0x0123_4567_u32;
    let body = [7; 300];
    for repeated in [&time.to_be_bytes()[..], &[]] {
        let messages = read(&[
            &type_0(4, time, 300, 8, 1),
            &body[..128],
            &type_3(4),
            repeated,
            &body[128..256],
            &type_3(4),
            repeated,
            &body[256..],
            &type_1(4, 10, 1, 8),
            b"x",
        ]);
        assert_eq!(messages, [audio(time, &body), audio(time + 10, b"x")]);
    }
}

#[test]
fn d09_a_body_that_begins_like_the_time_is_still_body_where_it_differs() {
    // Not repeated, and the second chunk begins with three bytes of it, or is shorter than it.
    let time = 0x0123_4567_u32;
    for rest in [&[1, 0x23, 0x45, 9, 9][..], &[1, 0x23, 9], &[1, 9], &[9], &[9, 9, 9, 9, 9, 9]] {
        let length = 128 + rest.len() as u32;
        let messages = read(&[
            &type_0(4, time, length, 8, 1),
            &[7; 128],
            &type_3(4),
            rest,
            &type_0(4, 0, 1, 8, 1),
            b"x",
        ]);
        assert_eq!(messages, [audio(time, &[&[7; 128], rest].concat()), audio(0, b"x")]);
    }
}

#[test]
fn d09_short_chunks_that_look_like_the_time_hand_their_bytes_on() {
    // Two bytes of body equal to the time's, not repeated; what follows decides.
    let messages = read(&[
        &type_0(4, 0x0123_4567, 130, 8, 1),
        &[7; 128],
        &type_3(4),
        &[1, 0x23],
        &type_0(5, 3, 1, 8, 1),
        b"x",
    ]);
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].body[128..], [1, 0x23]);
    assert_eq!(messages[1], audio(3, b"x"));
}

#[test]
fn an_extended_delta_is_a_delta() {
    let delta = 0x0200_0000_u32;
    let messages = read(&[
        &type_0(4, 1_000, 1, 8, 1),
        b"a",
        &type_1(4, delta, 200, 8),
        &[5; 128],
        &type_3(4),
        &delta.to_be_bytes(),
        &[5; 72],
        // The next message as type 3: the same delta again, and repeated again.
        &type_3(4),
        &delta.to_be_bytes(),
        &[6; 128],
        &type_3(4),
        &delta.to_be_bytes(),
        &[6; 72],
    ]);
    let expected =
        [audio(1_000, b"a"), audio(1_000 + delta, &[5; 200]), audio(1_000 + 2 * delta, &[6; 200])];
    assert_eq!(messages, expected);
}

#[test]
fn the_absolute_time_in_type_3_behind_a_delta_is_taken_for_what_it_is() {
    let (start, delta) = (0x0100_0000_u32, 0x0100_0000_u32);
    let messages = read(&[
        &type_0(4, start, 1, 8, 1),
        b"a",
        &type_1(4, delta, 200, 8),
        &[5; 128],
        &type_3(4),
        &(start + delta).to_be_bytes(),
        &[5; 72],
    ]);
    assert_eq!(messages[1], audio(start + delta, &[5; 200]));
}

#[test]
fn d11_times_wrap() {
    let messages = read(&[&type_0(4, u32::MAX - 5, 1, 8, 1), b"a", &type_1(4, 10, 1, 8), b"b"]);
    assert_eq!(messages[1].timestamp_ms, 4);
}

#[test]
fn a_new_chunk_size_holds_from_the_next_chunk_on_even_within_a_message() {
    let messages = read(&[
        &type_0(4, 0, 400, 8, 1),
        &[1; 128],
        &set_chunk_size(200),
        &type_3(4),
        &[2; 200],
        &type_3(4),
        &[3; 72],
    ]);
    assert_eq!(messages[1].body, [&[1; 128][..], &[2; 200], &[3; 72]].concat());
}

/// A conversation with everything in it.
fn recorded_session() -> Vec<u8> {
    let late = 0x0100_0010_u32;
    [
        type_0(2, 0, 4, 5, 0),
        vec![0, 0x26, 0x25, 0xA0],
        set_chunk_size(200),
        type_0(3, 0, 10, 20, 0),
        vec![2, 0, 7, b'_', b'r', b'e', b's', b'u', b'l', b't'],
        type_0(6, 0, 500, 9, 1),
        vec![1; 200],
        type_1(2, 0, 6, 4),
        vec![0, 6, 0, 0, 0, 1],
        type_3(6),
        vec![2; 200],
        type_0(4, 3, 3, 8, 1),
        vec![0xAF, 1, 0],
        type_3(6),
        vec![3; 100],
        type_2(4, 23),
        vec![0xAF, 1, 1],
        type_3(4),
        vec![0xAF, 1, 2],
        type_0(6, late, 250, 9, 1),
        vec![1; 200],
        type_3(6),
        late.to_be_bytes().to_vec(),
        vec![2; 50],
        type_0(6, late + 40, 250, 9, 1),
        vec![1; 200],
        type_3(6),
        vec![1, 0, 0, 9], // not repeated
        vec![2; 46],
        type_0(4, 0, 0, 8, 1),
        type_0(5, 0, 300, 8, 1),
        vec![9; 200],
        type_0(2, 0, 4, 2, 0),
        vec![0, 0, 0, 5],
        type_1(5, 9, 2, 8),
        vec![0xAF, 1],
    ]
    .concat()
}

#[test]
fn p12_every_split_point_gives_the_same_messages() {
    let bytes = recorded_session();
    let (whole, result) = read_with(Limits::SERVER, &bytes);
    assert_eq!((result, whole.len()), (Ok(()), 13));
    for split in 0..=bytes.len() {
        let mut reader = ChunkReader::new(Limits::SERVER);
        let mut messages = Vec::new();
        for piece in [&bytes[..split], &bytes[split..]] {
            reader.push(piece, &mut |message| messages.push(message)).unwrap();
        }
        assert_eq!(messages, whole, "split at {split}");
        assert_eq!(reader.received_bytes(), bytes.len() as u64);
    }
    for size in 1..20 {
        let mut reader = ChunkReader::new(Limits::SERVER);
        let mut messages = Vec::new();
        for piece in bytes.chunks(size) {
            reader.push(piece, &mut |message| messages.push(message)).unwrap();
        }
        assert_eq!(messages, whole, "pieces of {size}");
    }
}

proptest! {
    #[test]
    fn p15_no_bytes_panic_and_no_split_matters(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        size in 1..50usize,
    ) {
        let (whole, result) = read_with(Limits::CLIENT, &bytes);
        let mut reader = ChunkReader::new(Limits::CLIENT);
        let mut messages = Vec::new();
        let mut pieces = Ok(());
        for piece in bytes.chunks(size) {
            pieces = pieces.and(reader.push(piece, &mut |message| messages.push(message)));
        }
        prop_assert_eq!(messages, whole);
        prop_assert_eq!(pieces, result);
    }

    /// Chunk headers that fit each other, so that the deeper states are reached.
    #[test]
    fn p15_no_damage_to_a_session_panics(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = recorded_session();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let (whole, result) = read_with(Limits::SERVER, &bytes);
        let mut reader = ChunkReader::new(Limits::SERVER);
        let mut messages = Vec::new();
        let (first, second) = bytes.split_at(cut.index(bytes.len()));
        let mut push = |piece: &[u8]| reader.push(piece, &mut |message| messages.push(message));
        let halves = push(first).and_then(|()| push(second));
        prop_assert_eq!(halves, result);
        prop_assert_eq!(messages, whole);
        let held: usize = reader.streams.iter().map(|stream| stream.body.len()).sum();
        prop_assert!(reader.failed.is_some() || held == reader.partial_bytes);
    }
}
