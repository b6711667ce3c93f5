//! What a crash left of a recording: heap follows the bytes, nothing is found that is not there, and
//! what was found becomes a complete file with the same samples.

use std::io::Cursor;

use onair_mp4::{FileState, SWITCH_AT, scan, switch};

use crate::heap;

pub(crate) fn check(bytes: &[u8]) {
    let most = SMALL + 64 * bytes.len();
    let Ok(found) = heap::within(most, || scan(&mut Cursor::new(bytes))) else { return };
    assert!(found.len == bytes.len() as u64 && SWITCH_AT < found.end && found.end <= found.len);
    assert!(found.fragments > 0);
    let Ok(tables) = found.index.tables() else { return };
    if found.state == FileState::Complete {
        return;
    }
    let end = usize::try_from(found.end).expect("within the bytes");
    let mut whole = [&bytes[..end], &tables].concat();
    let at = usize::try_from(SWITCH_AT).expect("a small number");
    whole[at..at + 16].copy_from_slice(&switch(found.end));
    let again = scan(&mut Cursor::new(&whole)).expect("what was recovered is read");
    assert_eq!(again.state, FileState::Complete);
    assert_eq!(again.index.tables().ok(), Some(tables), "the same samples");
}

/// The first space that boxes are decoded into.
const SMALL: usize = 128 << 10;
