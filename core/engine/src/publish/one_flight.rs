//! Going live without waiting: everything up to the publish, and media behind it, in one flight as
//! soon as the server's first handshake block is there. Three round trips less; an IDR reaches the
//! server two and a half round trips after the first SYN (B8).
//!
//! ```text
//!  us      SYN ─→       C0C1 ──→          C2 connect window chunk-size release FC create publish,
//!                                         metadata, headers, IDR …
//!  server      ←─ SYN          ←── S0S1S2 ←── _result  _result  Publish.Start
//! ```
//!
//! The message stream's id is a guess: servers begin at 1. A server that closes, refuses or falls
//! silent before it named the stream may have choked on what it was not ready for; the same attempt then goes on with another
//! connection, one step after the other, and a host where that was better is remembered. One that
//! asks others before it lets somebody publish may drop media meanwhile: when its word comes late,
//! pictures begin anew at an IDR, with their headers.

use std::time::Duration;

use onair_types::Now;

use super::config::GoLive;
use super::dialogue::{Dialogue, Step, Talk};
use super::steps::{ATTEMPT_TIME, Connection, Phase};
use super::{Closed, Publish, PublishError};
use crate::rtmp::chunk_writer::Outgoing;
use crate::url::StreamUrl;

/// How far a connection is ahead of its server.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ahead {
    /// Everything is to go in one flight.
    is_wanted: bool,
    /// Media too.
    carries_media: bool,
    /// When the flight began.
    since: Option<Now>,
    round_trip: Duration,
}

impl Dialogue {
    /// Says everything at once; media goes with it where `carries_media`.
    pub(super) fn in_one_flight(mut self, carries_media: bool) -> Self {
        self.talk.ahead = Ahead { is_wanted: true, carries_media, ..Ahead::default() };
        self
    }

    /// Since when media may go, and on which message stream: the server takes it, or will.
    #[inline]
    pub(super) fn carries(&self) -> Option<(Now, u32)> {
        let ahead = self.talk.ahead;
        let since = ahead.since.filter(|_| ahead.carries_media);
        self.live().or(since.map(|since| (since, FIRST_STREAM)))
    }

    /// Whether the server's consent came so late that it may have dropped what came before.
    pub(super) fn consented_late(&self) -> bool {
        let Ahead { since, round_trip, carries_media, .. } = self.talk.ahead;
        let took = self.live().zip(since).map(|((live, _), since)| live.since(since));
        carries_media && took.is_some_and(|took| took > round_trip + round_trip / 2 + THINKING)
    }

    /// Whether the flight may be why the connection ended in `error`: the server had not yet
    /// answered what came before the refusal.
    fn may_be_the_flight(&self, error: &PublishError) -> bool {
        let is_open = self.talk.ahead.since.is_some() && self.live().is_none();
        is_open
            && match error {
                PublishError::ClosedEarly { .. } => true,
                PublishError::Timeout { .. } | PublishError::PublishRejected { .. } => {
                    self.talk.step != Step::Publish
                }
                _ => false,
            }
    }
}

impl Talk {
    /// Behind `connect`: the rest, when it is to go in one flight.
    pub(super) fn fly(&mut self, url: &StreamUrl, outgoing: &mut Outgoing, now: Now) {
        if self.ahead.is_wanted {
            self.ahead.round_trip = now.since(self.step_began);
            self.ahead.since = Some(now);
            self.create_stream(url, outgoing);
            self.stream_id = FIRST_STREAM;
            self.publish(url, outgoing);
        }
    }

    /// Whether everything was said already.
    pub(super) fn is_ahead(&self) -> bool {
        self.ahead.since.is_some()
    }

    /// The server named the stream.
    ///
    /// # Errors
    /// When the guess was wrong: what was sent belongs to no stream.
    pub(super) fn check_guess(&self, stream_id: u32) -> Result<(), PublishError> {
        if stream_id == FIRST_STREAM {
            return Ok(());
        }
        let closed = Closed::Io(format!("the server calls the stream {stream_id}, not 1"));
        Err(PublishError::ClosedEarly { during: "createStream command", closed })
    }
}

impl Publish {
    /// Whether the connection being made goes live in one flight. A server that may want to know
    /// first who publishes, or must say which codecs it takes, is asked in turn.
    pub(super) fn flies(&self) -> bool {
        self.config.go_live == GoLive::OneFlight
            && !self.in_turn
            && self.url.credentials().is_none()
            && !self.offers.needs().any()
            && !self.offers.known().is_in_turn(&self.url)
            && !self.offers.known().is_slow(&self.url)
    }

    /// The flight may have been too much for the server: the attempt goes on step by step. Whether
    /// it does.
    pub(super) fn slow_down(&mut self, error: &PublishError, now: Now) -> bool {
        let Phase::Connected(Connection { dialogue, .. }) = &self.phase else { return false };
        if !dialogue.may_be_the_flight(error) {
            return false;
        }
        // The offer may be the reason just as well, and a stream that flies needs none.
        let offer = dialogue.offer();
        let offer = self.offers.below(&self.url, offer, error).unwrap_or(offer);
        self.in_turn = true;
        self.media.handle_lost(now);
        self.connect(self.backoff.attempt_began() + ATTEMPT_TIME, offer);
        true
    }

    /// The server takes media.
    pub(super) fn settle_flight(&mut self, now: Now) {
        if self.in_turn {
            self.offers.note_in_turn(&self.url);
        }
        if let Phase::Connected(Connection { dialogue, .. }) = &self.phase
            && dialogue.consented_late()
        {
            self.media.begin_again(&mut self.outputs, now);
        }
    }
}

/// The id that servers give to a connection's first message stream.
const FIRST_STREAM: u32 = 1;
/// A server that looks at a flight at once needs no longer, beyond half a round trip more.
const THINKING: Duration = Duration::from_millis(50);
