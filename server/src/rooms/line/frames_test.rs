//! What a client's frames say, whole and in pieces, and what ends a connection.

use proptest::prelude::*;

use super::*;

/// As a client sends it.
fn masked(kind: u8, is_last: bool, payload: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut bytes = frame(kind, payload).to_vec();
    bytes[0] = u8::from(is_last) << 7 | kind;
    bytes[1] |= 0x80;
    let head = bytes.len() - payload.len();
    for (byte, mask) in bytes[head..].iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    bytes.splice(head..head, mask);
    bytes
}

fn read(bytes: &[u8]) -> Result<Vec<Incoming>, Broken> {
    let mut reader = Reader::default();
    reader.push(bytes);
    let mut seen = Vec::new();
    while let Some(incoming) = reader.next()? {
        seen.push(incoming);
    }
    Ok(seen)
}

fn says(text: &str) -> Incoming {
    Incoming::Text(text.to_owned())
}

#[test]
fn a_message_may_come_in_pieces_with_a_ping_between() {
    let bytes = [
        masked(TEXT, false, b"42[\"up"),
        masked(PING, true, b"here?"),
        masked(CONTINUATION, false, b""),
        masked(CONTINUATION, true, b"vote\"]"),
        masked(PONG, true, b""),
        masked(CLOSE, true, &[3, 232]),
    ];
    let ping = Incoming::Ping(Bytes::from_static(b"here?"));
    let expected = [ping, says("42[\"upvote\"]"), Incoming::Pong, Incoming::Close];
    assert_eq!(read(&bytes.concat()), Ok(expected.to_vec()));
}

#[test]
fn s12_what_no_client_of_ours_sends_ends_the_connection() {
    let pieces = |count| {
        let more = masked(CONTINUATION, false, b"2").repeat(count);
        [masked(TEXT, false, b"4"), more].concat()
    };
    let long = "a".repeat(MESSAGE_BYTES + 1);
    let mut with_rsv = masked(TEXT, true, b"4");
    with_rsv[0] |= 0x40;
    let mut unmasked = masked(TEXT, true, b"4");
    unmasked[1] &= 0x7F;
    let halves = [masked(TEXT, false, &[b'a'; MESSAGE_BYTES]), masked(CONTINUATION, true, b"a")];
    for (bytes, why) in [
        (with_rsv, Broken::Frame),
        (unmasked, Broken::Frame),
        (masked(BINARY, true, b"4"), Broken::Binary),
        (masked(3, true, b"4"), Broken::Frame),
        (masked(11, true, b""), Broken::Frame),
        (masked(PING, false, b""), Broken::Frame),
        (masked(PING, true, &[0; 126]), Broken::Frame),
        (masked(CONTINUATION, true, b"4"), Broken::Frame),
        (masked(TEXT, false, b"4").repeat(2), Broken::Frame),
        (masked(TEXT, true, &[0xFF]), Broken::Text),
        (masked(TEXT, true, long.as_bytes()), Broken::TooLong),
        (halves.concat(), Broken::TooLong),
        (pieces(10_000), Broken::Pieces),
        // By its promise alone, before anything of it came.
        (vec![0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], Broken::TooLong),
    ] {
        assert_eq!(read(&bytes), Err(why), "{:?}", &bytes[..bytes.len().min(12)]);
    }
    assert!(read(&pieces(FRAGMENTS - 2)).is_ok());
}

proptest! {
    #[test]
    fn what_is_written_is_read_however_it_is_cut(texts in prop::collection::vec(".{0,300}", 0..5), cut in 1_usize..40) {
        let bytes: Vec<u8> = texts.iter().flat_map(|text| masked(TEXT, true, text.as_bytes())).collect();
        let mut reader = Reader::default();
        let mut seen = Vec::new();
        for piece in bytes.chunks(cut) {
            reader.push(piece);
            while let Some(incoming) = reader.next().expect("good frames") {
                seen.push(incoming);
            }
        }
        let expected: Vec<_> = texts.iter().map(|text| says(text)).collect();
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn any_bytes_are_bounded(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        for message in read(&bytes).unwrap_or_default() {
            let is_bounded = !matches!(message, Incoming::Text(text) if text.len() > MESSAGE_BYTES);
            prop_assert!(is_bounded);
        }
    }
}
