//! Times of devices: another clock's stamps, when a block of samples began, what was lost between two.

use onair_types::CaptureTime;

/// How a device's clock stands to the session's capture clock. Both were read at one moment when
/// the device was opened; both run at one speed from then on, as clocks of one system do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockBase {
    ahead_micros: i64,
}

impl ClockBase {
    /// The same clock.
    pub const SAME: Self = Self { ahead_micros: 0 };

    /// The device's clock showed `device_micros` while the session's showed `capture`.
    pub fn measured(device_micros: i64, capture: CaptureTime) -> Self {
        Self { ahead_micros: capture.as_micros().saturating_sub(device_micros) }
    }

    /// A stamp of the device on the session's clock.
    pub fn convert(self, device_micros: i64) -> CaptureTime {
        CaptureTime::from_micros(device_micros.saturating_add(self.ahead_micros))
    }
}

/// When the first of `frames` samples was captured that were read at `now`, while the device held
/// `waiting` further ones behind them.
pub fn begin_of_block(
    now: CaptureTime,
    frames: u64,
    waiting: u64,
    sample_rate_hz: u32,
) -> CaptureTime {
    now.offset_micros(-micros(frames.saturating_add(waiting), sample_rate_hz))
}

/// Whether numbered pictures or blocks follow each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Continuity {
    next: Option<u64>,
}

impl Continuity {
    /// Takes what is numbered `first` and so many long; how many are missing before it. A number
    /// that was there before is a device that began anew: nothing is missing.
    pub fn take(&mut self, first: u64, count: u64) -> u64 {
        let missing = self.next.map_or(0, |next| first.saturating_sub(next));
        self.next = Some(first.saturating_add(count));
        missing
    }

    /// A device lost samples and began anew at `captured`; how many a channel are missing since the
    /// block that ended at `ended`.
    pub fn lost(ended: CaptureTime, captured: CaptureTime, sample_rate_hz: u32) -> u64 {
        let micros = u128::try_from(captured.micros_since(ended)).unwrap_or(0);
        let samples = (micros * u128::from(sample_rate_hz) + 500_000) / 1_000_000;
        u64::try_from(samples).unwrap_or(u64::MAX)
    }
}

/// How long so many samples last.
pub(super) fn micros(samples: u64, sample_rate_hz: u32) -> i64 {
    let micros = u128::from(samples) * 1_000_000 / u128::from(sample_rate_hz.max(1));
    i64::try_from(micros).unwrap_or(i64::MAX)
}
