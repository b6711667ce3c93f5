//! What the app is told when something fails: few variants, chosen by what it can do next.
//!
//! The inner cause travels as text; no text here ever holds a stream key.

use onair_engine::publish::{ConnectError, PublishError, TlsError};
use onair_media::encode::EncodeError;
use onair_media::frame::FrameError;
use onair_media::look::LookError;
use onair_media::sound::SoundError;
use onair_types::{ConfigError, Track};
use thiserror::Error as ThisError;

use crate::{DestinationsError, RecordingError};

/// Why a session could not be made, could not start, or ended. Codes 201–205 mean what they mean
/// in LFLiveKit; 201 (preview) is the platform packages'.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The configuration does not fit. Code 200.
    #[error("configure the session: {0}")]
    Config(String),
    /// The stream address cannot be used. Code 202.
    #[error("use the stream address: {0}")]
    Address(String),
    /// The address is `rtmp://` beyond this machine and private networks, which the app has not
    /// allowed: everybody on the way could read the stream key. Code 202.
    #[error("use the stream address: {0} is not encrypted and not on a private network")]
    Plaintext(String),
    /// No connection, or the connection was lost. Code 203.
    #[error("{0}")]
    Connection(String),
    /// The server refused the app or the stream key. Code 204.
    #[error("{0}")]
    Rejected(String),
    /// All attempts to connect again were used up; the last one's cause. Code 205.
    #[error("reconnect: gave up; the last attempt: {0}")]
    GaveUp(String),
    /// Somebody publishes under this name already. Code 206.
    #[error("{0}")]
    NameInUse(String),
    /// An encoder could not be opened, failed or panicked. Code 207.
    #[error("{0}")]
    Encoder(String),
    /// The call does not fit the session's state. Code 208.
    #[error("{0}")]
    Misuse(&'static str),
    /// The system refused a thread or a socket. Code 209.
    #[error("{0}")]
    System(String),
    /// The file beside the stream could not be made or written. Code 210.
    #[error("{0}")]
    Recording(#[from] RecordingError),
    /// The server could not show who it is, or cannot do TLS; it got nothing of the stream.
    /// Code 211.
    #[error("secure the connection: {0}")]
    Tls(TlsError),
    /// Somebody else answers in the server's place: the login page of a Wi-Fi, or another service
    /// on this port. It got no stream key. Code 212.
    #[error("{0}")]
    CaptivePortal(String),
    /// The server does not take a codec of the stream. Code 213.
    #[error("{0}")]
    Codec(String),
    /// The server wants another user or password, or any at all. Code 214.
    #[error("{0}")]
    Authentication(String),
    /// The destinations do not fit together. Code 215.
    #[error("use the destinations: {0}")]
    Destinations(#[from] DestinationsError),
}

impl Error {
    /// The stable number.
    pub fn code(&self) -> u16 {
        match self {
            Self::Config(_) => 200,
            Self::Address(_) | Self::Plaintext(_) => 202,
            Self::Connection(_) => 203,
            Self::Rejected(_) => 204,
            Self::GaveUp(_) => 205,
            Self::NameInUse(_) => 206,
            Self::Encoder(_) => 207,
            Self::Misuse(_) => 208,
            Self::System(_) => 209,
            Self::Recording(_) => 210,
            Self::Tls(_) => 211,
            Self::CaptivePortal(_) => 212,
            Self::Codec(_) => 213,
            Self::Authentication(_) => 214,
            Self::Destinations(_) => 215,
        }
    }

    /// What to do, in one sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Config(_) => "change the named setting",
            Self::Address(_) => "use an address like rtmps://host/app/key",
            Self::Plaintext(_) => {
                "use rtmps://, or allow plain text, in which everybody on the way reads the stream key"
            }
            Self::Connection(_) => "check the network and that the server runs at this address",
            Self::Rejected(_) => "check the app and the stream key with the service",
            Self::GaveUp(_) => "start again when the network is back",
            Self::NameInUse(_) => "stop the other publisher, or wait until the server drops it",
            Self::Encoder(_) => "choose another size, bitrate or encoder",
            Self::Misuse(_) => "call stop before the next start",
            Self::System(_) => "close other sessions or apps, then start again",
            Self::Recording(error) => error.advice(),
            Self::Tls(error) => error.advice(),
            Self::Codec(_) => "send H.264 and AAC, or use a server with Enhanced RTMP",
            Self::Authentication(_) => {
                "check user and password; they stand before the host: rtmp://user:password@host/app/key"
            }
            Self::CaptivePortal(_) => "log in to this Wi-Fi in a browser, or check the port",
            Self::Destinations(_) => "give each destination an address of its own, eight at most",
        }
    }

    /// The outside view of what ended an attempt or a live stream.
    pub(crate) fn from_publish(error: &PublishError, was_live: bool) -> Self {
        let text = error.to_string();
        match error {
            PublishError::AppRejected { .. } | PublishError::PublishRejected { .. } => {
                Self::Rejected(text)
            }
            // Many servers answer a wrong app or key by hanging up.
            PublishError::ClosedEarly { during, .. } if *during != "handshake" => {
                Self::Rejected(text)
            }
            PublishError::Auth(_) => Self::Authentication(text),
            PublishError::NameInUse { .. } => Self::NameInUse(text),
            PublishError::CodecNotTaken { .. } | PublishError::TracksNotTaken { .. } => {
                Self::Codec(text)
            }
            PublishError::Connect(ConnectError::Tls(error))
                if was_live && error.may_be_captive_portal() =>
            {
                Self::CaptivePortal(text)
            }
            PublishError::Connect(ConnectError::Tls(error)) if !error.may_pass() => {
                Self::Tls(error.clone())
            }
            PublishError::Handshake(_) => Self::CaptivePortal(text),
            _ => Self::Connection(text),
        }
    }

    /// The same cause, when no attempt follows any more.
    pub(crate) fn after_all_attempts(self) -> Self {
        match self {
            Self::Connection(text) => Self::GaveUp(text),
            other => other,
        }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Config(error.to_string())
    }
}

impl From<LookError> for Error {
    fn from(error: LookError) -> Self {
        Self::Config(error.to_string())
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Self::Encoder(error.to_string())
    }
}

/// Why a push was refused. Nothing that was accepted before is lost by it.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum PushError {
    /// The session was not started, or has ended.
    #[error("push: the session is not running; start it first")]
    NotRunning,
    /// The session has no such track, or takes it in another form.
    #[error("push: this session takes {track:?} {expected}, not {given}")]
    WrongKind {
        /// Which track.
        track: Track,
        /// "raw", "encoded" or "not at all".
        expected: &'static str,
        /// "raw" or "encoded".
        given: &'static str,
    },
    /// The picture's planes do not fit its size, or the size cannot be.
    #[error("push: {0}")]
    Frame(#[from] FrameError),
    /// A rate or a number of channels that is not taken, or samples that do not fill all channels.
    #[error("push: {0}")]
    Sound(#[from] SoundError),
    /// A source of sound that was removed, or never was.
    #[error("push: there is no source of sound {id}; add it first")]
    NoSuchSource {
        /// Its number.
        id: u32,
    },
    /// Not a number, infinite or negative.
    #[error("push: a time must be finite and not negative")]
    Time,
    /// A decoding time not after the one before it on its track, or after its presentation time.
    #[error("push: decoding times must increase and not pass the presentation time")]
    TimeOrder,
    /// Another codec than the session was made for.
    #[error(
        "push: {given} units, the session was made for {expected}; name the codec when it is \
             built"
    )]
    Codec {
        /// The session's.
        expected: &'static str,
        /// The unit's.
        given: &'static str,
    },
    /// A further track that the builder was not told of.
    #[error("push: there is no further {track:?} track {id}; name it when the session is built")]
    NoSuchTrack {
        /// Its kind.
        track: Track,
        /// Its id.
        id: u8,
    },
    /// A unit that is called a key frame and is none, or cannot be read.
    #[error("push: this is no key frame of {codec}; mark only those at which decoding can start")]
    NotAKeyFrame {
        /// The unit's codec.
        codec: &'static str,
    },
    /// An access unit without bytes.
    #[error("push: an access unit needs bytes")]
    EmptyUnit,
    /// Cues come faster than the network thread takes them.
    #[error("push: {most} cues wait already")]
    Cues {
        /// That many.
        most: usize,
    },
}
