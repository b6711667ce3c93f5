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
mod adapt;
mod auth;
mod budget;
mod capabilities;
pub mod check;
mod config;
mod cue;
mod dialogue;
mod error;
mod link;
mod media;
mod moving;
mod one_flight;
mod ordered;
mod output;
mod path;
mod patience;
mod progress;
mod shipping;
mod sleep;
mod status;
mod steps;
mod tls_error;

use std::collections::VecDeque;
use std::io::IoSlice;
use std::num::NonZeroU8;
use std::time::Duration;

use onair_types::{AccessUnit, MediaTime, Now, Track};

pub use auth::AuthError;
pub use capabilities::{KnownHosts, Offer};
pub use config::{Alignment, Config, Delivery, GoLive};
pub use cue::{Cue, CueError};
pub use error::{Closed, ConnectError, PublishError};
pub use output::{EncoderCommand, Event, Move, Output, State};
pub use path::Path;
pub use shipping::Supply;
pub use tls_error::TlsError;

use crate::compat::Rule;
use crate::rate::{Controller, Range, Transport, VideoPace};
use crate::reconnect::Backoff;
use crate::record::{self, Rate, Recorder};
use crate::rtmp::chunk_writer::Outgoing;
use crate::stats::Snapshot;
use crate::url::StreamUrl;
use auth::Auth;
use capabilities::{Needs, Offers};
use dialogue::Dialogue;
use media::Media;
use moving::{Moves, Successor};
use progress::Progress;
use steps::{Connection, GOODBYE_TIME, Phase};

/// One destination. See the module's text for the cycle.
///
/// `now` never goes back; a reading from before the last one counts as the last one.
#[derive(Debug)]
pub struct Publish {
    config: Config,
    /// Where the present connection goes: the app's address, or where the server sent us.
    url: StreamUrl,
    now: Now,
    state: State,
    phase: Phase,
    outputs: VecDeque<Output>,
    /// The last answer of [`Output::Wait`], until something comes in.
    settled: Option<Option<Now>>,
    outgoing: Outgoing,
    progress: Progress,
    media: Media,
    rate: Rate,
    /// What the encoder and the app know of the pace.
    told_pace: VideoPace,
    recorder: Recorder,
    /// A compatibility rule that decides instead.
    rule: Option<Rule>,
    /// As the system last said.
    rtt: Duration,
    backoff: Backoff,
    auth: Auth,
    offers: Offers,
    /// The present attempt goes live step by step.
    in_turn: bool,
    successor: Option<Box<Successor>>,
    moves: Moves,
    /// Attempts since the start or since the stream was live.
    attempt: u32,
    bytes_sent: u64,
    bytes_received: u64,
    reconnects: u32,
    /// The stream was live and is not again.
    was_lost: bool,
}

impl Publish {
    /// Not connected yet.
    pub fn new(config: Config) -> Self {
        let audio_bitrate_bps = config.metadata.audio.as_ref().map_or(0, |a| a.bitrate_bps);
        let side_bps = config.metadata.side_bitrate_bps();
        let rate = Controller::new(config.video_bitrate, config.adaptation, side_bps);
        let recorder = record::recorder(&config);
        Self {
            now: Now::from_micros(i64::MIN),
            state: State::Idle,
            phase: Phase::Idle,
            outputs: VecDeque::with_capacity(MOST_OUTPUTS),
            settled: None,
            outgoing: Outgoing::new(),
            progress: Progress::default(),
            media: Media::new(&config, recorder.clone()),
            rate: Rate::new(rate, recorder.clone()),
            told_pace: VideoPace::Full,
            recorder,
            rule: Rule::new(config.adaptation, audio_bitrate_bps),
            rtt: Duration::ZERO,
            backoff: Backoff::new(config.reconnect, config.url.is_near(), config.seed),
            auth: Auth::default(),
            offers: Offers::new(Needs::of(&config.metadata), config.known_hosts.clone()),
            in_turn: false,
            successor: None,
            moves: Moves::default(),
            url: config.url.clone(),
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
        let now = self.touch(now);
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
        let now = self.touch(now);
        self.drop_next();
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Over if self.state == State::Stopped => {}
            Phase::Idle | Phase::Waiting { .. } | Phase::Over => self.end(State::Stopped),
            Phase::Connecting { .. } => {
                self.outputs.push_back(Output::Close { linger: Duration::ZERO });
                self.end(State::Stopped);
            }
            Phase::Connected(Connection { mut dialogue, .. }) if dialogue.live().is_none() => {
                let said_goodbye = dialogue.say_goodbye(&self.url, &mut self.outgoing);
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

    /// The video bitrate may be other than [`Config::video_bitrate`] from now on; a target outside
    /// the range is brought into it within 100 ms while live.
    pub fn set_video_bitrate(&mut self, range: Range, now: Now) {
        self.touch(now);
        self.rate.set_range(range);
    }

    // --- input ---

    /// The connection asked for stands.
    pub fn handle_connected(&mut self, now: Now) {
        let now = self.touch(now);
        if let Phase::Connecting { ends, offer } = self.phase {
            let decision = self.rate.handle_connected(now);
            self.tell_bitrate(decision);
            self.tell_pace();
            if self.was_lost && self.backoff.down_for(now) >= LONG_LOSS {
                self.media.want_fresh(&mut self.outputs, now);
            }
            let seed = self.backoff.next_seed();
            let terms = (offer, self.offers.needs());
            let outgoing = &mut self.outgoing;
            let mut dialogue = Dialogue::start(&self.config, terms, seed, ends, outgoing, now);
            if self.flies() {
                // Where nothing may be lost, media waits for the server's word.
                dialogue = dialogue.in_one_flight(self.is_gated());
            }
            if self.offers.known().is_slow(&self.url) {
                dialogue = dialogue.with_patience();
            }
            self.phase =
                Phase::Connected(Connection { dialogue: Box::new(dialogue), is_confirmed: false });
        }
    }

    /// The connection asked for could not be made.
    pub fn handle_connect_failed(&mut self, error: ConnectError, now: Now) {
        let now = self.touch(now);
        if let Phase::Connecting { .. } = self.phase {
            self.outgoing.reset();
            self.fail(error.into(), now);
        }
    }

    /// Bytes from the server.
    pub fn handle_received(&mut self, bytes: &[u8], now: Now) {
        let now = self.touch(now);
        let (Phase::Connected(Connection { dialogue, .. }) | Phase::Closing { dialogue, .. }) =
            &mut self.phase
        else {
            return;
        };
        self.bytes_received += bytes.len() as u64;
        let (was_live, was_taken) = (dialogue.live().is_some(), dialogue.taken().is_some());
        let result = dialogue.handle_received(bytes, &self.url, &mut self.outgoing, now);
        if let Some(number) = dialogue.take_acknowledgement() {
            self.rate.handle_acknowledgement(number, now);
            self.progress.handle_acknowledgement(now);
        }
        if !was_taken && let Some(offer) = dialogue.taken() {
            self.offers.handle_taken(&self.url, offer);
        }
        let is_live = dialogue.live().is_some();
        let reconnect = dialogue.take_reconnect();
        self.confirm(now);
        if matches!(self.phase, Phase::Closing { .. }) {
            return;
        }
        // Also when an error follows in the same bytes: how they were cut into reads tells nothing.
        if is_live && !was_live && self.state == State::Live {
            self.outputs.push_back(Output::Event(Event::Move(Move::Done)));
        } else if is_live && !was_live {
            self.settle_flight(now);
            self.reconnects += u32::from(std::mem::take(&mut self.was_lost));
            self.enter(State::Live);
        }
        if let Err(error) = result {
            return self.refused(error, now);
        }
        if let (Some(tc_url), Phase::Connected(_)) = (reconnect, &self.phase) {
            self.move_to(tc_url, now);
        }
    }

    /// The connection ended. Not to be called after [`Output::Close`].
    pub fn handle_closed(&mut self, closed: Closed, now: Now) {
        let now = self.touch(now);
        self.confirm(now);
        let error = match &self.phase {
            Phase::Connecting { .. } => PublishError::ClosedEarly { during: "connect", closed },
            Phase::Connected(Connection { dialogue, is_confirmed, .. }) => {
                dialogue.closed(closed, *is_confirmed)
            }
            Phase::Closing { .. } => return self.end(State::Stopped),
            Phase::Idle | Phase::Waiting { .. } | Phase::Over => return,
        };
        self.outgoing.reset();
        self.fail(error, now);
    }

    /// The socket took `bytes` of [`Publish::outgoing`].
    pub fn handle_written(&mut self, bytes: usize, now: Now) {
        let now = self.touch(now);
        let bytes = bytes.min(self.outgoing.len());
        if bytes > 0 {
            self.bytes_sent += bytes as u64;
            let written = self.outgoing.advance(bytes);
            self.media.handle_written(written);
            self.rate.handle_written(self.outgoing.written_bytes(), now);
            self.progress.handle_written(self.outgoing.written_bytes(), now);
        }
    }

    /// An access unit from an encoder or a file. Ignored once the end has begun. Units that are
    /// there together may be handed in one after the other before the next drain: that is cheaper.
    pub fn handle_unit(&mut self, unit: AccessUnit, now: Now) {
        let now = self.advance(now);
        if !matches!(self.phase, Phase::Closing { .. } | Phase::Over) {
            if unit.track() == Track::Video {
                self.rate.handle_picture(unit.size_bytes());
            }
            self.media.handle_unit(unit, self.carries(), now);
            if !self.media.only_queues(&self.outgoing) {
                self.settled = None;
            }
        }
    }

    /// A cue from the app. It goes right before the first unit that is not decoded before `at`,
    /// with the time `at`; when such a unit went already, before the next one, at the time of the
    /// newest. It is forgotten when it waits for 10 s, 64 others came, or no such unit follows.
    pub fn handle_cue(&mut self, at: MediaTime, cue: Cue, now: Now) {
        let now = self.advance(now);
        self.media.handle_cue(at, cue, now);
    }

    /// A unit of a further track, which metadata speaks of by that id; as [`Publish::handle_unit`].
    pub fn handle_further_unit(&mut self, track_id: NonZeroU8, unit: AccessUnit, now: Now) {
        let now = self.touch(now);
        if !matches!(self.phase, Phase::Closing { .. } | Phase::Over) {
            self.media.handle_further_unit(track_id, unit, self.state == State::Live, now);
        }
    }

    /// What the system says about the connection's sending side. Where it can tell, this comes
    /// with every wake-up while a connection stands, before anything else.
    pub fn handle_transport(&mut self, transport: Transport, now: Now) {
        let now = self.touch(now);
        if matches!(self.phase, Phase::Connected(_)) {
            self.rtt = transport.rtt;
            self.rate.handle_transport(transport, now);
            self.progress.handle_transport(transport.unacked_bytes, now);
        }
    }

    /// The system stopped telling what [`Publish::handle_transport`] wants to know; from now on the
    /// server's acknowledgements do.
    pub fn handle_transport_lost(&mut self, now: Now) {
        self.touch(now);
        self.rate.handle_transport_lost();
        self.progress.handle_transport_lost(now);
    }

    /// The system says something about the device's way to the network. While there is none, no
    /// attempt begins; with a new one a waiting attempt begins within 300 ms, and a connection, or
    /// the one being made, has two seconds to show that it outlived the change.
    pub fn handle_path(&mut self, path: Path, now: Now) {
        let now = self.touch(now);
        self.backoff.handle_path(path, now);
        self.progress.handle_path(now);
        if path != Path::Down {
            self.hurry(now);
        }
    }

    /// The time asked for by [`Output::Wait`] has come.
    pub fn handle_timeout(&mut self, now: Now) {
        self.touch(now);
    }

    // --- output ---

    /// What to do next.
    pub fn poll_output(&mut self, now: Now) -> Output {
        let now = self.advance(now);
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        if let Some(until) = self.settled
            && until.is_none_or(|until| now < until)
        {
            return Output::Wait(until);
        }
        self.pump(now);
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        if record::is_worth_it(&self.config) {
            record::keep(&self.recorder, self.state, &self.rate, self.media.buffer(), now);
        }
        let until = self.deadline(now);
        self.settled = Some(until);
        Output::Wait(until)
    }

    /// Messages of which bytes wait for the socket, whether they may go now or not.
    #[inline]
    pub fn outgoing_messages(&self) -> usize {
        self.outgoing.messages()
    }

    /// Fills `slices` with the bytes to write next; returns how many slices it filled.
    pub fn outgoing<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.outgoing.io_slices_within(self.allowance_bytes(), slices)
    }

    /// Whether a producer that can wait (a file) should go on; always true for live delivery and
    /// once the end has begun.
    #[inline]
    pub fn wants_units(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. } | Phase::Over)
            || self.media.wants_units(self.state == State::Live)
    }

    /// Whether a producer that can wait should give its next cue; otherwise the earliest that waits
    /// makes room for it. Always true for live delivery and once the end has begun.
    pub fn wants_cues(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. } | Phase::Over) || self.media.wants_cues()
    }

    /// Whether units wait for the network alone.
    pub fn has_units(&self) -> bool {
        self.media.is_aligned() && self.media.queue_units() > 0
    }

    // --- reading ---

    /// The flight recorder: what decided in the last minutes, to be saved at any time, from any
    /// thread, and after the end.
    pub fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    /// What is known of servers by now; for [`Config::known_hosts`] of another publish.
    pub fn known_hosts(&self) -> &KnownHosts {
        self.offers.known()
    }

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
            queue_bytes: (self.media.queue_bytes() + self.outgoing_bytes()) as u64,
            queue_age: self.media.oldest_droppable().map_or(Duration::ZERO, |at| now.since(at)),
            inflight_bytes: self.rate.unacked_bytes(),
            rtt: self.rtt,
            reconnects: self.reconnects,
            target_bitrate_bps: self.rate.target_bps(),
        }
    }
}

/// After a loss of this length there is nothing to join on to: the show goes on with what is new.
const LONG_LOSS: Duration = Duration::from_secs(1);
/// More than one input ever brings: a queue that grew in a bad moment would allocate there.
const MOST_OUTPUTS: usize = 16;
