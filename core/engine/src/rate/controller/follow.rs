//! Where a compatibility rule decides, the controller only measures and announces.

use super::{Adaptation, Backlog, Controller, Decision, Range, Reason};
use crate::compat::videocore::START_BPS;

impl Controller {
    /// What the video bitrate may be.
    pub fn range(&self) -> Range {
        self.range
    }

    /// Whether a compatibility rule decides.
    pub(super) fn follows(&self) -> bool {
        matches!(self.adaptation, Adaptation::LfLiveKit | Adaptation::VideoCore)
    }

    /// A compatibility rule wants this target. That a camera makes fewer pictures is no reason to
    /// ask for larger ones: no raise goes beyond what the output entitles to (statement 36).
    pub(crate) fn follow(
        &mut self,
        wanted_bps: u32,
        reason: Reason,
        backlog: Backlog,
    ) -> Option<Decision> {
        let entitled = self.output.limit_bps().map_or(f64::MAX, |limit| limit.max(self.target_bps));
        let wanted = self.within_range(f64::from(wanted_bps)).min(entitled);
        (self.target_bps, self.reason) = (wanted, reason);
        self.announce(backlog)
    }
}

/// Where a rule begins within `range`, bit/s.
pub(super) fn start_bps(adaptation: Adaptation, range: Range) -> u32 {
    match adaptation {
        Adaptation::VideoCore => START_BPS.clamp(range.min_bps(), range.max_bps()),
        _ => range.start_bps(),
    }
}
