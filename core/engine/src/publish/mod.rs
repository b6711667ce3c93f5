//! The publish state machine: one destination from connect to close, without I/O.
//!
//! One input, then drain: after each `handle_*` or command, call [`Publish::poll_output`] until it
//! returns [`Output::Wait`]; write what [`Publish::outgoing`] holds as the socket takes it.
//!
//! ```text
//!  Idle ─start→ Connecting → Handshaking → Negotiating → Live ─stop→ Closing → Stopped
//!                   ↑                                      │
//!                   └────────────── Backoff ←── lost ──────┘        budget spent → Failed
//! ```

mod acks;
mod config;
mod dialogue;
mod error;
mod media;
mod output;
mod status;

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::Duration;

use onair_types::{AccessUnit, Now, Track};

pub use config::{Alignment, Config, Delivery};
pub use error::{Closed, ConnectError, PublishError};
pub use output::{EncoderCommand, Event, Output, State};

use crate::rate::{Rate, Transport};
use crate::reconnect::Backoff;
use crate::rtmp::chunk_writer::Outgoing;
use crate::stats::Snapshot;
use dialogue::Dialogue;
use media::{Link, Media};

/// One destination. See the module's text for the cycle.
///
/// `now` never goes back; a reading from before the last one counts as the last one.
#[derive(Debug)]
pub struct Publish {
    config: Config,
    now: Now,
    state: State,
    phase: Phase,
    outputs: VecDeque<Output>,
    outgoing: Outgoing,
    /// Since when the socket has taken nothing of what waits for it.
    write_stalled_since: Option<Now>,
    media: Media,
    rate: Rate,
    backoff: Backoff,
    /// Attempts since the start or since the stream was live.
    attempt: u32,
    bytes_sent: u64,
    bytes_received: u64,
    reconnects: u32,
    /// The stream was live and is not again.
    was_lost: bool,
}

/// Where the present connection, or the lack of one, stands.
#[derive(Debug)]
enum Phase {
    /// Before the start.
    Idle,
    /// The session makes a connection.
    Connecting { ends: Now },
    /// It stands.
    Connected(Connection),
    /// Until the next attempt.
    Waiting { until: Now },
    /// Goodbyes are being written.
    Closing { dialogue: Box<Dialogue>, media_ends: Now, ends: Now, said_goodbye: bool },
    /// Stopped or failed.
    Over,
}

#[derive(Debug)]
struct Connection {
    dialogue: Box<Dialogue>,
    /// The server took media for long enough to believe it.
    is_confirmed: bool,
}

impl Publish {
    /// Not connected yet.
    pub fn new(config: Config) -> Self {
        Self {
            now: Now::from_micros(i64::MIN),
            state: State::Idle,
            phase: Phase::Idle,
            outputs: VecDeque::new(),
            outgoing: Outgoing::new(),
            write_stalled_since: None,
            media: Media::new(&config),
            rate: Rate::new(config.video_bitrate),
            backoff: Backoff::new(config.reconnect, config.seed),
            attempt: 0,
            bytes_sent: 0,
            bytes_received: 0,
            reconnects: 0,
            was_lost: false,
            config,
        }
    }

    // --- commands ---

    /// Begins to connect. Once; a stream that ended needs a new `Publish`.
    pub fn start(&mut self, now: Now) {
        let now = self.advance(now);
        if matches!(self.phase, Phase::Idle) {
            self.enter(State::Connecting);
            self.begin_attempt(now);
        }
    }

    /// Says goodbye and closes: what waits is still written for up to `drain`, then FCUnpublish,
    /// deleteStream and the close follow. Any state; a second call changes nothing.
    ///
    /// [`State::Stopped`] is the last output, at most `drain` from now.
    pub fn stop(&mut self, drain: Duration, now: Now) {
        let now = self.advance(now);
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Over if self.state == State::Stopped => {}
            Phase::Idle | Phase::Waiting { .. } | Phase::Over => self.end(State::Stopped),
            Phase::Connecting { .. } => {
                self.outputs.push_back(Output::Close { linger: Duration::ZERO });
                self.end(State::Stopped);
            }
            Phase::Connected(Connection { mut dialogue, .. }) if dialogue.live().is_none() => {
                let said_goodbye = dialogue.say_goodbye(&self.config.url, &mut self.outgoing);
                let linger = if said_goodbye { drain } else { Duration::ZERO };
                self.outputs.push_back(Output::Close { linger });
                self.end(State::Stopped);
            }
            Phase::Connected(Connection { dialogue, .. }) => {
                self.enter(State::Closing);
                let ends = now + drain;
                self.phase = Phase::Closing {
                    dialogue,
                    media_ends: ends - (drain / 2).min(GOODBYE_TIME),
                    ends,
                    said_goodbye: false,
                };
            }
            closing @ Phase::Closing { .. } => self.phase = closing,
        }
    }

    // --- input ---

    /// The connection asked for stands.
    pub fn handle_connected(&mut self, now: Now) {
        let now = self.advance(now);
        if let Phase::Connecting { ends } = self.phase {
            let seed = self.backoff.next_seed();
            let dialogue = Dialogue::start(&self.config, seed, ends, &mut self.outgoing, now);
            self.phase =
                Phase::Connected(Connection { dialogue: Box::new(dialogue), is_confirmed: false });
        }
    }

    /// The connection asked for could not be made.
    pub fn handle_connect_failed(&mut self, error: ConnectError, now: Now) {
        let now = self.advance(now);
        if let Phase::Connecting { .. } = self.phase {
            self.fail(error.into(), now);
        }
    }

    /// Bytes from the server.
    pub fn handle_received(&mut self, bytes: &[u8], now: Now) {
        let now = self.advance(now);
        let (Phase::Connected(Connection { dialogue, .. }) | Phase::Closing { dialogue, .. }) =
            &mut self.phase
        else {
            return;
        };
        self.bytes_received += bytes.len() as u64;
        let was_live = dialogue.live().is_some();
        let result = dialogue.handle_received(bytes, &self.config.url, &mut self.outgoing, now);
        let is_live = dialogue.live().is_some();
        match result {
            _ if matches!(self.phase, Phase::Closing { .. }) => {}
            Ok(()) if is_live && !was_live => {
                self.reconnects += u32::from(std::mem::take(&mut self.was_lost));
                self.enter(State::Live);
            }
            Ok(()) => {}
            Err(error) => self.lose(error, now),
        }
    }

    /// The connection ended. Not to be called after [`Output::Close`].
    pub fn handle_closed(&mut self, closed: Closed, now: Now) {
        let now = self.advance(now);
        match &self.phase {
            Phase::Connecting { .. } => {
                let error = PublishError::ClosedEarly { during: "connect", closed };
                self.fail(error, now);
            }
            Phase::Connected(Connection { dialogue, is_confirmed, .. }) => {
                let error = dialogue.closed(closed, *is_confirmed);
                self.fail(error, now);
            }
            Phase::Closing { .. } => self.end(State::Stopped),
            Phase::Idle | Phase::Waiting { .. } | Phase::Over => {}
        }
    }

    /// The socket took `bytes` of [`Publish::outgoing`].
    pub fn handle_written(&mut self, bytes: usize, now: Now) {
        let now = self.advance(now);
        let bytes = bytes.min(self.outgoing.len());
        if bytes > 0 {
            self.bytes_sent += bytes as u64;
            let written = self.outgoing.advance(bytes);
            self.media.handle_written(written);
            self.write_stalled_since = Some(now);
        }
    }

    /// An access unit from an encoder or a file. Ignored once the end has begun.
    pub fn handle_unit(&mut self, unit: AccessUnit, now: Now) {
        let now = self.advance(now);
        if !matches!(self.phase, Phase::Closing { .. } | Phase::Over) {
            self.media.handle_unit(unit, self.state == State::Live, now);
        }
    }

    /// What the system says about the connection's sending side; to be asked about every 100 ms
    /// while live, where the system can tell.
    pub fn handle_transport(&mut self, transport: Transport, now: Now) {
        self.advance(now);
        self.rate.handle_transport(transport);
    }

    /// The device's way to the network changed: a waiting attempt begins within 300 ms.
    pub fn handle_path_change(&mut self, now: Now) {
        let now = self.advance(now);
        if let Phase::Waiting { until } = &mut self.phase {
            *until = (*until).min(self.backoff.handle_path_change(now));
        }
    }

    /// The time asked for by [`Output::Wait`] has come.
    pub fn handle_timeout(&mut self, now: Now) {
        self.advance(now);
    }

    // --- output ---

    /// What to do next.
    pub fn poll_output(&mut self, now: Now) -> Output {
        let now = self.advance(now);
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        self.pump(now);
        self.outputs.pop_front().unwrap_or_else(|| Output::Wait(self.deadline(now)))
    }

    /// Fills `slices` with the bytes to write next; returns how many slices it filled.
    pub fn outgoing<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.outgoing.io_slices(slices)
    }

    /// Whether a producer that can wait (a file) should go on; always true for live delivery and
    /// once the end has begun.
    pub fn wants_units(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. } | Phase::Over)
            || self.media.wants_units(self.config.delivery, self.state == State::Live)
    }

    // --- reading ---

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// What it counted.
    pub fn snapshot(&self, now: Now) -> Snapshot {
        let now = now.max(self.now);
        let dropped = self.media.dropped();
        Snapshot {
            video_units_in: self.media.units_in(Track::Video),
            audio_units_in: self.media.units_in(Track::Audio),
            video_units_sent: self.media.units_sent(Track::Video),
            audio_units_sent: self.media.units_sent(Track::Audio),
            video_units_dropped: dropped.video,
            audio_units_dropped: dropped.audio,
            bytes_sent: self.bytes_sent,
            bytes_received: self.bytes_received,
            queue_units: u32::try_from(self.media.queue_units()).unwrap_or(u32::MAX),
            queue_bytes: (self.media.queue_bytes() + self.outgoing.len()) as u64,
            queue_age: self.media.oldest_droppable().map_or(Duration::ZERO, |at| now.since(at)),
            reconnects: self.reconnects,
            target_bitrate_bps: self.rate.target_bps(),
        }
    }

    // --- inside ---

    fn advance(&mut self, now: Now) -> Now {
        self.now = self.now.max(now);
        self.now
    }

    fn enter(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.outputs.push_back(Output::Event(Event::State(state)));
        }
    }

    fn begin_attempt(&mut self, now: Now) {
        self.attempt += 1;
        self.backoff.handle_attempt(now);
        self.outgoing.reset();
        self.write_stalled_since = None;
        self.phase = Phase::Connecting { ends: now + ATTEMPT_TIME };
        let url = &self.config.url;
        self.outputs.push_back(Output::Connect {
            host: url.host().to_owned(),
            port: url.port(),
            tls: url.is_tls(),
        });
    }

    /// The engine gives the connection up.
    fn lose(&mut self, error: PublishError, now: Now) {
        self.outputs.push_back(Output::Close { linger: Duration::ZERO });
        self.fail(error, now);
    }

    /// The connection is gone: tells why, then waits for the next attempt or ends.
    fn fail(&mut self, error: PublishError, now: Now) {
        let was_live =
            matches!(&self.phase, Phase::Connected(Connection { is_confirmed: true, .. }));
        let attempt = if was_live { 0 } else { self.attempt };
        if was_live {
            self.attempt = 0;
            self.was_lost = true;
        }
        self.outgoing.reset();
        self.write_stalled_since = None;
        self.media.handle_lost(now);
        self.rate.reset();
        let retry_in = self.backoff.handle_failure(&error, now);
        self.outputs.push_back(Output::Event(Event::Lost { error, attempt, retry_in }));
        match retry_in {
            Some(delay) => {
                self.phase = Phase::Waiting { until: now + delay };
                self.enter(State::Reconnecting);
            }
            None => self.end(State::Failed),
        }
    }

    fn end(&mut self, state: State) {
        self.phase = Phase::Over;
        self.media.clear();
        self.enter(state);
    }

    /// Does what is due at `now`.
    fn pump(&mut self, now: Now) {
        match &self.phase {
            Phase::Idle | Phase::Over => {}
            Phase::Waiting { until } => {
                if now >= *until {
                    self.begin_attempt(now);
                }
            }
            Phase::Connecting { ends } => {
                if now >= *ends {
                    self.lose(ConnectError::Timeout(ATTEMPT_TIME).into(), now);
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

    fn pump_connected(&mut self, now: Now) -> Result<(), PublishError> {
        let Phase::Connected(connection) = &mut self.phase else { return Ok(()) };
        connection.dialogue.handle_time(&mut self.outgoing, now)?;
        if let Some((since, stream_id)) = connection.dialogue.live() {
            let is_believed =
                connection.dialogue.was_acknowledged() || now.since(since) >= EARLY_CLOSE;
            if is_believed && !connection.is_confirmed {
                connection.is_confirmed = true;
                self.backoff.handle_live(since);
            }
            let mut link = Link { outgoing: &mut self.outgoing, stream_id, rate: &self.rate };
            self.media.pump(&mut link, &mut self.outputs, false, now);
        }
        match self.write_stall_ends(now) {
            Some(ends) if now >= ends => {
                Err(PublishError::Timeout { step: "send", limit: WRITE_STALL })
            }
            _ => Ok(()),
        }
    }

    fn pump_closing(&mut self, now: Now) {
        let Phase::Closing { dialogue, media_ends, ends, said_goodbye } = &mut self.phase else {
            return;
        };
        if !*said_goodbye {
            if let Some((_, stream_id)) = dialogue.live()
                && now < *media_ends
            {
                let mut link = Link { outgoing: &mut self.outgoing, stream_id, rate: &self.rate };
                self.media.pump(&mut link, &mut self.outputs, true, now);
            }
            if self.media.is_drained() || now >= *media_ends {
                dialogue.say_goodbye(&self.config.url, &mut self.outgoing);
                *said_goodbye = true;
            }
        }
        if (*said_goodbye && self.outgoing.is_empty()) || now >= *ends {
            let linger = ends.since(now);
            self.outputs.push_back(Output::Close { linger });
            self.end(State::Stopped);
        }
    }

    /// When the socket will have taken nothing for too long.
    fn write_stall_ends(&mut self, now: Now) -> Option<Now> {
        if self.outgoing.is_empty() {
            self.write_stalled_since = None;
            return None;
        }
        Some(*self.write_stalled_since.get_or_insert(now) + WRITE_STALL)
    }

    fn deadline(&self, now: Now) -> Option<Now> {
        match &self.phase {
            Phase::Idle | Phase::Over => None,
            Phase::Waiting { until } => Some(*until),
            Phase::Connecting { ends } => Some(*ends),
            Phase::Connected(Connection { dialogue, is_confirmed, .. }) => {
                let live_since = dialogue.live().map(|(since, _)| since);
                let has_credit = self.media.has_credit(&self.outgoing);
                [
                    dialogue.deadline(),
                    live_since.filter(|_| !is_confirmed).map(|since| since + EARLY_CLOSE),
                    live_since.and_then(|_| self.media.deadline(has_credit, now)),
                    self.write_stalled_since.map(|since| since + WRITE_STALL),
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
const ATTEMPT_TIME: Duration = Duration::from_secs(15);
/// A socket that takes nothing for so long is dead (`spec network` 3).
const WRITE_STALL: Duration = Duration::from_secs(8);
/// A publish that ends sooner after its start, with nothing acknowledged, was refused.
const EARLY_CLOSE: Duration = Duration::from_secs(1);
/// What is left of a stop's time for the goodbyes when media cannot be written.
const GOODBYE_TIME: Duration = Duration::from_millis(100);
