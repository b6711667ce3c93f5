//! What the app is told of a destination.

use std::time::Duration;

use onair_engine::publish;
use onair_engine::rate::VideoPace;
use onair_types::Now;

use super::{Lane, Standing};
use crate::net::show::Show;
use crate::{Error, Event, State};

impl Lane {
    pub(super) fn tell(&mut self, event: publish::Event, show: &mut Show, now: Now) {
        let destination = self.id.clone();
        match event {
            publish::Event::State(state) => self.tell_state(state, show, now),
            publish::Event::Lost { error, attempt, retry_in } => {
                let error = Error::from_publish(&error, self.was_live_here);
                self.handle_lost(error, attempt, retry_in, show, now);
            }
            publish::Event::Dropped { video, audio } => {
                show.report(Event::Dropped { destination, video, audio });
            }
            publish::Event::Move(step) => log::info!("{destination}: {step}"),
            publish::Event::Suspect(is_suspect) => {
                show.report(Event::Suspect { destination, is_suspect });
            }
            publish::Event::Bitrate(decision) if show.steering.leads(self.id.index()) => {
                show.report(Event::Bitrate { destination, decision });
            }
            publish::Event::Bitrate(decision) => {
                log::debug!("{destination} is not followed: {decision}");
            }
            publish::Event::Pace(change) => {
                // Sound alone is this destination's own doing.
                let is_own = [change.from, change.to].contains(&VideoPace::None);
                if is_own || show.steering.is_paced(self.id.index()) {
                    show.report(Event::Pace { destination, change });
                }
            }
            other => log::debug!("the engine tells {other:?}, which this session cannot pass on"),
        }
    }

    fn tell_state(&mut self, state: publish::State, show: &mut Show, now: Now) {
        match state {
            publish::State::Live => {
                self.addresses.handle_live(now);
                show.run.status.learn_hosts(self.engine.known_hosts());
                self.before.reconnects += u32::from(std::mem::take(&mut self.is_away));
                (self.was_live, self.was_live_here) = (true, true);
                show.set_state(&self.id, State::Live, now);
            }
            publish::State::Reconnecting => show.set_state(&self.id, State::Reconnecting, now),
            // The end is told when it is one: threads and sockets gone.
            _ => {}
        }
    }

    fn handle_lost(
        &mut self,
        mut error: Error,
        attempt: u32,
        mut retry_in: Option<Duration>,
        show: &mut Show,
        now: Now,
    ) {
        self.addresses.handle_lost(now);
        self.last_error = Some(error.clone());
        if retry_in.is_none() {
            if attempt > 1 || (attempt == 1 && self.was_live_here) {
                error = error.after_all_attempts();
            }
            if !self.addresses.handle_end(now) {
                return self.fail(error, attempt, show, now);
            }
            retry_in = Some(Duration::ZERO);
            self.leave(show, now);
        }
        self.report_lost(error, attempt, retry_in, show);
    }

    /// It has come to its end by this error.
    pub(super) fn fail(&mut self, error: Error, attempt: u32, show: &mut Show, now: Now) {
        self.standing = Standing::Failed;
        show.fail(&self.id, &error);
        self.report_lost(error, attempt, None, show);
        show.set_state(&self.id, State::Failed, now);
    }

    fn report_lost(&self, error: Error, attempt: u32, retry_in: Option<Duration>, show: &Show) {
        log::info!("{}: connection lost: {error}", self.id);
        show.report(Event::Lost { destination: self.id.clone(), error, attempt, retry_in });
    }
}
