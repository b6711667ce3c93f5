//! The session as an app sees it.

use std::time::Duration;

use onair_media::frame::FrameView;
use onair_types::{AudioConfig, AudioUnit, CaptureTime, VideoConfig, VideoUnit};

use crate::builder::{Destination, SessionBuilder};
use crate::{Error, Events, PushError, State, Statistics};

/// Interleaved 16-bit samples, native byte order.
#[derive(Clone, Copy, Debug)]
pub struct Pcm<'a> {
    /// All channels' samples; any number of whole sample frames.
    pub samples: &'a [i16],
    /// Must be the session's rate, Hz.
    pub sample_rate_hz: u32,
    /// Must be the session's channels.
    pub channels: u8,
}

/// One broadcast at a time: started, stopped, started again. Dropping it stops it.
///
/// All methods may be called from any thread. Pushes of one track come from one thread at a time,
/// in the order of their times.
pub struct Session {
    _todo: (),
}

#[expect(clippy::unused_self, unused_variables, reason = "skeleton")]
impl Session {
    /// Begins to make a session with these tracks.
    pub fn builder(audio: Option<AudioConfig>, video: Option<VideoConfig>) -> SessionBuilder {
        SessionBuilder::new(audio, video)
    }

    /// Begins to connect and returns at once; what follows comes as events. Frames may be pushed
    /// from now on.
    ///
    /// # Errors
    /// [`Error::Address`] when the address cannot be used, [`Error::Misuse`] when the session runs
    /// already. The session's state is as before.
    pub fn start(&self, destination: impl Into<Destination>) -> Result<(), Error> {
        todo!("session")
    }

    /// Ends the broadcast: says goodbye to the server if that works at once. Returns within 300 ms
    /// in every state, with all threads and sockets gone (an app's encoder that does not return is
    /// left behind with its thread until it does; so is a name lookup of the system that hangs).
    pub fn stop(&self) {
        todo!("session")
    }

    /// Takes no more pushes, waits until everything accepted was encoded and sent or `deadline` has
    /// passed, then stops. True when everything was sent.
    pub fn finish(&self, deadline: Duration) -> bool {
        todo!("session")
    }

    /// Takes a picture: checks and copies it, never encodes. With [`crate::Delivery::Live`] at
    /// most two pictures wait for the encoder; the newest win and the others are counted.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push_video(&self, frame: FrameView<'_>, at: CaptureTime) -> Result<(), PushError> {
        todo!("session")
    }

    /// Takes samples, the first of which was captured `at`. At most 500 ms wait for the encoder;
    /// the oldest go and leave a gap of their length.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push_audio(&self, pcm: Pcm<'_>, at: CaptureTime) -> Result<(), PushError> {
        todo!("session")
    }

    /// Takes one H.264 access unit with its own times.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push_encoded_video(&self, unit: VideoUnit) -> Result<(), PushError> {
        todo!("session")
    }

    /// Takes one AAC frame with its own time.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push_encoded_audio(&self, unit: AudioUnit) -> Result<(), PushError> {
        todo!("session")
    }

    /// While muted, raw sound is sent as silence; its cadence stays. Survives stop and start.
    /// Encoded sound is not touched.
    pub fn set_muted(&self, muted: bool) {
        todo!("session")
    }

    /// Whether raw sound is sent as silence.
    pub fn is_muted(&self) -> bool {
        todo!("session")
    }

    /// Makes the next raw picture an IDR.
    pub fn request_keyframe(&self) {
        todo!("session")
    }

    /// Aims at this video bitrate from the next raw picture on.
    ///
    /// # Errors
    /// [`Error::Config`] when it is outside the configuration's range or there is no raw video.
    pub fn set_video_bitrate(&self, bitrate_bps: u32) -> Result<(), Error> {
        todo!("session")
    }

    /// What was counted up to now; after the end, the last broadcast's totals.
    pub fn statistics(&self) -> Statistics {
        todo!("session")
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        todo!("session")
    }

    /// What ended the last broadcast, when it was an error.
    pub fn last_error(&self) -> Option<Error> {
        todo!("session")
    }

    /// The queue of events, for one consumer: the first call gets it, later ones `None`.
    pub fn events(&self) -> Option<Events> {
        todo!("session")
    }
}

/// A capture time from seconds, as many platforms give it.
///
/// # Errors
/// [`PushError::Time`] when it is negative, infinite or not a number.
pub fn capture_time_from_secs(seconds: f64) -> Result<CaptureTime, PushError> {
    let _ = seconds;
    todo!("session")
}
