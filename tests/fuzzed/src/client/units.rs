//! Pictures and sound for the publish.

use std::sync::Arc;

use onair_engine::flv::{AudioMeta, MetaData, VideoMeta};
use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{AccessUnit, AudioUnit, FrameKind, MediaTime, Payload, VideoUnit};

pub(super) fn metadata() -> MetaData {
    MetaData {
        video: Some(VideoMeta::h264((640, 360), 30.0, 800_000)),
        audio: Some(AudioMeta::aac(44_100, 2, 64_000)),
        encoder: "fuzzed".to_owned(),
        ..MetaData::default()
    }
}

/// A picture and its sound; each sixteenth picture is an IDR.
pub(super) fn at(dts_ms: i64, picture: usize) -> [AccessUnit; 2] {
    let time = MediaTime::from_millis(dts_ms);
    let asc = Asc::aac_lc(44_100, 2).expect("a known rate");
    let kind = match picture % 16 {
        0 => FrameKind::Idr,
        odd if odd % 2 == 1 => FrameKind::Reference,
        _ => FrameKind::Disposable,
    };
    let sps = [0x67, 0x42, 0xC0, 0x15, 0xD9, 1, 0x41, 0xFB, 1, 0x10, 0, 0, 3, 0, 0x10];
    let config = AvcConfig::from_parameter_sets(&sps, &[0x68, 0xCB, 0x83, 0xCB, 0x20]);
    let config = Arc::new(config.expect("valid"));
    let payload = Payload::from_vec(vec![0x11; 2_000 + 300 * (picture % 7)]);
    let sound = Payload::from_vec(vec![0x22; 200]);
    [
        AccessUnit::Audio(AudioUnit { pts: time, config: asc.into(), payload: sound }),
        AccessUnit::Video(VideoUnit { pts: time, dts: time, kind, config: config.into(), payload }),
    ]
}
