//! A client's WebSocket at the embedded server: every split the same story, messages and controls within their bounds,
//! heap that follows what came, not what was promised; and the same bytes sent as one text are heard if they are UTF-8
//! and fit, and else end the connection.

use onair_server::fuzzed::websocket;

use crate::heap;
use crate::input::pieces;

const MESSAGE_BYTES: usize = 16 << 10;
const CONTROL_BYTES: usize = 125;
/// What is kept besides what came.
const SMALL: usize = 8 << 10;
const PIECES: [u8; 5] = [1, 7, 2, 90, 3];

pub(crate) fn check(bytes: &[u8]) {
    // Once to be read and once as the message, each with room to grow. Each thing is gone when the next one comes.
    let (_, peak) = heap::peak(|| {
        websocket(&[bytes], |kind, payload| match kind {
            "text" => assert!(payload.len() <= MESSAGE_BYTES, "{} bytes", payload.len()),
            _ => assert!(payload.len() <= CONTROL_BYTES, "{kind} of {} bytes", payload.len()),
        })
    });
    let most = 6 * bytes.len() + SMALL;
    assert!(peak <= most, "{peak} bytes of heap for {}", bytes.len());
    assert_eq!(story(&[bytes]), story(&pieces(bytes, &PIECES)), "another split, another story");

    let (heard, broken) = story(&[&text(bytes)]);
    match std::str::from_utf8(bytes).is_ok() && bytes.len() <= MESSAGE_BYTES {
        true => assert_eq!((&heard[..], broken), (&[("text", bytes.to_vec())][..], None)),
        false => assert!(heard.is_empty() && broken.is_some(), "{} bytes", bytes.len()),
    }
}

/// All that is heard of these pieces, and what was wrong.
fn story(pieces: &[&[u8]]) -> (Vec<(&'static str, Vec<u8>)>, Option<String>) {
    let mut heard = Vec::new();
    let broken = websocket(pieces, |kind, payload| heard.push((kind, payload.to_vec())));
    (heard, broken)
}

/// One text as a client sends it (RFC 6455 5.2).
fn text(payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
    let mut frame = vec![0x81];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..=125), _) => frame.push(0x80 | length),
        (_, Ok(length)) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
