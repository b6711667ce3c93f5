//! What one RTMP connection is to the server, without its socket: received bytes in, bytes to send
//! out, and media between the [`Session`] and the [`Hub`].

use std::sync::Arc;

use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_types::Now;
use tokio::sync::Notify;

use super::session::{Event, Session, SessionError};
use crate::crowd::Waits;
use crate::hub::Hub;
use crate::player::{Delivery, Player};
use crate::run::Run;
use crate::stream::{Busy, Publication};

/// More than this is not taken from the ring ahead of a player's socket.
pub(super) const AHEAD_BYTES: usize = 64 << 10;

/// See the module's text.
pub(crate) struct Peer {
    session: Session,
    hub: Arc<Hub>,
    role: Role,
    /// The last step towards or sign of being of use: opened, accepted, media.
    last_use: Now,
}

enum Role {
    None,
    Publisher(Publication, Arc<Notify>),
    /// `paused`: its publisher has gone and another one may come.
    Player {
        player: Player,
        paused: bool,
    },
}

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Handshake,
    Open,
    Publisher,
    Player,
}

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    GoOn,
    Close,
}

impl Peer {
    /// Somebody who just connected; `seed` fills the handshake's random bytes.
    pub(crate) fn new(hub: Arc<Hub>, seed: u64, now: Now) -> Self {
        Self { session: Session::new(seed), hub, role: Role::None, last_use: now }
    }

    /// Takes received bytes and acts on them.
    ///
    /// # Errors
    /// When they break the protocol or a bound: the connection must be closed.
    pub(crate) fn handle_input(&mut self, bytes: &[u8], now: Now) -> Result<Flow, SessionError> {
        let was_open = self.session.is_open();
        let result = self.session.handle_input(bytes, now);
        if self.session.is_open() && !was_open {
            self.last_use = now;
        }
        let mut flow = Flow::GoOn;
        while flow == Flow::GoOn
            && let Some(event) = self.session.poll_event()
        {
            flow = self.handle_event(event, now);
        }
        // Once for all that came: a picture and its sound go out in one write.
        self.tell(now);
        if flow == Flow::Close { Ok(flow) } else { result.map(|()| flow) }
    }

    /// Tells players of what a publisher sent. True while some are left, of very many.
    pub(crate) fn tell(&mut self, now: Now) -> bool {
        match &mut self.role {
            Role::Publisher(publication, _) => publication.tell(now),
            Role::Player { .. } | Role::None => false,
        }
    }

    /// Bytes kept of messages that are not whole yet.
    pub(crate) fn unfinished_bytes(&self) -> usize {
        self.session.unfinished_bytes()
    }

    /// The bytes to send.
    pub(crate) fn output(&mut self) -> &mut Outgoing {
        self.session.output()
    }

    /// Ends what it published or played.
    pub(crate) fn leave(&mut self) {
        self.role = Role::None;
    }

    pub(super) fn stage(&self) -> Stage {
        match self.role {
            _ if !self.session.is_open() => Stage::Handshake,
            Role::None => Stage::Open,
            Role::Publisher(..) => Stage::Publisher,
            Role::Player { .. } => Stage::Player,
        }
    }

    pub(super) fn last_use(&self) -> Now {
        self.last_use
    }

    /// What tells a publisher that another one took over.
    pub(super) fn revoked(&self) -> Option<Arc<Notify>> {
        match &self.role {
            Role::Publisher(_, revoked) => Some(Arc::clone(revoked)),
            Role::Player { .. } | Role::None => None,
        }
    }

    /// Another publisher took over.
    pub(super) fn take_no_more(&mut self) -> Flow {
        self.session.refuse("NetStream.Publish.BadName", "another publisher took over");
        Flow::Close
    }

    fn handle_event(&mut self, event: Event, now: Now) -> Flow {
        let pushed = match (event, &mut self.role) {
            (Event::Publish { name, token }, _) => {
                let name = match self.hub.keys().resolve(name, token.as_ref()) {
                    Ok(name) => name,
                    Err(denied) => {
                        self.session.refuse("NetStream.Publish.BadName", &denied.to_string());
                        return Flow::Close;
                    }
                };
                match self.hub.publish(name, now) {
                    Ok(publication) => {
                        let revoked = publication.revoked();
                        self.role = Role::Publisher(publication, revoked);
                        self.session.accept_publish();
                    }
                    Err(Busy) => {
                        let why = "somebody publishes this name already; choose another one";
                        self.session.refuse("NetStream.Publish.BadName", why);
                        return Flow::Close;
                    }
                }
                Ok(())
            }
            (Event::Play(name), _) => {
                self.role = Role::Player { player: self.hub.play(name), paused: false };
                self.session.accept_play();
                Ok(())
            }
            (Event::MetaData(values), Role::Publisher(publication, _)) => {
                publication.push_metadata(&values, now)
            }
            (Event::Media { tag_type, timestamp_ms, body }, Role::Publisher(publication, _)) => {
                publication.take(tag_type, timestamp_ms, body, now)
            }
            (Event::Data { timestamp_ms, values }, Role::Publisher(publication, _)) => {
                publication.push_data(timestamp_ms, &values)
            }
            (Event::MetaData(_) | Event::Data { .. } | Event::Media { .. }, _) => {
                return Flow::GoOn;
            }
            (Event::Stop, _) => {
                self.role = Role::None;
                Ok(())
            }
            (Event::Close, _) => return Flow::Close,
        };
        self.last_use = now;
        match pushed {
            Ok(()) => Flow::GoOn,
            Err(error) => {
                self.session.refuse("NetStream.Publish.Failed", &error.to_string());
                Flow::Close
            }
        }
    }

    /// Writes what came in one piece to a player that has had everything before it: `write` says how much was taken,
    /// the rest waits. False where that cannot be.
    pub(super) fn write_run(&mut self, run: &Run, write: impl FnMut(&[u8]) -> usize) -> bool {
        match &mut self.role {
            Role::Player { player, .. } => player.pass(run, || self.session.write_run(run, write)),
            Role::Publisher(..) | Role::None => false,
        }
    }

    /// Moves what a player can have into its session: as much as is there, up to what the socket
    /// may soon take, so that a burst goes out in one write. Whether there was something.
    pub(crate) fn feed(&mut self, waits: Waits<'_>) -> bool {
        let Self { session, role: Role::Player { player, paused }, .. } = self else {
            return false;
        };
        let mut is_fed = false;
        if let Some(run) = player.take_run() {
            session.send_run(&run);
            is_fed = true;
        }
        while session.output().len() < AHEAD_BYTES {
            let Some(delivery) = player.next(waits) else { break };
            is_fed = true;
            match delivery {
                Delivery::Start(join) => {
                    if std::mem::take(paused) {
                        session.announce_publisher();
                    }
                    for unit in join.headers.units() {
                        session.send_unit(&unit.at(join.timestamp_ms));
                    }
                }
                Delivery::Unit(unit) => session.send_unit(&unit),
                Delivery::End => {
                    *paused = true;
                    session.announce_end();
                }
            }
        }
        is_fed
    }
}
