//! The last seconds of a stream, kept once for all players: each player is only a position in it.
//!
//! ```text
//!   first_seq          join (newest key frame)         next_seq
//!   │ up to 3 s behind │ newest GOP                    │
//!   ├──────────────────┼───────────────────────────────┤
//!            ▲ slow player                 ▲ players ▲
//! ```
//!
//! A player that falls out at the left begins again at the newest key frame; memory does not
//! depend on how many players there are or how slow they are.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::unit::{Headers, Kind, Unit};

/// Most bytes kept; a GOP that is larger cannot be joined before the next one.
pub(crate) const MAX_BYTES: usize = 16 << 20;
/// How much older than the newest key frame a unit may be.
const KEEP_BEHIND_MS: i32 = 3_000;

/// What a position holds.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Unit(Arc<Unit>),
    /// The publisher has gone.
    End,
}

/// Where a player begins, and what it needs before.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    pub(crate) seq: u64,
    pub(crate) headers: Arc<Headers>,
    pub(crate) timestamp_ms: u32,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    items: VecDeque<Item>,
    first_seq: u64,
    bytes: usize,
    join: Option<Join>,
}

impl Ring {
    /// Appends a unit. `joinable` marks a place where a player may begin with `headers`.
    pub(crate) fn push(&mut self, unit: Arc<Unit>, joinable: Option<&Arc<Headers>>) {
        if let Some(headers) = joinable {
            let (seq, timestamp_ms) = (self.next_seq(), unit.timestamp_ms);
            self.join = Some(Join { seq, headers: Arc::clone(headers), timestamp_ms });
        }
        self.bytes += unit.weight();
        self.items.push_back(Item::Unit(unit));
        self.trim();
    }

    /// The publisher has gone: who has read so far gets [`Item::End`], nobody can join.
    pub(crate) fn end(&mut self) {
        self.join = None;
        if matches!(self.items.back(), Some(Item::Unit(_))) {
            self.items.push_back(Item::End);
        }
    }

    /// Where to begin now.
    pub(crate) fn join(&self) -> Option<&Join> {
        self.join.as_ref()
    }

    /// What is at `seq`; `None` when it is not there yet.
    ///
    /// # Errors
    /// [`Gone`] when it is not there any more.
    pub(crate) fn at(&self, seq: u64) -> Result<Option<&Item>, Gone> {
        let index = seq.checked_sub(self.first_seq).ok_or(Gone)?;
        Ok(usize::try_from(index).ok().and_then(|index| self.items.get(index)))
    }

    /// The position of what comes next.
    pub(crate) fn next_seq(&self) -> u64 {
        self.first_seq + self.items.len() as u64
    }

    /// All units from a position on; none where a publisher ended between them, or they are gone.
    pub(crate) fn since(&self, seq: u64) -> Option<Vec<Arc<Unit>>> {
        let skipped = usize::try_from(seq.checked_sub(self.first_seq)?).ok()?;
        let unit = |item: &Item| match item {
            Item::Unit(unit) => Some(Arc::clone(unit)),
            Item::End => None,
        };
        self.items.iter().skip(skipped).map(unit).collect()
    }

    fn trim(&mut self) {
        while let Some(front) = self.items.front() {
            let old = match (front, &self.join) {
                (Item::Unit(unit), Some(join)) => {
                    let behind = join.timestamp_ms.wrapping_sub(unit.timestamp_ms) as i32;
                    self.first_seq < join.seq && behind > KEEP_BEHIND_MS
                }
                (Item::End, Some(_)) => true,
                (_, None) => false,
            };
            if !old && self.bytes <= MAX_BYTES {
                break;
            }
            if let Some(Item::Unit(unit)) = self.items.pop_front() {
                self.bytes -= unit.weight();
            }
            self.first_seq += 1;
        }
        if self.join.as_ref().is_some_and(|join| join.seq < self.first_seq) {
            self.join = None;
        }
    }
}

/// The position has fallen out of the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

/// Whether a player may begin at a unit of `kind` in a stream with or without pictures.
pub(crate) fn is_joinable(kind: Kind, has_video: bool) -> bool {
    matches!((kind, has_video), (Kind::Key, _) | (Kind::Audio, false))
}

#[cfg(test)]
mod tests {
    use onair_engine::flv::TagType;
    use proptest::prelude::*;

    use super::*;

    fn unit(kind: Kind, timestamp_ms: u32, bytes: usize) -> Arc<Unit> {
        Arc::new(Unit::new(kind, TagType::Video, timestamp_ms, vec![0; bytes]))
    }

    fn push(ring: &mut Ring, kind: Kind, timestamp_ms: u32, bytes: usize) {
        let headers = Arc::new(Headers::default());
        let joinable = is_joinable(kind, true).then_some(&headers);
        ring.push(unit(kind, timestamp_ms, bytes), joinable);
    }

    #[test]
    fn players_join_at_the_newest_key_frame() {
        let mut ring = Ring::default();
        assert!(ring.join().is_none());
        for frame in 0..100u32 {
            let kind = if frame % 30 == 0 { Kind::Key } else { Kind::Delta };
            push(&mut ring, kind, frame * 33, 1_000);
        }
        let join = ring.join().unwrap();
        assert_eq!(join.timestamp_ms, 90 * 33);
        match ring.at(join.seq) {
            Ok(Some(Item::Unit(unit))) => assert_eq!(unit.kind, Kind::Key),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_position_is_gone_some_seconds_behind_the_newest_key_frame() {
        let mut ring = Ring::default();
        for second in 0..10 {
            push(&mut ring, Kind::Key, second * 1_000, 10);
        }
        assert_eq!(ring.at(0).err(), Some(Gone));
        assert!(ring.at(6).unwrap().is_some(), "3 s behind the newest is still there");
        assert!(ring.at(10).unwrap().is_none(), "the next one has not come");
    }

    #[test]
    fn a_gop_above_the_bound_cannot_be_joined_until_the_next_one() {
        let mut ring = Ring::default();
        push(&mut ring, Kind::Key, 0, 100);
        for frame in 1..=5 {
            push(&mut ring, Kind::Delta, frame, MAX_BYTES / 4);
        }
        assert!(ring.join().is_none());
        push(&mut ring, Kind::Key, 6, 100);
        assert!(ring.join().is_some());
    }

    #[test]
    fn the_end_comes_after_the_last_unit_and_ends_joining() {
        let mut ring = Ring::default();
        push(&mut ring, Kind::Key, 0, 10);
        ring.end();
        assert!(ring.join().is_none());
        assert!(matches!(ring.at(1), Ok(Some(Item::End))));
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_the_join_point_is_always_there(
            units in prop::collection::vec((0u8..4, any::<u32>(), 0usize..3 << 20), 1..60)
        ) {
            let mut ring = Ring::default();
            for (kind, timestamp_ms, bytes) in units {
                let kind = [Kind::Key, Kind::Delta, Kind::Audio, Kind::Data][usize::from(kind)];
                push(&mut ring, kind, timestamp_ms, bytes);
                prop_assert!(ring.bytes <= MAX_BYTES);
                if let Some(join) = ring.join() {
                    prop_assert!(matches!(ring.at(join.seq), Ok(Some(Item::Unit(_)))));
                }
            }
        }
    }
}
