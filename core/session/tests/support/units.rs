//! Encoded units whose payload says which they are.

use std::sync::Arc;

use onair::{AudioConfig, AudioQuality, AudioUnit, MediaTime, VideoConfig, VideoUnit};
use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{FrameKind, Payload};

pub(crate) fn avc_config() -> Arc<AvcConfig> {
    let sps = [0x67, 0x42, 0xC0, 0x15, 0xD9, 0x01, 0x41, 0xFB, 0x01, 0x10, 0, 0, 3, 0, 0x10];
    Arc::new(AvcConfig::from_parameter_sets(&sps, &[0x68, 0xCB, 0x83, 0xCB, 0x20]).expect("valid"))
}

pub(crate) fn asc() -> Asc {
    Asc::aac_lc(44_100, 2).expect("a known rate")
}

pub(crate) fn ms(millis: i64) -> MediaTime {
    MediaTime::from_millis(millis)
}

pub(crate) fn video_config() -> VideoConfig {
    VideoConfig::builder().size(64, 48).fps(30).build().expect("a valid configuration")
}

pub(crate) fn audio_config() -> AudioConfig {
    AudioConfig::preset(AudioQuality::High)
}

/// One NAL unit of `bytes`, behind its length.
pub(crate) fn nal(nal_type: u8, bytes: &[u8]) -> Payload {
    let length = u32::try_from(bytes.len() + 1).expect("a short NAL unit");
    let mut payload = length.to_be_bytes().to_vec();
    payload.push(0x60 | nal_type);
    payload.extend_from_slice(bytes);
    Payload::from_vec(payload)
}

pub(crate) fn video(
    config: &Arc<AvcConfig>,
    number: u32,
    dts_ms: i64,
    kind: FrameKind,
) -> VideoUnit {
    let nal_type = if kind == FrameKind::Idr { 5 } else { 1 };
    VideoUnit {
        pts: ms(dts_ms),
        dts: ms(dts_ms),
        kind,
        config: Arc::clone(config).into(),
        payload: nal(nal_type, &number.to_be_bytes()),
    }
}

pub(crate) fn audio(number: u32, pts_ms: i64) -> AudioUnit {
    let payload = Payload::from_vec(number.to_be_bytes().to_vec());
    AudioUnit { pts: ms(pts_ms), config: asc().into(), payload }
}
