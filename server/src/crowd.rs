//! Who plays a stream, and which of them wait for what its publisher brings next.
//!
//! Who waits lies in one list in the order of coming. The publisher's task takes those who wait, gives each what is new
//! and puts back who goes on waiting: a player that is up to date is never registered anew, and costs no wake-up.

use std::fmt;
use std::sync::Arc;
use std::task::Waker;

use onair_types::Now;

use crate::run::Run;

/// A player's connection that the publisher's task writes to.
pub(crate) trait Seat: Send + Sync {
    /// Something new is in the ring; `run` is all of it in one piece, where there is such. Whether it goes on waiting:
    /// else it is its own task's affair.
    fn feed(&self, run: Option<&Run>, now: Now) -> bool;

    /// Leaves what is new to its own task.
    fn wake(&self);
}

/// What a player that waits is reached by.
pub(crate) enum Waiter {
    Task(Waker),
    Seat(Arc<dyn Seat>),
}

/// How a player waits that finds nothing new.
#[derive(Clone, Copy)]
pub(crate) enum Waits<'a> {
    /// Its task is woken.
    Task(&'a Waker),
    /// It is given what comes.
    Seat(&'a dyn Fn() -> Arc<dyn Seat>),
    /// It is being given what came, and says itself that it goes on.
    Already,
}

/// One player.
#[derive(Debug)]
pub(crate) struct Place {
    player: u64,
    waiter: Option<Waiter>,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    /// In the order of their numbers, which no two players ever share.
    places: Vec<Place>,
    entered: u64,
}

impl Crowd {
    /// A new player's number.
    pub(crate) fn enter(&mut self) -> u64 {
        self.entered += 1;
        self.places.push(Place { player: self.entered, waiter: None });
        self.entered
    }

    /// What it waited by is given back, to be dropped where nothing is locked.
    pub(crate) fn leave(&mut self, player: u64) -> Option<Waiter> {
        self.places.remove(self.find(player)?).waiter
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The player is told of what comes next.
    pub(crate) fn wait(&mut self, player: u64, waits: Waits<'_>) {
        let Some(at) = self.find(player) else { return };
        let waiter = &mut self.places[at].waiter;
        match (waits, waiter) {
            (Waits::Task(waker), Some(Waiter::Task(known))) => known.clone_from(waker),
            (Waits::Task(waker), waiter) => *waiter = Some(Waiter::Task(waker.clone())),
            (Waits::Seat(seat), waiter @ None) => *waiter = Some(Waiter::Seat(seat())),
            (Waits::Seat(_) | Waits::Already, _) => {}
        }
    }

    /// Moves those who wait into a list that is empty.
    pub(crate) fn take_waiting(&mut self, told: &mut Vec<Place>) {
        let waiting = self.places.iter_mut().filter_map(|Place { player, waiter }| {
            waiter.take().map(|waiter| Place { player: *player, waiter: Some(waiter) })
        });
        told.extend(waiting);
    }

    /// Those who go on waiting are back in their places. What is left in the list is to be dropped where nothing is
    /// locked: who has left meanwhile, or waits by itself again.
    pub(crate) fn put_back(&mut self, told: &mut [Place]) {
        let mut places = self.places.iter_mut();
        for told in told.iter_mut().filter(|told| told.waiter.is_some()) {
            // Both are in the same order.
            while let Some(place) = places.as_slice().first()
                && place.player < told.player
            {
                places.next();
            }
            let same = places.as_slice().first().is_some_and(|place| place.player == told.player);
            if same && let Some(place) = places.next().filter(|place| place.waiter.is_none()) {
                place.waiter = told.waiter.take();
            }
        }
    }

    fn find(&self, player: u64) -> Option<usize> {
        self.places.binary_search_by_key(&player, |place| place.player).ok()
    }
}

impl Place {
    /// Tells it of what is new.
    pub(crate) fn feed(&mut self, run: Option<&Run>, now: Now) {
        let goes_on = match &self.waiter {
            Some(Waiter::Seat(seat)) => seat.feed(run, now),
            _ => false,
        };
        if !goes_on {
            match self.waiter.take() {
                Some(Waiter::Task(waker)) => waker.wake(),
                Some(Waiter::Seat(_)) | None => {}
            }
        }
    }

    /// Leaves what is new to its task.
    pub(crate) fn wake(self) {
        match self.waiter {
            Some(Waiter::Task(waker)) => waker.wake(),
            Some(Waiter::Seat(seat)) => seat.wake(),
            None => {}
        }
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Task(_) => "Task",
            Self::Seat(_) => "Seat",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Still;

    impl Seat for Still {
        fn feed(&self, _: Option<&Run>, _: Now) -> bool {
            true
        }

        fn wake(&self) {}
    }

    fn waiting(crowd: &Crowd) -> Vec<u64> {
        let waiting = crowd.places.iter().filter(|place| place.waiter.is_some());
        waiting.map(|place| place.player).collect()
    }

    #[test]
    fn who_goes_on_waiting_is_back_in_its_place_and_nobody_in_anothers() {
        let seat = || Arc::new(Still) as Arc<dyn Seat>;
        let mut crowd = Crowd::default();
        let players: Vec<u64> = (0..6).map(|_| crowd.enter()).collect();
        // The last one has not come so far that it waits.
        for player in &players[..5] {
            crowd.wait(*player, Waits::Seat(&seat));
        }
        crowd.wait(players[1], Waits::Task(Waker::noop()));
        let mut told = Vec::new();
        crowd.take_waiting(&mut told);
        assert_eq!((told.len(), waiting(&crowd)), (5, vec![]));
        told.iter_mut().for_each(|place| place.feed(None, Now::ZERO));
        // Meanwhile one leaves, one comes and one waits by itself again.
        crowd.leave(players[2]);
        let late = crowd.enter();
        crowd.wait(late, Waits::Seat(&seat));
        crowd.wait(players[3], Waits::Task(Waker::noop()));
        crowd.put_back(&mut told);
        // A task that was woken comes by itself.
        assert_eq!(waiting(&crowd), [players[0], players[3], players[4], late]);
        assert_eq!(crowd.len(), 6);
        assert!(matches!(crowd.places[2].waiter, Some(Waiter::Task(_))), "its newest word counts");
    }
}
