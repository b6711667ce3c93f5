//! Flight records from anybody: damaged ones are refused, and one whose sum is right cannot make the
//! replay panic, hang or hold more than a record can tell.

use onair_engine::record::{RecordError, replay};

use crate::heap;

/// First byte: whether magic, format and sum are made right, as a forger would.
pub(crate) fn check(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let forged = match first % 2 {
        0 => rest.to_vec(),
        _ => forge(rest),
    };
    let result = heap::within(MOST, || replay(&forged));
    if first % 2 == 1 {
        let is_read = !matches!(
            result,
            Err(RecordError::NotARecord | RecordError::Damaged | RecordError::Format(_))
        );
        assert!(is_read, "{result:?}");
    }
    if let Ok(replay) = result {
        assert!(replay.entries.len() as u64 <= 2 * replay.calls);
        replay.entries.iter().for_each(|entry| drop(entry.what.to_string()));
    }
}

fn forge(content: &[u8]) -> Vec<u8> {
    let mut file = [b"OAFR\x01", content].concat();
    let sum = file.iter().fold(0xCBF2_9CE4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3)
    });
    file.extend_from_slice(&sum.to_le_bytes());
    file
}

/// The machines, and an entry for each call that says something.
const MOST: usize = 16 << 20;
