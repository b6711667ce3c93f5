//! What came since players were last told, mostly a picture and its sound: made ready to send once, in one piece, for
//! all players that are up to date. Those that are not take it from the ring.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use onair_engine::rtmp::chunk_writer::{Framed, Outgoing};

use crate::unit::Unit;

/// What one write may take at once. More goes out unit by unit, as sockets have room.
const MOST_BYTES: usize = 64 << 10;
/// Connections stand alike, but for those that just joined or chose another message stream.
const MOST_FRAMINGS: usize = 4;

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Run {
    from: u64,
    units: Vec<Arc<Unit>>,
    rtmp: Mutex<Vec<Framed>>,
    flv: OnceLock<Bytes>,
}

impl Run {
    /// These, which lie in the ring from that position on; nothing where that is too much for one write.
    pub(crate) fn new(from: u64, units: Vec<Arc<Unit>>) -> Option<Self> {
        let bytes: usize = units.iter().map(|unit| unit.body.len()).sum();
        let fits = !units.is_empty() && bytes <= MOST_BYTES;
        fits.then(|| Self { from, units, rtmp: Mutex::default(), flv: OnceLock::new() })
    }

    /// Its first position in the ring.
    pub(crate) fn from(&self) -> u64 {
        self.from
    }

    /// The position after its last.
    pub(crate) fn end(&self) -> u64 {
        self.from + self.units.len() as u64
    }

    /// The same, one after the other.
    pub(crate) fn units(&self) -> &[Arc<Unit>] {
        &self.units
    }

    /// Appends it for a player by RTMP; false where that has to be done unit by unit.
    pub(crate) fn send(&self, out: &mut Outgoing, stream_id: u32) -> bool {
        let mut framings = self.rtmp.lock().unwrap_or_else(PoisonError::into_inner);
        if framings.iter().any(|framed| out.push_framed(framed, stream_id)) {
            return true;
        }
        if framings.len() >= MOST_FRAMINGS {
            return false;
        }
        let messages = self.units.iter().map(|it| (it.tag_type, it.timestamp_ms, &it.body));
        let Ok(framed) = out.frame(stream_id, messages) else { return false };
        let is_sent = out.push_framed(&framed, stream_id);
        framings.push(framed);
        is_sent
    }

    /// The FLV tags.
    pub(crate) fn flv_tags(&self) -> Bytes {
        let joined = || self.units.iter().map(|unit| unit.flv_tag()).collect::<Vec<_>>().concat();
        self.flv.get_or_init(|| joined().into()).clone()
    }
}
