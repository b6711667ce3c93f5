//! What was serialised and is not with the socket completely: how many units of each track, and where
//! somebody asks for it, since when the oldest of them waits.

use std::collections::VecDeque;

use onair_types::{Now, Track};

use crate::publish::Delivery;
use crate::rtmp::chunk_writer::Written;

/// See the module's text.
#[derive(Debug)]
pub(super) struct InFlight {
    /// Pictures and frames of sound.
    units: [u32; 2],
    /// When they were pushed, in the order of the wire; of a file nobody asks.
    pushed_at: Option<VecDeque<Now>>,
}

impl InFlight {
    pub(super) fn new(delivery: Delivery) -> Self {
        let is_live = delivery == Delivery::Live;
        let pushed_at = is_live.then(|| VecDeque::with_capacity(UNITS));
        Self { units: [0; 2], pushed_at }
    }

    /// A unit was serialised.
    #[inline]
    pub(super) fn push(&mut self, track: Track, pushed_at: Now) {
        self.units[track as usize] += 1;
        if let Some(times) = &mut self.pushed_at {
            times.push_back(pushed_at);
        }
    }

    /// So many units of each track were serialised at once.
    pub(super) fn push_many(&mut self, units: [u32; 2], pushed_at: Now) {
        for (count, more) in self.units.iter_mut().zip(units) {
            *count += more;
        }
        if let Some(times) = &mut self.pushed_at {
            times.extend(std::iter::repeat_n(pushed_at, (units[0] + units[1]) as usize));
        }
    }

    /// The socket took these; how many pictures and frames of sound that were in flight still.
    pub(super) fn handle_written(&mut self, written: Written) -> [u32; 2] {
        let Written { audio, video } = written;
        let taken = [video.min(self.units[0]), audio.min(self.units[1])];
        self.units = [self.units[0] - taken[0], self.units[1] - taken[1]];
        if let Some(times) = &mut self.pushed_at {
            let units = taken[0] + taken[1];
            times.drain(..times.len().min(units as usize));
        }
        taken
    }

    /// Since when the oldest waits, if that is known.
    pub(super) fn oldest(&self) -> Option<Now> {
        self.pushed_at.as_ref()?.front().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.units.iter().sum::<u32>() as usize
    }

    /// Forgets them all; how many there were of each track.
    pub(super) fn take(&mut self) -> [(Track, u32); 2] {
        if let Some(times) = &mut self.pushed_at {
            times.clear();
        }
        let [video, audio] = std::mem::take(&mut self.units);
        [(Track::Video, video), (Track::Audio, audio)]
    }
}

/// Room from the start: more than the live credit is AAC frames of 100 bytes.
const UNITS: usize = 64;
