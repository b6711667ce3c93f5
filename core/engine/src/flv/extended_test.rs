use proptest::prelude::*;

use super::AUDIO_MULTITRACK;
use crate::flv::TagType::{self, Audio, Video};
use crate::flv::{Body, FlvError, Prefix};
use onair_types::{AudioCodec, VideoCodec};

fn parse(tag_type: TagType, body: &[u8]) -> Result<Body<'_>, FlvError> {
    Body::parse(tag_type, body)
}

/// Sound format 9 and pictures share no first byte of several tracks.
fn tracks(body: &[u8]) -> Vec<Result<(u8, Body<'_>), FlvError>> {
    let tag_type = if body[0] & 0x0F == AUDIO_MULTITRACK { Audio } else { Video };
    let Ok(Body::Multitrack(tracks)) = parse(tag_type, body) else {
        panic!("not several tracks: {body:02x?}")
    };
    tracks.tracks().collect()
}

#[test]
fn prefixes_have_the_bytes_of_the_specification() {
    let hevc = VideoCodec::Hevc;
    assert_eq!(Prefix::video_header(hevc).as_bytes(), b"\x90hvc1");
    assert_eq!(Prefix::video(hevc, true, 0).as_bytes(), b"\x93hvc1");
    assert_eq!(Prefix::video(hevc, false, 67).as_bytes(), b"\xA1hvc1\0\0\x43");
    assert_eq!(Prefix::video(VideoCodec::Av1, false, 67).as_bytes(), b"\xA1av01");
    assert_eq!(Prefix::video_end(hevc).expect("one").as_bytes(), b"\x92hvc1");
    assert_eq!(Prefix::audio_header(AudioCodec::Opus).as_bytes(), b"\x90Opus");
    assert_eq!(Prefix::audio(AudioCodec::Opus).as_bytes(), b"\x91Opus");
    assert_eq!(Prefix::audio_end(AudioCodec::Opus).expect("one").as_bytes(), b"\x92Opus");

    // H.264 and AAC stay what they were: every server reads that.
    assert_eq!(Prefix::video(VideoCodec::H264, true, 66).as_bytes(), [0x17, 1, 0, 0, 66]);
    assert_eq!(Prefix::video_header(VideoCodec::H264).as_bytes(), [0x17, 0, 0, 0, 0]);
    assert_eq!(Prefix::audio(AudioCodec::Aac).as_bytes(), [0xAF, 1]);
    assert_eq!(Prefix::audio_header(AudioCodec::Aac).as_bytes(), [0xAF, 0]);
    assert_eq!(
        (Prefix::video_end(VideoCodec::H264), Prefix::audio_end(AudioCodec::Aac)),
        (None, None)
    );

    // Further tracks: one in each message.
    assert_eq!(Prefix::video_header_of_track(1, VideoCodec::H264).as_bytes(), b"\x96\x00avc1\x01");
    assert_eq!(
        Prefix::video_of_track(2, VideoCodec::H264, false, -1).as_bytes(),
        b"\xA6\x01avc1\x02\xFF\xFF\xFF"
    );
    assert_eq!(Prefix::video_of_track(1, hevc, true, 0).as_bytes(), b"\x96\x03hvc1\x01");
    assert_eq!(Prefix::audio_header_of_track(1, AudioCodec::Aac).as_bytes(), b"\x95\x00mp4a\x01");
    assert_eq!(Prefix::audio_of_track(1, AudioCodec::Opus).as_bytes(), b"\x95\x01Opus\x01");
}

#[test]
fn what_ffmpeg_writes_is_read() {
    for (tag_type, body, expected) in [
        (Video, &b"\x90av01"[..], Body::Aside), // before it knows the record
        (
            Video,
            b"\x90av01\x81\0\x0C\0",
            Body::VideoHeader { codec: VideoCodec::Av1, record: b"\x81\0\x0C\0" },
        ),
        (Video, b"\xD4hvc1\x02\0\x09colorInfo", Body::Aside),
        (
            Video,
            b"\x91hvc1\0\0\x43data",
            Body::VideoUnit {
                codec: VideoCodec::Hevc,
                keyframe: true,
                composition_ms: 67,
                data: b"data",
            },
        ),
        (
            Video,
            b"\xA3hvc1data",
            Body::VideoUnit {
                codec: VideoCodec::Hevc,
                keyframe: false,
                composition_ms: 0,
                data: b"data",
            },
        ),
        (Audio, b"\x94Opus\x01\x02\0\0\0\x03", Body::Aside), // which channel is where
        (
            Audio,
            b"\x90OpusOpusHead",
            Body::AudioHeader { codec: AudioCodec::Opus, head: b"OpusHead" },
        ),
        (Audio, b"\x91Opus\xFC", Body::AudioUnit { codec: AudioCodec::Opus, data: b"\xFC" }),
    ] {
        assert_eq!(parse(tag_type, body), Ok(expected), "{body:02x?}");
    }
}

#[test]
fn h264_and_aac_in_extended_tags_are_what_their_legacy_tags_are() {
    assert_eq!(parse(Video, b"\x90avc1\x01"), Ok(Body::AvcHeader(b"\x01")));
    let unit = Body::AvcUnit { keyframe: false, composition_ms: -1, data: b"x" };
    assert_eq!(parse(Video, b"\xA1avc1\xFF\xFF\xFFx"), Ok(unit));
    assert_eq!(parse(Video, b"\x92avc1"), Ok(Body::AvcEnd));
    assert_eq!(parse(Audio, b"\x90mp4a\x12\x10"), Ok(Body::AacHeader(b"\x12\x10")));
    assert_eq!(parse(Audio, b"\x91mp4ax"), Ok(Body::AacFrame(b"x")));
}

#[test]
fn modifiers_are_passed_over_however_many_there_are() {
    let unit = Body::AudioUnit { codec: AudioCodec::Opus, data: b"x" };
    // One of three bytes (nanoseconds), then one of unknown type and two bytes.
    assert_eq!(parse(Audio, b"\x97\x02\0\0\x07\x07\x01ab\xF1Opusx"), Ok(unit));
    let mut long = b"\x97\xFF\x01\x2B".to_vec();
    long.extend([0; 300]);
    long.extend(b"\x01Opusx");
    assert_eq!(parse(Audio, &long), Ok(unit), "a size of 16 bits");
    long.truncate(303);
    assert_eq!(parse(Audio, &long), Err(FlvError::ShortBody { needed: 300, available: 299 }));
    let mut chain = vec![0x97];
    chain.extend([0, 0, 7].repeat(100_000));
    assert!(parse(Audio, &chain).is_err(), "a chain without end");
}

#[test]
fn what_is_not_known_is_named_or_passed_over() {
    assert_eq!(parse(Video, b"\x91vp09x"), Ok(Body::Foreign(*b"vp09")));
    assert_eq!(parse(Audio, b"\x91fLaCx"), Ok(Body::Foreign(*b"fLaC")));
    for body in [&b"\x95av01x"[..], b"\x98hvc1x", b"\x9Fhvc1x", b"\xD1\0", b"\x96\xF1hvc1\0x"] {
        assert_eq!(parse(Video, body), Ok(Body::Aside), "{body:02x?}");
    }
    assert_eq!(parse(Audio, b"\x9DOpusx"), Ok(Body::Aside));
}

#[test]
fn all_shapes_of_several_tracks_are_read() {
    let unit = |codec, data| Body::VideoUnit { codec, keyframe: true, composition_ms: 0, data };
    let (hevc, av1) = (VideoCodec::Hevc, VideoCodec::Av1);
    assert_eq!(tracks(b"\x96\x03hvc1\x05abc"), [Ok((5, unit(hevc, b"abc")))]);
    assert_eq!(
        tracks(b"\x96\x13hvc1\x00\0\0\x01a\x01\0\0\x02bc"),
        [Ok((0, unit(hevc, b"a"))), Ok((1, unit(hevc, b"bc")))]
    );
    assert_eq!(
        tracks(b"\x96\x23hvc1\x00\0\0\x01aav01\x01\0\0\x02bc"),
        [Ok((0, unit(hevc, b"a"))), Ok((1, unit(av1, b"bc")))]
    );
    let sound = |data| Body::AudioUnit { codec: AudioCodec::Opus, data };
    assert_eq!(tracks(b"\x95\x01Opus\x07x"), [Ok((7, sound(b"x")))]);
    let cut = tracks(b"\x96\x13hvc1\x00\0\0\x01a\x01\0\0\x09bc");
    assert_eq!(cut[1], Err(FlvError::ShortBody { needed: 9, available: 2 }));
    assert_eq!(cut.len(), 2, "an error is the last");
}

#[test]
fn a_track_that_is_too_short_ends_the_message() {
    // Of two tracks of H.264 the first has no room for its composition time, the second breaks off.
    let body = b"\x96\x11avc1\x00\0\0\0\x16";
    assert!(matches!(tracks(body)[..], [Err(FlvError::ShortBody { .. })]), "{:?}", tracks(body));
}

fn video_codec() -> impl Strategy<Value = VideoCodec> {
    prop::sample::select(VideoCodec::ALL.to_vec())
}

fn audio_codec() -> impl Strategy<Value = AudioCodec> {
    prop::sample::select(AudioCodec::ALL.to_vec())
}

proptest! {
    #[test]
    fn pictures_are_read_back(
        codec in video_codec(),
        keyframe in any::<bool>(),
        composition_ms in -8_388_608i32..8_388_608,
        data in prop::collection::vec(any::<u8>(), 1..50),
        track_id in any::<u8>(),
    ) {
        let composition_ms = if codec == VideoCodec::Av1 { 0 } else { composition_ms };
        let expected = match codec {
            VideoCodec::H264 => Body::AvcUnit { keyframe, composition_ms, data: &data },
            codec => Body::VideoUnit { codec, keyframe, composition_ms, data: &data },
        };
        let body = [Prefix::video(codec, keyframe, composition_ms).as_bytes(), &data].concat();
        prop_assert_eq!(parse(Video, &body), Ok(expected));
        let prefix = Prefix::video_of_track(track_id, codec, keyframe, composition_ms);
        let body = [prefix.as_bytes(), &data].concat();
        prop_assert_eq!(tracks(&body), [Ok((track_id, expected))]);

        let expected = match codec {
            VideoCodec::H264 => Body::AvcHeader(&data),
            codec => Body::VideoHeader { codec, record: &data },
        };
        let body = [Prefix::video_header(codec).as_bytes(), &data].concat();
        prop_assert_eq!(parse(Video, &body), Ok(expected));
        let body = [Prefix::video_header_of_track(track_id, codec).as_bytes(), &data].concat();
        prop_assert_eq!(tracks(&body), [Ok((track_id, expected))]);
    }

    #[test]
    fn sound_is_read_back(
        codec in audio_codec(),
        data in prop::collection::vec(any::<u8>(), 1..50),
        track_id in any::<u8>(),
    ) {
        let (frame, header) = match codec {
            AudioCodec::Aac => (Body::AacFrame(&data), Body::AacHeader(&data)),
            codec => (Body::AudioUnit { codec, data: &data }, Body::AudioHeader { codec, head: &data }),
        };
        for (prefix, of_track, expected) in [
            (Prefix::audio(codec), Prefix::audio_of_track(track_id, codec), frame),
            (Prefix::audio_header(codec), Prefix::audio_header_of_track(track_id, codec), header),
        ] {
            let body = [prefix.as_bytes(), &data].concat();
            prop_assert_eq!(parse(Audio, &body), Ok(expected));
            let body = [of_track.as_bytes(), &data].concat();
            prop_assert_eq!(tracks(&body), [Ok((track_id, expected))]);
        }
    }

    #[test]
    fn no_extended_body_panics_and_every_end_of_it_is_told(
        first in 0u8..16,
        kind in prop::sample::select(vec![*b"hvc1", *b"avc1", *b"av01", *b"Opus", *b"mp4a", *b"vp09"]),
        head in prop::collection::vec(any::<u8>(), 0..8),
        data in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        for (tag_type, first) in [(Video, 0x90 | first), (Video, 0xA0 | first), (Audio, 0x90 | first)] {
            let body = [&[first][..], &head, &kind, &data].concat();
            for body in [&body[..], &[&[first][..], &kind, &data].concat()] {
                if let Ok(Body::Multitrack(tracks)) = parse(tag_type, body) {
                    prop_assert!(tracks.tracks().count() <= body.len());
                }
            }
        }
    }
}
