//! S01: a key, a token and a password that look like nothing else, through every failure and every
//! success, and then looked for in everything that can be seen: log lines of all levels, events,
//! errors and their advice, `Debug` of every type, statistics, flight records, panics.

mod support;

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use onair::{
    Destination, Destinations, EncodeError, EncoderInfo, Event, FrameView, MediaTime, PixelFormat,
    Preflight, ReconnectPolicy, Session, SessionBuilder, Source, State, StreamUrl, VideoEncoder,
    VideoUnit,
};
use onair_media::encode::I420;
use onair_types::FrameKind;
use support::sink::{Behaviour, KEY, PASSWORD, Sink, TOKEN};
use support::units::{avc_config, video, video_config};
use support::{LIMIT, pause, timed, wait_until};

/// Everything that was shown anywhere.
struct Shown(Mutex<Vec<String>>);

static SHOWN: Shown = Shown(Mutex::new(Vec::new()));

impl Shown {
    fn add(&self, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn debug(&self, what: &impl Debug) {
        self.add(format!("{what:?} {what:#?}"));
    }
}

impl log::Log for Shown {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.add(format!("{} {} {}", record.level(), record.target(), record.args()));
    }

    fn flush(&self) {}
}

fn builder() -> SessionBuilder {
    let mut policy = ReconnectPolicy::default();
    policy.max_delay = Duration::from_millis(50);
    policy.max_retries = Some(1);
    Session::builder(None, Some(video_config())).video_source(Source::Encoded).reconnect(policy)
}

/// Starts `session`, pushes pictures and looks until it has ended, or is done with after a while.
fn watch(session: &Session, destinations: impl Into<Destinations>) {
    let mut events = session.events().expect("the first consumer");
    if let Err(error) = session.start(destinations) {
        SHOWN.add(format!("{error} {error:?} {}", error.advice()));
        return;
    }
    let config = avc_config();
    for number in 0..150_u32 {
        let kind = if number % 10 == 0 { FrameKind::Idr } else { FrameKind::Reference };
        let unit = video(&config, number, i64::from(number) * 10, kind);
        if let Err(error) = session.push_encoded_video(unit) {
            SHOWN.add(format!("{error} {error:?}"));
        }
        if matches!(session.state(), State::Failed) {
            break;
        }
        pause(Duration::from_millis(10));
    }
    SHOWN.debug(session);
    SHOWN.debug(&(session.statistics(), session.destinations(), session.state()));
    let (_, is_all) = timed(|| session.finish(LIMIT));
    SHOWN.debug(&is_all);
    while let Some(event) = events.try_next() {
        SHOWN.debug(&event);
        if let Event::Lost { error, destination, .. } = &event {
            SHOWN.add(format!("{error} {} {destination}", error.advice()));
        }
    }
    if let Some(error) = session.last_error() {
        SHOWN.add(format!("{error} {error:?} {}", error.advice()));
    }
    SHOWN.add(String::from_utf8_lossy(&session.flight_record()).into_owned());
    SHOWN.debug(&events);
}

/// An encoder that panics with what it has.
struct Panics;

impl VideoEncoder for Panics {
    fn encode(
        &mut self,
        _: &I420<'_>,
        _: MediaTime,
        _: &mut dyn FnMut(VideoUnit),
    ) -> Result<(), EncodeError> {
        panic!("an app's encoder gives up")
    }

    fn request_idr(&mut self) {}

    fn set_bitrate(&mut self, _: u32) -> Result<(), EncodeError> {
        Ok(())
    }

    fn set_fps(&mut self, _: u32) -> Result<(), EncodeError> {
        Ok(())
    }

    fn flush(&mut self, _: &mut dyn FnMut(VideoUnit)) -> Result<(), EncodeError> {
        Ok(())
    }

    fn info(&self) -> EncoderInfo {
        EncoderInfo { name: String::new(), warning: None }
    }
}

fn servers_of_all_kinds() {
    use Behaviour::*;
    for script in [
        &[Accept][..],
        &[RejectConnect("NetConnection.Connect.Rejected")],
        &[RejectConnect("NetConnection.Connect.InvalidApp")],
        &[RejectPublish("NetStream.Publish.BadName")],
        &[RejectPublish("NetStream.Publish.Denied")],
        &[RejectPublish("Some.Code.Of.Its.Own")],
        &[CloseOnPublish],
        &[Garbage],
        &[CloseAfter(20), ResetAfter(10)],
        &[AskToMove(20), Accept],
    ] {
        let sink = Sink::start(script);
        watch(&builder().build().expect("a session"), sink.secret_url());
        let sink = Sink::start(script);
        look(&sink, matches!(script[0], RejectPublish(_)));
    }
}

/// A look before going live.
fn look(sink: &Sink, uploads: bool) {
    let url = StreamUrl::parse(&sink.secret_url()).expect("an address");
    let preflight = Preflight::new(url);
    let preflight = if uploads { preflight.with_upload() } else { preflight };
    match preflight.run() {
        Ok(findings) => {
            SHOWN.add(findings.to_string());
            SHOWN.debug(&findings);
        }
        Err(error) => SHOWN.add(format!("{error} {error:?}")),
    }
}

fn several_destinations() {
    let (good, bad) = (Sink::good(), Sink::start(&[Behaviour::CloseOnPublish]));
    let with_backup = Destination::from(bad.secret_url()).backup(good.secret_url()).named("two");
    let all = Destinations::new([Destination::from(good.secret_url()), with_backup]);
    SHOWN.debug(&all);
    watch(&builder().build().expect("a session"), all);
    let twice = Destinations::new([good.secret_url(), good.secret_url()]);
    watch(&builder().build().expect("a session"), twice);
    // Of those that are no addresses, the reason alone is told.
    for address in [
        format!("http://h/live/{KEY}"),
        format!("rtmp://user:{PASSWORD}@/live/{KEY}"),
        format!("rtmp://h:0/live/{KEY}?token={TOKEN}"),
        format!("rtmp://h/{KEY}"),
        format!("rtmp://h/live/{KEY} live=1"),
        format!("rtmp://h/live/{KEY}\n"),
    ] {
        watch(&builder().build().expect("a session"), address);
    }
}

fn recordings_and_panics() {
    let sink = Sink::good();
    let session = builder().build().expect("a session");
    if let Err(error) = session.start_recording("/nonexistent/file.flv") {
        SHOWN.add(format!("{error} {error:?}"));
    }
    let session = Session::builder(None, Some(video_config()))
        .video_encoder(Box::new(|_| Ok(Box::new(Panics))))
        .build()
        .expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.secret_url()).expect("it starts");
    let data = [128; 64 * 48 * 4];
    let frame = FrameView::packed(PixelFormat::Bgra, 64, 48, &data).expect("a picture");
    let has_failed = |event: &Event| matches!(event, Event::EncoderFailed { .. });
    wait_until("the encoder has failed", || {
        let _ = session.push_video(frame, onair::CaptureTime::from_micros(0));
        let next = events.try_next().inspect(|event| SHOWN.debug(event));
        next.is_some_and(|event| has_failed(&event))
    });
    session.stop();
}

#[test]
fn s01_the_canaries_are_in_nothing_that_can_be_seen() {
    log::set_logger(&SHOWN).expect("the only logger here");
    log::set_max_level(log::LevelFilter::Trace);
    std::panic::set_hook(Box::new(|panic| {
        SHOWN.add(panic.to_string());
        eprintln!("{panic}");
    }));
    let sink = Sink::good();
    let url = StreamUrl::parse(&sink.secret_url()).expect("an address");
    SHOWN.debug(&url);
    SHOWN.debug(&url.credentials());
    SHOWN.add(format!("{url} {}", url.key()));

    servers_of_all_kinds();
    several_destinations();
    recordings_and_panics();

    let shown = SHOWN.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(shown.len() > 100, "{} texts are not all there is", shown.len());
    for canary in [KEY, TOKEN, PASSWORD, "canary"] {
        let leaks: Vec<_> = shown.iter().filter(|text| text.contains(canary)).collect();
        assert!(leaks.is_empty(), "{canary} in {leaks:#?}");
    }
}
