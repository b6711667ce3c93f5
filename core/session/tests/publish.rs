//! From push to a server: what arrives, in which order, at which times.

mod support;

use std::sync::Arc;

use onair::{
    Alignment, CaptureTime, Cue, DataValue, Delivery, Event, FrameView, Pcm, PixelFormat, Samples,
    Session, Sound, Source, State,
};
use onair_types::FrameKind;
use onair_types::h264::AvcConfig;
use support::encoders::{Luma, Peak, no_trouble};
use support::sink::{Media, Sink};
use support::units::{audio, audio_config, avc_config, video, video_config};
use support::{LIMIT, events_until, pause, states, wait_live};

/// A session whose encoders are the tests'.
fn raw_session() -> Session {
    Session::builder(Some(audio_config()), Some(video_config()))
        .video_encoder(Box::new(|_| Ok(Box::new(Luma::new(30, no_trouble())))))
        .audio_encoder(Box::new(|_| Ok(Box::new(Peak::new(no_trouble())))))
        .build()
        .expect("a session")
}

fn encoded_session() -> onair::SessionBuilder {
    Session::builder(Some(audio_config()), Some(video_config()))
        .audio_source(Source::Encoded)
        .video_source(Source::Encoded)
}

/// Pushes picture `number` (its luma) and the 1,470 samples that sound meanwhile, as loud as it.
fn push_frame(session: &Session, number: u8) {
    let at = CaptureTime::from_micros(5_000_000 + i64::from(number) * 1_000_000 / 30);
    let mut data = vec![128; 64 * 48 * 3 / 2];
    data[..64 * 48].fill(number);
    let frame = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
    session.push_video(frame, at).expect("a push");
    let samples = vec![i16::from(number) + 1; 1_470 * 2];
    let pcm = Pcm { samples: &samples, sample_rate_hz: 44_100, channels: 2 };
    session.push_audio(pcm, at).expect("a push");
}

fn pictures(media: &[Media]) -> Vec<u8> {
    let luma = |media: &Media| match media {
        Media::Video { data, .. } => Some(data[5]),
        _ => None,
    };
    media.iter().filter_map(luma).collect()
}

fn peaks(media: &[Media]) -> Vec<i16> {
    let peak = |media: &Media| match media {
        Media::Audio { data, .. } => Some(i16::from_be_bytes([data[0], data[1]])),
        _ => None,
    };
    media.iter().filter_map(peak).collect()
}

#[test]
fn raw_frames_arrive_headers_first_then_an_idr_at_zero() {
    let sink = Sink::good();
    let session = raw_session();
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    for number in 0..60 {
        push_frame(&session, number);
        pause(std::time::Duration::from_millis(5));
    }
    let seen = sink.wait_for("40 pictures", 0, |seen| pictures(&seen.media).len() >= 40);
    session.stop();

    assert_eq!(seen.media[..3], [Media::Metadata, Media::AvcHeader, Media::AacHeader]);
    let first_picture = seen.media.iter().find(|media| media.is_video());
    assert!(matches!(first_picture, Some(Media::Video { idr: true, at_ms: 0, .. })));
    assert!(seen.media[3].at_ms() == Some(0), "time begins at zero: {:?}", seen.media[3]);
    let pictures = pictures(&seen.media);
    assert!(pictures.windows(2).all(|pair| pair[0] < pair[1]), "in order: {pictures:?}");
    for track in [Media::is_video, Media::is_audio] {
        let times: Vec<_> =
            seen.media.iter().filter(|m| track(m)).filter_map(Media::at_ms).collect();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "times increase: {times:?}");
    }
    let statistics = session.statistics();
    assert_eq!(statistics.frames_in, 60);
    assert_eq!(statistics.frames_encoded + statistics.frames_skipped, 60);
    assert!(statistics.frames_sent >= 40 && statistics.bytes_sent > 3_000);
    assert_eq!(statistics.video_encoder.map(|info| info.name), Some("luma".to_owned()));
}

#[test]
fn lf79_muted_sound_is_silence_at_the_same_cadence() {
    let sink = Sink::good();
    let session = raw_session();
    session.set_muted(true);
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    for number in 0..60 {
        push_frame(&session, number);
        pause(std::time::Duration::from_millis(5));
    }
    let seen = sink.wait_for("50 AAC frames", 0, |seen| peaks(&seen.media).len() >= 50);
    session.set_muted(false);
    for number in 60..90 {
        push_frame(&session, number);
        pause(std::time::Duration::from_millis(5));
    }
    let loud = |peaks: &[i16]| peaks.iter().any(|&peak| peak > 0);
    sink.wait_for("sound", 0, |seen| loud(&peaks(&seen.media)));
    session.stop();

    assert!(!loud(&peaks(&seen.media)), "muted");
    let times: Vec<_> =
        seen.media.iter().filter(|m| m.is_audio()).filter_map(Media::at_ms).collect();
    let steps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.iter().all(|step| (23..=24).contains(step)), "{steps:?}");
}

#[test]
fn lf80_pushes_of_any_size_become_frames_of_1024_samples() {
    let sink = Sink::good();
    let session = Session::builder(Some(audio_config()), None)
        .audio_encoder(Box::new(|_| Ok(Box::new(Peak::new(no_trouble())))))
        .build()
        .expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let mut pushed: usize = 0;
    for size in (1..60).map(|i| i * 31 % 1_500 + 1) {
        let samples = vec![7; size * 2];
        let at = CaptureTime::from_micros((pushed * 1_000_000 / 44_100) as i64);
        let pcm = Pcm { samples: &samples, sample_rate_hz: 44_100, channels: 2 };
        session.push_audio(pcm, at).expect("a push");
        pushed += size;
        pause(std::time::Duration::from_millis(2));
    }
    let whole = pushed / 1_024;
    sink.wait_for("all whole blocks", 0, |seen| peaks(&seen.media).len() >= whole);
    assert!(session.finish(LIMIT), "all was sent");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    assert_eq!(peaks(&seen.media).len(), whole + 1, "the remainder is filled up at the end");
    assert!(peaks(&seen.media).iter().all(|&peak| peak == 7));
}

/// Another microphone in mid-stream: other rate, other channels, other samples. One timeline.
#[test]
fn sound_of_any_rate_and_layout_arrives_at_the_sessions() {
    let sink = Sink::good();
    let session = Session::builder(Some(audio_config()), None)
        .audio_encoder(Box::new(|_| Ok(Box::new(Peak::new(no_trouble())))))
        .delivery(Delivery::Complete)
        .build()
        .expect("a session");
    let (floats, low) = (vec![0.25; 480], vec![8_192; 160 * 2]);
    let planes = [&floats[..]; 6];
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    for block in 0..300 {
        let at = CaptureTime::from_millis(block * 10);
        let (samples, sample_rate_hz, channels) = match block {
            0..100 => (Samples::PlanarF32(&planes), 48_000, 6),
            100..200 => (Samples::I16(&low), 16_000, 2),
            _ => (Samples::F32(&floats[..441]), 44_100, 1),
        };
        session.push_audio(Sound { samples, sample_rate_hz, channels }, at).expect("a push");
    }
    let level = || session.levels().output.peak_dbfs;
    support::wait_until("the level", || (level() + 12.04).abs() < 0.1);
    assert!((session.statistics().audio_level.rms_dbfs + 12.04).abs() < 0.1);
    assert!(session.finish(LIMIT), "all was sent");
    assert_eq!(session.levels().output, onair::Level::default(), "nothing runs");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    let times: Vec<_> = seen.media.iter().filter_map(Media::at_ms).collect();
    assert!(times.windows(2).all(|pair| (23..=24).contains(&(pair[1] - pair[0]))), "{times:?}");
    assert_eq!(times.len(), (3 * 44_100_usize).div_ceil(1_024));
    let peaks = peaks(&seen.media);
    let steady = &peaks[1..peaks.len() - 1];
    assert!(steady.iter().all(|peak| (8_150..8_250).contains(peak)), "{peaks:?}");
}

#[test]
fn lf56_a_stop_says_goodbye() {
    let sink = Sink::good();
    let session = raw_session();
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    session.stop();
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    assert_eq!(
        seen.commands,
        [
            "connect",
            "releaseStream",
            "FCPublish",
            "createStream",
            "publish",
            "FCUnpublish",
            "deleteStream"
        ]
    );
    let seen = events_until(&mut events, |event| *event == Event::State(State::Stopped));
    assert_eq!(states(&seen), [State::Pending, State::Live, State::Stopped]);
    assert_eq!(session.state(), State::Stopped);
    assert_eq!(session.last_error(), None);
}

#[test]
fn an_encoded_file_arrives_as_it_is_and_nothing_is_lost() {
    let sink = Sink::good();
    let session = encoded_session()
        .delivery(Delivery::Complete)
        .alignment(Alignment::AsIs)
        .build()
        .expect("a session");
    session.start(sink.url()).expect("it starts");
    let config = avc_config();
    let mut expected = Vec::new();
    for number in 0..1_000_u32 {
        let dts_ms = 1_000 + i64::from(number) * 40;
        let kind = if number % 50 == 0 { FrameKind::Idr } else { FrameKind::Reference };
        let mut unit = video(&config, number, dts_ms, kind);
        unit.pts = support::units::ms(dts_ms + 80);
        expected.push((dts_ms as u32, 80, unit.payload.to_vec()));
        session.push_encoded_video(unit).expect("a push");
        for half in [0, 20] {
            let sound = audio(number * 2 + u32::from(half > 0), dts_ms + half);
            session.push_encoded_audio(sound).expect("a push");
        }
    }
    assert!(session.finish(LIMIT), "all was sent");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    let times_and_bytes = seen.media.iter().filter_map(|media| match media {
        Media::Video { at_ms, composition_ms, data, .. } => {
            Some((*at_ms, *composition_ms, data.clone()))
        }
        _ => None,
    });
    let video: Vec<_> = times_and_bytes.collect();
    assert_eq!(video, expected);
    assert_eq!(seen.media.iter().filter(|media| media.is_audio()).count(), 2_000);
    let times: Vec<_> = seen.media.iter().filter_map(Media::at_ms).collect();
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "interleaved by decoding time");
    let statistics = session.statistics();
    assert_eq!((statistics.frames_sent, statistics.audio_frames_sent), (1_000, 2_000));
    assert_eq!((statistics.frames_dropped, statistics.audio_frames_dropped), (0, 0));
}

#[test]
fn lf75_reports_come_each_second_and_count_every_frame_once() {
    let sink = Sink::good();
    let session = raw_session();
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    let reports = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let is_report = |event: &Event| matches!(event, Event::Statistics(_));
            [(); 2].map(|()| events_until(&mut events, is_report).pop())
        });
        for number in 0..72 {
            push_frame(&session, number);
            pause(std::time::Duration::from_millis(33));
        }
        reader.join().expect("two reports")
    });
    let reports = reports.map(|event| match event {
        Some(Event::Statistics(report)) => report,
        other => panic!("not a report: {other:?}"),
    });
    session.stop();
    let first = reports[0].elapsed.as_secs_f64();
    let second = reports[1].elapsed.as_secs_f64();
    assert!((1.0..1.2).contains(&first), "lf76: the first after a second, was {first}");
    assert!((0.9..1.2).contains(&(second - first)), "one a second, was {first}, {second}");
    let counted = reports[1].fps * (second - first);
    let between = (reports[1].frames_sent - reports[0].frames_sent) as f64;
    assert!((counted - between).abs() < 0.5, "the window holds what was sent in it");
}

#[test]
fn lf77_reports_come_without_frames_too() {
    let sink = Sink::good();
    let session = raw_session();
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    let seen = events_until(&mut events, |event| matches!(event, Event::Statistics(_)));
    let Some(Event::Statistics(report)) = seen.last() else { panic!("a report") };
    assert_eq!((report.frames_in, report.fps), (0, 0.0));
    session.stop();
}

#[test]
fn cues_arrive_once_with_the_media_of_their_time() {
    let sink = Sink::good();
    let session = encoded_session().build().expect("a session");
    let text = || Cue::text("hello").expect("small");
    let point = Cue::point("goal", [("score".to_owned(), DataValue::Number(1.0))]);
    let early = session.send_cue(text(), CaptureTime::from_micros(0));
    assert!(matches!(early, Err(onair::PushError::NotRunning)));
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let at = |millis: i64| CaptureTime::from_micros(millis * 1_000);
    session.send_cue(text(), at(150)).expect("a cue");
    session.send_cue(point.expect("small"), at(101)).expect("a cue");
    assert!(matches!(session.send_cue(text(), at(-1)), Err(onair::PushError::Time)));
    let config = avc_config();
    for index in 0..20 {
        let kind = if index == 0 { FrameKind::Idr } else { FrameKind::Reference };
        session.push_encoded_audio(audio(index as u32, index * 20)).expect("a push");
        session.push_encoded_video(video(&config, index as u32, index * 20, kind)).expect("a push");
        pause(std::time::Duration::from_millis(5));
    }
    let seen = sink.wait_for("the media", 0, |seen| {
        seen.media.iter().filter(|media| media.is_video()).count() >= 12
    });
    session.stop();
    let cues: Vec<_> = seen.media.iter().filter(|m| matches!(m, Media::Cue { .. })).collect();
    let cue = |name: &str, at_ms| Media::Cue { at_ms, name: name.to_owned() };
    assert_eq!(cues, [&cue("onCuePoint", 101), &cue("onTextData", 150)]);
    let place = seen.media.iter().position(|media| *media == cues[0].clone()).expect("there");
    assert!(seen.media[..place].iter().all(|media| media.at_ms().unwrap_or(0) <= 101));
    assert!(seen.media[place + 1..].iter().all(|media| media.at_ms().unwrap_or(200) > 101));
}

/// An encoder of the app's that changes its size in mid-stream, from pushes to the wire.
#[test]
fn lf55_new_parameter_sets_reach_the_server_before_their_idr() {
    let sink = Sink::good();
    let session = encoded_session().build().expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    // Another level: other parameter sets of the same size.
    let mut sps = avc_config().sps().to_vec();
    sps[3] = 0x1F;
    let other = AvcConfig::from_parameter_sets(&sps, avc_config().pps()).expect("valid");
    let configs = [avc_config(), Arc::new(other)];
    for index in 0..20_u32 {
        let config = &configs[(index / 10) as usize];
        let kind = if index % 10 == 0 { FrameKind::Idr } else { FrameKind::Reference };
        let at_ms = i64::from(index) * 20;
        session.push_encoded_audio(audio(index, at_ms)).expect("a push");
        session.push_encoded_video(video(config, index, at_ms, kind)).expect("a push");
        pause(std::time::Duration::from_millis(5));
    }
    let seen = sink.wait_for("the media", 0, |seen| {
        seen.media.iter().filter(|media| media.is_video()).count() >= 18
    });
    session.stop();
    let headers = |media: &Media| matches!(media, Media::Metadata | Media::AvcHeader);
    let starts: Vec<usize> =
        (0..seen.media.len()).filter(|&at| seen.media[at] == Media::AvcHeader).collect();
    assert_eq!(starts.len(), 2, "{:?}", seen.media);
    for at in starts {
        assert_eq!(seen.media[at - 1], Media::Metadata);
        let next = seen.media[at..].iter().find(|media| media.is_video());
        assert!(matches!(next, Some(Media::Video { idr: true, .. })), "{next:?}");
    }
    let after = seen.media.iter().rposition(headers).expect("headers");
    let idr = |media: &Media| matches!(media, Media::Video { idr: true, at_ms: 200, .. });
    assert!(seen.media[after..].iter().any(idr), "the IDR that brought them");
}
