//! What a room's client is told before it starts.

use std::time::Duration;

use onair_rooms::client::Config;
use onair_rooms::{AddressError, Secret, ServerAddress, Servers, Version};

use super::RoomError;
use crate::Connector;
use crate::net::tcp::TcpConnector;
#[cfg(feature = "tls")]
use crate::net::tls::TlsConnector;
#[cfg(feature = "tls")]
use crate::trust::Trust;

/// Settings of a [`super::RoomClient`]. Addresses are `wss://host[:port]` or `https://…`; `ws://` and
/// `http://` for this machine and private networks, elsewhere only with
/// [`RoomConfig::allow_plaintext`].
#[derive(Clone, Debug)]
pub struct RoomConfig {
    place: Place,
    /// Everything but the servers, which are not read yet.
    rest: Config,
    #[cfg(feature = "tls")]
    trust: Trust,
}

#[derive(Clone, Debug)]
enum Place {
    Server(String),
    List(Vec<String>),
    Locator(String),
}

impl RoomConfig {
    /// For the one server at this address.
    pub fn server(address: &str) -> Self {
        Self::at(Place::Server(address.to_owned()))
    }

    /// For any of these servers.
    pub fn servers(addresses: &[String]) -> Self {
        Self::at(Place::List(addresses.to_vec()))
    }

    /// For the server that this HTTP endpoint names before each connection: see
    /// docs/rooms.md for what it answers.
    pub fn locator(address: &str) -> Self {
        Self::at(Place::Locator(address.to_owned()))
    }

    fn at(place: Place) -> Self {
        Self {
            place,
            rest: Config::new(Servers::List(Vec::new())),
            #[cfg(feature = "tls")]
            trust: Trust::new(),
        }
    }

    /// What others see beside one's comments, up to 32 characters. Nothing unless said.
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.rest.name);
        self
    }

    /// What the server wants to hear before it lets anybody in, as `auth.token`.
    pub fn auth_token(mut self, token: &str) -> Self {
        self.rest.auth = Some(Secret::new(token));
        self
    }

    /// The token of an earlier [`super::RoomSnapshot`]: the room is one's own again.
    pub fn room_token(mut self, token: &str) -> Self {
        self.rest.room_token = Some(Secret::new(token));
        self
    }

    /// Whether comments and gifts wait while there is no connection, up to 100; otherwise they are
    /// refused then. Likes are refused in any case. `false` unless said.
    pub fn queue_offline(mut self, queue: bool) -> Self {
        self.rest.queue_offline = queue;
        self
    }

    /// Whether everybody on the way may read and change what is said, to servers beyond private
    /// networks. `false` unless said.
    pub fn allow_plaintext(mut self, allow: bool) -> Self {
        self.rest.allow_plaintext = allow;
        self
    }

    /// From one sign of life of one's own to the next, at least 100 ms; a server that gives none
    /// within the same time again is left. 5 s unless said; zero leaves it to the server's heartbeat.
    pub fn ping_every(mut self, every: Duration) -> Self {
        let least = Duration::from_millis(100);
        self.rest.ping_every = if every.is_zero() { every } else { every.max(least) };
        self
    }

    /// Speaks the protocol of Socket.IO 1 and 2. `false` unless said.
    pub fn engine_io_3(mut self, old: bool) -> Self {
        self.rest.version = if old { Version::V3 } else { Version::V4 };
        self
    }

    /// Whom `wss://` believes; what the device believes unless said.
    #[cfg(feature = "tls")]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    pub(super) fn connector(&self) -> Box<dyn Connector> {
        let tcp = TcpConnector::default();
        #[cfg(feature = "tls")]
        let tcp = TlsConnector::new(tcp, self.trust.clone());
        Box::new(tcp)
    }

    pub(super) fn into_inner(self) -> Result<Config, RoomError> {
        let parse = |address: &String| address.parse::<ServerAddress>();
        let servers = match &self.place {
            Place::Server(address) => Servers::One(parse(address)?),
            Place::Locator(address) => Servers::Locator(parse(address)?),
            Place::List(list) => {
                Servers::List(list.iter().map(parse).collect::<Result<_, AddressError>>()?)
            }
        };
        Ok(Config { servers, ..self.rest })
    }
}
