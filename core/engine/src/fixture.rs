//! Units for tests: small payloads that say which unit they are.

use std::sync::Arc;

use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{AccessUnit, AudioUnit, FrameKind, MediaTime, Payload, VideoUnit};

/// A Baseline 2.1 SPS of 320×240 and its PPS, as x264 writes them.
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

pub(crate) fn video(kind: FrameKind, dts_ms: i64, size_bytes: usize) -> AccessUnit {
    AccessUnit::Video(VideoUnit {
        pts: ms(dts_ms),
        dts: ms(dts_ms),
        kind,
        config: avc_config().into(),
        payload: Payload::from_vec(vec![0x11; size_bytes]),
    })
}

pub(crate) fn idr(dts_ms: i64) -> AccessUnit {
    video(FrameKind::Idr, dts_ms, 100)
}

pub(crate) fn p(dts_ms: i64) -> AccessUnit {
    video(FrameKind::Reference, dts_ms, 20)
}

pub(crate) fn audio(pts_ms: i64) -> AccessUnit {
    AccessUnit::Audio(AudioUnit {
        pts: ms(pts_ms),
        config: asc().into(),
        payload: Payload::from_vec(vec![0x22; 10]),
    })
}
