//! The object that Swift and Kotlin hold.

use std::sync::Arc;
use std::time::Duration;

use onair::{NetworkPath, Preflight, StreamUrl};

use crate::destination::destinations;
use crate::event::LiveState;
use crate::live::Live;
use crate::{
    DestinationFigures, DestinationOptions, LiveError, LiveEvent, SessionFigures, SessionOptions,
    SharedBitrate, TrustOptions, handles,
};

/// One broadcast at a time: started, stopped, started again. All methods may be called from any
/// thread; none but [`LiveSession::finish`] and [`preflight`] waits for the network. Frames are
/// pushed through the C functions or JNI with [`LiveSession::native_handle`].
#[derive(uniffi::Object)]
pub struct LiveSession {
    pub(crate) live: Arc<Live>,
    handle: u64,
}

#[uniffi::export]
impl LiveSession {
    /// A session made as `options` say.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] names the setting that does not fit.
    #[uniffi::constructor]
    pub fn new(options: SessionOptions) -> Result<Self, LiveError> {
        let live = Arc::new(Live::new(&options)?);
        Ok(Self { handle: handles::put(Arc::clone(&live)), live })
    }

    /// What the C functions and JNI know this session by; never used again after it.
    pub fn native_handle(&self) -> u64 {
        self.handle
    }

    /// Begins to connect and returns at once; what follows comes as events.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] when an address cannot be used or they do not fit together,
    /// [`LiveError::Call`] when the session runs already, or what is said of one leads nowhere: an
    /// app without a key, a backup's key or time without its address.
    pub fn start(
        &self,
        to: Vec<DestinationOptions>,
        shared_bitrate: SharedBitrate,
    ) -> Result<(), LiveError> {
        Ok(self.live.session().start(destinations(to, shared_bitrate)?)?)
    }

    /// Ends the broadcast; returns within 300 ms in every state.
    pub fn stop(&self) {
        self.live.session().stop();
    }

    /// Takes no more pushes, waits until everything accepted was sent or `deadline_ms` has passed,
    /// then stops. True when everything was sent.
    pub fn finish(&self, deadline_ms: u64) -> bool {
        self.live.session().finish(Duration::from_millis(deadline_ms))
    }

    /// Where the session stands.
    pub fn state(&self) -> LiveState {
        self.live.session().state().into()
    }

    /// What ended the last broadcast, when it was an error.
    pub fn last_error(&self) -> Option<LiveError> {
        self.live.session().last_error().map(Into::into)
    }

    /// The next event; waits until there is one. None after [`LiveSession::cancel_events`]. One
    /// task of the app calls this in a loop.
    pub async fn next_event(&self) -> Option<LiveEvent> {
        self.live.next_event().await
    }

    /// Who waits for an event gets what waits already, then none, from now on.
    pub fn cancel_events(&self) {
        self.live.end_events();
    }

    /// While muted, raw sound is sent as silence. LFLiveKit: muted.
    pub fn set_muted(&self, is_muted: bool) {
        self.live.session().set_muted(is_muted);
    }

    /// Whether raw sound is sent as silence.
    pub fn is_muted(&self) -> bool {
        self.live.session().is_muted()
    }

    /// Makes the next raw picture an IDR.
    pub fn request_keyframe(&self) {
        self.live.session().request_keyframe();
    }

    /// Lets the video bitrate be nothing but this from now on, until the broadcast ends.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] when the range is not within the configuration's,
    /// [`LiveError::Call`] when the session does not run.
    pub fn set_video_bitrate_range(&self, min_bps: u32, max_bps: u32) -> Result<(), LiveError> {
        Ok(self.live.session().set_video_bitrate_range(min_bps, max_bps)?)
    }

    /// What the system says of the device's way to the network.
    pub fn report_path(&self, path: NetworkPath) {
        self.live.session().report_path(path);
    }

    /// What was counted up to now; after the end, the last broadcast's totals.
    pub fn figures(&self) -> SessionFigures {
        self.live.session().statistics().into()
    }

    /// What each destination got, in the order of the start.
    pub fn destinations(&self) -> Vec<DestinationFigures> {
        self.live.session().destinations().into_iter().map(Into::into).collect()
    }

    /// What made the engine decide as it did, as a file for `onair lab replay`: no media, no
    /// address, no key.
    pub fn flight_record(&self) -> Vec<u8> {
        self.live.session().flight_record()
    }
}

impl LiveSession {
    pub(crate) fn live(&self) -> &Live {
        &self.live
    }
}

impl Drop for LiveSession {
    fn drop(&mut self) {
        self.live.end_events();
        // Somebody in the middle of a push keeps the session until it is done.
        drop(handles::take(self.handle));
    }
}

/// What a look before going live found.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct PreflightFigures {
    /// Whether a broadcast would work, as far as was looked.
    pub is_ready: bool,
    /// In a sentence.
    pub verdict: String,
    /// The step that failed, in a word.
    pub failed_step: Option<String>,
    /// Why it failed.
    pub error: Option<LiveError>,
    /// What the network carried, bit/s; with `uploads` only.
    pub upload_bps: Option<u64>,
    /// The best quality that fits.
    pub quality: Option<onair::VideoQuality>,
    /// Ms.
    pub took_ms: u64,
}

/// Looks at name, connection, TLS, handshake, app and user of an address; with `uploads` publishes
/// black pictures for about a second and a half under its stream key. Waits, 5 s at most: not for
/// the main thread.
///
/// # Errors
/// [`LiveError::Configuration`] when the address cannot be used, [`LiveError::Device`] when the
/// system has no thread.
#[uniffi::export]
pub fn preflight(
    url: &str,
    uploads: bool,
    allow_plaintext: bool,
    trust: TrustOptions,
) -> Result<PreflightFigures, LiveError> {
    let mut look = Preflight::new(StreamUrl::parse(url)?).allow_plaintext(allow_plaintext);
    if uploads {
        look = look.with_upload();
    }
    #[cfg(feature = "tls")]
    {
        look = look.trust(trust.trust()?);
    }
    #[cfg(not(feature = "tls"))]
    drop(trust);
    let found = look.run()?;
    let (failed_step, error) = found.failure.clone().unzip();
    Ok(PreflightFigures {
        is_ready: found.is_ready(),
        verdict: found.to_string(),
        failed_step: failed_step.map(|step| step.name().to_owned()),
        error: error.map(Into::into),
        upload_bps: found.upload_bps,
        quality: found.quality,
        took_ms: crate::statistics::millis(found.took),
    })
}
