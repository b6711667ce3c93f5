//! What a session is made of, as records; and the presets.

use std::time::Duration;

use onair::{
    Adaptation, AudioCodec, AudioConfig, AudioQuality, NetworkPath, ReconnectPolicy, Session,
    SessionBuilder, Source, StreamUrl, VideoCodec, VideoConfig, VideoPace, VideoQuality,
};
use onair_types::Track;
use onair_types::config::{Orientation, Profile};

use crate::cue::metadata;
use crate::{Field, LiveError};

// --- words of the core, as they are ---

/// LFLiveKit's audio qualities: 64, 96, 128 and 128 kbit/s in stereo.
#[uniffi::remote(Enum)]
pub enum AudioQuality {
    Low,
    Medium,
    High,
    VeryHigh,
}

/// LFLiveKit's video qualities (portrait 360×640, 540×960, 720×1280), and 1080p beyond them.
#[uniffi::remote(Enum)]
pub enum VideoQuality {
    Low1,
    Low2,
    Low3,
    Medium1,
    Medium2,
    Medium3,
    High1,
    High2,
    High3,
    FullHd1,
    FullHd2,
    FullHd3,
}

/// How the picture stands.
#[uniffi::remote(Enum)]
pub enum Orientation {
    Portrait,
    Landscape,
}

/// H.264 profile.
#[uniffi::remote(Enum)]
pub enum Profile {
    Baseline,
    Main,
}

/// In which form a track is pushed: pictures or PCM that the session encodes, or access units.
#[uniffi::remote(Enum)]
pub enum Source {
    Raw,
    Encoded,
}

/// What pictures are coded with. HEVC and AV1 are pushed encoded.
#[uniffi::remote(Enum)]
pub enum VideoCodec {
    H264,
    Hevc,
    Av1,
}

/// What sound is coded with. Opus is pushed encoded.
#[uniffi::remote(Enum)]
pub enum AudioCodec {
    Aac,
    Opus,
}

/// Pictures or sound.
#[uniffi::remote(Enum)]
pub enum Track {
    Video,
    Audio,
}

/// What the system says of the device's way to the network.
#[uniffi::remote(Enum)]
pub enum NetworkPath {
    Up,
    Down,
    Changed,
}

/// Which pictures an app's encoder should encode: every one, every second one at half the bitrate,
/// or none.
#[uniffi::remote(Enum)]
pub enum VideoPace {
    Full,
    Half,
    None,
}

// --- records ---

/// AAC-LC: 8,000…48,000 Hz, one or two channels.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AudioOptions {
    /// Samples a second and channel, Hz.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: u8,
    /// Bit/s.
    pub bitrate_bps: u32,
}

/// The picture. Sizes in pixels, both even.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct VideoOptions {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Pictures a second.
    pub fps: u32,
    /// The lowest that adaptation may choose.
    pub min_fps: u32,
    /// The highest that adaptation may choose.
    pub max_fps: u32,
    /// Where the bitrate starts, bit/s.
    pub bitrate_bps: u32,
    /// The lowest that adaptation may choose, bit/s.
    pub min_bitrate_bps: u32,
    /// The highest that adaptation may choose, bit/s.
    pub max_bitrate_bps: u32,
    /// Frames from one IDR to the next.
    pub keyframe_interval_frames: u32,
    /// H.264 profile.
    pub profile: Profile,
}

/// How the video bitrate follows the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Enum)]
pub enum AdaptiveBitrate {
    /// OnAir's own: by the age of the oldest byte that the server does not have.
    #[default]
    Lag,
    /// Not at all.
    Off,
    /// LFLiveKit's, by the length of its queue.
    LfLiveKit,
    /// VideoCore's ladder, by the bytes that wait.
    VideoCore,
}

/// What is done when the connection is lost.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReconnectOptions {
    /// Whether the very first connection is tried again as well.
    #[uniffi(default = false)]
    pub retry_first_connection: bool,
    /// All time without being live before it gives up, ms; none for ever.
    #[uniffi(default = Some(600000))]
    pub budget_ms: Option<u64>,
    /// Attempts before it gives up; none for any number.
    #[uniffi(default = None)]
    pub max_retries: Option<u32>,
    /// Waits exactly so long before each attempt, ms, instead of a random time that grows.
    #[uniffi(default = None)]
    pub fixed_delay_ms: Option<u64>,
}

/// Whom `rtmps://` believes beyond what the device does. There is no way to accept everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct TrustOptions {
    /// Certificate authorities of the app's own, PEM.
    #[uniffi(default = None)]
    pub roots_pem: Option<String>,
    /// Keys of the server, `sha256/` and Base64 each; any of them is enough.
    #[uniffi(default = [])]
    pub pins: Vec<String>,
}

/// What a session is made of. At least one of `audio` and `video`.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct SessionOptions {
    /// Sound; none for a silent film.
    pub audio: Option<AudioOptions>,
    /// Pictures; none for radio.
    pub video: Option<VideoOptions>,
    /// How sound is pushed.
    pub audio_source: Source,
    /// How pictures are pushed.
    pub video_source: Source,
    /// The codec of sound.
    pub audio_codec: AudioCodec,
    /// The codec of pictures.
    pub video_codec: VideoCodec,
    /// How the bitrate follows the network.
    pub adaptive_bitrate: AdaptiveBitrate,
    /// What is done when the connection is lost.
    pub reconnect: ReconnectOptions,
    /// Whom `rtmps://` believes.
    pub trust: TrustOptions,
    /// Whether `rtmp://` may go beyond this machine and private networks, where everybody on the way
    /// can read the stream key.
    #[uniffi(default = false)]
    pub allow_plaintext: bool,
    /// Fields of the app's own in onMetaData, such as a title; up to 32. They go with every
    /// connection, and into recordings.
    #[uniffi(default = [])]
    pub metadata: Vec<Field>,
}

/// An address, taken apart; the key is left out.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AddressParts {
    /// Whether it is `rtmps://`.
    pub is_secure: bool,
    /// The host.
    pub host: String,
    /// The port, said or not.
    pub port: u16,
    /// The app, with its instance.
    pub app: String,
    /// What the server is told, without a key.
    pub tc_url: String,
}

// --- functions ---

/// A quality of sound as options.
#[uniffi::export]
pub fn audio_preset(quality: AudioQuality) -> AudioOptions {
    let config = AudioConfig::preset(quality);
    AudioOptions {
        sample_rate_hz: config.sample_rate_hz(),
        channels: config.channels(),
        bitrate_bps: config.bitrate_bps(),
    }
}

/// A quality of pictures as options.
#[uniffi::export]
pub fn video_preset(quality: VideoQuality, orientation: Orientation) -> VideoOptions {
    let config = VideoConfig::preset(quality, orientation);
    VideoOptions {
        width: config.width(),
        height: config.height(),
        fps: config.fps(),
        min_fps: config.min_fps(),
        max_fps: config.max_fps(),
        bitrate_bps: config.bitrate_bps(),
        min_bitrate_bps: config.min_bitrate_bps(),
        max_bitrate_bps: config.max_bitrate_bps(),
        keyframe_interval_frames: config.keyframe_interval_frames(),
        profile: config.profile(),
    }
}

/// A session of these tracks, pushed raw, with everything else as it usually is.
#[uniffi::export]
pub fn session_options(audio: Option<AudioOptions>, video: Option<VideoOptions>) -> SessionOptions {
    SessionOptions {
        audio,
        video,
        audio_source: Source::Raw,
        video_source: Source::Raw,
        audio_codec: AudioCodec::default(),
        video_codec: VideoCodec::default(),
        adaptive_bitrate: AdaptiveBitrate::default(),
        reconnect: ReconnectOptions::default(),
        trust: TrustOptions::default(),
        allow_plaintext: false,
        metadata: Vec::new(),
    }
}

/// Takes an address apart, or says what is wrong with it.
///
/// # Errors
/// [`LiveError::Configuration`] when it cannot be published to.
#[uniffi::export]
pub fn parse_address(url: &str) -> Result<AddressParts, LiveError> {
    let url = StreamUrl::parse(url)?;
    Ok(AddressParts {
        is_secure: url.is_tls(),
        host: url.host().to_owned(),
        port: url.port(),
        app: url.app().to_owned(),
        tc_url: url.tc_url(),
    })
}

// --- into the core ---

impl Default for ReconnectOptions {
    fn default() -> Self {
        let policy = ReconnectPolicy::default();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            retry_first_connection: policy.retry_first_connection,
            budget_ms: policy.budget.map(millis),
            max_retries: policy.max_retries,
            fixed_delay_ms: policy.fixed_delay.map(millis),
        }
    }
}

impl AudioOptions {
    pub(crate) fn config(&self) -> Result<AudioConfig, LiveError> {
        Ok(AudioConfig::new(self.sample_rate_hz, self.channels, self.bitrate_bps)?)
    }
}

impl VideoOptions {
    pub(crate) fn config(&self) -> Result<VideoConfig, LiveError> {
        let builder = VideoConfig::builder()
            .size(self.width, self.height)
            .fps(self.fps)
            .fps_range(self.min_fps, self.max_fps)
            .bitrate_bps(self.bitrate_bps)
            .bitrate_range_bps(self.min_bitrate_bps, self.max_bitrate_bps)
            .keyframe_interval_frames(self.keyframe_interval_frames)
            .profile(self.profile);
        Ok(builder.build()?)
    }
}

impl SessionOptions {
    /// What makes the session as these say.
    pub(crate) fn builder(&self) -> Result<SessionBuilder, LiveError> {
        let audio = self.audio.as_ref().map(AudioOptions::config).transpose()?;
        let video = self.video.as_ref().map(VideoOptions::config).transpose()?;
        let (has_audio, has_video) = (audio.is_some(), video.is_some());
        let mut builder = Session::builder(audio, video)
            .adaptation(self.adaptive_bitrate.into())
            .reconnect(self.reconnect.policy())
            .allow_plaintext(self.allow_plaintext);
        if !self.metadata.is_empty() {
            builder = builder.extra_metadata(metadata(&self.metadata)?);
        }
        if has_audio {
            builder = builder.audio_source(self.audio_source);
            if self.audio_source == Source::Encoded {
                builder = builder.audio_codec(self.audio_codec);
            }
        }
        if has_video {
            builder = builder.video_source(self.video_source);
            if self.video_source == Source::Encoded {
                builder = builder.video_codec(self.video_codec);
            }
        }
        self.trust.give(builder)
    }
}

impl ReconnectOptions {
    fn policy(&self) -> ReconnectPolicy {
        let mut policy = ReconnectPolicy::default();
        policy.retry_first_connection = self.retry_first_connection;
        policy.budget = self.budget_ms.map(Duration::from_millis);
        policy.max_retries = self.max_retries;
        policy.fixed_delay = self.fixed_delay_ms.map(Duration::from_millis);
        policy
    }
}

impl TrustOptions {
    #[cfg(feature = "tls")]
    pub(crate) fn trust(&self) -> Result<onair::Trust, LiveError> {
        let refuse = |error: onair::TrustError| {
            LiveError::new(200, error.to_string(), "change the named setting")
        };
        let mut trust = onair::Trust::new();
        if let Some(roots) = &self.roots_pem {
            trust = trust.with_roots(roots.as_bytes()).map_err(refuse)?;
        }
        for pin in &self.pins {
            trust = trust.with_pin(pin.parse().map_err(refuse)?);
        }
        Ok(trust)
    }

    #[cfg(feature = "tls")]
    fn give(&self, builder: SessionBuilder) -> Result<SessionBuilder, LiveError> {
        Ok(builder.trust(self.trust()?))
    }

    #[cfg(not(feature = "tls"))]
    fn give(&self, builder: SessionBuilder) -> Result<SessionBuilder, LiveError> {
        if self == &Self::default() {
            return Ok(builder);
        }
        Err(LiveError::new(200, "this build has no TLS", "build OnAir with its feature `tls`"))
    }
}

impl From<AdaptiveBitrate> for Adaptation {
    fn from(adaptive: AdaptiveBitrate) -> Self {
        match adaptive {
            AdaptiveBitrate::Lag => Self::Lag,
            AdaptiveBitrate::Off => Self::Off,
            AdaptiveBitrate::LfLiveKit => Self::LfLiveKit,
            AdaptiveBitrate::VideoCore => Self::VideoCore,
        }
    }
}
