//! Calls in any order from eight threads, through the objects that Swift and Kotlin hold: no crash, no
//! hang, documented codes, documented states.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use onair::{FrameView, NetworkPath, Pcm, PixelFormat};

use crate::c::session::{
    onair_session_free, onair_session_report_path, onair_session_request_keyframe,
    onair_session_set_muted, onair_session_stop, with,
};
use crate::c::{ONAIR_OK, onair_status};
use crate::destination::destinations;
use crate::event::LiveState;
use crate::live::Live;
use crate::{
    DestinationOptions, LiveError, LiveSession, Recorder, RecordingFormat, RecordingOptions,
    SharedBitrate, SnapshotFormat, VideoOptions, audio_preset, handles, look_options,
    session_options, video_preset,
};

const THREADS: u64 = 8;
const CALLS: u64 = 125;
const SEED: u64 = 20_261_127;

#[test]
fn a_thousand_calls_in_any_order_from_eight_threads() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let ports = [nobody, silent.local_addr().unwrap().port()];
    let folder = tempfile::tempdir().unwrap();
    let storm = Storm {
        sessions: std::array::from_fn(|_| Mutex::new(made())),
        urls: ports.map(|port| format!("rtmp://127.0.0.1:{port}/live/key")),
        path: folder.path().join("storm").to_string_lossy().into_owned(),
    };
    thread::scope(|scope| {
        for number in 0..THREADS {
            let storm = &storm;
            scope.spawn(move || {
                let mut random = Random(SEED + number);
                for call in 0..CALLS {
                    let code = storm.call(&mut random, number * CALLS + call);
                    assert!(DOCUMENTED.contains(&code), "call {call} of thread {number}: {code}");
                }
            });
        }
    });
    for session in &storm.sessions {
        let session = Arc::clone(&session.lock().unwrap());
        session.stop();
        let state = session.state();
        assert!(
            matches!(state, LiveState::Ready | LiveState::Stopped | LiveState::Failed),
            "{state:?}"
        );
    }
}

/// Row M06. `scripts/nightly --rows M06` runs this and the storm above in code that ThreadSanitizer watches.
#[test]
fn m06_numbers_are_stopped_twice_shared_and_used_after_they_were_freed() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("rtmp://127.0.0.1:{}/live/key", silent.local_addr().unwrap().port());
    let unknown = onair_session_stop(u64::MAX);
    assert!(unknown != ONAIR_OK);
    let shared: [AtomicU64; 3] = std::array::from_fn(|_| AtomicU64::new(numbered()));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (shared, url) = (&shared, &url);
            scope.spawn(move || {
                let mut random = Random(SEED - thread);
                for call in 0..CALLS {
                    let slot = &shared[random.below(3)];
                    let number = slot.load(Ordering::Acquire);
                    let statuses = match random.below(8) {
                        0..=2 => vec![start(number, url)],
                        3 => vec![onair_session_stop(number), onair_session_stop(number)],
                        4 => vec![onair_session_request_keyframe(number)],
                        5 => vec![onair_session_set_muted(number, (call % 2) as u32)],
                        6 => vec![onair_session_report_path(number, 2)],
                        _ => {
                            let number = slot.swap(numbered(), Ordering::AcqRel);
                            let freed = onair_session_free(number);
                            assert_eq!(freed, ONAIR_OK, "it was this thread's to free");
                            // Others may still use it: nothing stands behind it any more, and never will.
                            assert_eq!(onair_session_free(number), unknown);
                            assert_eq!(onair_session_stop(number), unknown);
                            assert_eq!(onair_session_set_muted(number, 1), unknown);
                            vec![freed]
                        }
                    };
                    for status in statuses {
                        // Gone, where another thread freed it meanwhile.
                        let is_documented = status == unknown
                            || u16::try_from(status).is_ok_and(|code| DOCUMENTED.contains(&code));
                        assert!(is_documented, "call {call} of thread {thread}: {status}");
                    }
                }
            });
        }
    });
    for slot in shared {
        assert_eq!(onair_session_free(slot.into_inner()), ONAIR_OK, "nobody freed another's");
    }
}

fn start(number: u64, url: &str) -> onair_status {
    let place = DestinationOptions { url: url.to_owned(), ..Default::default() };
    let all = destinations(vec![place], SharedBitrate::First);
    with(number, |live| Ok(live.session().start(all?)?))
}

/// A session by number, as C and Java hold it.
fn numbered() -> u64 {
    let audio = audio_preset(onair::AudioQuality::High);
    handles::put(Arc::new(Live::new(&session_options(Some(audio), None)).unwrap()))
}

/// No error; no connection; a call out of turn; the file; a push out of turn; no picture; a session that
/// somebody else let go.
const DOCUMENTED: [u16; 7] = [0, 203, 208, 210, 216, 219, 220];

struct Storm {
    sessions: [Mutex<Arc<LiveSession>>; 4],
    urls: [String; 2],
    path: String,
}

impl Storm {
    /// One call; 0, or its error's code.
    fn call(&self, random: &mut Random, number: u64) -> u16 {
        let slot = &self.sessions[random.below(4)];
        let session = Arc::clone(&slot.lock().unwrap());
        let time_us = number as i64 % CALLS as i64 * 10_000;
        let done = match random.below(16) {
            0..=2 => {
                let url = self.urls[random.below(2)].clone();
                let place = DestinationOptions { url, ..Default::default() };
                session.start(vec![place], SharedBitrate::First)
            }
            3 => {
                session.stop();
                Ok(())
            }
            4 => {
                session.finish(10);
                Ok(())
            }
            5..=7 => {
                let frame = FrameView::packed(PixelFormat::Nv12, 64, 48, &[90; 64 * 72]).unwrap();
                session.live().push_video(frame, time_us)
            }
            8 | 9 => {
                let pcm = Pcm { samples: &[0; 2048], sample_rate_hz: 44_100, channels: 2 };
                session.live().push_audio(pcm, time_us)
            }
            10 => {
                let mirror = random.below(2) == 0;
                session.set_look(crate::LookOptions { mirror, ..look_options() })
            }
            11 => {
                let to = self.file(number);
                match random.below(2) {
                    0 => session.start_recording(to),
                    _ => Recorder::new(Arc::clone(&session)).start(to),
                }
            }
            12 => session.stop_recording().map(drop),
            13 => {
                session.set_muted(number.is_multiple_of(2));
                session.report_path(NetworkPath::Changed);
                session.request_keyframe();
                session.snapshot(SnapshotFormat::Png, 1).map(drop)
            }
            14 => {
                let _ = (session.figures(), session.destinations(), session.flight_record());
                session.live().wait_event(Duration::ZERO).map(drop)
            }
            _ => {
                // Whoever pushes to the one that goes keeps it until then.
                *slot.lock().unwrap() = made();
                Ok(())
            }
        };
        done.as_ref().err().map_or(0, LiveError::code)
    }

    fn file(&self, number: u64) -> RecordingOptions {
        RecordingOptions {
            path: format!("{}-{number}.mp4", self.path),
            format: RecordingFormat::ByName,
            split_after_ms: None,
            split_bytes: None,
        }
    }
}

fn made() -> Arc<LiveSession> {
    let preset =
        video_preset(onair::VideoQuality::Low1, onair_types::config::Orientation::Landscape);
    let video = VideoOptions { width: 64, height: 48, ..preset };
    let audio = audio_preset(onair::AudioQuality::High);
    Arc::new(LiveSession::new(session_options(Some(audio), Some(video))).unwrap())
}

/// Of Knuth's constants; the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end) as usize
    }
}
