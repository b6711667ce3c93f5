//! Encoded units → `onair-net`, in order of decoding time: live, where the newest count and nobody
//! waits ([`live`]), or complete, where producers wait ([`stock`](super::stock)).

use onair_types::{AccessUnit, AudioUnit, MediaTime, Now, VideoUnit};

use super::live::{self, Live};
use super::row::Sum;
use super::stock::{Hand, Stock};
use super::{Tracks, Waiting};
use crate::net::Wake;
use crate::{PushError, Timing};

/// The producers' end.
#[derive(Debug)]
pub(crate) enum UnitEdge {
    Live(Live),
    Stock(Stock),
}

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handed {
    /// It waits for `onair-net`.
    Over,
    /// It was dropped; the next picture should be an IDR.
    Dropped,
}

impl UnitEdge {
    /// `blocks` when producers wait for room instead of making it, which they do in any case when
    /// each unit goes on time.
    pub(crate) fn new(tracks: Tracks, blocks: bool, timing: Timing, wake: Wake) -> Self {
        if blocks || timing == Timing::OnTime {
            Self::Stock(Stock::new(tracks, timing, wake))
        } else {
            Self::Live(Live::new(tracks.video, wake))
        }
    }

    /// Hands a picture over; live, or drops pictures up to the next IDR.
    pub(crate) fn push_video(
        &self,
        unit: VideoUnit,
        on: &Waiting<'_>,
    ) -> Result<Handed, PushError> {
        match self {
            Self::Live(live) => live.push_video(unit, on),
            Self::Stock(stock) => stock.push(AccessUnit::Video(unit)).map(|()| Handed::Over),
        }
    }

    /// Hands an AAC frame over; live, the oldest makes room.
    pub(crate) fn push_audio(&self, unit: AudioUnit, on: &Waiting<'_>) -> Result<(), PushError> {
        match self {
            Self::Live(live) => {
                live.push_audio(unit, on);
                Ok(())
            }
            Self::Stock(stock) => stock.push(AccessUnit::Audio(unit)),
        }
    }

    /// Hands over the first of `units`, which `sum` is of, in their order; `Dropped` when a picture was.
    pub(crate) fn push_first(
        &self,
        units: &mut Vec<AccessUnit>,
        sum: &Sum,
        on: &Waiting<'_>,
    ) -> Result<Handed, PushError> {
        match self {
            Self::Live(live) => {
                let mut handed = Handed::Over;
                for unit in units.drain(..sum.len()) {
                    match unit {
                        AccessUnit::Video(unit) => {
                            if live.push_video(unit, on)? == Handed::Dropped {
                                handed = Handed::Dropped;
                            }
                        }
                        AccessUnit::Audio(unit) => live.push_audio(unit, on),
                    }
                }
                Ok(handed)
            }
            Self::Stock(stock) => stock.push_first(units, sum).map(|()| Handed::Over),
        }
    }

    /// Whether a picture could be handed over; always when producers wait.
    pub(crate) fn has_video_room(&self) -> bool {
        match self {
            Self::Live(live) => live.has_video_room(),
            Self::Stock(_) => true,
        }
    }

    /// Nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Live(live) => live.is_empty(),
            Self::Stock(stock) => stock.is_empty(),
        }
    }

    /// Waits until what goes on time is with the engine, or all is over.
    pub(crate) fn wait_until_taken(&self) {
        match self {
            Self::Live(_) => {}
            Self::Stock(stock) => stock.wait_until_taken(),
        }
    }

    /// Nobody waits for room any more.
    pub(crate) fn stop(&self) {
        match self {
            Self::Live(_) => {}
            Self::Stock(stock) => stock.stop(),
        }
    }

    /// The consumer's end; for `onair-net` alone.
    pub(crate) fn merge(&self) -> Merge {
        match self {
            Self::Live(live) => Merge::Live(live.merge()),
            Self::Stock(stock) => Merge::Stock(stock.hand()),
        }
    }
}

/// The consumer's end.
#[derive(Debug)]
pub(crate) enum Merge {
    Live(live::Merge),
    Stock(Hand),
}

impl Merge {
    /// Whether there may be a unit to take at `now`. What was sent before it is there by then.
    #[inline]
    pub(crate) fn look(&mut self, now: Now) -> bool {
        match self {
            Self::Live(_) => true,
            Self::Stock(hand) => hand.look(now),
        }
    }

    /// The next unit, if one waits.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<AccessUnit> {
        match self {
            Self::Live(live) => live.next(),
            Self::Stock(hand) => hand.next(),
        }
    }

    /// Whether a picture goes soon behind the unit decoded at `dts`, which went.
    #[inline]
    pub(crate) fn has_picture_behind(&self, dts: MediaTime) -> bool {
        match self {
            Self::Live(_) => false,
            Self::Stock(hand) => hand.has_picture_behind(dts),
        }
    }

    /// When there is more, if only the time has not come.
    pub(crate) fn due(&self) -> Option<Now> {
        match self {
            Self::Live(_) => None,
            Self::Stock(hand) => hand.due(),
        }
    }

    /// Nothing is held back here.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Live(live) => live.is_empty(),
            Self::Stock(hand) => hand.is_empty(),
        }
    }
}
