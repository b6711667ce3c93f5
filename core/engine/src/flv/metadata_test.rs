use std::num::NonZeroU8;

use proptest::prelude::*;

use super::*;

fn metadata() -> MetaData {
    MetaData {
        video: Some(VideoMeta {
            width: 720,
            height: 1_280,
            fps: 30.0,
            bitrate_bps: 1_200_000,
            ..VideoMeta::default()
        }),
        audio: Some(AudioMeta {
            sample_rate_hz: 44_100,
            channels: 2,
            bitrate_bps: 128_000,
            ..AudioMeta::default()
        }),
        encoder: "OnAir 0.1.0".to_owned(),
        ..MetaData::default()
    }
}

#[test]
fn lf54_metadata_is_an_ecma_array_with_numeric_codec_ids_and_kilobits() {
    let mut bytes = Vec::new();
    metadata().write(&mut bytes);
    let values = amf0::read_all(&bytes).unwrap();
    assert_eq!(values[0].as_str(), Some("onMetaData"));
    let Value::EcmaArray(pairs) = &values[1] else { panic!("{values:?}") };
    let number = |key| values[1].get(key).unwrap().as_number().unwrap();
    assert_eq!((number("videocodecid"), number("audiocodecid")), (7.0, 10.0));
    assert_eq!((number("videodatarate"), number("audiodatarate")), (1_200.0, 128.0));
    assert_eq!((number("width"), number("height"), number("framerate")), (720.0, 1_280.0, 30.0));
    assert_eq!((number("audiosamplerate"), number("audiosamplesize")), (44_100.0, 16.0));
    assert_eq!(values[1].get("stereo"), Some(&Value::Boolean(true)));
    assert_eq!(values[1].get("encoder").unwrap().as_str(), Some("OnAir 0.1.0"));
    let count = u32::from_be_bytes(bytes[14..18].try_into().unwrap());
    assert_eq!(count as usize, pairs.len());
}

#[test]
fn metadata_is_read_back() {
    let whole = metadata();
    let video_only = MetaData { audio: None, ..whole.clone() };
    let audio_only = MetaData { video: None, ..whole.clone() };
    let id = |id| NonZeroU8::new(id).unwrap();
    let several = MetaData {
        further_video: vec![(id(3), VideoMeta::h264((320, 180), 15.0, 200_000))],
        further_audio: vec![(id(1), AudioMeta::aac(48_000, 1, 64_000))],
        ..whole.clone()
    };
    for metadata in [whole, video_only, audio_only, several] {
        let mut bytes = Vec::new();
        amf0::write_str(&mut bytes, "@setDataFrame");
        metadata.write(&mut bytes);
        assert_eq!(MetaData::parse(&amf0::read_all(&bytes).unwrap()), Some(metadata));
    }
}

#[test]
fn metadata_of_others_is_read() {
    // LFLiveKit: an object, string codec ids, audio in bit/s.
    let pairs = [
        ("width", Value::from(360.0)),
        ("height", 640.0.into()),
        ("videocodecid", "avc1".into()),
        ("videodatarate", 600.0.into()),
        ("framerate", 24.0.into()),
        ("audiocodecid", "mp4a".into()),
        ("audiodatarate", 128_000.0.into()),
        ("audiosamplerate", 44_100.0.into()),
        ("stereo", true.into()),
    ];
    let object = Value::Object(pairs.map(|(key, value)| (key.to_owned(), value)).to_vec());
    let read = MetaData::parse(&["onMetaData".into(), object]).unwrap();
    let video = VideoMeta {
        width: 360,
        height: 640,
        fps: 24.0,
        bitrate_bps: 600_000,
        ..VideoMeta::default()
    };
    let audio = AudioMeta {
        sample_rate_hz: 44_100,
        channels: 2,
        bitrate_bps: 128_000,
        ..AudioMeta::default()
    };
    assert_eq!((read.video, read.audio), (Some(video), Some(audio)));
    // nginx-rtmp says 0 for a track that is not there.
    let pairs = [("videocodecid", Value::from(0.0)), ("audiocodecid", 10.0.into())];
    let object = Value::EcmaArray(pairs.map(|(key, value)| (key.to_owned(), value)).to_vec());
    let read = MetaData::parse(&[object]).unwrap();
    let unsaid =
        AudioMeta { sample_rate_hz: 0, channels: 0, bitrate_bps: 0, ..AudioMeta::default() };
    assert_eq!((read.video, read.audio), (None, Some(unsaid)));
    assert_eq!(MetaData::parse(&["onMetaData".into()]), None);
    let odd =
        Value::Object(vec![("width".into(), f64::NAN.into()), ("height".into(), (-1.0).into())]);
    assert_eq!(MetaData::parse(&[odd]).unwrap().video, None);
}

proptest! {
    #[test]
    fn no_metadata_panics(width: f64, rate: f64, channels: f64) {
        let pairs = [("width", width), ("audiodatarate", rate), ("audiochannels", channels)];
        let pairs = pairs.map(|(key, number)| (key.to_owned(), Value::Number(number)));
        let _ = MetaData::parse(&[Value::Object(pairs.to_vec())]);
    }
}
