//! A device that sleeps: the monotonic clock stands still meanwhile, the world does not
//! (`spec network` 2.10).

use std::time::Duration;

use onair_types::Now;

use super::steps::Phase;
use super::{Delivery, Publish, PublishError};

impl Publish {
    /// The device slept for `slept`, of which `now` shows nothing. Pictures that wait are of a time
    /// long past: the next one is an IDR. A connection whose server heard nothing for 8 s is given
    /// up.
    pub fn handle_sleep(&mut self, slept: Duration, now: Now) {
        let now = self.touch(now);
        if self.config.delivery == Delivery::Live {
            self.media.handle_sleep();
        }
        let silent_since = self.progress.stalled_since().unwrap_or(now);
        let is_made = matches!(self.phase, Phase::Connecting { .. } | Phase::Connected(_));
        if is_made && now.since(silent_since) + slept >= SILENCE {
            self.lose(PublishError::Slept(slept), now);
        }
    }
}

/// Servers give up a silent publisher after about this long, and so do we ([`super::progress`]).
const SILENCE: Duration = Duration::from_secs(8);
