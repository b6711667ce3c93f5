//! What a publish tells its session, its encoders and the app.

use std::time::Duration;

use onair_types::Now;
use thiserror::Error;

use super::PublishError;
use crate::rate::{Decision, PaceChange, VideoPace};
use crate::record::state;
use crate::url::MoveError;

/// Where the publish stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not started.
    Idle,
    /// The first connection is being made.
    Connecting,
    /// The server accepted the publish; media flows.
    Live,
    /// The connection was lost or an attempt failed; another follows.
    Reconnecting,
    /// `stop` was called; goodbyes are being written.
    Closing,
    /// Over, by `stop`.
    Stopped,
    /// Over: the error was fatal or the budget is spent.
    Failed,
}

/// What the session must do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// Open a connection to this host and port and answer with `handle_connected` or
    /// `handle_connect_failed`.
    Connect {
        /// Host name or IP literal.
        host: String,
        /// Port.
        port: u16,
        /// With TLS.
        tls: bool,
    },
    /// Close the connection, or call off the one being made: `outgoing` first as far as it goes at
    /// once, then a half-close that waits for the peer up to `linger`. Nothing of this connection
    /// may come in any more.
    Close {
        /// How long the peer may take.
        linger: Duration,
    },
    /// Open a second connection beside the first and answer with `handle_next_connected` or
    /// `handle_next_connect_failed`; what it says goes to `handle_next_received`.
    ConnectNext {
        /// Host name or IP literal.
        host: String,
        /// Port.
        port: u16,
        /// With TLS.
        tls: bool,
    },
    /// Drop the second connection, or call off the one being made.
    CloseNext,
    /// The second connection takes the first one's place, which ends as with [`Output::Close`];
    /// `outgoing` is already the new one's.
    Switch {
        /// How long the old peer may take.
        linger: Duration,
    },
    /// Tell the encoders.
    Encoder(EncoderCommand),
    /// Tell the app.
    Event(Event),
    /// Nothing to do until the time (or for ever) unless something comes in.
    Wait(Option<Now>),
}

/// What the engine wants of the encoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncoderCommand {
    /// Make the next picture an IDR.
    RequestIdr,
    /// Video target, bit/s.
    SetVideoBitrate(u32),
    /// Audio target, bit/s; only VideoCore's ladder asks for another.
    SetAudioBitrate(u32),
    /// How many of the captured pictures to encode.
    SetVideoPace(VideoPace),
}

/// What becomes of a server's request to connect anew.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Move {
    /// Another connection is being made; media goes on meanwhile.
    #[error("the server asked for a new connection; it is being made")]
    Begun,
    /// It is not followed; the stream stays.
    #[error("the server asked for a new connection and is not followed: {0}")]
    Refused(MoveError),
    /// The other connection could not be made; the stream stays.
    #[error("the new connection the server asked for failed: {0}")]
    Failed(PublishError),
    /// The stream goes on over the other connection, from an IDR.
    #[error("the stream moved to the new connection")]
    Done,
}

/// What the app may want to know.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The state changed.
    State(State),
    /// Why the connection failed or was lost; `retry_in` is `None` when this was the end.
    Lost {
        /// The cause.
        error: PublishError,
        /// The attempt that failed, from 1; 0 when the stream was live. A server that accepts a
        /// publish and closes within a second has refused it: that is an attempt that failed.
        attempt: u32,
        /// When the next attempt begins; later when the system says that there is no way to the
        /// network, sooner when there is a new one.
        retry_in: Option<Duration>,
    },
    /// Bytes wait for the server and it took none of them for 3 s (`true`), or goes on to take them
    /// (`false`). A loss ends the doubt without another such event.
    Suspect(bool),
    /// The server asked its publisher to connect anew, elsewhere or not; what became of it.
    Move(Move),
    /// Units were dropped since the last such event.
    Dropped {
        /// Pictures.
        video: u32,
        /// AAC frames.
        audio: u32,
    },
    /// The controller gave the video encoder another target; shown, it says why.
    Bitrate(Decision),
    /// Fewer or more pictures are sent; shown, it says why.
    Pace(PaceChange),
}

state!(State: Idle, Connecting, Live, Reconnecting, Closing, Stopped, Failed);
