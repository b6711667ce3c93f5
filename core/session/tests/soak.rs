//! M01: a thousand lost connections leave nothing behind, neither on the heap nor in the system.

mod support;

use std::time::Duration;

use onair::{AudioUnit, Events, MediaTime, ReconnectPolicy, Session, Source, State, VideoUnit};
use onair_types::FrameKind;
use support::counting::{self, Counting, leave_out_this_thread};
use support::sink::{Behaviour, Sink};
use support::units::{audio, audio_config, avc_config, video, video_config};
use support::{pause, wait_until};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Attempts of one stream keep their distance; many streams make a thousand cycles in half a minute.
const SESSIONS: usize = 40;
const CYCLES: usize = 25;
/// What is there after so many cycles of each is what must be there at the end.
const WARM_UP: usize = 5;
const TOLERANCE_BYTES: i64 = 64 << 10;

fn session(sink: &Sink) -> Session {
    let mut policy = ReconnectPolicy::default();
    policy.max_delay = Duration::from_millis(20);
    let session = Session::builder(Some(audio_config()), Some(video_config()))
        .audio_source(Source::Encoded)
        .video_source(Source::Encoded)
        .reconnect(policy)
        .build()
        .expect("a session");
    session.start(sink.url().as_str()).expect("it starts");
    session
}

/// What there is while all streams are live and nothing is under way.
#[derive(Debug, PartialEq, Eq)]
struct Footprint {
    live_bytes: i64,
    #[cfg(target_os = "linux")]
    files: usize,
    #[cfg(target_os = "linux")]
    threads: usize,
}

fn footprint() -> Footprint {
    Footprint {
        live_bytes: counting::live_bytes(),
        #[cfg(target_os = "linux")]
        files: support::open_files(),
        #[cfg(target_os = "linux")]
        threads: support::threads().len(),
    }
}

/// Half a second of media into each: at first all at once, so that every queue has been as long as
/// it can become.
fn push_all(sessions: &[Session], cycle: usize) {
    let config = avc_config();
    for number in 0..15u32 {
        let at_ms = cycle as i64 * 500 + i64::from(number) * 33;
        let at = MediaTime::from_millis(at_ms);
        let kind = if number == 0 { FrameKind::Idr } else { FrameKind::Reference };
        for session in sessions {
            let sound = AudioUnit { pts: at, ..audio(number, at_ms) };
            session.push_encoded_audio(sound).expect("it runs");
            let picture = VideoUnit { pts: at, dts: at, ..video(&config, number, at_ms, kind) };
            session.push_encoded_video(picture).expect("it runs");
        }
        if cycle > WARM_UP {
            pause(Duration::from_millis(3));
        }
    }
}

#[test]
fn m01_a_thousand_reconnects_leave_nothing_behind() {
    // A thread that starts is counted until it says otherwise; these start only once.
    let sink = Sink::with_workers(Behaviour::UntilCut, SESSIONS, leave_out_this_thread);
    let sessions: Vec<Session> = (0..SESSIONS).map(|_| session(&sink)).collect();
    let mut events: Vec<Events> = sessions.iter().filter_map(Session::events).collect();
    let mut before = None;
    for cycle in 0..=CYCLES {
        wait_until("all are live", || sessions.iter().all(|s| s.state() == State::Live));
        push_all(&sessions, cycle);
        wait_until("all know that media arrived", || sink.acknowledged() == SESSIONS * (cycle + 1));
        let is_quiet = |session: &Session| {
            let statistics = session.statistics();
            statistics.queue_units == 0 && statistics.reconnects as usize == cycle
        };
        wait_until("nothing is under way", || sessions.iter().all(is_quiet));
        // An app that looks: what waits for one that does not is bounded, and not what is measured.
        for events in &mut events {
            while events.try_next().is_some() {}
        }
        if cycle == WARM_UP {
            before = Some(footprint());
        }
        if cycle < CYCLES {
            sink.cut_all();
            wait_until("all have lost it", || {
                sessions.iter().all(|s| s.state() != State::Live || is_back(s, cycle))
            });
        }
    }
    let (before, after) = (before.expect("it was taken"), footprint());
    let grown = after.live_bytes - before.live_bytes;
    let pass = grown.abs() <= TOLERANCE_BYTES;
    println!(
        "{{\"id\":\"M01\",\"what\":\"growth over {} reconnects, bytes\",\"value\":{grown},\
         \"limit\":{TOLERANCE_BYTES},\"pass\":{pass}}}",
        SESSIONS * CYCLES,
    );
    assert!(pass, "{grown} bytes: {before:?}, {after:?}");
    assert_eq!(Footprint { live_bytes: 0, ..before }, Footprint { live_bytes: 0, ..after });
    drop(sessions);
}

/// Already live again after this cycle's cut.
fn is_back(session: &Session, cycle: usize) -> bool {
    session.statistics().reconnects as usize > cycle
}
