//! The link's clock: packets of real kernels take real time.
#![expect(clippy::disallowed_methods, reason = "real kernels run in real time")]

use std::time::{Duration, Instant, SystemTime};

/// Time since it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Duration {
        self.0.elapsed()
    }
}

/// Wall clock, since 1970: what two programs on one machine can compare.
pub fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
