//! Where a connection's wire time begins (`spec lflivekit-and-friends` 2.4, statements 38–44 and
//! 52). The first frame that goes out is an IDR, sound flows already when it does, and its decoding
//! time is the epoch: zero on the wire. Sound from before the epoch is never sent.
//!
//! ```text
//!  video   I₀ p p p I₁ p …        I₀ came before there was sound; I₁ is the epoch
//!  audio         a a a a a …      sound before I₁ goes
//! ```
//!
//! "Before" and "after" mean the session's timeline, not the order of arrival: an AAC encoder holds
//! back more than a video encoder, and an IDR need not be made anew because of that. What is held
//! until the epoch is known is `send_buffer`'s business.

use onair_types::{MediaTime, VideoUnit};

use crate::flv;
use crate::publish::Alignment;

/// What the units at the front of the send buffer allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Aligned, now or before.
    Aligned,
    /// Sound must come first; an IDR would be of no use yet.
    NeedsAudio,
    /// Everything is there but an IDR that lies after the first sound.
    NeedsIdr,
}

/// Finds the epoch of each connection and converts times to the wire's.
#[derive(Debug)]
pub(crate) struct Aligner {
    alignment: Alignment,
    has_video: bool,
    has_audio: bool,
    /// Wire time of the epoch.
    first_timestamp: MediaTime,
    epoch: Option<MediaTime>,
    /// What is zero on the wire: the epoch less its own wire time.
    zero: MediaTime,
}

impl Aligner {
    pub(crate) fn new(
        alignment: Alignment,
        has_video: bool,
        has_audio: bool,
        first_timestamp: MediaTime,
    ) -> Self {
        let (epoch, zero) = (None, MediaTime::ZERO);
        let mut aligner = Self { alignment, has_video, has_audio, first_timestamp, epoch, zero };
        aligner.reset();
        aligner
    }

    /// A new connection: its epoch is not known yet, or for a file stays the file's zero.
    pub(crate) fn reset(&mut self) {
        self.set_epoch(match self.alignment {
            Alignment::FirstKeyframe => None,
            Alignment::AsIs => Some(MediaTime::ZERO),
        });
    }

    fn set_epoch(&mut self, epoch: Option<MediaTime>) {
        self.epoch = epoch;
        let first = self.first_timestamp.as_micros();
        self.zero = epoch.unwrap_or_default().offset_micros(first.saturating_neg());
    }

    /// A new connection that goes on where the last one ended: `first` is its first unit's time.
    /// Unknown, it is found as always.
    pub(crate) fn restart(&mut self, first: Option<MediaTime>) {
        self.reset();
        if self.alignment == Alignment::FirstKeyframe {
            self.set_epoch(first);
        }
    }

    /// Whether the epoch is known.
    #[inline]
    pub(crate) fn is_aligned(&self) -> bool {
        self.epoch.is_some()
    }

    /// Tries to find the epoch. `first_idr` is the oldest IDR that can still be sent, `first_audio`
    /// the time of the oldest AAC frame.
    pub(crate) fn align(
        &mut self,
        first_idr: Option<&VideoUnit>,
        first_audio: Option<MediaTime>,
    ) -> Verdict {
        if self.epoch.is_some() {
            return Verdict::Aligned;
        }
        if self.has_audio && first_audio.is_none() {
            return Verdict::NeedsAudio;
        }
        self.set_epoch(if self.has_video {
            first_idr
                .map(|idr| idr.dts)
                .filter(|idr| !self.has_audio || first_audio.is_some_and(|audio| audio <= *idr))
        } else {
            first_audio
        });
        if self.epoch.is_some() { Verdict::Aligned } else { Verdict::NeedsIdr }
    }

    /// Whether sound at `pts` lies before the epoch and must not be sent (statement 40).
    #[inline]
    pub(crate) fn is_before_epoch(&self, pts: MediaTime) -> bool {
        self.alignment == Alignment::FirstKeyframe && self.epoch.is_some_and(|epoch| pts < epoch)
    }

    /// The wire's time stamp for `time`, milliseconds modulo 2^32.
    #[inline]
    pub(crate) fn wire_ms(&self, time: MediaTime) -> u32 {
        flv::wire_ms(self.since_epoch(time))
    }

    /// Composition time as the difference of the rounded times: a receiver that adds it to the
    /// decoding time gets the presentation time to half a millisecond.
    #[inline]
    pub(crate) fn composition_ms(&self, unit: &VideoUnit) -> i32 {
        if unit.pts == unit.dts {
            return 0;
        }
        let pts_ms = self.since_epoch(unit.pts).as_millis_rounded();
        let dts_ms = self.since_epoch(unit.dts).as_millis_rounded();
        pts_ms.saturating_sub(dts_ms).clamp(i32::MIN.into(), i32::MAX.into()) as i32
    }

    #[inline]
    fn since_epoch(&self, time: MediaTime) -> MediaTime {
        MediaTime::from_micros(time.micros_since(self.zero))
    }
}

#[cfg(test)]
#[path = "align_test.rs"]
mod tests;
