//! One member's connection from its greeting to its end: reads what the member says and sends what waits.

use std::time::Duration;

use bytes::Bytes;
use onair_rooms::engine_io::{self, Packet};
use onair_rooms::socket_io::{self, Kind, ROOT};
use onair_types::Now;
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::super::bucket::{Bucket, Rate};
use super::super::handlers::{PING_EVERY, PONG_WITHIN};
use super::super::room::MemberId;
use super::super::{Way, random};
use super::Entrance;
use super::frames::{self, Incoming, MESSAGE_BYTES, Reader};
use super::open::Open;

/// How fast a member is read: more waits in its own kernel, where it delays nobody else.
const PACE: Rate = Rate { burst: 200, every: Duration::from_millis(10) };

struct Task {
    entrance: Entrance,
    line: Open,
    reader: Reader,
    member: Option<MemberId>,
    pace: Bucket,
    /// Nothing is read before.
    resume_at: Option<Now>,
}

/// The connection is over.
struct Over;

/// Runs until the connection ends; `early` came with the request for it.
pub(super) async fn run(entrance: Entrance, line: Open, early: &Bytes) {
    let now = entrance.rooms.now();
    let mut task = Task {
        entrance,
        line,
        reader: Reader::default(),
        member: None,
        pace: Bucket::new(PACE, now),
        resume_at: None,
    };
    task.greet();
    task.reader.push(early);
    let Err(Over) = task.talk().await;
    if let Some(member) = task.member {
        task.entrance.rooms.disconnect(member);
    }
}

impl Task {
    fn greet(&self) {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let greeting = json!({
            "sid": format!("{:032x}", random()),
            "upgrades": [],
            "pingInterval": millis(PING_EVERY),
            "pingTimeout": millis(PONG_WITHIN),
            "maxPayload": MESSAGE_BYTES,
        });
        self.line.send(&frames::text(&format!("0{greeting}")));
    }

    async fn talk(&mut self) -> Result<std::convert::Infallible, Over> {
        loop {
            let now = self.entrance.rooms.now();
            if self.resume_at.is_none_or(|at| at <= now) {
                self.resume_at = None;
                self.handle_read().await?;
            }
            let is_waiting = self.line.flush().ok_or(Over)?;
            let may_read = self.resume_at.is_none();
            let pause = self.resume_at.map_or(Duration::ZERO, |at| at.since(now));
            tokio::select! {
                ready = self.line.readable(), if may_read => {
                    let ready = ready.map_err(|_| Over)?;
                    let goes_on = ready.read(|bytes| self.reader.push(bytes)).map_err(|_| Over)?;
                    if !goes_on {
                        return Err(Over);
                    }
                }
                ready = self.line.writable(), if is_waiting => {
                    ready.map_err(|_| Over)?.flush().ok_or(Over)?;
                }
                () = self.line.news() => {}
                () = sleep(pause), if !may_read => {}
            }
        }
    }

    /// Does what the bytes that came say, as fast as one member may.
    async fn handle_read(&mut self) -> Result<(), Over> {
        while let Some(incoming) = self.reader.next().map_err(|broken| end(&broken))? {
            let now = self.entrance.rooms.now();
            if self.member.is_some() {
                self.line.heard();
            }
            match incoming {
                Incoming::Text(text) => self.handle_packet(&text).await?,
                Incoming::Ping(bytes) => self.line.send(&frames::pong(&bytes)),
                Incoming::Pong => {}
                Incoming::Close => {
                    self.line.send(&frames::close());
                    return Err(Over);
                }
            }
            if let Err(wait) = self.pace.take(now) {
                self.resume_at = Some(now + wait);
                return Ok(());
            }
        }
        Ok(())
    }

    async fn handle_packet(&mut self, text: &str) -> Result<(), Over> {
        match engine_io::decode(text).map_err(|malformed| end(&malformed))? {
            Packet::Message(text) => self.handle_message(text).await,
            Packet::Pong(_) | Packet::Noop => Ok(()),
            Packet::Ping(text) => {
                self.line.send(&frames::text(&engine_io::encode(&Packet::Pong(text))));
                Ok(())
            }
            Packet::Close | Packet::Open(_) | Packet::Upgrade => Err(Over),
        }
    }

    async fn handle_message(&mut self, text: &str) -> Result<(), Over> {
        let packet = socket_io::decode(text).map_err(|malformed| end(&malformed))?;
        let is_root = packet.namespace == ROOT;
        match (packet.kind, self.member) {
            (Kind::Connect(auth), None) if is_root => {
                let way = Way::Line(self.line.id());
                self.member = Some(self.entrance.rooms.connect(way, &Value::Object(auth)));
                self.line.heard();
                let mut id = Map::new();
                id.insert("sid".to_owned(), json!(format!("{:032x}", random())));
                self.tell(Kind::Connect(id), packet.namespace);
                Ok(())
            }
            (Kind::Connect(_), _) if !is_root => {
                let refused =
                    Kind::Refused { message: "Invalid namespace".to_owned(), data: Value::Null };
                self.tell(refused, packet.namespace);
                Ok(())
            }
            (Kind::Event { id, name, arguments }, Some(member)) if is_root => {
                let (answer, effects) = self.entrance.rooms.handle(member, &name, &arguments);
                if let Some(id) = id {
                    self.tell(Kind::Ack { id, arguments: vec![answer] }, packet.namespace);
                }
                self.entrance.rooms.carry_out(&self.entrance.io, effects).await;
                Ok(())
            }
            (Kind::Ack { .. }, Some(_)) => Ok(()),
            // A goodbye, or what nobody says who was not let in.
            _ => Err(Over),
        }
    }

    fn tell(&self, kind: Kind, namespace: String) {
        let text = socket_io::encode(&socket_io::Packet { namespace, kind });
        self.line.send(&frames::text(&engine_io::encode(&Packet::Message(&text))));
    }
}

fn end(why: &dyn std::fmt::Display) -> Over {
    log::debug!("a member of a room was cut: {why}");
    Over
}
