//! The border between OnAir and the languages of phones.
//!
//! ```text
//! Swift, Kotlin ──UniFFI──▶ LiveSession ─┐
//!     frames ──C ABI / JNI─▶ handles ────┼─▶ Live ─▶ onair::Session
//! C ─────────────onair.h───▶ handles ────┤
//! Swift, Kotlin ──UniFFI──▶ RoomClient ──┴─▶ Room ─▶ onair::rooms::RoomClient
//! ```
//!
//! Control and events go through UniFFI, a few calls a second. Frames go through the C functions or
//! JNI with the session's [`handle`](LiveSession::native_handle), since UniFFI copies byte by byte.
//! All ways lead to the same session: what is an error in one is the same error with the same code
//! in the others. A panic inside becomes an error, never the end of the app.

uniffi::setup_scaffolding!();

mod cue;
mod destination;
mod error;
mod event;
mod handles;
mod live;
mod look;
mod options;
mod recording;
#[cfg(feature = "rehearsal")]
mod rehearsal;
mod room;
mod session;
mod sound;
mod statistics;
#[cfg(test)]
mod storm_test;

pub mod c;
#[cfg(feature = "jni")]
pub mod jni;

pub use cue::{Field, FieldValue, LiveCue};
pub use destination::{DestinationOptions, SharedBitrate};
pub use error::LiveError;
pub use event::{LiveEvent, LiveState};
pub use look::{
    BeautyOptions, ColourTable, LookOptions, OverlayAnchor, OverlayContent, OverlayFont,
    OverlayImage, OverlayOptions, PictureEffect, SnapshotFormat, look_options,
};
pub use options::*;
pub use recording::{
    Recorder, RecordingFigures, RecordingFormat, RecordingOptions, RecoveredFigures,
    recover_recording, recover_recording_to,
};
pub use room::{
    RefusalKind, RoomClient, RoomCommand, RoomEvent, RoomGift, RoomMessage, RoomOptions, RoomPlace,
    RoomRefusal, RoomSnapshot, RoomState, room_options,
};
pub use session::{LiveSession, PreflightFigures, preflight};
pub use sound::{SoundLevel, SoundLevels, SourceLevel};
pub use statistics::{DestinationFigures, EncoderFigures, SessionFigures};
