//! A destination's address and its backup: which one is used, and when it is the other one's turn.
//! Pure. Between two turns the connection must be gone: never both at once.

use std::time::Duration;

use onair_engine::url::StreamUrl;
use onair_types::Now;

use crate::NetworkPath;

/// See the module's text.
#[derive(Debug)]
pub(super) struct Addresses {
    url: StreamUrl,
    backup: Option<StreamUrl>,
    is_backup: bool,
    /// Since the stream was last steady, its attempts came to an end there: at the first address,
    /// at the backup.
    is_spent: [bool; 2],
    /// How long an address may be without a live stream.
    patience: Duration,
    /// All time without one, at both.
    budget: Option<Duration>,
    live_since: Option<Now>,
    /// Since when there is no stream that stays.
    down_since: Now,
    /// When the present address was taken, or its stream lost, or the network came back.
    taken_at: Now,
    /// The present address had a steady stream since it was taken.
    was_steady: bool,
    has_route: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The other address has its turn.
    Switch,
    /// Both had all their time.
    GiveUp,
}

/// Live for less, and it may have been the kind of server that accepts before it refuses.
const STEADY: Duration = Duration::from_secs(2);
/// What an address has at least before the other one's turn: time to connect and publish.
const LEAST: Duration = Duration::from_secs(1);

impl Addresses {
    pub(super) fn new(
        url: StreamUrl,
        backup: Option<StreamUrl>,
        patience: Duration,
        budget: Option<Duration>,
        now: Now,
    ) -> Self {
        Self {
            url,
            backup,
            is_backup: false,
            is_spent: [false; 2],
            patience,
            budget,
            live_since: None,
            down_since: now,
            taken_at: now,
            was_steady: false,
            has_route: true,
        }
    }

    pub(super) fn url(&self) -> &StreamUrl {
        self.backup.as_ref().filter(|_| self.is_backup).unwrap_or(&self.url)
    }

    pub(super) fn is_backup(&self) -> bool {
        self.is_backup
    }

    pub(super) fn has_route(&self) -> bool {
        self.has_route
    }

    pub(super) fn handle_live(&mut self, now: Now) {
        self.live_since = Some(now);
    }

    /// An attempt failed or the live stream was lost.
    pub(super) fn handle_lost(&mut self, now: Now) {
        if let Some(since) = self.live_since.take()
            && now.since(since) >= STEADY
        {
            self.down_since = now;
            self.taken_at = now;
            self.was_steady = true;
            self.is_spent = [false; 2];
        }
    }

    /// No attempt will follow at this address. Whether the other one has its turn now.
    pub(super) fn handle_end(&mut self, now: Now) -> bool {
        self.is_spent[usize::from(self.is_backup)] = true;
        self.has_other() && self.budget_ends().is_none_or(|ends| now < ends)
    }

    pub(super) fn handle_path(&mut self, path: NetworkPath, now: Now) {
        self.has_route = path != NetworkPath::Down;
        self.taken_at = now;
    }

    /// What `now` brings.
    pub(super) fn turn(&self, now: Now) -> Option<Turn> {
        let has_come = |at: Option<Now>| at.is_some_and(|at| at <= now);
        if has_come(self.give_up_at()) {
            Some(Turn::GiveUp)
        } else {
            has_come(self.switch_at()).then_some(Turn::Switch)
        }
    }

    /// When [`Addresses::turn`] has something to say.
    pub(super) fn deadline(&self) -> Option<Now> {
        self.give_up_at().into_iter().chain(self.switch_at()).min()
    }

    /// The other address is used from now on.
    pub(super) fn switch(&mut self, now: Now) {
        self.is_backup = !self.is_backup && self.backup.is_some();
        self.taken_at = now;
        self.was_steady = false;
        self.live_since = None;
    }

    fn has_other(&self) -> bool {
        self.backup.is_some() && !self.is_spent[usize::from(!self.is_backup)]
    }

    fn switch_at(&self) -> Option<Now> {
        // Without a network both are away.
        let may = self.has_other() && self.has_route && self.live_since.is_none();
        let patience = if self.was_steady { self.patience } else { self.patience.max(LEAST) };
        may.then(|| self.taken_at + patience)
    }

    /// The engine of the only address keeps the budget by itself.
    fn give_up_at(&self) -> Option<Now> {
        self.budget_ends().filter(|_| self.backup.is_some() && self.live_since.is_none())
    }

    fn budget_ends(&self) -> Option<Now> {
        self.budget.map(|budget| self.down_since + budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);
    const BUDGET: Duration = Duration::from_secs(60);

    fn at(ms: i64) -> Now {
        Now::from_millis(ms)
    }

    fn url(host: &str) -> StreamUrl {
        StreamUrl::parse(&format!("rtmp://{host}/live/key")).expect("an address")
    }

    fn backed() -> Addresses {
        Addresses::new(url("a"), Some(url("b")), PATIENCE, Some(BUDGET), at(0))
    }

    #[test]
    fn an_only_address_stays() {
        let mut only = Addresses::new(url("a"), None, PATIENCE, Some(BUDGET), at(0));
        assert_eq!((only.turn(at(100_000)), only.deadline()), (None, None));
        assert!(!only.handle_end(at(1)));
    }

    #[test]
    fn the_backup_has_its_turn_when_there_was_no_stream_for_so_long() {
        let mut both = backed();
        both.handle_lost(at(1_000));
        assert_eq!((both.turn(at(4_999)), both.deadline()), (None, Some(at(5_000))));
        assert_eq!(both.turn(at(5_000)), Some(Turn::Switch));
        both.switch(at(5_100));
        assert_eq!((both.url().host(), both.is_backup()), ("b", true));
        both.handle_live(at(6_000));
        assert_eq!((both.turn(at(90_000)), both.deadline()), (None, None), "it stays there");
        both.handle_lost(at(90_000));
        assert_eq!(both.deadline(), Some(at(95_000)), "counted from the loss");
        both.switch(at(95_000));
        assert_eq!((both.url().host(), both.deadline()), ("a", Some(at(100_000))), "in turn");
    }

    #[test]
    fn a_server_that_accepts_and_drops_does_not_hold_the_backup_off() {
        let mut both = backed();
        for second in 0..5 {
            both.handle_live(at(second * 1_000));
            both.handle_lost(at(second * 1_000 + 900));
        }
        assert_eq!(both.turn(at(5_000)), Some(Turn::Switch));
    }

    #[test]
    fn an_address_that_refused_for_good_is_left_at_once_and_not_taken_again() {
        let mut both = backed();
        assert!(both.handle_end(at(10)));
        both.switch(at(10));
        assert_eq!(both.turn(at(50_000)), None, "the other one is no use");
        assert!(!both.handle_end(at(50_000)), "both are spent");
        let mut both = backed();
        assert!(both.handle_end(at(10)));
        both.switch(at(10));
        both.handle_live(at(100));
        both.handle_lost(at(60_000));
        assert!(both.handle_end(at(60_000)), "after a steady stream it may be as good as before");
    }

    #[test]
    fn without_patience_an_address_still_has_time_to_connect() {
        let mut both = Addresses::new(url("a"), Some(url("b")), Duration::ZERO, None, at(0));
        assert_eq!((both.turn(at(999)), both.turn(at(1_000))), (None, Some(Turn::Switch)));
        both.switch(at(1_000));
        assert_eq!(both.deadline(), Some(at(2_000)));
        both.handle_live(at(1_500));
        both.handle_lost(at(9_000));
        assert_eq!(both.turn(at(9_000)), Some(Turn::Switch), "a stream that was lost has none");
    }

    #[test]
    fn both_together_have_one_budget() {
        let mut both = backed();
        for turn in 1..12 {
            assert_eq!(both.turn(at(turn * 5_000)), Some(Turn::Switch));
            both.switch(at(turn * 5_000));
        }
        assert_eq!(both.turn(at(60_000)), Some(Turn::GiveUp));
        assert!(!both.handle_end(at(60_000)));
    }

    #[test]
    fn without_a_network_nobody_has_a_turn() {
        let mut both = backed();
        both.handle_path(NetworkPath::Down, at(1_000));
        assert_eq!(both.turn(at(20_000)), None);
        both.handle_path(NetworkPath::Up, at(20_000));
        assert_eq!((both.turn(at(20_000)), both.deadline()), (None, Some(at(25_000))));
    }
}
