//! Chunk reader: every split gives the same messages and the same error; memory follows what
//! arrived; no message is above its limit; after an error it stays in it.

use onair_engine::rtmp::{ChunkReader, Limits, Message, ReadError};

use crate::heap;
use crate::input::pieces;

type Outcome = (Vec<Message>, Result<(), ReadError>, u64);

/// First byte: whose limits, and the length of the seed for the second run's pieces, which follows.
pub(crate) fn check(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let limits = [Limits::CLIENT, Limits::SERVER, Limits::PLAYER][usize::from(first) % 3].clone();
    let (seed, chunks) = rest.split_at(usize::from(first >> 4).min(rest.len()));

    // Each chunk stream may be 64 KiB ahead of what it has, all together as far as the limit goes;
    // what is handed out is the caller's.
    let ahead = limits.chunk_streams * (64 << 10);
    let most = chunks.len() * 4 + ahead.min(2 * limits.partial_bytes) + SMALL;
    let whole = heap::within(most, || read(&limits, &[chunks]));
    assert_eq!(whole, read(&limits, &pieces(chunks, seed)), "another split, another outcome");
    assert_eq!(whole, read(&limits, &chunks.chunks(1).collect::<Vec<_>>()), "byte by byte");

    let (messages, _, received) = whole;
    assert!(received <= chunks.len() as u64);
    for message in &messages {
        assert!(message.body.len() <= limits.message_bytes);
    }
    let bodies: usize = messages.iter().map(|message| message.body.len()).sum();
    assert!(bodies <= chunks.len(), "bodies out of nothing");
}

fn read(limits: &Limits, pieces: &[&[u8]]) -> Outcome {
    let mut reader = ChunkReader::new(limits.clone());
    let mut messages = Vec::new();
    let mut result = Ok(());
    let mut received = 0;
    for piece in pieces {
        result = reader.push(piece, &mut |message| messages.push(message));
        if let Err(error) = &result {
            let again = reader.push(b"more", &mut |_| panic!("a message behind an error"));
            assert_eq!(again.as_ref(), Err(error), "an error stays");
            break;
        }
        received = reader.received_bytes();
    }
    // How far it got before the piece with the error depends on the pieces.
    let received = if result.is_ok() { received } else { 0 };
    (messages, result, received)
}

/// Tables and the like.
const SMALL: usize = 32 << 10;
