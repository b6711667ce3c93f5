//! A live-broadcast session: frames and samples in, RTMP out.
//!
//! ```text
//!  app: push_video ──2 frames──▶ onair-video ──8 units──▶ ┐
//!  app: push_audio ──500 ms────▶ onair-audio ──64 units─▶ ├ onair-net: engine, socket
//!  app: push_encoded_* ─────────────────────────────────▶ ┘      │
//!  app: Events ◀── states and errors in order, newest statistics ┘
//! ```
//!
//! A [`Session`] is made by [`Session::builder`], goes live with [`Session::start`] and ends with
//! [`Session::stop`] (at once) or [`Session::finish`] (when everything accepted was sent). Pictures
//! and samples are pushed raw or encoded, each track in one way. No call blocks on the network but
//! those that say so.

pub mod builder;
pub mod clock;
pub mod destination;
pub mod easel;
pub mod encoded;
pub mod error;
pub mod event;
pub mod hold;
pub mod preflight;
#[cfg(feature = "rooms")]
pub mod rooms;
pub mod session;
pub mod sound;
pub mod state;
pub mod statistics;
pub mod transport;
#[cfg(feature = "tls")]
pub mod trust;
pub mod viewfinder;

mod codec;
mod cue;
mod edge;
mod encoding;
mod further;
mod mixdown;
mod net;
mod record;
mod run;
#[cfg(test)]
mod server_test;
mod sync;

pub use builder::{SessionBuilder, Source};
pub use clock::Clock;
pub use destination::{BitratePolicy, Destination, DestinationId, Destinations, DestinationsError};
pub use easel::{Placed, StandIn};
pub use encoded::Timing;
pub use error::{Error, PushError};
pub use event::{Event, Events};
pub use hold::Interruption;
pub use preflight::{Findings, Preflight, Step};
pub use record::{
    Recording, RecordingConfig, RecordingError, RecordingFormat, RecordingProblem, Recovered,
    recover, recover_to,
};
pub use session::{Pcm, Session, capture_time_from_secs};
pub use sound::{AudioSourceId, Levels};
pub use state::State;
pub use statistics::{DestinationStatistics, Statistics};
pub use transport::{Connection, Connector, Target, Transport};
#[cfg(feature = "tls")]
pub use trust::{Pin, Trust, TrustError};

pub use viewfinder::{Preview, SnapshotError};

pub use onair_engine::amf0::Value as DataValue;
pub use onair_engine::flv::{AudioMeta, Extra, ExtraError, MetaData, VideoMeta};
pub use onair_engine::publish::{
    Alignment, ConnectError, Cue, CueError, Delivery, Path as NetworkPath, TlsError,
};
pub use onair_engine::rate::{
    Adaptation, Decision as BitrateDecision, Evidence, PaceChange, PaceReason,
    Reason as BitrateReason, VideoPace,
};
pub use onair_engine::reconnect::Policy as ReconnectPolicy;
pub use onair_engine::url::{StreamKey, StreamUrl, UrlError};
pub use onair_media::convert::to_rgba;
pub use onair_media::effect::{CubeError, Custom, Effect, EffectError, Filter, I420Mut, Lut};
pub use onair_media::encode::{AudioEncoder, EncodeError, EncoderInfo, VideoEncoder};
pub use onair_media::frame::{FrameError, FrameView, I420Frame, PixelFormat, Plane};
pub use onair_media::look::{
    Beauty, Fit, Framing, Look, LookError, Quality as BeautyQuality, RgbaFrame, Rotation,
};
pub use onair_media::overlay::{self, InputError, Overlay, OverlayError};
pub use onair_media::sound::{Level, Samples, Sound, SoundError};
pub use onair_media::still::{StillError, StillFormat};
pub use onair_media::target::{FrameTarget, PlaneMut};
pub use onair_types::{
    AccessUnit, AudioCodec, AudioConfig, AudioHeader, AudioQuality, AudioUnit, CaptureTime,
    ConfigError, MediaTime, Now, VideoCodec, VideoConfig, VideoHeader, VideoQuality, VideoUnit,
};

/// The README's program must compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
