use std::num::NonZeroU8;

use onair::{Cue, DataValue, VideoCodec, VideoHeader};
use onair_engine::amf0::Value;
use onair_engine::flv::AudioMeta;
use onair_types::FrameKind;

use super::items::frame_kind;
use super::*;
use crate::testing::{aac_header, avc_header, change, file, of_track, picture, sound, stream};
use std::io::Write;

const BOTH: Tracks = Tracks { audio: true, video: true };

fn open(bytes: &[u8], wanted: Tracks) -> Result<EncodedSource, Failure> {
    let mut flv = tempfile::NamedTempFile::new().expect("file");
    flv.write_all(bytes).expect("write");
    EncodedSource::open(flv.path(), wanted, None, true)
}

fn units(source: &mut EncodedSource) -> Vec<AccessUnit> {
    let items = std::iter::from_fn(|| source.next_wanted().expect("a good file"));
    let unit = |item| match item {
        Item::Unit(unit) => Some(unit),
        _ => None,
    };
    items.filter_map(unit).collect()
}

/// What the batches hold, in the order of the pushes: track, id and time.
fn pushes(source: &mut EncodedSource) -> Vec<Vec<(&'static str, u8, i64)>> {
    let mut batches = Vec::new();
    loop {
        let mut batch = Vec::new();
        let more = source.fill(&mut batch).expect("a good file");
        let word = |item: &Item| match item {
            Item::Unit(AccessUnit::Video(_)) => ("picture", 0),
            Item::Unit(AccessUnit::Audio(_)) => ("sound", 0),
            Item::Further(id, AccessUnit::Video(_)) => ("picture", id.get()),
            Item::Further(id, AccessUnit::Audio(_)) => ("sound", id.get()),
            Item::Cue(..) => ("cue", 0),
        };
        let words = batch.iter().map(|item| {
            let (word, id) = word(item);
            (word, id, item.at().as_millis_rounded())
        });
        batches.push(words.collect());
        if !more {
            return batches;
        }
    }
}

fn script(timestamp_ms: u32, values: &[DataValue]) -> Tag {
    let mut body = Vec::new();
    values.iter().for_each(|value| amf0::write(&mut body, value));
    Tag { tag_type: TagType::Script, timestamp_ms, body: body.into() }
}

#[test]
fn cues_go_ahead_of_the_media_of_their_time_and_say_what_the_file_says() {
    let text = |text: &str| Value::Object(vec![("text".to_owned(), Value::from(text))]);
    let point = Value::Object(vec![("time".to_owned(), 0.05.into()), ("name".into(), "n".into())]);
    let tags = [
        script(0, &["onMetaData".into(), Value::EcmaArray(vec![("width".into(), 9.0.into())])]),
        script(0, &["onTextData".into(), text("first")]),
        avc_header(),
        picture(0, 0, true),
        script(50, &["onCuePoint".into(), point.clone()]),
        picture(67, 0, false),
        script(67, &["onTextData".into(), text("of 67")]),
        script(67, &["@setDataFrame".into(), "onMetaData".into(), text("not for players")]),
        script(67, &[Value::Number(1.0)]),
        picture(133, 0, false),
        script(150, &["onAnything".into(), 7.0.into()]),
    ];
    let mut source = open(&file(&tags), BOTH).expect("open");
    let expected = [
        vec![("cue", 0, 0), ("picture", 0, 0)],
        vec![("cue", 0, 50), ("cue", 0, 67), ("picture", 0, 67)],
        vec![("picture", 0, 133)],
        vec![("cue", 0, 150)],
    ];
    assert_eq!(pushes(&mut source), expected);
    let mut source = open(&file(&tags), BOTH).expect("open");
    let items: Vec<Item> = std::iter::from_fn(|| source.next_wanted().unwrap()).collect();
    let cues: Vec<_> = items.into_iter().filter(Item::is_beside).collect();
    let Item::Cue(_, cue) = &cues[1] else { panic!("{cues:?}") };
    assert_eq!(*cue, Cue::data("onCuePoint", [point]).expect("a cue"));
}

#[test]
fn further_tracks_go_ahead_and_are_named_in_the_metadata() {
    let tags = [
        avc_header(),
        aac_header(),
        of_track(1, &avc_header()),
        of_track(2, &aac_header()),
        picture(0, 0, true),
        of_track(1, &picture(0, 33, true)),
        sound(0),
        of_track(2, &sound(5)),
        picture(33, 0, false),
        // Nobody was told of this one, and this one begins in the middle.
        of_track(7, &picture(33, 0, true)),
        of_track(1, &picture(33, 0, false)),
    ];
    let bytes = file(&tags);
    let mut source = open(&bytes, BOTH).expect("open");
    let metadata = source.metadata();
    let ids: Vec<u8> = metadata.further_video.iter().map(|(id, _)| id.get()).collect();
    assert_eq!((ids, metadata.further_video[0].1.width), (vec![1], 640));
    let sound_of_2 = AudioMeta::aac(44_100, 2, 0);
    assert_eq!(metadata.further_audio, [(NonZeroU8::new(2).unwrap(), sound_of_2)]);
    let expected = [
        vec![("picture", 1, 0), ("picture", 0, 0)],
        vec![("sound", 2, 5), ("picture", 1, 33), ("sound", 0, 0), ("picture", 0, 33)],
    ];
    assert_eq!(pushes(&mut source)[..2], expected);
    let no_sound = Tracks { audio: false, video: true };
    assert!(open(&bytes, no_sound).expect("open").metadata().further_audio.is_empty());
}

#[test]
fn a_track_that_shows_up_late_is_left_out_in_words() {
    let mut tags = stream(0, 400);
    let at = tags.last().expect("a tag").timestamp_ms;
    tags.extend([of_track(3, &avc_header()), of_track(3, &picture(at + 1, 0, true))]);
    tags.extend([of_track(3, &picture(at + 34, 0, false)), picture(at + 40, 0, false)]);
    let mut source = open(&file(&tags), BOTH).expect("open");
    assert!(source.is_plain());
    let last = units(&mut source).last().map(AccessUnit::dts);
    assert_eq!(last, Some(MediaTime::from_millis((at + 40).into())), "the others go on");
    let words: Vec<String> = source.late.iter().map(LateTrack::to_string).collect();
    assert_eq!(words.len(), 1, "once: {words:?}");
    let expected = format!("track 3 of pictures shows up at {} ms", at + 1);
    assert!(words[0].starts_with(&expected), "{words:?}");
}

#[test]
fn what_is_plain_goes_the_short_way_and_the_rest_its_own() {
    let cue = script(0, &["onTextData".into(), Value::Object(Vec::new())]);
    let tags = [stream(0, 100), vec![cue, avc_header()], stream(5_000, 100)].concat();
    let bytes = file(&tags);
    let expected: Vec<AccessUnit> = units(&mut open(&bytes, BOTH).expect("open"));
    let mut source = open(&bytes, BOTH).expect("open");
    let (mut all, mut cues, mut short) = (Vec::new(), 0, 0);
    loop {
        let mut many = Vec::new();
        if source.fill_plain(&mut many).expect("a good file") {
            assert!(many.len() <= plain::MOST_UNITS);
            short += many.len();
            all.extend(many);
            continue;
        }
        let mut batch = Vec::new();
        let more = source.fill(&mut batch).expect("a good file");
        cues += batch.iter().filter(|item| item.is_beside()).count();
        all.extend(batch.into_iter().filter_map(|item| match item {
            Item::Unit(unit) => Some(unit),
            _ => None,
        }));
        if !more {
            break;
        }
    }
    assert_eq!((cues, all == expected), (1, true));
    assert!(short > all.len() / 2, "{short} of {}", all.len());
}

#[test]
fn two_tracks_in_one_message_are_taken_apart() {
    let one = |tag: &Tag, skipped| tag.body[skipped..].to_vec();
    let both = |timestamp_ms, kind: u8, key: u8, parts: [Vec<u8>; 2]| {
        let mut body = vec![0x80 | key << 4 | 6, 0x10 | kind];
        body.extend_from_slice(b"avc1");
        for (id, part) in (0_u8..).zip(parts) {
            body.push(id);
            body.extend_from_slice(&(part.len() as u32).to_be_bytes()[1..]);
            body.extend(part);
        }
        Tag { tag_type: TagType::Video, timestamp_ms, body: body.into() }
    };
    let header = one(&avc_header(), 5);
    let (idr, next) = (one(&picture(0, 0, true), 2), one(&picture(33, 66, false), 2));
    let tags = [
        both(0, 0, 1, [header.clone(), header]),
        both(0, 1, 1, [idr.clone(), idr.clone()]),
        both(33, 1, 2, [next.clone(), next.clone()]),
    ];
    let mut source = open(&file(&tags), BOTH).expect("open");
    let expected =
        [vec![("picture", 1, 0), ("picture", 0, 0)], vec![("picture", 1, 33), ("picture", 0, 33)]];
    let mut again = open(&file(&tags), BOTH).expect("open");
    assert_eq!(pushes(&mut source), expected);
    let first = units(&mut again);
    let AccessUnit::Video(unit) = &first[1] else { panic!("{first:?}") };
    assert_eq!((*unit.payload).to_vec(), next[3..], "its own bytes, not the message's");
    assert_eq!(unit.pts.micros_since(unit.dts), 66_000);
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
