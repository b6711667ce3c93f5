//! A client's WebSocket at the embedded server: every split the same story, messages within their bound and UTF-8,
//! controls within theirs, and heap that follows what came, not what was promised.

use onair_server::fuzzed::websocket;

use crate::heap;
use crate::input::pieces;

const MESSAGE_BYTES: usize = 16 << 10;
const CONTROL_BYTES: usize = 125;
/// What is kept besides what came.
const SMALL: usize = 8 << 10;
const PIECES: [u8; 5] = [1, 7, 2, 90, 3];

pub(crate) fn check(bytes: &[u8]) {
    // Once to be read, once as the message, once here, each with room to grow.
    let (heard, peak) = heap::peak(|| websocket(&[bytes]));
    let most = 8 * bytes.len() + SMALL;
    assert!(peak <= most, "{peak} bytes of heap for {}", bytes.len());
    for (kind, payload) in &heard.0 {
        match *kind {
            "text" => {
                assert!(payload.len() <= MESSAGE_BYTES, "{} bytes", payload.len());
                assert!(std::str::from_utf8(payload).is_ok(), "a text is UTF-8");
            }
            _ => assert!(payload.len() <= CONTROL_BYTES, "{kind} of {} bytes", payload.len()),
        }
    }
    assert_eq!(heard, websocket(&pieces(bytes, &PIECES)), "another split, another story");
}
