//! Drives the destinations of one broadcast: one task, one `poll`, no hidden state between the two.
//!
//! A wake-up goes round until nothing moves any more, or what moved leaves nothing to do: timers, network in, units in, network out,
//! each destination in its turn and none waiting for another. Everything that an engine has to send
//! then leaves in one vectored write.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use onair_engine::publish::{Publish, Supply};
use onair_types::{AccessUnit, Now};
use tokio::sync::futures::OwnedNotified;
use tokio::task::unconstrained;

use super::STOP_WITHIN;
use super::lane::{LONGEST_LINGER, Lane};
use super::lull::Lull;
use super::passing::After;
use super::show::Show;
use super::steering::Steering;
use super::timer::Timer;
use crate::destination::Places;
use crate::edge::stock::Hand;
use crate::edge::units::Merge;
use crate::run::{Counter, NAP, Run};
use crate::statistics::Measured;
use crate::{Event, State};

pub(super) struct Driver {
    pub(super) run: Arc<Run>,
    pub(super) show: Show,
    pub(super) lanes: Vec<Lane>,
    pub(super) units: Merge,
    woken: Pin<Box<OwnedNotified>>,
    timer: Timer,
    /// None where only the runtime can sleep.
    pub(super) lull: Option<Lull>,
    /// A socket ended a lull, which hears no more of that: the runtime must, before the next one.
    pub(super) has_news: bool,
    pub(super) next_report: Now,
    reported_at: Now,
    measured: Measured,
    pub(super) measured_at: Now,
    /// The end was asked for; over by then at the latest.
    pub(super) stop_by: Option<Now>,
    /// How long the device had slept at the last look.
    slept: Duration,
    /// Counts what wakes us, where the clock is set by hand.
    counter: Option<Counter>,
}

const REPORT_EVERY: Duration = Duration::from_secs(1);
/// A report goes with the next picture's wake-up rather than with one of its own.
const REPORT_WAITS: Duration = Duration::from_millis(40);
/// Then the runtime gets its turn: a peer that never stops talking must not keep others from connecting.
const MOST_ROUNDS: u32 = 64;

impl Driver {
    /// Must be made inside the runtime. One engine for each place, made for its first address.
    pub(super) fn new(places: Places, engines: Vec<Publish>, run: Arc<Run>) -> Self {
        let Places { all, policy } = places;
        let now = run.plan.clock.now();
        let show = Show::new(Arc::clone(&run), policy, all.len());
        let both = all.into_iter().zip(engines);
        Self {
            lanes: both.map(|(place, engine)| Lane::start(place, engine, &show, now)).collect(),
            show,
            units: run.units.merge(),
            woken: Box::pin(run.wake.notified()),
            timer: Timer::new(),
            lull: lull(&run),
            has_news: false,
            next_report: run.started + REPORT_EVERY,
            reported_at: run.started,
            measured: Measured::default(),
            measured_at: now,
            stop_by: None,
            slept: run.plan.clock.slept(),
            counter: run.counter(),
            run,
        }
    }

    /// Runs to the end, which is [`State::Stopped`] or [`State::Failed`].
    pub(super) async fn run(mut self) -> State {
        if self.lanes.is_empty() {
            // Nobody to wait for: the show goes into a file alone.
            self.run.status.set_state(State::Live);
        }
        // The runtime counts what a task asks of it, and pays no heed to its sleeping beside.
        match self.counter.take() {
            None => unconstrained(poll_fn(|cx| self.poll(cx))).await,
            Some(mut counter) => {
                unconstrained(poll_fn(|cx| counter.poll(cx, |cx| self.poll(cx)))).await;
            }
        }
        let end = if self.run.status.error().is_some() { State::Failed } else { State::Stopped };
        self.measure(self.now(), true);
        self.run.board.end(end);
        end
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.has_news = false;
        'look: loop {
            self.run.wake.bell().listen();
            while self.woken.as_mut().poll(cx).is_ready() {
                self.woken.set(self.run.wake.notified());
            }
            self.notice_sleep();
            let mut now = self.now();
            if !self.run.plan.blocks() {
                self.look(now);
            }
            self.handle_wishes(now);
            for round in 1.. {
                self.handle_end(cx, now);
                let mut came = false;
                for lane in &mut self.lanes {
                    came |= lane.poll_in(cx, &mut self.show, now);
                }
                let mut moved = self.take_units(cx, Lane::takes_units, now);
                for lane in &mut self.lanes {
                    moved |= lane.poll_out(cx, &mut self.show, now);
                }
                self.show.pass_on(now);
                if self.is_over(now) {
                    return Poll::Ready(());
                }
                if !came && (!moved || self.is_calm(now)) {
                    self.measure(now, false);
                    if self.next_report <= now {
                        self.report(now);
                    }
                    let After::Sleep(now) = self.pass_lull(cx, now) else { continue 'look };
                    // Armed last, with what the engines now want; due at once only if it just came.
                    if !self.timer.is_due(cx, self.next_due(now), now) {
                        return Poll::Pending;
                    }
                }
                if round == MOST_ROUNDS {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                now = self.now();
            }
        }
    }

    /// Whether what moved in a round leaves nothing for another one.
    pub(super) fn is_calm(&mut self, now: Now) -> bool {
        let is_ending = self.stop_by.is_some() || self.run.finish_by().is_some();
        let is_quiet = !is_ending && self.lanes.iter().all(Lane::is_calm);
        // Live, all that came was taken.
        is_quiet
            && match &mut self.units {
                Merge::Live(_) => true,
                Merge::Stock(hand) => {
                    !(self.lanes.iter().all(Lane::takes_units) && hand.look(now))
                        && self.run.cues.is_empty()
                        && self.run.further.is_empty()
                }
            }
    }

    pub(super) fn now(&self) -> Now {
        self.run.plan.clock.now()
    }

    // --- in ---

    /// The clock of timers stands still while the device sleeps; before anything else the engines
    /// must know.
    fn notice_sleep(&mut self) {
        let gap = self.slept_for();
        self.slept += gap;
        if gap > NAP {
            log::info!("the device slept for {gap:?}");
            let now = self.now();
            self.lanes.iter_mut().for_each(|lane| lane.handle_sleep(gap, now));
        }
    }

    /// How long the device slept since that was last noticed.
    pub(super) fn slept_for(&self) -> Duration {
        self.run.plan.clock.slept().saturating_sub(self.slept)
    }

    fn look(&mut self, now: Now) {
        self.lanes.iter_mut().for_each(|lane| lane.look(&mut self.show, now));
    }

    /// What the app wants, and what it says of the network.
    fn handle_wishes(&mut self, now: Now) {
        if let Some(range) = self.run.take_range() {
            self.show.steering.handle_range(range);
            self.lanes.iter_mut().for_each(|lane| lane.handle_range(range, now));
        }
        if let Some(path) = self.run.take_path() {
            self.lanes.iter_mut().for_each(|lane| lane.handle_path(path, now));
        }
    }

    /// Gives each unit to everybody while they take units: their payload is shared, nothing is copied.
    fn take_units(
        &mut self,
        cx: &mut Context<'_>,
        takes: impl Fn(&Lane) -> bool,
        now: Now,
    ) -> bool {
        let mut moved = false;
        self.take_cues(now);
        // Before the first tracks' units, behind which their turn would be over.
        while self.lanes.iter().all(Lane::wants_units)
            && let Some((id, unit)) = self.run.further.take()
        {
            for lane in &mut self.lanes {
                lane.handle_further_unit(id, unit.clone(), now);
            }
            moved = true;
        }
        loop {
            moved |= self.pass_many(now) > 0;
            if !self.lanes.iter().all(&takes) || !self.units.look(now) {
                break;
            }
            // A unit goes behind the cues that were sent before it; those there is no room for yet
            // get it as units go.
            if !self.run.cues.is_empty() {
                self.take_cues(now);
                if !self.run.cues.is_empty() && self.lanes.iter().any(Lane::has_units) {
                    break;
                }
            }
            let Some(unit) = self.units.next() else { break };
            let picture_follows = self.units.has_picture_behind(unit.dts());
            see(&unit, &self.run, &mut self.show.steering);
            // The last one gets the unit itself.
            if let Some((last, others)) = self.lanes.split_last_mut() {
                for lane in others {
                    lane.handle_unit(unit.clone(), picture_follows, now);
                }
                last.handle_unit(unit, picture_follows, now);
            }
            moved = true;
        }
        // All that is there goes in before the engines look at it once.
        if moved {
            self.lanes.iter_mut().for_each(|lane| lane.settle(cx, &mut self.show, now));
        }
        moved
    }

    /// Of a file with one destination: what goes at once, many units in one go; how many.
    pub(super) fn pass_many(&mut self, now: Now) -> usize {
        let Self { lanes, units: Merge::Stock(hand), run, show, .. } = self else { return 0 };
        let [lane] = &mut lanes[..] else { return 0 };
        let is_watched = run.status.recorder.is_on() || run.status.clip.is_on();
        let steering = &mut show.steering;
        lane.take_from(&mut Passing { hand, run, steering, is_watched, now }, now)
    }

    fn take_cues(&mut self, now: Now) {
        while self.lanes.iter().all(Lane::wants_cues)
            && let Some((at, cue)) = self.run.cues.take()
        {
            self.lanes.iter_mut().for_each(|lane| lane.handle_cue(at, cue.clone(), now));
        }
    }

    /// The app, or an encoder beyond help, wants the end.
    fn handle_end(&mut self, cx: &mut Context<'_>, now: Now) {
        let at_once = now + STOP_WITHIN;
        if let Some(by) = self.stop_by {
            // Stopped while it finishes, or while its last bytes are under way.
            self.stop_by = Some(if self.run.is_stopping() { by.min(at_once) } else { by });
        } else if let Some(error) = self.run.failure() {
            self.run.status.set_error(Some(error));
            self.stop(cx, at_once, now);
        } else if self.run.is_stopping() {
            // What is in hand may still go while the rest ends.
            self.take_units(cx, Lane::wants_units, now);
            self.stop(cx, at_once, now);
        } else if let Some(by) = self.run.finish_by() {
            self.finish(cx, by, now);
        }
    }

    /// Each destination ends when it has everything; one that has not waits for nobody, and nobody
    /// for it.
    fn finish(&mut self, cx: &mut Context<'_>, by: Now, now: Now) {
        let at_once = now + STOP_WITHIN;
        // The peer may need a while to take what the system still holds.
        let linger_by = by.min(now + LONGEST_LINGER).max(at_once);
        if self.run.is_encoded() && self.units.is_empty() {
            for lane in &mut self.lanes {
                if lane.is_all_sent(now) {
                    lane.stop(linger_by, cx, &mut self.show, now);
                }
            }
            if self.lanes.iter().all(Lane::is_stopped_or_failed) {
                if self.lanes.is_empty() || !self.lanes.iter().all(Lane::has_failed) {
                    self.run.mark_all_sent();
                }
                self.stop_by = Some(linger_by);
                return;
            }
        }
        if by <= now {
            self.stop(cx, at_once, now);
        }
    }

    fn stop(&mut self, cx: &mut Context<'_>, by: Now, now: Now) {
        self.stop_by = Some(by);
        self.lanes.iter_mut().for_each(|lane| lane.stop(by, cx, &mut self.show, now));
    }

    fn is_over(&self, now: Now) -> bool {
        match self.stop_by {
            Some(by) if by <= now => true,
            // Without destinations it lasts until somebody wants the end.
            None if self.lanes.is_empty() => false,
            _ => self.lanes.iter().all(Lane::is_over),
        }
    }

    // --- statistics ---

    pub(super) fn measure(&mut self, now: Now, is_last: bool) {
        self.measured_at = now;
        let figures = self.lanes.iter().map(|lane| lane.figures(&self.show, now));
        self.measured = Measured {
            elapsed: now.since(self.run.started),
            target_bitrate_bps: self.show.steering.bitrate_bps(),
        };
        self.run.board.show(self.measured, figures, is_last);
    }

    /// Once a second: rates over exactly the time since the last report, and the event.
    fn report(&mut self, now: Now) {
        if self.run.plan.blocks() {
            self.look(now);
        }
        let window = now.since(std::mem::replace(&mut self.reported_at, now));
        self.lanes.iter_mut().for_each(|lane| lane.handle_second(&self.show, window, now));
        self.measure(now, false);
        while self.next_report <= now {
            self.next_report += REPORT_EVERY;
        }
        let status = &self.run.status;
        let level = status.sound.output_level();
        let statistics = self.run.board.statistics(status.state(), status.events.lost(), level);
        status.report(Event::Statistics(statistics));
    }

    /// None that is still to come where the clock is set by hand: who sets it wakes us.
    fn next_due(&self, now: Now) -> Option<Now> {
        let due = self.unit_due().into_iter().chain(self.other_due()).min();
        due.filter(|at| *at <= now || !self.run.plan.clock.is_set_by_hand())
    }

    /// When a file's next unit goes: once there is room, and not before.
    pub(super) fn unit_due(&self) -> Option<Now> {
        self.units.due().filter(|_| self.lanes.iter().all(Lane::takes_units))
    }

    /// When there is something to do that is no unit.
    pub(super) fn other_due(&self) -> Option<Now> {
        let finish = self.run.finish_by().filter(|_| self.stop_by.is_none());
        let report = Some(self.next_report + REPORT_WAITS);
        let all = [report, self.stop_by, finish, self.show.steering.deadline()];
        all.into_iter().chain(self.lanes.iter().map(Lane::deadline)).flatten().min()
    }
}

/// None on a clock that is set by hand: who sets it is waited for in the runtime alone.
fn lull(run: &Run) -> Option<Lull> {
    if run.plan.clock.is_set_by_hand() {
        return None;
    }
    let lull = Lull::new(&run.wake);
    lull.inspect_err(|error| log::debug!("make a sleep beside the runtime: {error}")).ok()
}

/// Units on their way from a file to its one destination.
struct Passing<'a> {
    hand: &'a mut Hand,
    run: &'a Run,
    steering: &'a mut Steering,
    /// Somebody wants to see every unit.
    is_watched: bool,
    now: Now,
}

impl Supply for Passing<'_> {
    #[inline]
    fn next_if(&mut self, is_wanted: impl FnOnce(&AccessUnit, bool) -> bool) -> Option<AccessUnit> {
        // What was sent before a unit is there by the time it is seen.
        let cues = &self.run.cues;
        let unit = self.hand.next_if(self.now, |unit, picture_follows| {
            cues.is_empty() && is_wanted(unit, picture_follows)
        })?;
        if self.is_watched || unit.is_idr() {
            see(&unit, self.run, self.steering);
        }
        Some(unit)
    }
}

/// Everybody who wants to see a unit that goes.
fn see(unit: &AccessUnit, run: &Run, steering: &mut Steering) {
    run.status.recorder.push(unit);
    run.status.clip.push(unit);
    if unit.is_idr() {
        steering.handle_idr();
    }
}
