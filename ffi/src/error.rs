//! The outside error: six kinds, chosen by what the caller can do next.

use onair::{Error, PushError, UrlError};
use onair_types::ConfigError;

/// What was wrong and what to do. `code` is stable and the same in every language; no text holds a
/// stream key.
///
/// | code | what | kind |
/// |---|---|---|
/// | 200 | a setting | Configuration |
/// | 202 | the address | Configuration |
/// | 203 | no connection, or it was lost | Network |
/// | 204 | app or stream key refused | Refused |
/// | 205 | all attempts to connect again are used up | Network |
/// | 206 | somebody publishes under this name | Refused |
/// | 207 | an encoder | Device |
/// | 208 | the call does not fit the state | Call |
/// | 209 | the system refused a thread or a socket | Device |
/// | 210 | the file beside the stream | Device |
/// | 211 | TLS | Network |
/// | 212 | somebody else answers in the server's place | Network |
/// | 213 | a codec that the server does not take | Refused |
/// | 214 | user or password | Refused |
/// | 215 | destinations that do not fit together | Configuration |
/// | 216 | a frame, samples or an access unit | Call |
/// | 217 | a room's key, or a text or number said in a room | Call |
/// | 218 | what a room's server does not do | Refused |
/// | 219 | no picture came in time | Call |
/// | 220 | an argument of the call | Call |
/// | 221 | a handle that is freed or never was | Call |
/// | 299 | a fault inside OnAir | Internal |
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum LiveError {
    /// Change the named setting or address.
    #[error("{reason}; {advice}")]
    Configuration {
        /// The stable number.
        code: u16,
        /// What was wrong.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// Wait for the network, or look after it.
    #[error("{reason}; {advice}")]
    Network {
        /// The stable number.
        code: u16,
        /// What was wrong.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// The server said no; trying again does not help.
    #[error("{reason}; {advice}")]
    Refused {
        /// The stable number.
        code: u16,
        /// What was wrong.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// An encoder, the disk or the system failed.
    #[error("{reason}; {advice}")]
    Device {
        /// The stable number.
        code: u16,
        /// What was wrong.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// The call does not fit: mend the app.
    #[error("{reason}; {advice}")]
    Call {
        /// The stable number.
        code: u16,
        /// What was wrong.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// A fault inside OnAir. The session is as it was; stop it and report this.
    #[error("{reason}; {advice}")]
    Internal {
        /// The stable number.
        code: u16,
        /// What was wrong.
        reason: String,
        /// What to do.
        advice: String,
    },
}

impl LiveError {
    /// The kind follows from the code.
    pub(crate) fn new(code: u16, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        let (reason, advice) = (reason.into(), advice.into());
        match code {
            200 | 202 | 215 => Self::Configuration { code, reason, advice },
            203 | 205 | 211 | 212 => Self::Network { code, reason, advice },
            204 | 206 | 213 | 214 | 218 => Self::Refused { code, reason, advice },
            207 | 209 | 210 => Self::Device { code, reason, advice },
            INTERNAL => Self::Internal { code, reason, advice },
            _ => Self::Call { code, reason, advice },
        }
    }

    /// An argument that no call can take.
    pub(crate) fn argument(reason: impl Into<String>) -> Self {
        Self::new(ARGUMENT, reason, "see the function's documentation")
    }

    /// A handle that leads nowhere.
    pub(crate) fn nothing(kind: &str) -> Self {
        Self::new(
            NO_HANDLE,
            format!("there is no {kind} with this handle"),
            format!("use a {kind} until it is freed"),
        )
    }

    /// What a panic leaves.
    pub(crate) fn panicked() -> Self {
        Self::new(
            INTERNAL,
            "a fault inside OnAir",
            "stop the session, and report this with its log",
        )
    }

    /// The stable number.
    pub fn code(&self) -> u16 {
        self.parts().0
    }

    /// What was wrong.
    pub fn reason(&self) -> &str {
        self.parts().1
    }

    /// What to do.
    pub fn advice(&self) -> &str {
        self.parts().2
    }

    fn parts(&self) -> (u16, &str, &str) {
        match self {
            Self::Configuration { code, reason, advice }
            | Self::Network { code, reason, advice }
            | Self::Refused { code, reason, advice }
            | Self::Device { code, reason, advice }
            | Self::Call { code, reason, advice }
            | Self::Internal { code, reason, advice } => (*code, reason, advice),
        }
    }
}

impl From<Error> for LiveError {
    fn from(error: Error) -> Self {
        Self::new(error.code(), error.to_string(), error.advice())
    }
}

impl From<PushError> for LiveError {
    fn from(error: PushError) -> Self {
        let (code, advice) = match error {
            PushError::NotRunning => (MISUSE, "start the session, and push until it ends"),
            _ => (PUSH, "push what the session was made for, each track in the order of its times"),
        };
        Self::new(code, error.to_string(), advice)
    }
}

impl From<ConfigError> for LiveError {
    fn from(error: ConfigError) -> Self {
        Error::from(error).into()
    }
}

impl From<UrlError> for LiveError {
    fn from(error: UrlError) -> Self {
        Error::Address(error.to_string()).into()
    }
}

const MISUSE: u16 = 208;
const PUSH: u16 = 216;
const ARGUMENT: u16 = 220;
const NO_HANDLE: u16 = 221;
const INTERNAL: u16 = 299;
