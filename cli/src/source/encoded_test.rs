use super::*;
use crate::testing::{aac_header, avc_header, change, file, picture, sound, stream};
use std::io::Write;

const BOTH: Tracks = Tracks { audio: true, video: true };

fn open(bytes: &[u8], wanted: Tracks) -> Result<EncodedSource, Failure> {
    let mut flv = tempfile::NamedTempFile::new().expect("file");
    flv.write_all(bytes).expect("write");
    EncodedSource::open(flv.path(), wanted, None, true)
}

fn units(source: &mut EncodedSource) -> Vec<AccessUnit> {
    std::iter::from_fn(|| source.next_unit().expect("unit")).collect()
}

#[test]
fn every_access_unit_of_the_file_comes_out_with_its_times_and_bytes() {
    let tags = stream(0, 100);
    let mut source = open(&file(&tags), BOTH).expect("open");
    let units = units(&mut source);
    let media: Vec<&Tag> = tags.iter().filter(|tag| tag.body[1] == 1).collect();
    assert_eq!(units.len(), media.len());
    for (unit, tag) in units.iter().zip(media) {
        let (prefix, payload) = match unit {
            AccessUnit::Video(unit) => (5, &unit.payload),
            AccessUnit::Audio(unit) => (2, &unit.payload),
        };
        assert_eq!(unit.dts(), MediaTime::from_millis(tag.timestamp_ms.into()));
        assert_eq!(**payload, tag.body[prefix..]);
        assert_eq!(unit.is_idr(), tag.body[0] == 0x17);
    }
}

#[test]
fn composition_times_survive() {
    let tags = [avc_header(), picture(0, 66, true), picture(33, 133, false), picture(67, 0, false)];
    let mut source = open(&file(&tags), BOTH).expect("open");
    let offsets: Vec<i64> = units(&mut source)
        .iter()
        .map(|unit| match unit {
            AccessUnit::Video(unit) => unit.pts.micros_since(unit.dts) / 1_000,
            AccessUnit::Audio(_) => panic!("no sound in there"),
        })
        .collect();
    assert_eq!(offsets, [66, 133, 0]);
}

#[test]
fn times_go_on_past_the_wrap_of_the_file() {
    let mut source = open(&file(&stream(u32::MAX - 100, 30)), BOTH).expect("open");
    let times: Vec<MediaTime> = units(&mut source).iter().map(AccessUnit::dts).collect();
    assert!(times.is_sorted());
}

#[test]
fn metadata_says_what_the_headers_say() {
    let source = open(&file(&stream(0, 100)), BOTH).expect("open");
    let metadata = source.metadata();
    let video = metadata.video.as_ref().expect("video");
    assert_eq!((video.width, video.height, video.fps), (640, 360, 30.0));
    let audio = metadata.audio.as_ref().expect("audio");
    assert_eq!((audio.sample_rate_hz, audio.channels), (44_100, 2));
}

#[test]
fn a_track_that_is_not_wanted_is_left_out() {
    let bytes = file(&stream(0, 30));
    for (audio, video) in [(true, false), (false, true)] {
        let mut source = open(&bytes, Tracks { audio, video }).expect("open");
        assert_eq!(source.metadata().audio.is_some(), audio);
        assert_eq!(source.metadata().video.is_some(), video);
        let is_video = |unit: &AccessUnit| matches!(unit, AccessUnit::Video(_));
        assert!(units(&mut source).iter().all(|unit| is_video(unit) == video));
    }
}

#[test]
fn changed_parameter_sets_hold_from_their_header_on_and_repeated_ones_are_shared() {
    let mut other = avc_header();
    // The level, which the record repeats before the SPS.
    let level = other.body[8];
    change(&mut other, 8, level + 1);
    let tags = [
        avc_header(),
        picture(0, 0, true),
        avc_header(),
        picture(33, 0, false),
        other,
        picture(67, 0, true),
    ];
    let mut source = open(&file(&tags), BOTH).expect("open");
    let configs: Vec<_> = units(&mut source)
        .into_iter()
        .map(|unit| match unit {
            AccessUnit::Video(unit) => unit.config,
            AccessUnit::Audio(_) => panic!("no sound in there"),
        })
        .collect();
    assert!(std::sync::Arc::ptr_eq(
        configs[0].h264().expect("H.264"),
        configs[1].h264().expect("H.264")
    ));
    assert_ne!(configs[1], configs[2]);
}

#[test]
fn files_that_cannot_be_shipped_are_usage_errors_with_a_reason() {
    let mp3 = Tag { tag_type: TagType::Audio, timestamp_ms: 0, body: vec![0x2F, 1, 2].into() };
    let good = stream(0, 30);
    for (bytes, reason) in [
        (b"not a video".to_vec(), "not an FLV"),
        (vec![], "neither"),
        (file(&[]), "neither"),
        (file(&good[3..]), "before its sequence header"),
        (file(&[avc_header(), mp3]), "--video-only"),
    ] {
        let Err(error) = open(&bytes, BOTH) else { panic!("{reason}: was opened") };
        assert_eq!(error.exit, crate::exit::Exit::Usage);
        assert!(error.message.contains(reason), "{error}");
    }
    let missing = EncodedSource::open(Path::new("/nowhere.flv"), BOTH, None, true);
    assert!(missing.is_err_and(|error| error.message.contains("/nowhere.flv")));
}

#[test]
fn disposable_pictures_are_known_by_their_reference_idc() {
    let config = VideoHeader::from_record(VideoCodec::H264, &avc_header().body[5..]);
    let config = config.expect("a record");
    let kind = |keyframe, data: &[u8]| frame_kind(&config, keyframe, data);
    assert_eq!(kind(true, &[0, 0, 0, 1, 0x65]), FrameKind::Idr);
    assert_eq!(kind(false, &[0, 0, 0, 1, 0x41]), FrameKind::Reference);
    assert_eq!(kind(false, &[0, 0, 0, 1, 0x01]), FrameKind::Disposable);
    // An SEI before it changes nothing.
    assert_eq!(kind(false, &[0, 0, 0, 1, 0x06, 0, 0, 0, 1, 0x01]), FrameKind::Disposable);
}

#[test]
fn sound_without_pictures_needs_no_picture_to_be_found() {
    let tags: Vec<Tag> =
        std::iter::once(aac_header()).chain((0..300).map(|n| sound(n * 23))).collect();
    let mut source = open(&file(&tags), BOTH).expect("open");
    assert!(source.metadata().video.is_none());
    assert_eq!(units(&mut source).len(), 300);
}
