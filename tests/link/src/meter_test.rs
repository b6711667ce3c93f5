use super::*;

fn read(bytes: &[u8], piece: usize) -> Vec<Message> {
    let mut reader = Reader::default();
    reader.take(&[0; 1 + 2 * 1_536]).unwrap();
    let mut messages = Vec::new();
    for piece in bytes.chunks(piece) {
        reader.take(piece).unwrap();
        while let Some(message) = reader.poll_message().unwrap() {
            messages.push(message);
        }
    }
    messages
}

fn message(type_id: u8, stamp_ms: u32, body: &[u8]) -> Message {
    Message { type_id, stamp_ms, body: body.to_vec() }
}

/// A full header on chunk stream 4.
fn full(stamp: [u8; 3], length: u8, type_id: u8) -> Vec<u8> {
    [&[0x04][..], &stamp, &[0, 0, length, type_id, 1, 0, 0, 0]].concat()
}

#[test]
fn chunks_become_messages_wherever_they_are_cut() {
    let long: Vec<u8> = (0..200).collect();
    let bytes = [
        &full([0, 0, 10], 200, 9)[..],
        &long[..128],
        &[0xC4],
        &long[128..],
        // A delta of 33 ms, then the same once more without any header.
        &[0x44, 0, 0, 33, 0, 0, 2, 8],
        &[0xAF, 0],
        &[0xC4],
        &[0xAF, 1],
    ]
    .concat();
    let expected = [message(9, 10, &long), message(8, 43, &[0xAF, 0]), message(8, 76, &[0xAF, 1])];
    for piece in [1, 7, 1_000] {
        assert_eq!(read(&bytes, piece), expected);
    }
}

#[test]
fn obeys_the_chunk_size_and_extended_times() {
    let bytes = [
        &[0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 2][..],
        &full([0xFF; 3], 4, 9),
        &[1, 0, 0, 0, 0x17, 1],
        &[0xC4, 1, 0, 0, 0, 7, 7],
    ]
    .concat();
    let messages = read(&bytes, 3);
    assert_eq!(messages[1], message(9, 1 << 24, &[0x17, 1, 7, 7]));
    assert!(messages[1].is_key());
}

#[test]
fn what_no_publisher_sends_is_an_error() {
    let mut reader = Reader::default();
    reader.take(&[0; 1 + 2 * 1_536]).unwrap();
    reader.take(&[0xC4, 0]).unwrap();
    assert!(reader.poll_message().is_err());
}

#[test]
fn media_becomes_flv() {
    let tag = tag(&message(9, 5, &[0x17, 1]), 0x0102_0304);
    assert_eq!(tag, [9, 0, 0, 2, 2, 3, 4, 1, 0, 0, 0, 0x17, 1, 0, 0, 0, 13]);
}
