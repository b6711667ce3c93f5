//! The steps between inputs and outputs: attempts, losses, ends, and what is due at a time. The
//! only place that changes a publish's phase apart from its inputs.

use std::time::Duration;

use onair_types::Now;

use super::capabilities::Offer;
use super::dialogue::Dialogue;
use super::link::Link;
use super::progress::{Progress, Verdict};
use super::{ConnectError, Event, Output, Publish, PublishError, State};
use crate::reconnect::Next;
use crate::record;

/// Where the present connection, or the lack of one, stands.
#[derive(Debug)]
pub(super) enum Phase {
    /// Before the start.
    Idle,
    /// The session makes a connection.
    Connecting { ends: Now, offer: Offer },
    /// It stands.
    Connected(Connection),
    /// Until the next attempt; `cause` made it necessary.
    Waiting { cause: PublishError },
    /// Goodbyes are being written.
    Closing { dialogue: Box<Dialogue>, media_ends: Now, ends: Now, said_goodbye: bool },
    /// Stopped or failed.
    Over,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) dialogue: Box<Dialogue>,
    /// The server took media for long enough to believe it.
    pub(super) is_confirmed: bool,
}

impl Publish {
    /// Something came in at `now`.
    pub(super) fn touch(&mut self, now: Now) -> Now {
        self.settled = None;
        self.advance(now)
    }

    pub(super) fn advance(&mut self, now: Now) -> Now {
        self.now = self.now.max(now);
        self.now
    }

    pub(super) fn enter(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            record::note_state(&self.recorder, state);
            self.outputs.push_back(Output::Event(Event::State(state)));
        }
    }

    pub(super) fn begin_attempt(&mut self, now: Now) {
        self.attempt += 1;
        self.in_turn = false;
        self.backoff.handle_attempt(now);
        self.url = self.auth.begin(&self.config.url);
        self.connect(now + ATTEMPT_TIME, self.offers.first(&self.url));
    }

    /// A connection of the present attempt, which ends by `ends`.
    pub(super) fn connect(&mut self, ends: Now, offer: Offer) {
        self.outgoing.reset();
        self.progress = Progress::default();
        self.phase = Phase::Connecting { ends, offer };
        let url = &self.url;
        self.outputs.push_back(Output::Connect {
            host: url.host().to_owned(),
            port: url.port(),
            tls: url.is_tls(),
        });
    }

    /// The server said no. When it wants to know first who publishes, it is told on another
    /// connection, which belongs to the same attempt.
    pub(super) fn refused(&mut self, error: PublishError, now: Now) {
        let Phase::Connected(Connection { dialogue, .. }) = &mut self.phase else { return };
        let Some(demand) = dialogue.take_demand() else {
            if matches!(error, PublishError::AppRejected { .. }) {
                self.auth.forget();
            }
            return self.lose(error, now);
        };
        let (ends, offer) = (dialogue.attempt_ends(), dialogue.offer());
        let seed = self.backoff.next_seed();
        match self.auth.handle_demand(&demand, &self.url, seed) {
            Ok(url) => {
                self.url = url;
                self.outputs.push_back(Output::Close { linger: Duration::ZERO });
                self.connect(ends, offer);
            }
            Err(error) => self.lose(error.into(), now),
        }
    }

    /// The engine gives the connection up. A live one says goodbye behind what it has begun: a
    /// server that still listens frees the name at once.
    pub(super) fn lose(&mut self, error: PublishError, now: Now) {
        let mut linger = Duration::ZERO;
        if let Phase::Connected(Connection { dialogue, .. }) = &mut self.phase
            && dialogue.live().is_some()
        {
            dialogue.say_goodbye(&self.url, &mut self.outgoing);
            linger = GOODBYE_TIME;
            self.backoff.handle_goodbye(now + linger);
        }
        self.outputs.push_back(Output::Close { linger });
        self.fail(error, now);
    }

    /// The connection is gone: tells why, then waits for the next attempt or ends. Where the server
    /// may have choked on what was offered, the attempt goes on with less.
    pub(super) fn fail(&mut self, error: PublishError, now: Now) {
        if self.slow_down(&error, now) {
            return;
        }
        if let Phase::Connected(Connection { dialogue, .. }) = &self.phase
            && let Some(offer) = self.offers.below(&self.url, dialogue.offer(), &error)
        {
            return self.connect(self.backoff.attempt_began() + ATTEMPT_TIME, offer);
        }
        self.note_silence(&error);
        let was_live =
            matches!(&self.phase, Phase::Connected(Connection { is_confirmed: true, .. }));
        let attempt = if was_live { 0 } else { self.attempt };
        if was_live {
            self.attempt = 0;
            self.was_lost = true;
            self.backoff.handle_media_end(self.progress.stalled_since().unwrap_or(now));
        }
        self.progress = Progress::default();
        self.drop_next();
        self.media.handle_lost(now);
        let retry_in = self.backoff.handle_failure(&error, now);
        let cause = error.clone();
        self.outputs.push_back(Output::Event(Event::Lost { error, attempt, retry_in }));
        if retry_in.is_some() {
            self.phase = Phase::Waiting { cause };
            self.enter(State::Reconnecting);
        } else {
            self.end(State::Failed);
        }
    }

    fn pump_waiting(&mut self, now: Now) {
        let Phase::Waiting { cause } = &self.phase else { return };
        match self.backoff.next(now) {
            Next::Begin => self.begin_attempt(now),
            Next::GiveUp => {
                let (error, attempt) = (cause.clone(), self.attempt);
                self.outputs.push_back(Output::Event(Event::Lost {
                    error,
                    attempt,
                    retry_in: None,
                }));
                self.end(State::Failed);
            }
            Next::Wait(_) => {}
        }
    }

    /// An attempt that began on another path shows soon that it works on this one, or never.
    pub(super) fn hurry(&mut self, now: Now) {
        let by = now + HURRIED_ATTEMPT;
        match &mut self.phase {
            Phase::Connecting { ends, .. } => *ends = (*ends).min(by),
            Phase::Connected(Connection { dialogue, .. }) => dialogue.hurry(by),
            _ => {}
        }
    }

    /// Whether a connection takes media, or one will that goes on as if it did.
    pub(super) fn carries(&self) -> bool {
        let is_ahead =
            matches!(&self.phase, Phase::Connected(it) if it.dialogue.carries().is_some());
        self.state == State::Live || is_ahead
    }

    /// Bytes that wait for the socket of the present connection.
    pub(super) fn outgoing_bytes(&self) -> usize {
        let is_open = matches!(self.phase, Phase::Connected(_) | Phase::Closing { .. });
        if is_open { self.outgoing.len() } else { 0 }
    }

    pub(super) fn end(&mut self, state: State) {
        self.phase = Phase::Over;
        self.media.clear();
        self.enter(state);
    }

    /// Does what is due at `now`.
    pub(super) fn pump(&mut self, now: Now) {
        match &self.phase {
            Phase::Idle | Phase::Over => {}
            Phase::Waiting { .. } => self.pump_waiting(now),
            Phase::Connecting { ends, .. } => {
                if now >= *ends {
                    let limit = ends.since(self.backoff.attempt_began());
                    self.lose(ConnectError::Timeout(limit).into(), now);
                }
            }
            Phase::Connected(_) => {
                if let Err(error) = self.pump_connected(now) {
                    self.lose(error, now);
                }
            }
            Phase::Closing { .. } => self.pump_closing(now),
        }
    }

    /// Believes in the live stream once the server had time or reason to refuse it.
    pub(super) fn confirm(&mut self, now: Now) {
        if let Phase::Connected(connection) = &mut self.phase
            && !connection.is_confirmed
            && let Some((since, _)) = connection.dialogue.live()
            && (connection.dialogue.was_acknowledged() || now.since(since) >= EARLY_CLOSE)
        {
            connection.is_confirmed = true;
            self.backoff.handle_live(since);
        }
    }

    fn pump_connected(&mut self, now: Now) -> Result<(), PublishError> {
        self.confirm(now);
        let Phase::Connected(connection) = &mut self.phase else { return Ok(()) };
        connection.dialogue.handle_time(&mut self.outgoing, now)?;
        if let Some((_, stream_id)) = connection.dialogue.carries() {
            let is_gated = self.is_gated();
            let (outgoing, rate) = (&mut self.outgoing, &mut self.rate);
            let mut link = Link { outgoing, stream_id, rate, is_gated };
            self.media.pump(&mut link, &mut self.outputs, false, now);
            self.adapt(now);
            match self.progress.look(self.outgoing.len(), now) {
                Verdict::AsBefore => {}
                Verdict::Suspect(is_suspect) => {
                    self.outputs.push_back(Output::Event(Event::Suspect(is_suspect)));
                }
                Verdict::Lost(limit) => return Err(PublishError::Timeout { step: "send", limit }),
            }
            self.pump_next(now);
        } else if self.state == State::Live {
            self.media.shed(&self.rate, now);
        }
        Ok(())
    }

    fn pump_closing(&mut self, now: Now) {
        let Phase::Closing { dialogue, media_ends, ends, said_goodbye } = &mut self.phase else {
            return;
        };
        if !*said_goodbye {
            if let Some((_, stream_id)) = dialogue.live()
                && now < *media_ends
            {
                let (outgoing, rate) = (&mut self.outgoing, &mut self.rate);
                let mut link = Link { outgoing, stream_id, rate, is_gated: false };
                self.media.pump(&mut link, &mut self.outputs, true, now);
            }
            if self.media.is_drained() || now >= *media_ends {
                if let Some((_, stream_id)) = dialogue.live() {
                    let (outgoing, rate) = (&mut self.outgoing, &mut self.rate);
                    let mut link = Link { outgoing, stream_id, rate, is_gated: false };
                    self.media.write_ends(&mut link);
                }
                dialogue.say_goodbye(&self.url, &mut self.outgoing);
                *said_goodbye = true;
            }
        }
        if (*said_goodbye && self.outgoing.is_empty()) || now >= *ends {
            let linger = ends.since(now);
            self.outputs.push_back(Output::Close { linger });
            self.end(State::Stopped);
        }
    }

    pub(super) fn deadline(&self, now: Now) -> Option<Now> {
        match &self.phase {
            Phase::Idle | Phase::Over => None,
            Phase::Waiting { .. } => match self.backoff.next(now) {
                Next::Wait(until) => until,
                Next::Begin | Next::GiveUp => Some(now),
            },
            Phase::Connecting { ends, .. } => Some(*ends),
            Phase::Connected(Connection { dialogue, is_confirmed, .. }) => {
                let live_since = dialogue.live().map(|(since, _)| since);
                let carries = dialogue.carries();
                let has_credit = self.media.has_credit(&self.outgoing);
                [
                    dialogue.deadline(),
                    live_since.filter(|_| !is_confirmed).map(|since| since + EARLY_CLOSE),
                    carries
                        .and_then(|_| self.media.deadline(has_credit, self.rate.dead_time(), now)),
                    carries.and_then(|_| self.next_look()),
                    carries.and_then(|_| self.progress.deadline()),
                    self.next_deadline(),
                ]
                .into_iter()
                .flatten()
                .min()
            }
            Phase::Closing { media_ends, ends, said_goodbye, .. } => {
                Some(if *said_goodbye { *ends } else { *media_ends })
            }
        }
    }
}

/// From the beginning of an attempt to Publish.Start.
pub(super) const ATTEMPT_TIME: Duration = Duration::from_secs(15);
/// What is left of it when the way to the network changes.
const HURRIED_ATTEMPT: Duration = Duration::from_secs(2);
/// For the goodbyes of a connection that is given up, or of a stop whose media cannot be written.
pub(super) const GOODBYE_TIME: Duration = Duration::from_millis(100);
/// A publish that ends sooner after its start, with nothing acknowledged, was refused.
const EARLY_CLOSE: Duration = Duration::from_secs(1);
