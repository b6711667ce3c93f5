//! Collects what a session is made of and checks it together.

use std::num::NonZeroU8;
use std::sync::{Arc, Mutex};

use onair_engine::flv::{AudioMeta, Extra, MetaData, VideoMeta};
use onair_engine::publish::{Alignment, Delivery};
use onair_engine::rate::Adaptation;
use onair_engine::reconnect::Policy;
use onair_media::encode::{self, AudioEncoder, EncodeError, VideoEncoder};
use onair_types::{AudioCodec, AudioConfig, ConfigError, MediaTime, VideoCodec, VideoConfig};

use crate::clock::SystemClock;
use crate::further::check_tracks;
use crate::net::tcp::TcpConnector;
#[cfg(feature = "tls")]
use crate::net::tls::TlsConnector;
use crate::run::Plan;
#[cfg(feature = "tls")]
use crate::trust::Trust;
use crate::{Clock, Connector, Error, Session, Timing};

/// In which form a track is pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Source {
    /// Pictures or PCM; the session encodes.
    #[default]
    Raw,
    /// Access units; the app encodes.
    Encoded,
}

/// Makes a video encoder for each start.
pub type VideoEncoderFactory =
    Box<dyn FnMut(&VideoConfig) -> Result<Box<dyn VideoEncoder>, EncodeError> + Send>;

/// Makes an audio encoder for each start.
pub type AudioEncoderFactory =
    Box<dyn FnMut(&AudioConfig) -> Result<Box<dyn AudioEncoder>, EncodeError> + Send>;

/// See [`Session::builder`].
#[must_use]
pub struct SessionBuilder {
    audio: Option<AudioConfig>,
    video: Option<VideoConfig>,
    audio_source: Option<Source>,
    video_source: Option<Source>,
    audio_codec: Option<AudioCodec>,
    further_video: Vec<(NonZeroU8, VideoMeta)>,
    further_audio: Vec<(NonZeroU8, AudioMeta)>,
    video_codec: Option<VideoCodec>,
    audio_encoder: Option<AudioEncoderFactory>,
    video_encoder: Option<VideoEncoderFactory>,
    metadata: Option<MetaData>,
    extra: Option<Extra>,
    alignment: Alignment,
    delivery: Delivery,
    timing: Timing,
    adaptation: Adaptation,
    reconnect: Policy,
    first_timestamp: MediaTime,
    event_capacity: usize,
    clock: Option<Arc<dyn Clock>>,
    connector: Option<Arc<dyn Connector>>,
    seed: Option<u64>,
    is_plain_ok: bool,
    #[cfg(feature = "tls")]
    trust: Trust,
}

impl SessionBuilder {
    pub(crate) fn new(audio: Option<AudioConfig>, video: Option<VideoConfig>) -> Self {
        Self {
            audio,
            video,
            audio_source: None,
            video_source: None,
            audio_codec: None,
            further_video: Vec::new(),
            further_audio: Vec::new(),
            video_codec: None,
            audio_encoder: None,
            video_encoder: None,
            metadata: None,
            extra: None,
            alignment: Alignment::default(),
            delivery: Delivery::default(),
            timing: Timing::default(),
            adaptation: Adaptation::default(),
            reconnect: Policy::default(),
            first_timestamp: MediaTime::ZERO,
            event_capacity: 32,
            clock: None,
            connector: None,
            seed: None,
            is_plain_ok: false,
            #[cfg(feature = "tls")]
            trust: Trust::new(),
        }
    }

    /// How sound is pushed; raw unless said.
    pub fn audio_source(mut self, source: Source) -> Self {
        self.audio_source = Some(source);
        self
    }

    /// How pictures are pushed; raw unless said.
    pub fn video_source(mut self, source: Source) -> Self {
        self.video_source = Some(source);
        self
    }

    /// What sound is coded with that is pushed encoded: AAC unless said. Anything else needs a
    /// server with Enhanced RTMP; one without ends the start with [`Error::Codec`].
    pub fn audio_codec(mut self, codec: AudioCodec) -> Self {
        self.audio_codec = Some(codec);
        self
    }

    /// What pictures are coded with that are pushed encoded: H.264 unless said. Anything else needs
    /// a server with Enhanced RTMP; one without ends the start with [`Error::Codec`].
    pub fn video_codec(mut self, codec: VideoCodec) -> Self {
        self.video_codec = Some(codec);
        self
    }

    /// A further track of pictures in the same publish, such as another size, which the app encodes
    /// and pushes with [`Session::push_further_video`]. Up to 8, each with its own id; they need a
    /// server with Enhanced RTMP v2 and do not follow the network: what does not fit goes, up to
    /// their next key frame.
    pub fn further_video(mut self, track_id: NonZeroU8, track: VideoMeta) -> Self {
        self.further_video.push((track_id, track));
        self
    }

    /// A further track of sound, such as another language; as [`SessionBuilder::further_video`],
    /// pushed with [`Session::push_further_audio`].
    pub fn further_audio(mut self, track_id: NonZeroU8, track: AudioMeta) -> Self {
        self.further_audio.push((track_id, track));
        self
    }

    /// The app's own AAC encoder; software when not given. Called on `onair-audio`.
    pub fn audio_encoder(mut self, factory: AudioEncoderFactory) -> Self {
        self.audio_encoder = Some(factory);
        self
    }

    /// The app's own H.264 encoder; software when not given. Called on `onair-video`.
    pub fn video_encoder(mut self, factory: VideoEncoderFactory) -> Self {
        self.video_encoder = Some(factory);
        self
    }

    /// What onMetaData says, instead of what the configurations say, codecs included; for files.
    pub fn metadata(mut self, metadata: MetaData) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// How the first frames are chosen: [`Alignment::FirstKeyframe`] unless said.
    pub fn alignment(mut self, alignment: Alignment) -> Self {
        self.alignment = alignment;
        self
    }

    /// Adds fields of the app's own to onMetaData, such as a title. They go with every connection,
    /// and into recordings.
    pub fn extra_metadata(mut self, extra: Extra) -> Self {
        self.extra = Some(extra);
        self
    }

    /// What happens when the network or the encoder is slower than the app. [`Delivery::Live`]
    /// unless said: the newest counts. With [`Delivery::Complete`] nothing is dropped and **pushes
    /// block** until there is room: for files, never for cameras.
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// When units that are pushed encoded go: as they are pushed, unless said.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// By which rule the video bitrate follows the network, within the range of the video's
    /// configuration: [`Adaptation::Lag`] unless said. With [`Delivery::Complete`] it never does.
    pub fn adaptation(mut self, adaptation: Adaptation) -> Self {
        self.adaptation = adaptation;
        self
    }

    /// How often and how long to try again.
    pub fn reconnect(mut self, policy: Policy) -> Self {
        self.reconnect = policy;
        self
    }

    /// The wire time of the first frame; zero unless said.
    pub fn first_timestamp(mut self, time: MediaTime) -> Self {
        self.first_timestamp = time;
        self
    }

    /// How many events wait for the app, 8..=1,024; 32 unless said.
    pub fn event_capacity(mut self, events: usize) -> Self {
        self.event_capacity = events;
        self
    }

    /// Another clock; for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Another way to the network; for tests and proxies.
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// Makes handshake bytes and back-off jitter repeatable; for tests.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Whether `rtmp://` may go beyond this machine and private networks (by what the address says:
    /// `localhost`, `.local`, loopback, private and link-local numbers). Everybody on the way can
    /// read the stream key there and publish in its place. `false` unless said.
    pub fn allow_plaintext(mut self, allow: bool) -> Self {
        self.is_plain_ok = allow;
        self
    }

    /// Whom `rtmps://` believes; what the device believes unless said. A connector of the app's own
    /// does its own TLS.
    #[cfg(feature = "tls")]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// The session, [`crate::State::Ready`].
    ///
    /// # Errors
    /// [`Error::Config`] when there is no track, a source, a codec or an encoder is set for a track
    /// that has no use for it, or the event capacity is out of range; [`Error::Encoder`] when a raw track has
    /// no encoder in this build.
    pub fn build(self) -> Result<Session, Error> {
        if self.audio.is_none() && self.video.is_none() {
            let reason = "there is no audio and no video configuration; pass at least one";
            return Err(Error::Config(reason.to_owned()));
        }
        if !EVENT_CAPACITY.contains(&self.event_capacity) {
            let value = self.event_capacity as i64;
            let (field, allowed) = ("event capacity", "a number from 8 to 1024");
            return Err(ConfigError::OutOfRange { field, value, allowed }.into());
        }
        let audio_source = source("audio", self.audio.is_some(), self.audio_source)?;
        let video_source = source("video", self.video.is_some(), self.video_source)?;
        let mut metadata = self.metadata.unwrap_or_else(|| metadata(&self.audio, &self.video));
        if let Some(extra) = self.extra {
            metadata.extra = extra;
        }
        metadata.further_video.extend(self.further_video);
        metadata.further_audio.extend(self.further_audio);
        check_tracks(&metadata)?;
        let is_raw = [audio_source, video_source].contains(&Some(Source::Raw));
        if self.timing == Timing::OnTime
            && (is_raw || !(metadata.further_video.is_empty() && metadata.further_audio.is_empty()))
        {
            let reason = "only one encoded track of each kind goes on time; push as it comes";
            return Err(Error::Config(reason.to_owned()));
        }
        let audio_codec = metadata.audio.as_mut().map(|audio| &mut audio.codec);
        put_codec("audio", audio_source, audio_codec, self.audio_codec)?;
        let video_codec = metadata.video.as_mut().map(|video| &mut video.codec);
        put_codec("video", video_source, video_codec, self.video_codec)?;
        let audio_encoder = match self.audio_encoder {
            Some(factory) => given("audio", audio_source, factory)?,
            None if cfg!(feature = "fdk-aac") || audio_source != Some(Source::Raw) => {
                Box::new(encode::aac)
            }
            None => return Err(EncodeError::NotBuilt { kind: "AAC", feature: "fdk-aac" }.into()),
        };
        let video_encoder = match self.video_encoder {
            Some(factory) => given("video", video_source, factory)?,
            None if cfg!(feature = "openh264") || video_source != Some(Source::Raw) => {
                Box::new(encode::h264)
            }
            None => {
                return Err(EncodeError::NotBuilt { kind: "H.264", feature: "openh264" }.into());
            }
        };
        let tcp = TcpConnector::default();
        #[cfg(feature = "tls")]
        let tcp = TlsConnector::new(tcp, self.trust);
        let connector = self.connector.unwrap_or_else(|| Arc::new(tcp));
        let plan = Plan {
            audio: self.audio.zip(audio_source),
            video: self.video.zip(video_source),
            audio_encoder: Mutex::new(audio_encoder),
            video_encoder: Mutex::new(video_encoder),
            metadata,
            alignment: self.alignment,
            delivery: self.delivery,
            timing: self.timing,
            adaptation: self.adaptation,
            reconnect: self.reconnect,
            first_timestamp: self.first_timestamp,
            seed: self.seed,
            is_plain_ok: self.is_plain_ok,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
            connector,
        };
        Ok(Session::new(plan, self.event_capacity))
    }
}

const EVENT_CAPACITY: std::ops::RangeInclusive<usize> = 8..=1_024;

/// How a track is pushed; an error when a track without configuration is asked for (lf13).
fn source(
    track: &'static str,
    is_configured: bool,
    asked: Option<Source>,
) -> Result<Option<Source>, Error> {
    match (is_configured, asked) {
        (true, asked) => Ok(Some(asked.unwrap_or_default())),
        (false, None) => Ok(None),
        (false, Some(_)) => Err(ConfigError::MissingTrack { track }.into()),
    }
}

/// Tells metadata which codec a track has; only what is pushed encoded may have another than ours.
fn put_codec<C: Copy + Default + PartialEq>(
    track: &'static str,
    source: Option<Source>,
    said: Option<&mut C>,
    asked: Option<C>,
) -> Result<(), Error> {
    let Some(said) = said else {
        return asked.map_or(Ok(()), |_| Err(ConfigError::MissingTrack { track }.into()));
    };
    *said = asked.unwrap_or(*said);
    if source == Some(Source::Raw) && *said != C::default() {
        let reason = format!("no encoder here makes that {track} codec; push {track} encoded");
        return Err(Error::Config(reason));
    }
    Ok(())
}

fn given<F>(track: &'static str, source: Option<Source>, factory: F) -> Result<F, Error> {
    match source {
        Some(Source::Raw) => Ok(factory),
        Some(Source::Encoded) => {
            let reason = format!("{track} is pushed encoded; take the {track} encoder away");
            Err(Error::Config(reason))
        }
        None => Err(ConfigError::MissingTrack { track }.into()),
    }
}

fn metadata(audio: &Option<AudioConfig>, video: &Option<VideoConfig>) -> MetaData {
    MetaData {
        video: video.as_ref().map(|config| VideoMeta {
            width: config.width(),
            height: config.height(),
            fps: f64::from(config.fps()),
            bitrate_bps: config.bitrate_bps(),
            ..VideoMeta::default()
        }),
        audio: audio.as_ref().map(|config| AudioMeta {
            sample_rate_hz: config.sample_rate_hz(),
            channels: config.channels(),
            bitrate_bps: config.bitrate_bps(),
            ..AudioMeta::default()
        }),
        encoder: concat!("OnAir ", env!("CARGO_PKG_VERSION")).to_owned(),
        ..MetaData::default()
    }
}
