//! One connection's talk with the server: handshake, connect, releaseStream, FCPublish,
//! createStream, publish; then pings, acknowledgements and status for as long as it stands
//! (statements 45–48, 56–58, 70–72; `spec network` 3 and 4.3).
//!
//! ```text
//!  us      C0C1 ──→      C2 connect ──→        window chunk-size ──→      publish ──→  media …
//!                                              release FC create
//!  server       ←── S0S1S2       ←── _result            ←── _result  ←── Publish.Start
//! ```
//!
//! Not here: media, and what follows from an error.

use onair_types::Now;

use super::acks::{Acks, PingLimit};
use super::auth::Demand;
use super::budget::Budget;
use super::capabilities::{self, Needs, Offer};
use super::one_flight::Ahead;
use super::status::Status;
use super::{Closed, Config, Delivery, PublishError};
use crate::amf0::Value;
use crate::rtmp::chunk_writer::Outgoing;
use crate::rtmp::command::CommandWriter;
use crate::rtmp::handshake;
use crate::rtmp::message::{Incoming, type_id};
use crate::rtmp::{ChunkReader, Limits, Message};
use crate::url::StreamUrl;

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Dialogue {
    handshake: handshake::Client,
    reader: ChunkReader,
    pub(super) talk: Talk,
}

/// What messages change; apart from the reader that hands them out.
#[derive(Debug)]
pub(super) struct Talk {
    writer: CommandWriter,
    pub(super) step: Step,
    pub(super) ahead: Ahead,
    /// The server may take longer to let somebody publish.
    pub(super) is_slow: bool,
    offer: Offer,
    needs: Needs,
    pub(super) step_began: Now,
    pub(super) attempt_ends: Now,
    chunk_size_bytes: u32,
    pub(super) stream_id: u32,
    live_since: Option<Now>,
    /// Whether the server acknowledged any bytes.
    was_acknowledged: bool,
    /// The rate follows what the server acknowledges.
    is_steered: bool,
    /// Says nothing of the stream until it is told to.
    holds: bool,
    /// The server wants the publisher elsewhere, until that is taken.
    reconnect: Option<Option<String>>,
    /// The server wants an answer first, until that is taken.
    demand: Option<Demand>,
    /// The newest acknowledgement's number, until it is taken.
    acknowledgement: Option<u32>,
    acks: Acks,
    pings: PingLimit,
    budget: Budget,
}

/// What the server must answer next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Handshake,
    Connect,
    CreateStream,
    /// Ready to publish, and not yet to do it.
    Held,
    Publish,
    Live,
}

impl Dialogue {
    /// The connection stands: begins the handshake; `connect` will offer `offer` for a stream that
    /// needs `needs`. All steps together must end by `attempt_ends`.
    pub(super) fn start(
        config: &Config,
        (offer, needs): (Offer, Needs),
        seed: u64,
        attempt_ends: Now,
        outgoing: &mut Outgoing,
        now: Now,
    ) -> Self {
        let mut hello = Vec::new();
        let handshake = handshake::Client::start(seed, &mut hello);
        outgoing.push_bytes(&hello);
        Self {
            handshake,
            reader: ChunkReader::new(Limits::CLIENT),
            talk: Talk {
                writer: CommandWriter::new(),
                step: Step::Handshake,
                ahead: Ahead::default(),
                is_slow: false,
                offer,
                needs,
                step_began: now,
                attempt_ends,
                chunk_size_bytes: config.chunk_size_bytes,
                stream_id: 0,
                live_since: None,
                was_acknowledged: false,
                is_steered: config.delivery == Delivery::Live,
                holds: false,
                reconnect: None,
                demand: None,
                acknowledgement: None,
                acks: Acks::default(),
                pings: PingLimit::default(),
                budget: Budget::default(),
            },
        }
    }

    /// Bytes from the server. Answers go to `outgoing`.
    ///
    /// # Errors
    /// What the server said or broke; the connection must be closed.
    pub(super) fn handle_received(
        &mut self,
        bytes: &[u8],
        url: &StreamUrl,
        outgoing: &mut Outgoing,
        now: Now,
    ) -> Result<(), PublishError> {
        let Self { handshake, reader, talk } = self;
        talk.budget.spend(bytes.len(), now)?;
        let mut chunks = bytes;
        if talk.step == Step::Handshake {
            let mut answer = Vec::new();
            let (used, is_done) = handshake.handle(bytes, &mut answer)?;
            outgoing.push_bytes(&answer);
            if handshake.may_send() && !answer.is_empty() {
                talk.connect(url, outgoing);
                talk.fly(url, outgoing, now);
            }
            if !is_done {
                return Ok(());
            }
            talk.enter(Step::Connect, now);
            chunks = &bytes[used..];
        }
        let mut result = Ok(());
        let read = reader.push(chunks, &mut |message| {
            if result.is_ok() {
                result = talk.handle_message(message, url, outgoing, now);
            }
        });
        result?;
        read?;
        talk.acknowledge(reader.received_bytes(), outgoing, now);
        Ok(())
    }

    /// What is due by now: an answer that did not come, an acknowledgement that was held back.
    ///
    /// # Errors
    /// When the server took too long.
    pub(super) fn handle_time(
        &mut self,
        outgoing: &mut Outgoing,
        now: Now,
    ) -> Result<(), PublishError> {
        let talk = &mut self.talk;
        talk.acknowledge(self.reader.received_bytes(), outgoing, now);
        match talk.step_limit() {
            Some((step, ends)) if now >= ends => {
                Err(PublishError::Timeout { step, limit: ends.since(talk.step_began) })
            }
            _ => Ok(()),
        }
    }

    /// When [`Dialogue::handle_time`] has something to do.
    pub(super) fn deadline(&self) -> Option<Now> {
        let step_ends = self.talk.step_limit().map(|(_, ends)| ends);
        step_ends.into_iter().chain(self.talk.acks.due(self.reader.received_bytes())).min()
    }

    /// The server must take media by then, if it does not yet.
    pub(super) fn hurry(&mut self, by: Now) {
        self.talk.attempt_ends = self.talk.attempt_ends.min(by);
    }

    /// Goes as far as createStream and waits there; the key is not said before.
    pub(super) fn holding(mut self) -> Self {
        self.talk.holds = true;
        self
    }

    /// What the server said yes to with its answer to `connect`.
    pub(super) fn taken(&self) -> Option<Offer> {
        let is_open = matches!(self.talk.step, Step::Handshake | Step::Connect);
        Some(self.talk.offer).filter(|_| !is_open)
    }

    /// What `connect` offers.
    pub(super) fn offer(&self) -> Offer {
        self.talk.offer
    }

    /// Whether it waits to be told to publish.
    pub(super) fn is_held(&self) -> bool {
        self.talk.step == Step::Held
    }

    /// What the server must answer next, as errors call it.
    pub(super) fn step_name(&self) -> &'static str {
        self.talk.step.name()
    }

    /// Publishes after all, which must succeed by `ends`.
    pub(super) fn release(
        &mut self,
        url: &StreamUrl,
        ends: Now,
        outgoing: &mut Outgoing,
        now: Now,
    ) {
        let talk = &mut self.talk;
        talk.attempt_ends = ends;
        talk.claim(url, outgoing);
        talk.publish(url, outgoing);
        talk.enter(Step::Publish, now);
    }

    /// Where the server wants the publisher, if it said so since this was last called.
    pub(super) fn take_reconnect(&mut self) -> Option<Option<String>> {
        self.talk.reconnect.take()
    }

    /// What the server wants to be told before it takes this user, if it said so.
    pub(super) fn take_demand(&mut self) -> Option<Demand> {
        self.talk.demand.take()
    }

    /// When the attempt that it is part of must have succeeded.
    pub(super) fn attempt_ends(&self) -> Now {
        self.talk.attempt_ends
    }

    /// Since when the server takes media, and on which message stream.
    pub(super) fn live(&self) -> Option<(Now, u32)> {
        self.talk.live_since.map(|since| (since, self.talk.stream_id))
    }

    /// The number of an acknowledgement that came since this was last called.
    pub(super) fn take_acknowledgement(&mut self) -> Option<u32> {
        self.talk.acknowledgement.take()
    }

    /// Whether the server acknowledged bytes, which it does only for a publish it wants.
    pub(super) fn was_acknowledged(&self) -> bool {
        self.talk.was_acknowledged
    }

    /// What an end of the connection means now. nginx-rtmp says Publish.Start before it checks
    /// `deny publish` and then closes: so soon after it, the publish was refused.
    pub(super) fn closed(&self, closed: Closed, is_confirmed: bool) -> PublishError {
        match self.talk.step {
            Step::Live if is_confirmed => PublishError::ClosedLive(closed),
            step => PublishError::ClosedEarly { during: step.name(), closed },
        }
    }

    /// FCUnpublish and deleteStream, when the server knows of the publish; whether it does.
    pub(super) fn say_goodbye(&mut self, url: &StreamUrl, outgoing: &mut Outgoing) -> bool {
        let Talk { writer, step, stream_id, .. } = &mut self.talk;
        let is_known = matches!(step, Step::Publish | Step::Live);
        if is_known {
            let key = Value::String(url.key().expose().to_owned());
            writer.command(0, "FCUnpublish", 6.0, &[Value::Null, key], outgoing);
            let stream_id = Value::Number(f64::from(*stream_id));
            writer.command(0, "deleteStream", 7.0, &[Value::Null, stream_id], outgoing);
        }
        is_known
    }
}

impl Step {
    /// For errors.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Connect => capabilities::CONNECT,
            Self::CreateStream | Self::Held => "createStream command",
            Self::Publish => PUBLISH_NAME,
            Self::Live => "publish",
        }
    }
}

impl Talk {
    fn enter(&mut self, step: Step, now: Now) {
        self.step = step;
        self.step_began = now;
    }

    fn connect(&mut self, url: &StreamUrl, outgoing: &mut Outgoing) {
        let text = |text: &str| Value::String(text.to_owned());
        let mut object = vec![
            ("app".to_owned(), text(&url.connect_app())),
            ("type".to_owned(), text("nonprivate")),
            ("flashVer".to_owned(), text(FLASH_VERSION)),
            ("tcUrl".to_owned(), text(&url.tc_url())),
        ];
        self.offer.write(&mut object);
        self.writer.command(0, "connect", CONNECT, &[Value::Object(object)], outgoing);
    }

    fn handle_message(
        &mut self,
        message: Message,
        url: &StreamUrl,
        outgoing: &mut Outgoing,
        now: Now,
    ) -> Result<(), PublishError> {
        let is_command = matches!(message.type_id, type_id::COMMAND_AMF0 | type_id::COMMAND_AMF3);
        match Incoming::parse(message) {
            Ok(Incoming::Command { name, transaction, arguments, .. }) => {
                self.handle_command(&name, transaction, &arguments, url, outgoing, now)
            }
            Ok(Incoming::UserControl { event_type: PING_REQUEST, data }) => {
                if let Some(value) = data.first_chunk::<4>()
                    && self.pings.allows(now)
                {
                    self.writer.user_control(PING_RESPONSE, value, outgoing);
                }
                Ok(())
            }
            Ok(Incoming::WindowAckSize(bytes)) => {
                self.acks.set_window(bytes);
                Ok(())
            }
            Ok(Incoming::Acknowledgement(number)) => {
                // The first comes soon: it says that the publish is wanted.
                if !std::mem::replace(&mut self.was_acknowledged, true) && !self.is_steered {
                    self.writer.window_ack_size(RARE_WINDOW_ACK_BYTES, outgoing);
                }
                self.acknowledgement = Some(number);
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) if is_command => Err(error.into()),
            // Metadata and the like that a publisher has no use for.
            Err(_) => Ok(()),
        }
    }

    fn handle_command(
        &mut self,
        name: &str,
        transaction: f64,
        arguments: &[Value],
        url: &StreamUrl,
        outgoing: &mut Outgoing,
        now: Now,
    ) -> Result<(), PublishError> {
        let status = || Status::read(arguments, url);
        match (name, self.step) {
            ("_result", Step::Connect) if transaction == CONNECT => {
                self.needs.judge(self.offer, arguments, url)?;
                if !self.is_ahead() {
                    self.create_stream(url, outgoing);
                }
                self.enter(Step::CreateStream, now);
            }
            ("_result", Step::CreateStream) if transaction == CREATE_STREAM => {
                // An answer without a usable id is none.
                if let Some(stream_id) = arguments.iter().find_map(stream_id) {
                    if self.is_ahead() {
                        self.check_guess(stream_id)?;
                        self.enter(Step::Publish, now);
                        return Ok(());
                    }
                    self.stream_id = stream_id;
                    if self.holds {
                        self.enter(Step::Held, now);
                    } else {
                        self.publish(url, outgoing);
                        self.enter(Step::Publish, now);
                    }
                }
            }
            ("_error", Step::Connect) if transaction == CONNECT => {
                return Err(self.app_rejected(status()));
            }
            ("_error", Step::CreateStream) if transaction == CREATE_STREAM => {
                return Err(status().publish_rejected());
            }
            ("_error", Step::Publish) if transaction == PUBLISH => {
                return Err(status().publish_rejected());
            }
            ("onStatus", step) => return self.handle_status(status(), step, now),
            // Adobe's servers refuse here as well.
            ("onFCPublish", Step::CreateStream | Step::Publish) if status().is_error() => {
                return Err(status().publish_rejected());
            }
            ("close", _) => return Err(self.closed_by_server()),
            _ => {} // onBWDone, late and repeated answers, and whatever else servers say
        }
        Ok(())
    }

    fn handle_status(&mut self, status: Status, step: Step, now: Now) -> Result<(), PublishError> {
        if step == Step::Publish && status.code == "NetStream.Publish.Start" {
            self.enter(Step::Live, now);
            self.live_since = Some(now);
            return Ok(());
        }
        if let Some(tc_url) = status.wants_reconnect() {
            self.reconnect = Some(tc_url).filter(|_| step == Step::Live);
            return Ok(());
        }
        match step {
            Step::Live if status.ends_the_stream() => Err(status.closed()),
            Step::Handshake | Step::Connect if status.is_error() => Err(self.app_rejected(status)),
            _ if status.is_error() => Err(status.publish_rejected()),
            _ => Ok(()),
        }
    }

    fn app_rejected(&mut self, status: Status) -> PublishError {
        let error = status.app_rejected();
        self.demand = status.demand;
        error
    }

    fn closed_by_server(&self) -> PublishError {
        match self.step {
            Step::Live => PublishError::ClosedLive(Closed::ByPeer),
            step => PublishError::ClosedEarly { during: step.name(), closed: Closed::ByPeer },
        }
    }

    pub(super) fn create_stream(&mut self, url: &StreamUrl, outgoing: &mut Outgoing) {
        self.writer.window_ack_size(WINDOW_ACK_BYTES, outgoing);
        self.writer.set_chunk_size(self.chunk_size_bytes, outgoing);
        if !self.holds {
            self.claim(url, outgoing);
        }
        self.writer.command(0, "createStream", CREATE_STREAM, &[Value::Null], outgoing);
    }

    /// Tells the server whose name is wanted; some then drop whoever had it.
    fn claim(&mut self, url: &StreamUrl, outgoing: &mut Outgoing) {
        let key = || Value::String(url.key().expose().to_owned());
        self.writer.command(0, "releaseStream", 2.0, &[Value::Null, key()], outgoing);
        self.writer.command(0, "FCPublish", 3.0, &[Value::Null, key()], outgoing);
    }

    pub(super) fn publish(&mut self, url: &StreamUrl, outgoing: &mut Outgoing) {
        let key = Value::String(url.key().expose().to_owned());
        let arguments = [Value::Null, key, Value::String("live".to_owned())];
        self.writer.command(self.stream_id, "publish", PUBLISH, &arguments, outgoing);
    }

    fn acknowledge(&mut self, received_bytes: u64, outgoing: &mut Outgoing, now: Now) {
        if self.acks.take_due(received_bytes, now) {
            // The protocol's total wraps at 2^32 (RTMP 1.0 5.4.3).
            self.writer.acknowledgement(received_bytes as u32, outgoing);
        }
    }
}

fn stream_id(value: &Value) -> Option<u32> {
    value.as_number().filter(|id| (1.0..=f64::from(u32::MAX)).contains(id)).map(|id| id as u32)
}

/// The step's name in errors.
pub(super) const PUBLISH_NAME: &str = "publish command";
const CONNECT: f64 = 1.0;
const CREATE_STREAM: f64 = 4.0;
const PUBLISH: f64 = 5.0;
/// The form that services check for; ours behind it.
const FLASH_VERSION: &str = concat!("FMLE/3.0 (compatible; OnAir/", env!("CARGO_PKG_VERSION"), ")");
/// How often we like to be told what arrived: twice a second at 1 Mbit/s.
const WINDOW_ACK_BYTES: u32 = 65_536;
/// Where nothing but the server's life hangs on it: each one wakes the device.
const RARE_WINDOW_ACK_BYTES: u32 = 262_144;
const PING_REQUEST: u16 = 6;
const PING_RESPONSE: u16 = 7;
