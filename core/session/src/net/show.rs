//! What the destinations of one broadcast share on `onair-net`: the encoders, the session's state,
//! and what the app is told.

use std::sync::Arc;

use onair_engine::publish::EncoderCommand;
use onair_types::Now;

use super::steering::Steering;
use crate::run::Run;
use crate::{BitratePolicy, DestinationId, Error, Event, State};

pub(super) struct Show {
    pub(super) run: Arc<Run>,
    pub(super) steering: Steering,
    states: Vec<State>,
    was_live: bool,
    /// The app knows that this system does not tell what peers have.
    told_blind: bool,
}

impl Show {
    pub(super) fn new(run: Arc<Run>, policy: BitratePolicy, destinations: usize) -> Self {
        let start_bps = run.plan.video_bitrate().start_bps();
        Self {
            run,
            steering: Steering::new(policy, destinations, start_bps),
            states: vec![State::Pending; destinations],
            was_live: false,
            told_blind: false,
        }
    }

    /// Whether there are several destinations, and what is said must say whose it is.
    pub(super) fn is_shared(&self) -> bool {
        self.states.len() > 1
    }

    pub(super) fn state(&self, id: &DestinationId) -> State {
        self.states.get(id.index()).copied().unwrap_or_default()
    }

    /// A destination is in this state now; the session's own follows.
    pub(super) fn set_state(&mut self, id: &DestinationId, state: State, now: Now) {
        let Some(known) = self.states.get_mut(id.index()) else { return };
        if std::mem::replace(known, state) == state {
            return;
        }
        if self.is_shared() {
            self.report(Event::Destination { destination: id.clone(), state });
        }
        self.was_live |= state == State::Live;
        if let Some(best) = self.best() {
            self.run.status.set_state(best);
        }
        self.steering.handle_state(id.index(), state);
        self.pass_on(now);
    }

    /// A destination has come to its end by this error. The session fails with the last of them.
    pub(super) fn fail(&mut self, id: &DestinationId, error: &Error) {
        let others = self.states.iter().enumerate().filter(|(index, _)| *index != id.index());
        if !others.into_iter().any(|(_, state)| state.is_running()) {
            self.run.status.set_error(Some(error.clone()));
        }
    }

    /// An engine wants something of the encoders.
    pub(super) fn handle_command(&mut self, id: &DestinationId, command: EncoderCommand, now: Now) {
        self.steering.handle_command(id.index(), command, now);
        self.pass_on(now);
    }

    /// A destination begins anew.
    pub(super) fn handle_restart(&mut self, id: &DestinationId, start_bps: u32, now: Now) {
        self.steering.handle_restart(id.index(), start_bps);
        self.pass_on(now);
    }

    /// Tells the encoders what they must know now.
    pub(super) fn pass_on(&mut self, now: Now) {
        while let Some(command) = self.steering.poll_command(now) {
            self.run.command(command);
        }
    }

    pub(super) fn report(&self, event: Event) {
        self.run.status.report(event);
    }

    /// Says once that the system does not tell what peers have.
    pub(super) fn tell_blind(&mut self) {
        if !std::mem::replace(&mut self.told_blind, true) {
            self.report(Event::AcknowledgementsOnly);
        }
    }

    /// The best of the destinations' states. None when all have ended: that is told when threads
    /// and sockets are gone.
    fn best(&self) -> Option<State> {
        let has = |wanted: State| self.states.contains(&wanted);
        if has(State::Live) {
            Some(State::Live)
        } else if has(State::Pending) && !self.was_live {
            Some(State::Pending)
        } else {
            self.states.iter().any(|state| state.is_running()).then_some(State::Reconnecting)
        }
    }
}
