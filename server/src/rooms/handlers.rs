//! Socket.IO's side of the rooms for those who poll, or began by polling; who asks for a WebSocket at
//! once has a line.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};
use socketioxide::handler::ConnectHandler;
use socketioxide::layer::SocketIoLayer;
use socketioxide::{ParserConfig, SocketIo};

use super::line::WAITING;
use super::line::frames::MESSAGE_BYTES;
use super::request::Refused;
use super::{Rooms, Way};

/// Shorter than an idle connection may be silent.
pub(super) const PING_EVERY: Duration = Duration::from_secs(10);
/// The same, so that a line is looked at once for both: when it is pinged, the last ping has been answered.
pub(super) const PONG_WITHIN: Duration = PING_EVERY;
/// And before the first, somebody has been let in.
pub(super) const CONNECT_WITHIN: Duration = PING_EVERY;

/// The layer that answers `/socket.io/`, and the way to all its sockets.
pub(crate) fn layer(rooms: &Arc<Rooms>) -> (SocketIoLayer, SocketIo) {
    let (layer, io) = SocketIo::builder()
        .ping_interval(PING_EVERY)
        .ping_timeout(PONG_WITHIN)
        .connect_timeout(CONNECT_WITHIN)
        .max_buffer_size(WAITING)
        .max_payload(MESSAGE_BYTES as u64)
        // Of these the limit above knows nothing, and their own are 64 and 16 MiB.
        .ws_max_message_size(MESSAGE_BYTES)
        .ws_max_frame_size(MESSAGE_BYTES)
        .with_parser(ParserConfig::common().max_incoming_binaries(0))
        .build_layer();
    let rooms = Arc::clone(rooms);
    // In the middleware: it runs before the client is let in, so that no handler is missing when
    // the client's first event comes right behind.
    let register = move |io: SocketIo, socket: SocketRef, TryData(auth): TryData<Value>| {
        let rooms = Arc::clone(&rooms);
        async move {
            listen(&rooms, io, &socket, &auth.unwrap_or(Value::Null));
            Ok::<(), Infallible>(())
        }
    };
    let connected = |_: SocketRef| async {};
    io.ns("/", connected.with(register));
    (layer, io)
}

fn listen(rooms: &Arc<Rooms>, io: SocketIo, socket: &SocketRef, auth: &Value) {
    let member = rooms.connect(Way::Engine(socket.id), auth);
    let at_end = Arc::clone(rooms);
    socket.on_disconnect(move || async move { at_end.disconnect(member) });
    let rooms = Arc::clone(rooms);
    let handle = move |Event(event): Event, TryData(data): TryData<Data>, ack: AckSender| {
        let (rooms, io) = (Arc::clone(&rooms), io.clone());
        async move {
            let (answer, effects) = match data {
                Ok(Data(arguments)) => rooms.handle(member, &event, &arguments),
                Err(_) => (Refused::BadRequest.answer(), Vec::new()),
            };
            // A member that does not take its answers is on its way out.
            let _ = ack.send(&answer);
            rooms.carry_out(&io, effects).await;
        }
    };
    socket.on_fallback(handle);
}

/// All arguments of an event, however many: as far as anybody looks at them.
struct Data(Vec<Value>);

const LOOKED_AT: usize = 4;

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A tuple, which socketioxide reads from all arguments; anything else it reads from one.
        deserializer.deserialize_tuple(LOOKED_AT, All)
    }
}

struct All;

impl<'de> Visitor<'de> for All {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the arguments of an event")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut arguments: A) -> Result<Data, A::Error> {
        let mut looked_at = Vec::new();
        while looked_at.len() < LOOKED_AT {
            match arguments.next_element()? {
                Some(argument) => looked_at.push(argument),
                None => return Ok(Data(looked_at)),
            }
        }
        while arguments.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Data(looked_at))
    }
}
