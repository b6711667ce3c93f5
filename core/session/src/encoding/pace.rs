//! Which pictures reach the encoder, and what it may spend on them.
//!
//! At half the pace every second picture is encoded, at half the bitrate: each gets the bits that
//! it got before. Both are told, so encoders that go by their times and encoders that count
//! pictures do the same.

use std::time::Duration;

use onair_engine::rate::VideoPace;
use onair_types::{MediaTime, VideoConfig};

/// What an encoder is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) fps: u32,
    pub(super) bitrate_bps: u32,
}

/// The pace of one broadcast's pictures.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: VideoPace,
    /// At the full pace.
    full: Rate,
    /// What the encoder was opened with or last told.
    told: Rate,
    opened_with: Rate,
    taken_at: Option<MediaTime>,
    /// Pictures were left out whose successors cannot do without an IDR.
    needs_idr: bool,
}

impl Pacer {
    pub(super) fn new(config: &VideoConfig) -> Self {
        let rate = Rate { fps: config.fps(), bitrate_bps: config.bitrate_bps() };
        Self {
            pace: VideoPace::Full,
            full: rate,
            told: rate,
            opened_with: rate,
            taken_at: None,
            needs_idr: false,
        }
    }

    /// A new encoder knows the configuration and nothing else.
    pub(super) fn handle_opened(&mut self) {
        self.told = self.opened_with;
    }

    /// What is wanted from the next picture on.
    pub(super) fn set(&mut self, pace: VideoPace, bitrate_bps: Option<u32>) {
        self.pace = pace;
        self.full.bitrate_bps = bitrate_bps.unwrap_or(self.full.bitrate_bps);
    }

    /// Whether the picture of this time is to be encoded.
    pub(super) fn takes(&mut self, pts: MediaTime) -> bool {
        let is_taken = match self.pace {
            VideoPace::Full => true,
            // A camera that is slow by itself loses nothing more.
            VideoPace::Half => self.taken_at.is_none_or(|at| pts.since(at) > self.one_and_a_half()),
            VideoPace::None => {
                self.needs_idr = true;
                false
            }
        };
        if is_taken {
            self.taken_at = Some(pts);
        }
        is_taken
    }

    /// Whether the next picture must be an IDR; asked once.
    pub(super) fn take_idr(&mut self) -> bool {
        std::mem::take(&mut self.needs_idr)
    }

    /// What the encoder must be told before the next picture, from what it was told before.
    pub(super) fn take_change(&mut self) -> Option<(Rate, Rate)> {
        let Rate { fps, bitrate_bps } = self.full;
        let wanted = match self.pace {
            VideoPace::Half => Rate { fps: (fps / 2).max(1), bitrate_bps: bitrate_bps / 2 },
            VideoPace::Full | VideoPace::None => self.full,
        };
        let before = std::mem::replace(&mut self.told, wanted);
        (before != wanted).then_some((before, wanted))
    }

    fn one_and_a_half(&self) -> Duration {
        Duration::from_secs(3) / (2 * self.full.fps.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pacer() -> Pacer {
        let config = VideoConfig::builder().fps(30).bitrate_bps(900_000).build();
        Pacer::new(&config.expect("a configuration"))
    }

    /// The times taken of one second of pictures at `fps`.
    fn taken(pacer: &mut Pacer, fps: i64) -> Vec<i64> {
        let times = (0..fps).map(|number| number * 1_000 / fps);
        times.filter(|&ms| pacer.takes(MediaTime::from_millis(ms))).collect()
    }

    #[test]
    fn every_second_picture_is_left_out_at_half_the_pace() {
        let mut pacer = pacer();
        assert_eq!(taken(&mut pacer, 30).len(), 30);
        pacer = self::pacer();
        pacer.set(VideoPace::Half, None);
        let times = taken(&mut pacer, 30);
        assert_eq!(times.len(), 15);
        assert!(times.windows(2).all(|pair| (66..=67).contains(&(pair[1] - pair[0]))), "{times:?}");
    }

    #[test]
    fn a_camera_at_half_the_rate_keeps_its_pictures_and_one_in_between_loses_half() {
        for (fps, left) in [(15, 15), (24, 12)] {
            let mut pacer = pacer();
            pacer.set(VideoPace::Half, None);
            assert_eq!(taken(&mut pacer, fps).len(), left, "{fps} fps");
        }
    }

    #[test]
    fn half_the_pictures_get_half_the_bits_and_nothing_is_told_twice() {
        let mut pacer = pacer();
        let (full, half) =
            (Rate { fps: 30, bitrate_bps: 900_000 }, Rate { fps: 15, bitrate_bps: 450_000 });
        assert_eq!(pacer.take_change(), None, "it was opened with that");
        pacer.set(VideoPace::Half, None);
        assert_eq!((pacer.take_change(), pacer.take_change()), (Some((full, half)), None));
        let less = Rate { fps: 15, bitrate_bps: 200_000 };
        pacer.set(VideoPace::Half, Some(400_000));
        assert_eq!(pacer.take_change(), Some((half, less)));
        pacer.handle_opened();
        assert_eq!(pacer.take_change(), Some((full, less)), "a new encoder is told anew");
        pacer.set(VideoPace::Full, None);
        let back = Rate { fps: 30, bitrate_bps: 400_000 };
        assert_eq!(pacer.take_change(), Some((less, back)));
    }

    #[test]
    fn after_sound_alone_the_first_picture_is_an_idr() {
        let mut pacer = pacer();
        pacer.set(VideoPace::None, None);
        assert!(taken(&mut pacer, 30).is_empty());
        pacer.set(VideoPace::Half, None);
        assert!(pacer.takes(MediaTime::from_millis(1_000)));
        assert_eq!((pacer.take_idr(), pacer.take_idr()), (true, false));
    }
}
