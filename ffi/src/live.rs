//! A session as all borders see it: what UniFFI, C and JNI call.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use onair::{
    AudioCodec, AudioHeader, AudioSourceId, AudioUnit, CaptureTime, Events, FrameView, MediaTime,
    Pcm, Session, Sound, VideoCodec, VideoHeader, VideoUnit,
};
use onair_types::{FrameKind, Pool, annexb, h264};

use crate::look::view::Window;
use crate::{LiveError, LiveEvent, LookOptions, SessionOptions};

pub(crate) struct Live {
    session: Session,
    video_codec: VideoCodec,
    audio_codec: AudioCodec,
    events: Mutex<Option<Events>>,
    /// As the app said it.
    pub(crate) look: Mutex<LookOptions>,
    pub(crate) window: Window,
    video: Mutex<Units<VideoHeader>>,
    audio: Mutex<Units<AudioHeader>>,
    /// The block of the mix that was taken last, and how large one is.
    mixed: Mutex<Vec<i16>>,
    block_bytes: usize,
    #[cfg(feature = "rehearsal")]
    rehearsal: Option<std::sync::Arc<crate::rehearsal::Stage>>,
}

/// What stays from one access unit to the next.
struct Units<Header> {
    /// The bytes it was made of.
    bytes: Vec<u8>,
    header: Option<Header>,
    pool: Pool,
}

/// One access unit as an encoder gives it.
pub(crate) struct EncodedPicture<'a> {
    /// Start codes (H.264, HEVC) or temporal delimiters (AV1), as Android's encoders make them;
    /// else length-prefixed as in MP4, as Apple's do.
    pub(crate) is_annex_b: bool,
    /// avcC, hvcC or av1C; with start codes the parameter sets. Empty when nothing changed.
    pub(crate) header: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) pts_us: i64,
    pub(crate) dts_us: i64,
    pub(crate) is_key: bool,
}

impl Live {
    pub(crate) fn new(options: &SessionOptions) -> Result<Self, LiveError> {
        let builder = options.builder()?;
        #[cfg(feature = "rehearsal")]
        let (builder, rehearsal) = crate::rehearsal::give(builder);
        let session = builder.build()?;
        Ok(Self {
            #[cfg(feature = "rehearsal")]
            rehearsal,
            video_codec: options.video_codec,
            audio_codec: options.audio_codec,
            events: Mutex::new(session.events()),
            look: Mutex::default(),
            window: Window::default(),
            session,
            video: Mutex::new(Units::new()),
            audio: Mutex::new(Units::new()),
            mixed: Mutex::default(),
            block_bytes: options
                .audio
                .as_ref()
                .map_or(0, |audio| 2 * 1_024 * usize::from(audio.channels)),
        })
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// What stands for network and clock.
    ///
    /// # Errors
    /// [`LiveError::Call`] when they are real.
    #[cfg(feature = "rehearsal")]
    pub(crate) fn stage(&self) -> Result<&crate::rehearsal::Stage, LiveError> {
        self.rehearsal.as_deref().ok_or_else(|| {
            LiveError::argument("this session is no rehearsal: call onair_rehearsal_begin first")
        })
    }

    // --- pushes ---

    pub(crate) fn push_video(&self, frame: FrameView<'_>, at_us: i64) -> Result<(), LiveError> {
        Ok(self.session.push_video(frame, CaptureTime::from_micros(at_us))?)
    }

    pub(crate) fn push_audio(&self, pcm: Pcm<'_>, at_us: i64) -> Result<(), LiveError> {
        Ok(self.session.push_audio(pcm, CaptureTime::from_micros(at_us))?)
    }

    /// Sound of a source that was added; 0 is the first one.
    pub(crate) fn push_audio_to<'a>(
        &self,
        source: u32,
        pcm: impl Into<Sound<'a>>,
        at_us: i64,
    ) -> Result<(), LiveError> {
        let source = AudioSourceId::from_number(source);
        Ok(self.session.push_audio_to(source, pcm, CaptureTime::from_micros(at_us))?)
    }

    /// Sound of a source to be mixed for the app's encoder.
    pub(crate) fn mix_audio(&self, source: u32, pcm: Pcm<'_>, at_us: i64) -> Result<(), LiveError> {
        let source = AudioSourceId::from_number(source);
        Ok(self.session.mix_audio(source, pcm, CaptureTime::from_micros(at_us))?)
    }

    /// The next block of the mix into `room`, in this machine's order of bytes, and when it sounds.
    pub(crate) fn take_mixed(&self, room: &mut [u8]) -> Result<Option<CaptureTime>, LiveError> {
        let wanted = self.block_bytes;
        if room.len() < wanted {
            let reason = format!(
                "there is room for {} samples, and a block has {}",
                room.len() / 2,
                wanted / 2
            );
            return Err(LiveError::argument(reason));
        }
        let mut mixed = lock(&self.mixed);
        let at = self.session.take_mixed(&mut mixed)?;
        if at.is_some() {
            for (to, sample) in room.chunks_exact_mut(2).zip(mixed.iter()) {
                to.copy_from_slice(&sample.to_ne_bytes());
            }
        }
        Ok(at)
    }

    /// The picture of interruptions; none for the last one that was pushed.
    pub(crate) fn set_slate(&self, picture: Option<FrameView<'_>>) -> Result<(), LiveError> {
        Ok(self.session.set_slate(picture).map_err(onair::PushError::from)?)
    }

    pub(crate) fn push_encoded_video(&self, picture: &EncodedPicture<'_>) -> Result<(), LiveError> {
        let mut units = lock(&self.video);
        let Units { bytes, header, pool } = &mut *units;
        // A key frame may bring its own parameter sets: they are read each time.
        let is_in_band = picture.header.is_empty() && picture.is_annex_b && picture.is_key;
        let given = if is_in_band { picture.payload } else { picture.header };
        let is_known = header.is_some() && !is_in_band && given == bytes;
        if !given.is_empty()
            && !is_known
            && let Some(new) = read_header(self.video_codec, picture.is_annex_b, given)?
        {
            picture.header.clone_into(bytes);
            // Whoever has the old one compares pointers first.
            if header.as_ref() != Some(&new) {
                *header = Some(new);
            }
        }
        let Some(config) = header.clone() else {
            let reason = "push: the first access unit needs its parameter sets";
            return Err(LiveError::new(
                216,
                reason,
                "push them with it, as the encoder gives them",
            ));
        };
        let payload = if picture.is_annex_b {
            let filled = pool.fill(|payload| {
                annexb::payload_into(self.video_codec, picture.payload, payload);
                Ok::<(), std::convert::Infallible>(())
            });
            match filled {
                Ok(payload) => payload,
                Err(never) => match never {},
            }
        } else {
            pool.copy_of(picture.payload)
        };
        let unit = VideoUnit {
            pts: MediaTime::from_micros(picture.pts_us),
            dts: MediaTime::from_micros(picture.dts_us),
            kind: kind(&config, &payload, picture.is_key),
            config,
            payload,
        };
        drop(units);
        Ok(self.session.push_encoded_video(unit)?)
    }

    /// `header` is the AudioSpecificConfig or the OpusHead; empty when nothing changed.
    pub(crate) fn push_encoded_audio(
        &self,
        header: &[u8],
        payload: &[u8],
        pts_us: i64,
    ) -> Result<(), LiveError> {
        let mut units = lock(&self.audio);
        if !header.is_empty() && (units.header.is_none() || units.bytes != header) {
            let new = AudioHeader::from_bytes(self.audio_codec, header);
            units.header = Some(new.map_err(|error| bad_header(&error))?);
            units.bytes = header.to_vec();
        }
        let Some(config) = units.header else {
            let reason = "push: the first access unit needs its AudioSpecificConfig or OpusHead";
            return Err(LiveError::new(216, reason, "push it with it, as the encoder gives it"));
        };
        let payload = units.pool.copy_of(payload);
        drop(units);
        let unit = AudioUnit { pts: MediaTime::from_micros(pts_us), config, payload };
        Ok(self.session.push_encoded_audio(unit)?)
    }

    // --- events ---

    /// The next event; `None` after [`Live::end_events`]. Of two that wait, the later one waits
    /// for ever: there is one consumer.
    pub(crate) async fn next_event(&self) -> Option<LiveEvent> {
        let event = poll_fn(|context| match lock(&self.events).as_mut() {
            Some(events) => events.poll_next(context),
            None => std::task::Poll::Ready(None),
        });
        event.await.map(Into::into)
    }

    /// The same, in the caller's thread. `Ok(None)` after `timeout`, or when none will follow.
    ///
    /// # Errors
    /// [`LiveError::Call`] while another thread waits.
    pub(crate) fn wait_event(&self, timeout: Duration) -> Result<Option<onair::Event>, LiveError> {
        let mut events = match self.events.try_lock() {
            Ok(events) => events,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(LiveError::argument("another thread waits for events already"));
            }
        };
        Ok(events.as_mut().and_then(|events| events.next_timeout(timeout)))
    }

    pub(crate) fn end_events(&self) {
        self.session.end_events();
    }
}

impl<Header> Units<Header> {
    fn new() -> Self {
        Self { bytes: Vec::new(), header: None, pool: Pool::new(MOST_UNITS) }
    }
}

fn read_header(
    codec: VideoCodec,
    is_annex_b: bool,
    bytes: &[u8],
) -> Result<Option<VideoHeader>, LiveError> {
    let header = if is_annex_b && codec != VideoCodec::Av1 {
        annexb::header(codec, bytes)
    } else {
        VideoHeader::from_record(codec, bytes).map(Some)
    };
    header.map_err(|error| bad_header(&error))
}

fn bad_header(error: &onair_types::HeaderError) -> LiveError {
    LiveError::new(216, format!("push: {error}"), "push the header as the encoder gives it")
}

/// What depends on it: H.264 says so itself, of others everything counts.
fn kind(config: &VideoHeader, payload: &[u8], is_key: bool) -> FrameKind {
    if is_key {
        return FrameKind::Idr;
    }
    let disposable = config.h264().is_some_and(|avc| {
        let units = h264::length_prefixed_nal_units(payload, avc.nal_length_size());
        h264::frame_kind(units.map_while(Result::ok)) == Some(FrameKind::Disposable)
    });
    if disposable { FrameKind::Disposable } else { FrameKind::Reference }
}

/// As many as wait between app and network, and some.
const MOST_UNITS: usize = 64;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
