//! The capture clock of a Linux desk: the monotonic one, on which V4L2 stamps too.

use onair_types::CaptureTime;
use rustix::time::{ClockId, clock_gettime};

pub(crate) fn now() -> CaptureTime {
    let now = clock_gettime(ClockId::Monotonic);
    let micros = now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1_000);
    CaptureTime::from_micros(micros)
}
