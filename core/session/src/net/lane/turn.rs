//! From one address of a destination to the other.

use std::task::Context;
use std::time::Duration;

use onair_engine::publish::{Alignment, Publish};
use onair_types::Now;

use super::{DRAIN, Lane, Standing};
use crate::net::addresses::Turn;
use crate::net::show::Show;
use crate::statistics::add_totals;
use crate::{Error, Event, NetworkPath, State};

impl Lane {
    /// The other address, when it is its turn; whether anything moved.
    pub(super) fn poll_turn(&mut self, cx: &mut Context<'_>, show: &mut Show, now: Now) -> bool {
        match self.standing {
            Standing::Running => match self.addresses.turn(now) {
                Some(Turn::Switch) => {
                    self.engine.stop(DRAIN, now);
                    self.leave(show, now);
                }
                Some(Turn::GiveUp) => {
                    let unknown = || Error::Connection("connect: no server answers".to_owned());
                    let error = self.last_error.take().unwrap_or_else(unknown);
                    self.engine.stop(Duration::ZERO, now);
                    self.fail(error.after_all_attempts(), 0, show, now);
                }
                None => return false,
            },
            Standing::Leaving if self.is_gone() => self.take_other(show, now),
            _ => return false,
        }
        self.settle(cx, show, now);
        true
    }

    /// Nothing of the old address is left: a new engine begins, with headers and an IDR.
    fn take_other(&mut self, show: &mut Show, now: Now) {
        add_totals(&mut self.before, &self.engine.snapshot(now));
        self.addresses.switch(now);
        let plan = &show.run.plan;
        let mut config = plan.engine_config(
            self.addresses.url().clone(),
            self.id.index(),
            show.run.status.known_hosts(),
        );
        config.alignment = Alignment::FirstKeyframe;
        config.reconnect.retry_first_connection |= self.was_live;
        config.video_bitrate = show.run.allowed();
        let start_bps = config.video_bitrate.start_bps();
        self.engine = Publish::new(config);
        show.run.board.keep_flight(self.id.index(), self.engine.recorder());
        if !self.addresses.has_route() {
            self.engine.handle_path(NetworkPath::Down, now);
        }
        self.is_away |= self.was_live_here;
        self.was_live_here = false;
        self.is_blind = false;
        self.standing = Standing::Running;
        self.engine.start(now);
        show.handle_restart(&self.id, start_bps, now);
        let is_backup = self.addresses.is_backup();
        log::info!("{}: {} is taken", self.id, if is_backup { "the backup" } else { "the first" });
        show.report(Event::AddressChanged { destination: self.id.clone(), is_backup });
    }

    /// The other address is next, once nothing of this one is left.
    pub(super) fn leave(&mut self, show: &mut Show, now: Now) {
        self.standing = Standing::Leaving;
        show.set_state(&self.id, State::Reconnecting, now);
    }
}
