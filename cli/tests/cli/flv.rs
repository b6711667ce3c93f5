//! `onair push --flv`: an encoded file arrives as it left.

use crate::common::{Serve, onair};
use onair_engine::amf0::{self, Value};
use onair_engine::flv::{self, Reader, Tag, TagType};
use onair_types::h264::AvcConfig;

/// Access units of a file: everything but headers and metadata.
fn units(mut bytes: &[u8]) -> Vec<Tag> {
    let mut reader = Reader::new();
    std::iter::from_fn(|| reader.take_from(&mut bytes).expect("flv"))
        .filter(|tag| tag.tag_type != TagType::Script && tag.body.get(1) == Some(&1))
        .collect()
}

/// A file whose pictures are made up but whose times are those of B-frames: 30 fps, I B B P.
fn file_with_reordering(seconds: u32) -> Vec<u8> {
    let sps = [
        0x67, 0x4d, 0x40, 0x1e, 0xec, 0xa0, 0x50, 0x17, 0xfc, 0xb8, 0x08, 0x80, 0, 0, 3, 0, 0x80,
        0, 0, 0x1e, 7, 0x8b, 0x16, 0xcb,
    ];
    let config = AvcConfig::from_parameter_sets(&sps, &[0x68, 0xeb, 0xe3, 0xcb, 0x20]);
    let config = config.expect("parameter sets");
    let mut file = flv::file_header(true, true).to_vec();
    let mut put = |tag_type, ms: u32, parts: &[&[u8]]| {
        flv::write_tag(&mut file, tag_type, ms, parts);
    };
    put(TagType::Video, 0, &[&flv::AVC_HEADER_PREFIX, config.record()]);
    put(TagType::Audio, 0, &[&flv::AAC_HEADER_PREFIX, &[0x12, 0x10]]);
    let mut sounds = 0;
    for n in 0..seconds * 30 {
        let dts = (n * 1_000 + 15) / 30;
        while sounds * 1_024_000 / 44_100 <= dts {
            let ms = sounds * 1_024_000 / 44_100;
            put(TagType::Audio, ms, &[&flv::AAC_RAW_PREFIX, &[0x21, sounds as u8, 3]]);
            sounds += 1;
        }
        let (composition, nal) = match n % 60 {
            0 => (67, 0x65),
            n if n % 3 == 1 => (167, 0x41),
            n if n % 3 == 2 => (33, 0x01),
            _ => (0, 0x01),
        };
        let prefix = flv::video_prefix(nal == 0x65, composition);
        // An SEI and a slice: both must arrive.
        let payload = [0, 0, 0, 2, 6, 5, 0, 0, 0, 4, nal, 0x88, n as u8, 9];
        put(TagType::Video, dts, &[&prefix, &payload]);
    }
    file
}

#[test]
fn access_units_and_their_times_arrive_untouched() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("b.flv");
    let file = file_with_reordering(10);
    std::fs::write(&path, &file).expect("write");

    let serve = Serve::start();
    let url = serve.rtmp_url("copy");
    let arguments = ["push", &url, "--flv", path.to_str().expect("path"), "--fast", "--json"];
    let summary = onair(&arguments).assert_code(0).last();
    assert_eq!((&summary["frames_sent"], &summary["frames_dropped"]), (&300.into(), &0.into()));
    assert!(summary["seconds"].as_f64() < Some(9.0), "fast is faster than real time: {summary}");

    let copy = std::fs::read(&serve.recording("copy").path).expect("recording");
    let (sent, arrived) = (units(&file), units(&copy));
    assert_eq!(arrived.len(), sent.len());
    for track in [TagType::Video, TagType::Audio] {
        let of = |tags: &[Tag]| tags.iter().filter(|t| t.tag_type == track).cloned().collect();
        let (sent, arrived): (Vec<Tag>, Vec<Tag>) = (of(&sent), of(&arrived));
        assert_eq!(arrived, sent);
    }
}

/// `file` with a text for players before each of its pictures.
fn with_a_cue_a_picture(mut file: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new();
    let tags = std::iter::from_fn(|| reader.take_from(&mut file).expect("flv"));
    let mut with_cues = flv::file_header(true, true).to_vec();
    for Tag { tag_type, timestamp_ms, body } in tags {
        if tag_type == TagType::Video && body[1] == 1 {
            let text = Value::from(format!("at {timestamp_ms}"));
            let mut cue = Vec::new();
            amf0::write_str(&mut cue, "onTextData");
            amf0::write(&mut cue, &Value::Object(vec![("text".to_owned(), text)]));
            flv::write_tag(&mut with_cues, TagType::Script, timestamp_ms, &[&cue]);
        }
        flv::write_tag(&mut with_cues, tag_type, timestamp_ms, &[&body]);
    }
    with_cues
}

/// The texts for players in a file, and when they come.
fn cues(mut file: &[u8]) -> Vec<(u32, String)> {
    let mut reader = Reader::new();
    let tags = std::iter::from_fn(|| reader.take_from(&mut file).expect("flv"));
    let scripts = tags.filter(|tag| tag.tag_type == TagType::Script);
    let text = |tag: Tag| {
        let values = amf0::read_all(&tag.body).expect("AMF0");
        let is_text = values[0].as_str() == Some("onTextData");
        let text = values.get(1).filter(|_| is_text)?.get("text")?.as_str()?;
        Some((tag.timestamp_ms, text.to_owned()))
    };
    scripts.filter_map(text).collect()
}

#[test]
fn what_a_file_says_to_players_arrives_at_its_time() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("cues.flv");
    let file = with_a_cue_a_picture(&file_with_reordering(10));
    std::fs::write(&path, &file).expect("write");
    let serve = Serve::start();
    let url = serve.rtmp_url("cues");
    let arguments = ["push", &url, "--flv", path.to_str().expect("path"), "--fast", "--json"];
    let summary = onair(&arguments).assert_code(0).last();
    assert_eq!(summary["frames_sent"], 300);
    let copy = std::fs::read(&serve.recording("cues").path).expect("recording");
    let (sent, arrived) = (cues(&file), cues(&copy));
    assert_eq!((sent.len(), sent[1].clone()), (300, (33, "at 33".to_owned())));
    assert_eq!(arrived, sent);
}

#[test]
fn without_fast_it_takes_as_long_as_it_plays() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("b.flv");
    std::fs::write(&path, file_with_reordering(20)).expect("write");
    let serve = Serve::start();
    let url = serve.rtmp_url("paced");
    let path = path.to_str().expect("path");
    let arguments = ["push", &url, "--flv", path, "--duration", "2s", "--json"];
    let summary = onair(&arguments).assert_code(0).last();
    assert_eq!(summary["frames_sent"], 60, "two seconds of it");
    assert!(summary["seconds"].as_f64() >= Some(1.9), "{summary}");
}

#[test]
fn one_track_of_a_file_can_be_left_out() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("b.flv");
    std::fs::write(&path, file_with_reordering(2)).expect("write");
    let serve = Serve::start();
    let url = serve.rtmp_url("sound");
    let path = path.to_str().expect("path");
    let arguments = ["push", &url, "--flv", path, "--fast", "--audio-only", "--json"];
    let summary = onair(&arguments).assert_code(0).last();
    assert_eq!(summary["frames_sent"], 0);
    assert!(summary["audio_frames_sent"].as_u64() > Some(80), "{summary}");
}

#[test]
fn what_is_not_such_a_file_is_a_usage_error() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("no.flv");
    std::fs::write(&path, b"RIFF....WAVE").expect("write");
    let path = path.to_str().expect("path");
    let ended = onair(&["push", "rtmp://127.0.0.1:1/live/canary", "--flv", path]).assert_code(2);
    assert!(ended.stderr.contains("not an FLV file"), "{ended:?}");
}
