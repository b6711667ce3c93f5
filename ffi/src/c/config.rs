//! What a session is made of, as plain structs; and the presets.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::ffi::c_char;

use onair::{AudioCodec, Source, VideoCodec};
use onair_types::config::{Orientation, Profile};

use super::cue::{onair_field, read_all};
use super::{ONAIR_OK, guarded, onair_status, place, slice, some_text, text_at};
use crate::LiveError;
use crate::options::{
    AdaptiveBitrate, AudioOptions, ReconnectOptions, SessionOptions, TrustOptions, VideoOptions,
    session_options,
};

/// Pictures or PCM are pushed; the session encodes.
pub const ONAIR_SOURCE_RAW: u32 = 0;
/// Access units are pushed.
pub const ONAIR_SOURCE_ENCODED: u32 = 1;

/// H.264.
pub const ONAIR_VIDEO_H264: u32 = 0;
/// HEVC; pushed encoded.
pub const ONAIR_VIDEO_HEVC: u32 = 1;
/// AV1; pushed encoded.
pub const ONAIR_VIDEO_AV1: u32 = 2;
/// AAC.
pub const ONAIR_AUDIO_AAC: u32 = 0;
/// Opus; pushed encoded.
pub const ONAIR_AUDIO_OPUS: u32 = 1;

/// Constrained Baseline.
pub const ONAIR_PROFILE_BASELINE: u32 = 0;
/// Main.
pub const ONAIR_PROFILE_MAIN: u32 = 1;

/// The bitrate follows the network in OnAir's own way.
pub const ONAIR_ADAPT_LAG: u32 = 0;
/// The bitrate stays.
pub const ONAIR_ADAPT_OFF: u32 = 1;
/// LFLiveKit's way.
pub const ONAIR_ADAPT_LFLIVEKIT: u32 = 2;
/// VideoCore's way.
pub const ONAIR_ADAPT_VIDEOCORE: u32 = 3;

/// For ever, or any number; for the times and numbers that say so.
pub const ONAIR_UNLIMITED: i64 = -1;

/// Sound: AAC-LC when the session encodes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct onair_audio_config {
    /// Hz.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: u32,
    /// Bit/s.
    pub bitrate_bps: u32,
}

/// The picture. Sizes in pixels, both even; bitrates in bit/s.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct onair_video_config {
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
    /// Where it starts.
    pub bitrate_bps: u32,
    /// The lowest that adaptation may choose.
    pub min_bitrate_bps: u32,
    /// The highest that adaptation may choose.
    pub max_bitrate_bps: u32,
    /// Frames from one IDR to the next.
    pub keyframe_interval_frames: u32,
    /// ONAIR_PROFILE_…
    pub profile: u32,
}

/// What a session is made of. Fill it with onair_session_config_init, then change what differs.
#[repr(C)]
#[derive(Debug)]
pub struct onair_session_config {
    /// NULL for no sound.
    pub audio: *const onair_audio_config,
    /// NULL for no pictures.
    pub video: *const onair_video_config,
    /// ONAIR_SOURCE_…
    pub audio_source: u32,
    /// ONAIR_SOURCE_…
    pub video_source: u32,
    /// ONAIR_AUDIO_…
    pub audio_codec: u32,
    /// ONAIR_VIDEO_…
    pub video_codec: u32,
    /// ONAIR_ADAPT_…
    pub adaptive_bitrate: u32,
    /// Not 0: the very first connection is tried again as well.
    pub retry_first_connection: u32,
    /// All time without being live before it gives up, ms; ONAIR_UNLIMITED for ever.
    pub reconnect_budget_ms: i64,
    /// Attempts before it gives up; ONAIR_UNLIMITED for any number.
    pub max_retries: i64,
    /// Waits exactly so long before each attempt, ms; ONAIR_UNLIMITED for a time that grows.
    pub fixed_delay_ms: i64,
    /// Certificate authorities that rtmps:// believes too, PEM; NULL for none.
    pub roots_pem: *const c_char,
    /// Keys of the server, "sha256/" and Base64 each; NULL for none.
    pub pins: *const *const c_char,
    /// How many.
    pub pin_count: usize,
    /// Not 0: rtmp:// may go beyond this machine and private networks, where everybody on the way can
    /// read the stream key.
    pub allow_plaintext: u32,
    /// Fields of the app's own in onMetaData, up to 32; NULL for none.
    pub metadata: *const onair_field,
    /// How many.
    pub metadata_count: usize,
}

/// A quality of sound: 0 low, 1 medium, 2 high, 3 very high.
///
/// # Safety
/// `config` is NULL or points to a configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_audio_preset(
    quality: u32,
    config: *mut onair_audio_config,
) -> onair_status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let config = unsafe { place(config, "config") }?;
        let quality = pick(&onair::AudioQuality::ALL, quality, "quality")?;
        let preset = crate::audio_preset(quality);
        *config = onair_audio_config {
            sample_rate_hz: preset.sample_rate_hz,
            channels: preset.channels.into(),
            bitrate_bps: preset.bitrate_bps,
        };
        Ok(ONAIR_OK)
    })
}

/// A quality of pictures: 0 to 8 are LFLiveKit's, 9 to 11 are 1080p; upright, or wide when
/// `landscape` is not 0.
///
/// # Safety
/// `config` is NULL or points to a configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_video_preset(
    quality: u32,
    landscape: u32,
    config: *mut onair_video_config,
) -> onair_status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let config = unsafe { place(config, "config") }?;
        let quality = pick(&onair::VideoQuality::ALL, quality, "quality")?;
        let orientation =
            if landscape == 0 { Orientation::Portrait } else { Orientation::Landscape };
        let preset = crate::video_preset(quality, orientation);
        *config = onair_video_config {
            width: preset.width,
            height: preset.height,
            fps: preset.fps,
            min_fps: preset.min_fps,
            max_fps: preset.max_fps,
            bitrate_bps: preset.bitrate_bps,
            min_bitrate_bps: preset.min_bitrate_bps,
            max_bitrate_bps: preset.max_bitrate_bps,
            keyframe_interval_frames: preset.keyframe_interval_frames,
            profile: preset.profile as u32,
        };
        Ok(ONAIR_OK)
    })
}

/// A configuration without tracks and with everything else as it usually is.
///
/// # Safety
/// `config` is NULL or points to room for a configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_config_init(
    config: *mut onair_session_config,
) -> onair_status {
    guarded(|| {
        if config.is_null() {
            return Err(LiveError::argument("config is NULL"));
        }
        let reconnect = ReconnectOptions::default();
        let millis = |time: Option<u64>| {
            time.map_or(ONAIR_UNLIMITED, |ms| i64::try_from(ms).unwrap_or(i64::MAX))
        };
        let usual = onair_session_config {
            audio: std::ptr::null(),
            video: std::ptr::null(),
            audio_source: ONAIR_SOURCE_RAW,
            video_source: ONAIR_SOURCE_RAW,
            audio_codec: ONAIR_AUDIO_AAC,
            video_codec: ONAIR_VIDEO_H264,
            adaptive_bitrate: ONAIR_ADAPT_LAG,
            retry_first_connection: reconnect.retry_first_connection.into(),
            reconnect_budget_ms: millis(reconnect.budget_ms),
            max_retries: reconnect.max_retries.map_or(ONAIR_UNLIMITED, i64::from),
            fixed_delay_ms: millis(reconnect.fixed_delay_ms),
            roots_pem: std::ptr::null(),
            pins: std::ptr::null(),
            pin_count: 0,
            allow_plaintext: 0,
            metadata: std::ptr::null(),
            metadata_count: 0,
        };
        // SAFETY: not null; the rest is the caller's promise. What was there is not read.
        unsafe { config.write(usual) };
        Ok(ONAIR_OK)
    })
}

/// # Safety
/// The configuration's pointers are null or valid.
pub(crate) unsafe fn options(config: &onair_session_config) -> Result<SessionOptions, LiveError> {
    // SAFETY: the caller's promise.
    let (audio, video, trust, metadata) = unsafe {
        let trust = trust(config.roots_pem, config.pins, config.pin_count)?;
        let metadata = read_all(config.metadata, config.metadata_count)?;
        (config.audio.as_ref(), config.video.as_ref(), trust, metadata)
    };
    let audio = audio.map(|audio| {
        let channels = u8::try_from(audio.channels).unwrap_or(u8::MAX);
        AudioOptions {
            sample_rate_hz: audio.sample_rate_hz,
            channels,
            bitrate_bps: audio.bitrate_bps,
        }
    });
    let video = video.map(video_options).transpose()?;
    let sources = [Source::Raw, Source::Encoded];
    let adaptations = [
        AdaptiveBitrate::Lag,
        AdaptiveBitrate::Off,
        AdaptiveBitrate::LfLiveKit,
        AdaptiveBitrate::VideoCore,
    ];
    Ok(SessionOptions {
        audio_source: pick(&sources, config.audio_source, "audio_source")?,
        video_source: pick(&sources, config.video_source, "video_source")?,
        audio_codec: pick(&AudioCodec::ALL, config.audio_codec, "audio_codec")?,
        video_codec: pick(&VideoCodec::ALL, config.video_codec, "video_codec")?,
        adaptive_bitrate: pick(&adaptations, config.adaptive_bitrate, "adaptive_bitrate")?,
        reconnect: ReconnectOptions {
            retry_first_connection: config.retry_first_connection != 0,
            budget_ms: u64::try_from(config.reconnect_budget_ms).ok(),
            max_retries: u32::try_from(config.max_retries).ok(),
            fixed_delay_ms: u64::try_from(config.fixed_delay_ms).ok(),
        },
        trust,
        allow_plaintext: config.allow_plaintext != 0,
        metadata,
        ..session_options(audio, video)
    })
}

/// Whom a secure connection believes.
///
/// # Safety
/// The pointers are null or valid.
pub(crate) unsafe fn trust(
    roots_pem: *const c_char,
    pins: *const *const c_char,
    pin_count: usize,
) -> Result<TrustOptions, LiveError> {
    // SAFETY: the caller's promise.
    let roots_pem = unsafe { text_at(roots_pem, "roots_pem") }?.map(str::to_owned);
    // SAFETY: the caller's promise.
    let pins = unsafe { texts(pins, pin_count, "pins") }?;
    Ok(TrustOptions { roots_pem, pins })
}

/// # Safety
/// `all` is null or points to `count` texts.
pub(crate) unsafe fn texts(
    all: *const *const c_char,
    count: usize,
    name: &str,
) -> Result<Vec<String>, LiveError> {
    // SAFETY: the caller's promise.
    let all = unsafe { slice(all, count, name) }?;
    // SAFETY: the caller's promise.
    all.iter().map(|text| unsafe { some_text(*text, name) }.map(str::to_owned)).collect()
}

fn video_options(video: &onair_video_config) -> Result<VideoOptions, LiveError> {
    Ok(VideoOptions {
        width: video.width,
        height: video.height,
        fps: video.fps,
        min_fps: video.min_fps,
        max_fps: video.max_fps,
        bitrate_bps: video.bitrate_bps,
        min_bitrate_bps: video.min_bitrate_bps,
        max_bitrate_bps: video.max_bitrate_bps,
        keyframe_interval_frames: video.keyframe_interval_frames,
        profile: pick(&[Profile::Baseline, Profile::Main], video.profile, "profile")?,
    })
}

/// The value of this number.
pub(crate) fn pick<T: Copy>(all: &[T], number: u32, name: &str) -> Result<T, LiveError> {
    let value = usize::try_from(number).ok().and_then(|index| all.get(index));
    value.copied().ok_or_else(|| {
        let last = all.len().saturating_sub(1);
        LiveError::argument(format!("{name} is {number}; use 0 to {last}"))
    })
}
