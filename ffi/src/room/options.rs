//! Where rooms are and how to get there, as a record.

use std::time::Duration;

use onair::rooms::RoomConfig;

use crate::{LiveError, TrustOptions};

/// Whom to ask for a room. Addresses are `wss://host[:port]` or `https://…`; `ws://` and `http://` for
/// this machine and private networks, elsewhere only with [`RoomOptions::allow_plaintext`].
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RoomPlace {
    /// One server.
    Server {
        /// Its address.
        url: String,
    },
    /// Any of these.
    Servers {
        /// Their addresses.
        urls: Vec<String>,
    },
    /// The one that this HTTP endpoint names before each connection.
    Locator {
        /// Its address.
        url: String,
    },
}

/// What a client of rooms is made of. Tokens in it are secrets: never log it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct RoomOptions {
    /// Whom to ask.
    pub place: RoomPlace,
    /// What others see beside one's comments, up to 32 characters; may be empty.
    pub name: String,
    /// What the server wants to hear before it lets anybody in.
    pub auth_token: Option<String>,
    /// The token of an earlier visit: the room is one's own again.
    pub room_token: Option<String>,
    /// Whether comments and gifts wait while there is no connection, up to 100; otherwise they are
    /// refused then. Likes are refused in any case.
    pub queue_offline: bool,
    /// Whether everybody on the way may read and change what is said, to servers beyond private
    /// networks.
    pub allow_plaintext: bool,
    /// From one sign of life of one's own to the next, ms: at least 100, or 0 to leave it to the
    /// server's heartbeat.
    pub ping_every_ms: u32,
    /// Whether the protocol of Socket.IO 1 and 2 is spoken.
    pub engine_io_3: bool,
    /// Whom `wss://` believes.
    pub trust: TrustOptions,
}

/// A client for this place with everything else as it usually is.
#[uniffi::export]
pub fn room_options(place: RoomPlace) -> RoomOptions {
    RoomOptions {
        place,
        name: String::new(),
        auth_token: None,
        room_token: None,
        queue_offline: false,
        allow_plaintext: false,
        ping_every_ms: 5_000,
        engine_io_3: false,
        trust: TrustOptions::default(),
    }
}

impl RoomOptions {
    pub(crate) fn config(&self) -> Result<RoomConfig, LiveError> {
        let config = match &self.place {
            RoomPlace::Server { url } => RoomConfig::server(url),
            RoomPlace::Servers { urls } => RoomConfig::servers(urls),
            RoomPlace::Locator { url } => RoomConfig::locator(url),
        };
        let mut config = config
            .name(&self.name)
            .queue_offline(self.queue_offline)
            .allow_plaintext(self.allow_plaintext)
            .ping_every(Duration::from_millis(self.ping_every_ms.into()))
            .engine_io_3(self.engine_io_3);
        if let Some(token) = &self.auth_token {
            config = config.auth_token(token);
        }
        if let Some(token) = &self.room_token {
            config = config.room_token(token);
        }
        #[cfg(feature = "tls")]
        {
            config = config.trust(self.trust.trust()?);
        }
        Ok(config)
    }
}
