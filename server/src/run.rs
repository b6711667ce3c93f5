//! What came since players were last told, mostly a picture and its sound: made ready to send once, in one piece, for
//! all players that are up to date. Those that are not take it from the ring.

use std::sync::{Arc, OnceLock};

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
    /// Nothing in one that cannot be framed.
    rtmp: [OnceLock<Option<Framed>>; MOST_FRAMINGS],
    flv: OnceLock<Bytes>,
    flv_chunk: OnceLock<Bytes>,
}

impl Run {
    /// These, which lie in the ring from that position on; nothing where that is too much for one write.
    pub(crate) fn new(from: u64, units: Vec<Arc<Unit>>) -> Option<Self> {
        let bytes: usize = units.iter().map(|unit| unit.body.len()).sum();
        let fits = !units.is_empty() && bytes <= MOST_BYTES;
        let (flv, flv_chunk) = Default::default();
        fits.then(|| Self { from, units, rtmp: Default::default(), flv, flv_chunk })
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
        self.framings(stream_id, out, |out, framed| out.push_framed(framed, stream_id))
    }

    /// Writes it for a player by RTMP for whom nothing waits: `write` says how much was taken, the rest waits. False
    /// where that cannot be.
    pub(crate) fn write(
        &self,
        out: &mut Outgoing,
        stream_id: u32,
        mut write: impl FnMut(&[u8]) -> usize,
    ) -> bool {
        self.framings(stream_id, out, |out, framed| out.write_framed(framed, stream_id, &mut write))
    }

    /// Whether one of the framings will do, of which the first ones to need them are made for.
    fn framings(
        &self,
        stream_id: u32,
        out: &mut Outgoing,
        mut will_do: impl FnMut(&mut Outgoing, &Framed) -> bool,
    ) -> bool {
        self.rtmp.iter().any(|framing| {
            let framed = framing.get_or_init(|| {
                let messages = self.units.iter().map(|it| (it.tag_type, it.timestamp_ms, &it.body));
                out.frame(stream_id, messages).ok()
            });
            framed.as_ref().is_some_and(|framed| will_do(out, framed))
        })
    }

    /// The FLV tags.
    pub(crate) fn flv_tags(&self) -> &Bytes {
        self.flv.get_or_init(|| {
            let tags: Vec<_> = self.units.iter().map(|unit| unit.flv_tag()).collect();
            tags.concat().into()
        })
    }

    /// The same as a chunk of an HTTP/1.1 answer (RFC 9112 7.1).
    pub(crate) fn flv_chunk(&self) -> &Bytes {
        self.flv_chunk.get_or_init(|| {
            let tags = self.flv_tags();
            let size = format!("{:X}\r\n", tags.len());
            [size.as_bytes(), tags, b"\r\n"].concat().into()
        })
    }
}
