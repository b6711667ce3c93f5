//! The shortest way round of `onair-net`: a file's picture whose time has come, while nothing else happens.
//! What is not as it was at the last whole look ends it.

use std::task::Context;
use std::time::Duration;

use onair_types::Now;

use super::driver::Driver;
use super::lull::{Ended, Lull};
use crate::Timing;
use crate::edge::units::Merge;
use crate::run::NAP;

/// How old what the app can read of a passing file may be.
const MEASURE_EVERY: Duration = Duration::from_millis(100);

/// What is to be done after a lull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// All of it looks again.
    Look,
    /// The runtime sleeps, and hears what came. It is so late.
    Sleep(Now),
}

impl Driver {
    /// Sleeps beside the runtime, and sends pictures when they are due, as long as nothing else comes.
    pub(super) fn pass_lull(&mut self, cx: &mut Context<'_>, now: Now) -> After {
        let Some(mut lull) = self.lull.take() else { return After::Sleep(now) };
        let after = self.pass_pictures(&mut lull, cx, now);
        self.lull = Some(lull);
        after
    }

    fn pass_pictures(&mut self, lull: &mut Lull, cx: &mut Context<'_>, mut now: Now) -> After {
        let is_ending = self.stop_by.is_some() || self.run.finish_by().is_some();
        // Whoever reads a file ahead of all time fills the queue the sooner the less it is disturbed.
        let is_hurried = self.run.plan.blocks() && self.run.plan.timing == Timing::AsPushed;
        if is_ending || is_hurried || self.has_news || self.lanes.is_empty() {
            return After::Sleep(now);
        }
        loop {
            if !self.lanes.iter_mut().all(|lane| lane.rests_in(lull)) {
                return After::Sleep(now);
            }
            let other = self.other_due();
            let due = other.into_iter().chain(self.unit_due()).min();
            let Some(due) = due.filter(|due| now < *due) else { return After::Look };
            match lull.sleep(due.since(now)) {
                Ended::Time => now = self.now(),
                Ended::Bell => return After::Look,
                Ended::Peer => {
                    self.has_news = true;
                    return After::Sleep(self.now());
                }
            }
            let is_other = self.next_report <= now || other.is_some_and(|other| other <= now);
            if is_other || !self.pass_picture(cx, now) {
                return After::Look;
            }
        }
    }

    /// What is due of a file goes to its one destination; whether that was all there is to do.
    fn pass_picture(&mut self, cx: &mut Context<'_>, now: Now) -> bool {
        let is_file = self.run.plan.blocks() && matches!(self.units, Merge::Stock(_));
        let has_cues = !self.run.cues.is_empty() || !self.run.further.is_empty();
        if !is_file || has_cues || self.slept_for() > NAP {
            return false;
        }
        self.pass_many(now);
        let [lane] = &mut self.lanes[..] else { return false };
        if !lane.poll_write(cx, &mut self.show, now) {
            return false;
        }
        if self.measured_at + MEASURE_EVERY <= now {
            self.measure(now, false);
        }
        self.is_calm(now)
    }
}
