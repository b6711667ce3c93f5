//! A server that asks its publisher to connect anew (E-RTMP v2, ReconnectRequest; R15): the next
//! connection is made beside the present one as far as createStream. Then the old one gets
//! everything up to an IDR and its goodbye, and the new one publishes, beginning with that IDR.
//!
//! ```text
//!  old   p p p p p ──────────── p p p  goodbye │
//!  next  ── connect, handshake, createStream ──│ publish  I p p p
//! ```
//!
//! Nothing is lost, and never two connections publish the key. What fails before the switch leaves
//! the stream where it is; what fails after it is a loss, and attempts go to the app's own address.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::Duration;

use onair_types::Now;

use super::auth::{Auth, Demand};
use super::capabilities::Offer;
use super::dialogue::Dialogue;
use super::progress::Progress;
use super::steps::{ATTEMPT_TIME, Connection, Phase};
use super::{Closed, ConnectError, Event, Move, Output, Publish, PublishError};
use crate::rtmp::chunk_writer::Outgoing;
use crate::url::{MoveError, StreamUrl};

/// The connection that is to take the present one's place.
#[derive(Debug)]
pub(super) struct Successor {
    url: StreamUrl,
    offer: Offer,
    dialogue: Option<Box<Dialogue>>,
    auth: Auth,
    outgoing: Outgoing,
    stage: Stage,
    /// The stage ends by then.
    ends: Now,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Until it is held at createStream.
    Making,
    /// Ready, until an IDR comes.
    Ready,
    /// The old connection's goodbye is on its way.
    Leaving,
}

/// When the server asked to move, as far as it matters.
#[derive(Debug, Default)]
pub(super) struct Moves(VecDeque<Now>);

impl Moves {
    fn allows(&mut self, now: Now) -> bool {
        self.0.retain(|&at| now.since(at) < MOVES_TIME);
        let allows = self.0.len() < MOVES;
        if allows {
            self.0.push_back(now);
        }
        allows
    }
}

impl Publish {
    // --- input from the second connection ---

    /// The second connection stands.
    pub fn handle_next_connected(&mut self, now: Now) {
        let now = self.touch(now);
        let seed = self.backoff.next_seed();
        if let Some(next) = self.successor.as_mut().filter(|next| next.dialogue.is_none()) {
            let (terms, outgoing) = ((next.offer, self.offers.needs()), &mut next.outgoing);
            let dialogue = Dialogue::start(&self.config, terms, seed, next.ends, outgoing, now);
            next.dialogue = Some(Box::new(dialogue.holding()));
        }
    }

    /// The second connection could not be made.
    pub fn handle_next_connect_failed(&mut self, error: ConnectError, now: Now) {
        self.touch(now);
        self.stay(error.into());
    }

    /// Bytes from the second connection's server.
    pub fn handle_next_received(&mut self, bytes: &[u8], now: Now) {
        let now = self.touch(now);
        let Some(next) = &mut self.successor else { return };
        let Some(dialogue) = &mut next.dialogue else { return };
        self.bytes_received += bytes.len() as u64;
        let result = dialogue.handle_received(bytes, &next.url, &mut next.outgoing, now);
        if next.stage == Stage::Making
            && let Some(offer) = dialogue.taken()
        {
            self.offers.handle_taken(&next.url, offer);
        }
        match result {
            Ok(()) if dialogue.is_held() && next.stage == Stage::Making => {
                (next.stage, next.ends) = (Stage::Ready, now + IDR_TIME);
                self.media.stop_at_idr(&mut self.outputs);
            }
            Ok(()) => {}
            Err(error) => match dialogue.take_demand() {
                Some(demand) => self.answer_next(&demand),
                None => self.give_up_next(error),
            },
        }
    }

    /// The second connection ended. Not to be called after [`Output::CloseNext`].
    pub fn handle_next_closed(&mut self, closed: Closed, now: Now) {
        self.touch(now);
        let dialogue = self.successor.as_ref().and_then(|next| next.dialogue.as_ref());
        let error = dialogue.map(|dialogue| dialogue.closed(closed.clone(), true));
        if !error.is_some_and(|error| self.offer_less(&error)) {
            self.stay(PublishError::ClosedEarly { during: ELSEWHERE, closed });
        }
    }

    /// The second connection's socket took `bytes` of [`Publish::next_outgoing`].
    pub fn handle_next_written(&mut self, bytes: usize, now: Now) {
        self.touch(now);
        if let Some(next) = &mut self.successor {
            let bytes = bytes.min(next.outgoing.len());
            next.outgoing.advance(bytes);
            self.bytes_sent += bytes as u64;
        }
    }

    /// Fills `slices` with the bytes to write next to the second connection.
    pub fn next_outgoing<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.successor.as_ref().map_or(0, |next| next.outgoing.io_slices(slices))
    }

    // --- steps ---

    /// The server wants the publisher at `tc_url`, or anew where it is.
    pub(super) fn move_to(&mut self, tc_url: Option<String>, now: Now) {
        if self.successor.is_some() {
            return;
        }
        let any_domain = self.config.reconnect.follow_to_any_domain;
        let url = match tc_url {
            Some(tc_url) => self.url.moved(&tc_url, any_domain),
            None => Ok(self.url.clone()),
        };
        let allowed = url.and_then(|url| match self.moves.allows(now) {
            true => Ok(url),
            false => Err(MoveError::TooOften),
        });
        let event = match allowed {
            Ok(url) => {
                self.outputs.push_back(connect_next(&url));
                self.successor = Some(Box::new(Successor {
                    offer: self.offers.first(&url),
                    url,
                    dialogue: None,
                    auth: Auth::default(),
                    outgoing: Outgoing::new(),
                    stage: Stage::Making,
                    ends: now + ATTEMPT_TIME,
                }));
                Move::Begun
            }
            Err(error) => Move::Refused(error),
        };
        self.outputs.push_back(Output::Event(Event::Move(event)));
    }

    /// While live: does what is due for the second connection.
    pub(super) fn pump_next(&mut self, now: Now) {
        let Some(next) = &mut self.successor else { return };
        let in_time = match &mut next.dialogue {
            Some(dialogue) => dialogue.handle_time(&mut next.outgoing, now),
            None => Ok(()),
        };
        if let Err(error) = in_time {
            return self.give_up_next(error);
        }
        match next.stage {
            Stage::Making | Stage::Ready if now >= next.ends => {
                let limit = if next.stage == Stage::Making { ATTEMPT_TIME } else { IDR_TIME };
                self.give_up_next(PublishError::Timeout { step: ELSEWHERE, limit });
            }
            Stage::Ready if self.media.is_at_switch(now) => {
                (next.stage, next.ends) = (Stage::Leaving, now + LEAVING_TIME);
                if let Phase::Connected(Connection { dialogue, .. }) = &mut self.phase {
                    dialogue.say_goodbye(&self.url, &mut self.outgoing);
                }
            }
            Stage::Leaving if self.outgoing.is_empty() || now >= next.ends => self.switch(now),
            _ => {}
        }
    }

    /// When [`Publish::pump_next`] has something to do.
    pub(super) fn next_deadline(&self) -> Option<Now> {
        let next = self.successor.as_ref()?;
        let dialogue = next.dialogue.as_ref().and_then(|dialogue| dialogue.deadline());
        dialogue.into_iter().chain([next.ends]).min()
    }

    /// Forgets the second connection, if there is one.
    pub(super) fn drop_next(&mut self) {
        if self.successor.take().is_some() {
            self.media.go_on();
            self.outputs.push_back(Output::CloseNext);
        }
    }

    fn switch(&mut self, now: Now) {
        let Some(mut next) = self.successor.take() else { return };
        let Some(mut dialogue) = next.dialogue.take() else { return };
        self.outputs.push_back(Output::Switch { linger: LEAVING_TIME });
        (self.url, self.outgoing) = (next.url, next.outgoing);
        self.media.switch();
        let written = self.outgoing.written_bytes();
        self.rate.handle_connected(now);
        self.rate.handle_written(written, now);
        if self.progress.is_suspect() {
            self.outputs.push_back(Output::Event(Event::Suspect(false)));
        }
        self.progress = Progress::default();
        self.progress.handle_written(written, now);
        dialogue.release(&self.url, now + ATTEMPT_TIME, &mut self.outgoing, now);
        self.phase = Phase::Connected(Connection { dialogue, is_confirmed: true });
    }

    /// The second connection's server wants to know who publishes: made anew, with the answer.
    fn answer_next(&mut self, demand: &Demand) {
        let seed = self.backoff.next_seed();
        let Some(next) = &mut self.successor else { return };
        match next.auth.handle_demand(demand, &next.url, seed) {
            Ok(url) => {
                next.dialogue = None;
                next.outgoing.reset();
                self.outputs.push_back(Output::CloseNext);
                self.outputs.push_back(connect_next(&url));
                next.url = url;
            }
            Err(error) => self.give_up_next(error.into()),
        }
    }

    fn give_up_next(&mut self, error: PublishError) {
        self.outputs.push_back(Output::CloseNext);
        if !self.offer_less(&error) {
            self.stay(error);
        }
    }

    /// Makes the second connection once more where the server there may have choked on the offer.
    fn offer_less(&mut self, error: &PublishError) -> bool {
        let Some(next) = self.successor.as_mut().filter(|next| next.stage == Stage::Making) else {
            return false;
        };
        let Some(offer) = self.offers.below(&next.url, next.offer, error) else { return false };
        (next.offer, next.dialogue, next.outgoing) = (offer, None, Outgoing::new());
        self.outputs.push_back(connect_next(&next.url));
        true
    }

    /// The second connection is of no use: the stream stays where it is, unless it said goodbye
    /// there already.
    fn stay(&mut self, error: PublishError) {
        if let Some(next) = self.successor.take() {
            self.media.go_on();
            self.outputs.push_back(Output::Event(Event::Move(Move::Failed(error.clone()))));
            if next.stage == Stage::Leaving {
                self.lose(error, self.now);
            }
        }
    }
}

fn connect_next(url: &StreamUrl) -> Output {
    Output::ConnectNext { host: url.host().to_owned(), port: url.port(), tls: url.is_tls() }
}

/// What is being done, for errors.
const ELSEWHERE: &str = "connect where the server wants";
/// For the next IDR.
const IDR_TIME: Duration = Duration::from_secs(12);
/// For what is left to say to the old server.
const LEAVING_TIME: Duration = Duration::from_secs(2);
/// So many requests are followed
const MOVES: usize = 3;
/// in so much time.
const MOVES_TIME: Duration = Duration::from_secs(300);
