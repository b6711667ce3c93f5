//! What a push refuses, by name, and that nothing accepted is lost by it; what a builder refuses.

#[path = "pushes/looks.rs"]
mod looks;
mod support;

use onair::{
    Alignment, AudioCodec, AudioConfig, AudioHeader, AudioMeta, AudioUnit, Beauty, CaptureTime,
    Delivery, Error, FrameView, Framing, Look, MediaTime, Pcm, PixelFormat, Plane, PushError,
    Session, SoundError, Source, VideoCodec, VideoHeader, VideoMeta, VideoUnit,
    capture_time_from_secs,
};
use onair_types::{FrameKind, Payload, Track};
use support::encoders::{Luma, Peak, no_trouble};
use support::sink::{Media, Sink};
use support::units::{audio, audio_config, avc_config, ms, video, video_config};
use support::{LIMIT, wait_live};

fn raw() -> Session {
    Session::builder(Some(audio_config()), Some(video_config()))
        .video_encoder(Box::new(|_| Ok(Box::new(Luma::new(30, no_trouble())))))
        .audio_encoder(Box::new(|_| Ok(Box::new(Peak::new(no_trouble())))))
        .delivery(Delivery::Complete)
        .build()
        .expect("a session")
}

fn encoded() -> Session {
    Session::builder(Some(audio_config()), Some(video_config()))
        .audio_source(Source::Encoded)
        .video_source(Source::Encoded)
        .delivery(Delivery::Complete)
        .alignment(Alignment::AsIs)
        .build()
        .expect("a session")
}

fn luma(width: u32, height: u32) -> Vec<u8> {
    vec![1; (width * height * 3 / 2) as usize]
}

fn pcm(samples: &[i16]) -> Pcm<'_> {
    Pcm { samples, sample_rate_hz: 44_100, channels: 2 }
}

#[test]
fn lf13_a_track_without_configuration_cannot_be_asked_for() {
    let build = |video: bool, audio: bool| {
        let builder = Session::builder(None, (!video).then(video_config));
        let builder = if video { builder.video_source(Source::Raw) } else { builder };
        let builder = if audio { builder.audio_source(Source::Encoded) } else { builder };
        builder.build().map(drop)
    };
    for missing in [build(true, false), build(false, true)] {
        let Err(Error::Config(text)) = missing else { panic!("{missing:?}") };
        assert!(text.contains("no video configuration") || text.contains("no audio configuration"));
    }
    assert!(matches!(Session::builder(None, None).build(), Err(Error::Config(_))));
}

#[test]
fn a_builder_refuses_what_has_no_use() {
    let encoder_for_nothing = Session::builder(Some(audio_config()), None)
        .audio_source(Source::Encoded)
        .audio_encoder(Box::new(|_| Ok(Box::new(Peak::new(no_trouble())))))
        .build();
    assert!(matches!(encoder_for_nothing, Err(Error::Config(_))));
    for capacity in [0, 7, 1_025] {
        let built = Session::builder(Some(audio_config()), None)
            .audio_source(Source::Encoded)
            .event_capacity(capacity)
            .build();
        assert_eq!(built.map(drop).map_err(|e| e.code()), Err(200));
    }
}

#[test]
fn lf81_pushes_outside_a_broadcast_or_of_another_kind_change_nothing() {
    let (session, encoded) = (raw(), encoded());
    let data = luma(64, 48);
    let frame = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
    let at = CaptureTime::ZERO;
    assert_eq!(session.push_video(frame, at), Err(PushError::NotRunning));
    assert_eq!(session.push_audio(pcm(&[0; 4]), at), Err(PushError::NotRunning));
    let wrong = |track, expected, given| Err(PushError::WrongKind { track, expected, given });
    assert_eq!(encoded.push_video(frame, at), wrong(Track::Video, "encoded", "raw"));
    assert_eq!(encoded.push_audio(pcm(&[0; 4]), at), wrong(Track::Audio, "encoded", "raw"));
    let unit = video(&avc_config(), 0, 0, FrameKind::Idr);
    assert_eq!(session.push_encoded_video(unit), wrong(Track::Video, "raw", "encoded"));
    let unit = audio(0, 0);
    assert_eq!(session.push_encoded_audio(unit.clone()), wrong(Track::Audio, "raw", "encoded"));
    let silent = Session::builder(None, Some(video_config())).video_source(Source::Encoded);
    let silent = silent.build().expect("a session");
    assert_eq!(silent.push_encoded_audio(unit), wrong(Track::Audio, "not at all", "encoded"));
    assert_eq!(session.statistics(), onair::Statistics::default());
}

#[test]
fn bad_pictures_and_samples_are_named_and_good_ones_arrive() {
    let sink = Sink::good();
    let session = raw();
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let (data, large) = (luma(64, 48), luma(80, 48));
    let good = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
    let other = FrameView::packed(PixelFormat::I420, 80, 48, &large).expect("a picture");
    let samples = [3; 2 * 1_024];
    for number in 0..20 {
        let at = CaptureTime::from_millis(number * 33);
        session.push_video(good, at).expect("a good picture");
        session.push_audio(pcm(&samples), at).expect("good samples");

        assert_eq!(session.push_video(other, at.offset_micros(16_000)), Ok(()), "another size");
        let before = CaptureTime::from_micros(-1);
        assert_eq!(session.push_video(good, before), Err(PushError::Time));
        let forever = CaptureTime::from_micros(i64::MAX);
        assert_eq!(session.push_audio(pcm(&samples), forever), Err(PushError::Time));
        let channels = PushError::Sound(SoundError::Channels { channels: 9 });
        assert_eq!(session.push_audio(Pcm { channels: 9, ..pcm(&samples) }, at), Err(channels));
        let rate_hz = 192_001;
        let rate = PushError::Sound(SoundError::Rate { rate_hz });
        let fast = Pcm { sample_rate_hz: rate_hz, ..pcm(&samples) };
        assert_eq!(session.push_audio(fast, at), Err(rate));
        let partial = PushError::Sound(SoundError::Ragged { samples: 3, channels: 2 });
        assert_eq!(session.push_audio(pcm(&samples[..3]), at), Err(partial));
    }
    assert!(session.finish(LIMIT), "all was sent");
    assert_eq!(session.push_video(good, CaptureTime::ZERO), Err(PushError::NotRunning));
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    assert_eq!(seen.media.iter().filter(|m| m.is_video()).count(), 40);
    let statistics = session.statistics();
    assert_eq!((statistics.frames_in, statistics.frames_encoded), (40, 40));
    assert_eq!((statistics.frames_skipped, statistics.frames_failed), (0, 0));
}

/// A picture's luma as its unit carries it.
fn lumas(media: &[Media]) -> Vec<u8> {
    let luma = |media: &Media| match media {
        Media::Video { data, .. } => data.last().copied(),
        _ => None,
    };
    media.iter().filter_map(luma).collect()
}

#[test]
fn lf83_lf87_a_look_applies_with_the_next_picture_and_outlives_a_broadcast() {
    let session = raw();
    let (left, right) = ([10; 32], [20; 32]);
    let mut data: Vec<u8> = [left, right].concat().repeat(48);
    data.resize(64 * 48 * 3 / 2, 128);
    let frame = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
    let refused = Framing { zoom: f32::NAN, ..Framing::default() };
    let refused = session.set_look(Look { framing: refused, ..Look::default() });
    assert!(matches!(refused, Err(Error::Config(text)) if text.contains("zoom")));
    assert_eq!(*session.look(), Look::default());
    let beauty = Beauty { level: 0.8, bright: 0.6, ..Beauty::default() };
    let framing = Framing { mirror: true, ..Framing::default() };
    let mirrored = Look { framing, beauty, ..Look::default() };

    for round in 0..2 {
        let sink = Sink::good();
        session.start(sink.url()).expect("it starts");
        wait_live(&session);
        session.push_video(frame, CaptureTime::ZERO).expect("a push");
        session.push_audio(pcm(&[0; 2 * 1_024]), CaptureTime::ZERO).expect("a push");
        let first = sink.wait_for("the first picture", 0, |seen| !lumas(&seen.media).is_empty());
        session.set_look(mirrored.clone()).expect("it can be used");
        session.push_video(frame, CaptureTime::from_millis(33)).expect("a push");
        assert!(session.finish(LIMIT), "all was sent");
        let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
        assert_eq!(lumas(&first.media), [[10, 20][round]], "round {round}");
        assert_eq!(lumas(&seen.media).last(), Some(&20));
        assert_eq!(*session.look(), mirrored, "as it was set");
    }
}

#[test]
fn planes_that_are_too_short_never_become_a_frame() {
    let short = [0; 10];
    let planes = [Plane { data: &short, stride_bytes: 64 }; 3];
    assert!(FrameView::new(PixelFormat::I420, 64, 48, &planes).is_err());
}

#[test]
fn bad_units_are_named_and_good_ones_arrive() {
    let sink = Sink::good();
    let session = encoded();
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let config = avc_config();
    let unit = |at_ms| video(&config, 0, at_ms, FrameKind::Idr);
    for number in 0..20 {
        let at_ms = 100 + number * 33;
        session.push_encoded_video(unit(at_ms)).expect("a good unit");
        session.push_encoded_audio(audio(0, at_ms)).expect("a good unit");

        assert_eq!(session.push_encoded_video(unit(at_ms)), Err(PushError::TimeOrder));
        assert_eq!(session.push_encoded_audio(audio(0, at_ms - 1)), Err(PushError::TimeOrder));
        let mut early = unit(at_ms + 10);
        early.pts = ms(at_ms);
        assert_eq!(session.push_encoded_video(early), Err(PushError::TimeOrder));
        assert_eq!(session.push_encoded_video(unit(-5)), Err(PushError::Time));
        let mut empty = unit(at_ms + 10);
        empty.payload = Payload::from_vec(Vec::new());
        assert_eq!(session.push_encoded_video(empty), Err(PushError::EmptyUnit));
        let mut endless = audio(0, 0);
        endless.pts = MediaTime::from_micros(i64::MAX);
        assert_eq!(session.push_encoded_audio(endless), Err(PushError::Time));
    }
    assert!(session.finish(LIMIT), "all was sent");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    assert_eq!(seen.media.iter().filter(|m| m.is_video()).count(), 20);
    assert_eq!(seen.media.iter().filter(|m| m.is_audio()).count(), 20);
}

#[test]
fn seconds_become_a_capture_time_only_when_they_are_a_time() {
    assert_eq!(capture_time_from_secs(1.5), Ok(CaptureTime::from_millis(1_500)));
    assert_eq!(capture_time_from_secs(0.0), Ok(CaptureTime::ZERO));
    for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY, -0.001, 1e300] {
        assert_eq!(capture_time_from_secs(bad), Err(PushError::Time));
    }
}

#[test]
fn bitrates_outside_the_configuration_are_refused() {
    let config = video_config();
    let (min, max) = (config.min_bitrate_bps(), config.max_bitrate_bps());
    let set = |session: &Session, min, max| {
        session.set_video_bitrate_range(min, max).map_err(|error| error.code())
    };
    let session = Session::builder(None, Some(video_config())).video_source(Source::Encoded);
    let session = session.build().expect("a session");
    assert_eq!(set(&session, min, max), Err(208), "it does not run");
    let sink = Sink::good();
    session.start(sink.url()).expect("it starts");
    assert_eq!(set(&session, min, max), Ok(()));
    assert_eq!(set(&session, min, min), Ok(()));
    for (min, max) in [(min - 1, max), (min, max + 1), (max, min), (0, 0)] {
        assert_eq!(set(&session, min, max), Err(200), "{min}..={max}");
    }
    session.stop();
    let sound = Session::builder(Some(audio_config()), None).build().expect("a session");
    assert_eq!(set(&sound, min, max), Err(200), "no video");
    let file = Session::builder(None, Some(config)).delivery(Delivery::Complete).build();
    assert_eq!(set(&file.expect("a session"), min, max), Err(200), "nothing is steered");
}

#[test]
fn a_raw_and_an_encoded_track_share_the_capture_clock() {
    let sink = Sink::good();
    let config = AudioConfig::new(44_100, 2, 128_000).expect("a configuration");
    let session = Session::builder(Some(config), Some(video_config()))
        .video_source(Source::Encoded)
        .audio_encoder(Box::new(|_| Ok(Box::new(Peak::new(no_trouble())))))
        .delivery(Delivery::Complete)
        .build()
        .expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let avc = avc_config();
    // A clock that has run for two days.
    let begin_ms = 2 * 86_400_000;
    for number in 0..30 {
        let at_ms = begin_ms + i64::from(number) * 1_024_000 / 44_100;
        let at = CaptureTime::from_millis(at_ms);
        session.push_audio(pcm(&[3; 2_048]), at).expect("a push");
        let unit = video(&avc, number, at_ms, FrameKind::Idr);
        session.push_encoded_video(unit).expect("a push");
    }
    assert!(session.finish(LIMIT), "all was sent");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    let times = |is_it: fn(&Media) -> bool| -> Vec<u32> {
        seen.media.iter().filter(|m| is_it(m)).filter_map(Media::at_ms).collect()
    };
    let (pictures, sound) = (times(Media::is_video), times(Media::is_audio));
    assert!(pictures.len() >= 29, "{pictures:?}");
    for (picture, sound) in pictures.iter().zip(&sound) {
        assert!(picture.abs_diff(*sound) <= 24, "{pictures:?} {sound:?}");
    }
}

#[cfg(all(feature = "openh264", feature = "fdk-aac"))]
#[test]
fn the_software_encoders_are_used_when_none_is_given() {
    let sink = Sink::good();
    let session = Session::builder(Some(audio_config()), Some(video_config()));
    let session = session.delivery(Delivery::Complete).build().expect("a session");
    session.start(sink.url()).expect("it starts");
    let rgba = vec![90; 64 * 48 * 4];
    let frame = FrameView::packed(PixelFormat::Rgba, 64, 48, &rgba).expect("a picture");
    for number in 0..30 {
        let at = CaptureTime::from_micros(number * 1_000_000 / 30);
        session.push_video(frame, at).expect("a push");
        session.push_audio(pcm(&[500; 1_470 * 2]), at).expect("a push");
    }
    assert!(session.finish(LIMIT), "all was sent");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    assert_eq!(seen.media[..3], [Media::Metadata, Media::AvcHeader, Media::AacHeader]);
    assert_eq!(seen.media.iter().filter(|m| m.is_video()).count(), 30);
    assert!(seen.media.iter().filter(|m| m.is_audio()).count() >= 42);
    let statistics = session.statistics();
    let name = statistics.video_encoder.map(|info| info.name).expect("a video encoder");
    assert!(name.contains("264"), "{name}");
}

fn av1(kind: FrameKind, dts_ms: i64, frame: u8) -> VideoUnit {
    let config = VideoHeader::from_record(VideoCodec::Av1, &[0x81, 0, 0x0C, 0]).expect("a record");
    let payload = Payload::from_vec(vec![0x32, 2, frame, 0]);
    VideoUnit { pts: ms(dts_ms), dts: ms(dts_ms), kind, config, payload }
}

fn opus(pts_ms: i64) -> AudioUnit {
    let head = b"OpusHead\x01\x02\0\0\x80\xBB\0\0\0\0\0";
    let config = AudioHeader::from_bytes(AudioCodec::Opus, head).expect("a head");
    AudioUnit { pts: ms(pts_ms), config, payload: Payload::from_vec(vec![0xFC, 1]) }
}

#[test]
fn av1_and_opus_go_where_the_builder_said_so() {
    const KEY: u8 = 0x10;
    const OTHER: u8 = 0x30;
    let sink = Sink::good();
    let session = Session::builder(Some(audio_config()), Some(video_config()))
        .audio_source(Source::Encoded)
        .video_source(Source::Encoded)
        .audio_codec(AudioCodec::Opus)
        .video_codec(VideoCodec::Av1)
        .delivery(Delivery::Complete)
        .build()
        .expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    session.push_encoded_audio(opus(0)).expect("Opus");
    let wrong = session.push_encoded_video(video(&avc_config(), 0, 0, FrameKind::Idr));
    assert_eq!(wrong, Err(PushError::Codec { expected: "AV1", given: "H.264" }));
    let wrong = session.push_encoded_audio(audio(0, 10));
    assert_eq!(wrong, Err(PushError::Codec { expected: "Opus", given: "AAC" }));
    let no_key = Err(PushError::NotAKeyFrame { codec: "AV1" });
    assert_eq!(session.push_encoded_video(av1(FrameKind::Idr, 10, OTHER)), no_key);
    session.push_encoded_video(av1(FrameKind::Idr, 10, KEY)).expect("a key frame");
    session.push_encoded_video(av1(FrameKind::Reference, 43, OTHER)).expect("another");
    assert!(session.finish(LIMIT), "all was sent");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    let tags: Vec<&[u8]> = seen
        .media
        .iter()
        .filter_map(|media| match media {
            Media::Extended(body) => Some(&body[..5]),
            _ => None,
        })
        .collect();
    for tag in [b"\x90av01", b"\x91av01", b"\xA1av01", b"\x92av01", b"\x90Opus", b"\x92Opus"] {
        assert_eq!(tags.iter().filter(|seen| *seen == tag).count(), 1, "{tag:02x?}");
    }
}

#[test]
fn a_codec_that_nothing_here_encodes_must_be_pushed_encoded() {
    let built = Session::builder(None, Some(video_config())).video_codec(VideoCodec::Hevc).build();
    assert!(matches!(built, Err(Error::Config(text)) if text.contains("push video encoded")));
    let built = Session::builder(None, Some(video_config())).audio_codec(AudioCodec::Opus).build();
    assert!(matches!(built, Err(Error::Config(text)) if text.contains("no audio configuration")));
}

fn track(id: u8) -> std::num::NonZeroU8 {
    std::num::NonZeroU8::new(id).expect("not the first")
}

#[test]
fn further_tracks_go_beside_the_first_ones() {
    let sink = Sink::good();
    let small = || VideoMeta { width: 32, height: 24, fps: 30.0, ..VideoMeta::default() };
    let opus_meta = AudioMeta { codec: AudioCodec::Opus, ..AudioMeta::default() };
    let builder = || {
        Session::builder(Some(audio_config()), Some(video_config()))
            .audio_source(Source::Encoded)
            .video_source(Source::Encoded)
            .delivery(Delivery::Complete)
    };
    let session = builder().further_video(track(1), small()).further_audio(track(3), opus_meta);
    let session = session.build().expect("a session");
    assert_eq!(session.push_further_audio(track(3), opus(0)), Err(PushError::NotRunning));
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let config = avc_config();
    let unit = |at_ms| video(&config, 0, at_ms, FrameKind::Idr);
    for number in 0..100 {
        let at_ms = 10 + number * 33;
        session.push_encoded_audio(audio(0, at_ms - 1)).expect("a good unit");
        session.push_further_video(track(1), unit(at_ms)).expect("a good unit");
        session.push_further_audio(track(3), opus(at_ms)).expect("a good unit");
        session.push_encoded_video(unit(at_ms)).expect("a good unit");
    }
    let no_track = |track, id| Err(PushError::NoSuchTrack { track, id });
    assert_eq!(session.push_further_video(track(2), unit(9_000)), no_track(Track::Video, 2));
    assert_eq!(session.push_further_audio(track(1), opus(9_000)), no_track(Track::Audio, 1));
    assert_eq!(session.push_further_video(track(1), unit(5)), Err(PushError::TimeOrder));
    let wrong = session.push_further_audio(track(3), audio(0, 9_000));
    assert_eq!(wrong, Err(PushError::Codec { expected: "Opus", given: "AAC" }));
    assert!(session.finish(LIMIT), "all was sent");

    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    let begins = |bytes: &[u8]| {
        let tags = seen.media.iter().filter(|media| match media {
            Media::Extended(body) => body.starts_with(bytes),
            _ => false,
        });
        tags.count()
    };
    assert_eq!((begins(b"\x96\x00avc1"), begins(b"\x96\x03avc1")), (1, 100));
    assert_eq!((begins(b"\x95\x00Opus"), begins(b"\x95\x01Opus")), (1, 100));
    assert_eq!(seen.media.iter().filter(|media| media.is_video()).count(), 100);

    for (built, reason) in [
        (builder().further_video(track(1), small()).further_video(track(1), small()), "id 1"),
        (Session::builder(Some(audio_config()), None).further_video(track(1), small()), "first"),
    ] {
        let built = built.build().map(drop);
        assert!(matches!(&built, Err(Error::Config(text)) if text.contains(reason)), "{built:?}");
    }
}
