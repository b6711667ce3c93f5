use super::track_report::Further;
use super::*;
use crate::testing::{aac_header, avc_header, change, of_track, picture, sound, stream};
use onair_engine::flv::TagType;

/// Counts and judges `tags` without decoding them: their pictures are made up.
fn report(tags: &[Tag]) -> Report {
    let mut tracks = Tracks::default();
    for tag in tags {
        tracks.tag(tag);
    }
    Report::new(Kind::File, &tracks, &Look::default(), None)
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.problems.iter().map(|problem| problem.code).collect()
}

#[test]
fn a_good_stream_is_described_and_nothing_is_wrong_with_it() {
    let report = report(&stream(0, 150));
    assert_eq!((codes(&report), report.ok), (vec![], true));
    let video = report.video.expect("video");
    assert_eq!((&*video.profile, &*video.level), ("Main", "3.0"));
    assert_eq!((video.width, video.height, video.frames, video.fps), (640, 360, 150, 30.0));
    assert_eq!((video.keyframes, video.keyframe_interval_min), (5, Some(30)));
    assert_eq!(video.keyframe_interval_max, Some(30));
    assert_eq!(video.bitrate, 7 * 30 * 8);
    let audio = report.audio.expect("audio");
    assert_eq!((audio.object_type, audio.sample_rate, audio.channels), (Some(2), 44_100, 2));
    assert_eq!(report.timestamps.audio_starts_after_ms, Some(0));
    assert!(report.timestamps.interleave_max_ms <= 34);
}

#[test]
fn a_stream_over_the_32_bit_wrap_is_as_good() {
    let wrapping = report(&stream(u32::MAX - 1_000, 150)).problems;
    assert_eq!(wrapping, []);
}

#[test]
fn one_track_alone_is_a_stream() {
    let tags = stream(0, 60);
    let only = |kind| tags.iter().filter(|t| t.tag_type == kind).cloned().collect::<Vec<_>>();
    let audio = report(&only(TagType::Audio));
    assert!(audio.ok && audio.video.is_none() && audio.timestamps.audio_starts_after_ms.is_none());
    let video = report(&only(TagType::Video));
    assert!(video.ok && video.audio.is_none());
}

#[test]
fn no_media_is_broken() {
    for tags in
        [vec![], vec![Tag { tag_type: TagType::Script, timestamp_ms: 0, body: vec![].into() }]]
    {
        let report = report(&tags);
        assert_eq!((codes(&report), report.ok), (vec!["no_media"], false));
    }
}

#[test]
fn headers_that_are_missing_or_late_are_errors() {
    let tags = stream(0, 60);
    let missing = report(&tags[2..]);
    assert_eq!(codes(&missing), ["video_header_missing", "audio_header_missing"]);
    assert!(!missing.ok);

    let mut late = tags.clone();
    late.swap(0, 3);
    let late = report(&late);
    assert_eq!(codes(&late), ["video_header_missing"]);
    assert!(late.problems[0].message.contains("1 pictures came before"));
}

#[test]
fn headers_that_cannot_be_read_are_errors() {
    let mut tags = stream(0, 60);
    tags[0].body = tags[0].body[..9].to_vec().into();
    tags[1].body = tags[1].body[..3].to_vec().into();
    let report = report(&tags);
    for code in ["video_header_invalid", "audio_header_invalid"] {
        assert!(codes(&report).contains(&code), "{:?}", report.problems);
    }
}

#[test]
fn time_that_steps_back_is_an_error_and_a_gap_is_a_warning() {
    let mut tags = stream(0, 60);
    tags.extend(stream(500, 60).split_off(2));
    let back = report(&tags);
    assert!(!back.ok);
    assert!(codes(&back).contains(&"video_steps_back"), "{:?}", back.problems);
    assert!(codes(&back).contains(&"audio_steps_back"), "{:?}", back.problems);

    let mut tags = stream(0, 60);
    tags.extend(stream(5_000, 60).split_off(2));
    let gap = report(&tags);
    assert!(gap.ok, "{:?}", gap.problems);
    assert_eq!(codes(&gap), ["video_gaps", "audio_gaps", "interleave"]);
}

#[test]
fn a_stream_that_starts_in_mid_gop_is_warned_of_and_one_without_key_frames_is_broken() {
    let tags = stream(0, 60);
    let without_first: Vec<Tag> = (0..)
        .zip(&tags)
        .filter(|(n, tag)| *n < 2 || tag.tag_type == TagType::Audio || *n > 5)
        .map(|(_, tag)| tag.clone())
        .collect();
    let late = report(&without_first);
    assert!(late.ok && codes(&late).contains(&"starts_without_keyframe"), "{:?}", late.problems);

    let mut never = vec![avc_header()];
    never.extend((0..30).map(|n| picture(n * 33, 0, false)));
    let never = report(&never);
    assert_eq!((codes(&never), never.ok), (vec!["no_keyframe"], false));
}

#[test]
fn composition_times_have_their_bounds() {
    let with = |composition_ms| {
        let mut tags = vec![avc_header()];
        tags.extend((0..30).map(|n| picture(n * 33, composition_ms, n == 0)));
        report(&tags)
    };
    assert!(with(66).problems.is_empty());
    assert_eq!((codes(&with(-1)), with(-1).ok), (vec!["composition_negative"], false));
    assert_eq!((codes(&with(5_000)), with(5_000).ok), (vec!["composition_large"], true));
}

#[test]
fn nal_unit_lengths_that_do_not_add_up_are_errors() {
    let mut tags = stream(0, 30);
    let last = tags.iter_mut().rfind(|tag| tag.tag_type == TagType::Video).expect("a picture");
    change(last, 8, 200);
    let report = report(&tags);
    assert!(codes(&report).contains(&"malformed_pictures"), "{:?}", report.problems);
    assert!(!report.ok);
}

#[test]
fn key_frame_marks_are_compared_with_the_slices() {
    let mut tags = stream(0, 30);
    let first = tags.iter().position(|t| t.tag_type == TagType::Video && t.body[1] == 1);
    let first = first.expect("a picture");
    // The NAL unit's header: an ordinary slice where the flag says key frame.
    change(&mut tags[first], 9, 0x41);
    assert_eq!(codes(&report(&tags)), ["keyframe_marks"]);
}

#[test]
fn sound_far_from_its_pictures_is_warned_of() {
    let mut tags = vec![avc_header(), aac_header()];
    tags.extend((0..30).map(|n| picture(n * 33, 0, n == 0)));
    tags.extend((0..40).map(|n| sound(n * 23)));
    assert_eq!(codes(&report(&tags)), ["interleave"]);
}

#[test]
fn other_codecs_are_named_and_not_judged() {
    let hevc =
        Tag { tag_type: TagType::Video, timestamp_ms: 0, body: vec![0x1C, 1, 0, 0, 0, 0].into() };
    let mp3 = Tag { tag_type: TagType::Audio, timestamp_ms: 0, body: vec![0x2F, 1, 2].into() };
    let report = report(&[hevc, mp3]);
    assert_eq!((codes(&report), report.ok), (vec!["video_codec", "audio_codec"], true));
    assert!(report.problems[0].message.contains("12") && report.problems[1].message.contains('2'));
}

#[test]
fn media_passes_from_the_first_access_unit_whatever_headers_say() {
    let mut passed = Passed::default();
    let second = Duration::from_secs(1);
    assert!(!passed.is_beyond(&avc_header(), second) && !passed.has_begun());
    assert!(!passed.is_beyond(&picture(50_000, 0, true), second) && passed.has_begun());
    assert!(!passed.is_beyond(&aac_header(), second));
    assert!(!passed.is_beyond(&sound(50_999), second));
    assert!(passed.is_beyond(&picture(51_000, 0, false), second));
}

#[test]
fn the_page_for_people_says_what_the_numbers_say() {
    let page = report(&stream(0, 150)).to_string();
    for part in ["H.264 Main 3.0, 640x360, 30 fps", "AAC-LC, 44100 Hz, 2 channels", "every 30"] {
        assert!(page.contains(part), "{page}");
    }
    assert!(page.ends_with("ok"), "{page}");
    let broken = report(&stream(0, 60)[2..]).to_string();
    assert!(broken.contains("error") && broken.ends_with("broken"), "{broken}");
}

#[test]
fn every_track_of_several_is_told_with_codec_size_and_rate() {
    let mut tags = stream(0, 150);
    tags.insert(2, of_track(1, &avc_header()));
    tags.insert(3, of_track(2, &aac_header()));
    // Track 1 has every second picture of the first one, track 2 every second frame of its sound.
    let mut with_more = Vec::new();
    let (mut pictures, mut sounds) = (0_u32, 0_u32);
    for tag in tags {
        let is_unit = tag.body[1] == 1;
        if is_unit && tag.tag_type == TagType::Video {
            pictures += 1;
            with_more.extend((pictures % 2 == 1).then(|| of_track(1, &tag)));
        } else if is_unit {
            sounds += 1;
            with_more.extend((sounds % 2 == 1).then(|| of_track(2, &tag)));
        }
        with_more.push(tag);
    }
    let report = report(&with_more);
    assert_eq!((codes(&report), report.ok), (vec![], true));
    let [Further { id: 1, track: video }] = &report.further_video[..] else { panic!("{report}") };
    assert_eq!(
        (video.codec, &*video.profile, video.width, video.height),
        ("h264", "Main", 640, 360)
    );
    assert_eq!((video.frames, video.fps, video.bitrate), (75, 15.0, 7 * 15 * 8));
    assert_eq!((video.keyframes, video.keyframe_interval_max), (5, Some(15)));
    let [Further { id: 2, track: audio }] = &report.further_audio[..] else { panic!("{report}") };
    assert_eq!((audio.codec, audio.sample_rate, audio.channels), ("aac", 44_100, 2));
    assert_eq!(u64::from(sounds.div_ceil(2)), audio.frames);
    // The first ones are as they were.
    assert_eq!(report.video.as_ref().map(|video| video.frames), Some(150));
    let page = report.to_string();
    for part in ["video 1     H.264 Main 3.0, 640x360, 15 fps", "audio 2     AAC-LC, 44100 Hz"] {
        assert!(page.contains(part), "{page}");
    }
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(
        (&json["further_video"][0]["id"], &json["further_video"][0]["fps"]),
        (&1.into(), &15.0.into())
    );
}

#[test]
fn a_first_track_among_several_is_the_first_and_time_passes_with_any() {
    let tags: Vec<Tag> = stream(0, 60).iter().map(|tag| of_track(0, tag)).collect();
    let report = report(&tags);
    assert_eq!((report.ok, report.further_video.len()), (true, 0), "{report}");
    assert_eq!(report.video.map(|video| video.frames), Some(60));
    let mut passed = Passed::default();
    assert!(!passed.is_beyond(&of_track(3, &avc_header()), Duration::ZERO));
    assert!(passed.is_beyond(&of_track(3, &picture(0, 0, true)), Duration::ZERO));
}

#[test]
fn a_further_track_without_a_header_is_warned_of() {
    let mut tags = stream(0, 60);
    tags.push(of_track(4, &picture(2_000, 0, true)));
    let report = report(&tags);
    assert_eq!((codes(&report), report.ok), (vec!["further_track"], true));
    assert!(report.problems[0].message.contains("further track 4 of pictures"), "{report}");
}
