//! The session's hand-overs between threads (`core/session/src/edge`, `run/gate.rs`,
//! `run/ending.rs`, `net/bell.rs`), compiled from the very same files, with pieces under them that loom steps
//! through: row M07. A model runs again and again, until every order in which its threads can meet
//! was tried, with memory as weak as the orderings allow.
//!
//! Not proved here: the channels themselves, which are crossbeam's; [`sync`] stands in for them.

#[path = "../../../core/session/src/net/bell.rs"]
mod bell;
mod models;
mod run;
mod sync;

#[expect(dead_code, reason = "the models use a part of it")]
#[path = "../../../core/session/src/edge/mod.rs"]
mod edge;

mod net {
    /// Nobody sleeps here.
    #[derive(Debug, Default)]
    pub(crate) struct Wake;

    impl Wake {
        pub(crate) fn notify(&self) {}
    }
}

mod statistics {
    use std::sync::atomic::AtomicU64;

    /// The session's own, as far as the hand-overs count.
    #[derive(Debug, Default)]
    pub(crate) struct Counters {
        pub(crate) frames_skipped: AtomicU64,
        pub(crate) samples_skipped: AtomicU64,
        pub(crate) units_dropped_video: AtomicU64,
        pub(crate) units_dropped_audio: AtomicU64,
    }
}

/// The session's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timing {
    AsPushed,
    OnTime,
}

/// Why something is not taken.
#[derive(Debug)]
enum PushError {
    NotRunning,
    #[expect(dead_code, reason = "the model has memory")]
    Frame(onair_media::frame::FrameError),
}

impl From<onair_media::frame::FrameError> for PushError {
    fn from(error: onair_media::frame::FrameError) -> Self {
        Self::Frame(error)
    }
}

pub use models::*;
