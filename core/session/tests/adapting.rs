//! What steers the bitrate: figures of the system where it gives any, and what the app is told.

mod support;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use onair::transport::Connecting;
use onair::{
    Adaptation, BitrateReason, ConnectError, Connection, Connector, Event, ReconnectPolicy,
    Session, SessionBuilder, Source, Target, Transport,
};
use onair_types::FrameKind;
use support::camera::Camera;
use support::sink::{Behaviour, Sink};
use support::units::{avc_config, video, video_config};
use support::{events_until, pause, wait_live, wait_until};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Interval;

fn builder() -> SessionBuilder {
    Session::builder(None, Some(video_config())).video_source(Source::Encoded)
}

/// Pushes pictures 33 ms apart in their own time, a few milliseconds in ours.
fn push(session: &Session, numbers: std::ops::Range<u32>) {
    let config = avc_config();
    for number in numbers {
        let kind = if number % 10 == 0 { FrameKind::Idr } else { FrameKind::Reference };
        let unit = video(&config, number, i64::from(number) * 33, kind);
        session.push_encoded_video(unit).expect("a push");
        pause(Duration::from_millis(5));
    }
}

/// TCP whose system answers so many questions and no more.
#[derive(Clone, Copy)]
struct Sandbox {
    answers: u32,
}

struct Sandboxed {
    stream: TcpStream,
    answers: AtomicU32,
}

impl Connector for Sandbox {
    fn connect(&self, target: Target) -> Connecting {
        let answers = AtomicU32::new(self.answers);
        Box::pin(async move {
            let stream = TcpStream::connect((target.host.as_str(), target.port)).await;
            let stream = stream.map_err(|e| ConnectError::Other(e.to_string()))?;
            Ok(Box::new(Sandboxed { stream, answers }) as Box<dyn Connection>)
        })
    }
}

impl Connection for Sandboxed {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        Pin::new(&mut self.stream).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn transport(&self) -> Option<Transport> {
        let left = self.answers.load(Ordering::Relaxed);
        self.answers.store(left.saturating_sub(1), Ordering::Relaxed);
        let rtt = Duration::from_millis(1);
        (left > 0).then_some(Transport { rtt, ..Transport::default() })
    }
}

#[test]
fn a15_a_system_that_tells_nothing_is_said_once_and_the_stream_goes_on() {
    for answers in [0, 20] {
        // The second connection tells nothing either; the app knows already.
        let sink = Sink::start(&[Behaviour::CloseAfter(60), Behaviour::Accept]);
        let mut policy = ReconnectPolicy::default();
        policy.retry_first_connection = true; // one that ends so soon counts as a refusal
        let connector = Arc::new(Sandbox { answers });
        let session = builder().reconnect(policy).connector(connector).build().expect("built");
        let mut events = session.events().expect("the first consumer");
        session.start(sink.url()).expect("it starts");
        wait_live(&session);
        push(&session, 0..100);
        wait_live(&session);
        push(&session, 100..200);
        sink.wait_for("pictures of the second connection", 1, |seen| seen.media.len() > 50);
        session.stop();
        let seen = events_until(&mut events, |e| *e == Event::State(onair::State::Stopped));
        let told = seen.iter().filter(|e| **e == Event::AcknowledgementsOnly).count();
        assert_eq!(told, 1, "{answers} answers: {seen:?}");
    }
}

/// TCP that takes so many bytes a second, as a narrow uplink does.
#[derive(Clone, Copy)]
struct Narrow(usize);

struct Narrowed {
    stream: TcpStream,
    tick: Interval,
    /// What may be written at each tick, and what is left of it.
    each: usize,
    room: usize,
}

/// Of a narrow uplink.
const TICK: Duration = Duration::from_millis(20);

impl Connector for Narrow {
    fn connect(&self, target: Target) -> Connecting {
        let each = self.0 * TICK.as_millis() as usize / 1_000;
        Box::pin(async move {
            let stream = TcpStream::connect((target.host.as_str(), target.port)).await;
            let stream = stream.map_err(|e| ConnectError::Other(e.to_string()))?;
            let tick = tokio::time::interval(TICK);
            Ok(Box::new(Narrowed { stream, tick, each, room: 0 }) as Box<dyn Connection>)
        })
    }
}

impl Connection for Narrowed {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        Pin::new(&mut self.stream).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        while self.tick.poll_tick(cx).is_ready() {
            self.room += self.each;
        }
        let Some(slice) = slices.iter().find(|slice| !slice.is_empty()) else {
            return Poll::Ready(Ok(0));
        };
        let part = &slice[..slice.len().min(self.room)];
        if part.is_empty() {
            return Poll::Pending;
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, part);
        if let Poll::Ready(Ok(bytes)) = written {
            self.room -= bytes;
        }
        written
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn transport(&self) -> Option<Transport> {
        None
    }
}

#[test]
fn lf78_what_was_sent_a_second_is_what_a_narrow_uplink_takes() {
    const BYTES_A_SECOND: usize = 60_000;
    let sink = Sink::good();
    let builder = builder().adaptation(Adaptation::Off).connector(Arc::new(Narrow(BYTES_A_SECOND)));
    let session = builder.build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let reports = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let is_report = |event: &Event| matches!(event, Event::Statistics(_));
            [(); 4].map(|()| events_until(&mut events, is_report).pop())
        });
        // Four times as much as goes through.
        Camera::new(9_000).run(&session, Duration::from_millis(5_200));
        reader.join().expect("reports")
    });
    session.stop();
    let rates = reports.map(|event| match event {
        Some(Event::Statistics(report)) => report.bitrate_bps as f64 / 8.0,
        other => panic!("not a report: {other:?}"),
    });
    // In the first seconds the uplink was idle while the connection was made, and made good for it.
    let is_right = |rate: &f64| (rate / BYTES_A_SECOND as f64 - 1.0).abs() <= 0.1;
    assert!(rates[2..].iter().all(is_right), "{rates:?} bytes a second");
}

#[test]
fn a_system_that_tells_is_believed_and_not_remarked_on() {
    let sink = Sink::good();
    let session = builder().build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push(&session, 0..50);
    sink.wait_for("the pictures", 0, |seen| seen.media.len() > 40);
    let statistics = session.statistics();
    assert!(!statistics.rtt.is_zero(), "{statistics:?}");
    assert!(statistics.inflight_bytes <= statistics.bytes_sent);
    session.stop();
    let seen = events_until(&mut events, |e| *e == Event::State(onair::State::Stopped));
    assert!(!seen.contains(&Event::AcknowledgementsOnly), "{seen:?}");
}

#[test]
fn a18_a_new_range_is_kept_within_a_second_and_said_with_its_reason() {
    let sink = Sink::good();
    let session = builder().build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push(&session, 0..10);
    let lowest = video_config().min_bitrate_bps();
    let asked = session.statistics().elapsed;
    session.set_video_bitrate_range(lowest, lowest).expect("it is within the configuration");
    let seen = events_until(&mut events, |event| *event == Event::VideoBitrateWanted(lowest));
    wait_until("the statistics show it", || session.statistics().target_bitrate_bps == lowest);
    assert!(session.statistics().elapsed - asked < Duration::from_secs(1), "{seen:?}");
    let decision = events_until(&mut events, |event| matches!(event, Event::Bitrate { .. })).pop();
    let Some(Event::Bitrate { decision, .. }) = decision else { panic!("{decision:?}") };
    assert_eq!((decision.to_bps, decision.reason), (lowest, BitrateReason::Range));
    assert!(decision.to_string().contains("allowed bitrates changed"), "{decision}");
    session.stop();
}

#[test]
fn an_app_s_bitrate_is_left_alone_when_adaptation_is_off() {
    let sink = Sink::good();
    let session = builder().adaptation(Adaptation::Off).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push(&session, 0..300);
    assert_eq!(session.statistics().target_bitrate_bps, video_config().bitrate_bps());
    session.stop();
    let seen = events_until(&mut events, |e| *e == Event::State(onair::State::Stopped));
    let is_told = |e: &Event| matches!(e, Event::Bitrate { .. } | Event::VideoBitrateWanted(_));
    assert!(!seen.iter().any(is_told), "{seen:?}");
}

#[test]
fn m05_an_app_that_does_not_look_harms_neither_the_stream_nor_memory() {
    let sink = Sink::good();
    let session = builder().event_capacity(8).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let (low, high) = (video_config().min_bitrate_bps(), video_config().max_bitrate_bps());
    // Each round brings a decision, and nobody looks.
    for round in 0..12 {
        push(&session, round * 25..(round + 1) * 25);
        let only = if round % 2 == 0 { low } else { high };
        session.set_video_bitrate_range(only, only).expect("it is within the configuration");
    }
    wait_until("all pictures are sent", || session.statistics().frames_sent == 300);
    assert_eq!(session.statistics().frames_dropped, 0);
    assert!(session.statistics().events_lost > 0, "{:?}", session.statistics());
    session.stop();
    let waiting: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
    assert!(waiting.len() <= 8 + 1, "eight and the newest statistics: {waiting:?}");
    let states: Vec<_> = waiting.iter().filter(|e| matches!(e, Event::State(_))).collect();
    assert_eq!(states.last(), Some(&&Event::State(onair::State::Stopped)), "{waiting:?}");
}
