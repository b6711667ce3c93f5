//! What must hold in every order. Each function runs its model to the end of all of them.

use std::sync::atomic::{AtomicUsize, Ordering as Std};
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize as Shared, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use onair_media::frame::{FrameView, PixelFormat};
use onair_media::sound::{Samples, Sound};
use onair_types::CaptureTime;

use crate::bell::Bell;
use crate::edge::audio::{AudioEdge, Pushed};
use crate::edge::video::VideoEdge;
use crate::edge::{Next, Waiting};
use crate::run::{Ending, Gate};
use crate::statistics::Counters;
use crate::sync::bounded;

/// What surrounds an edge.
struct Around {
    ending: Ending,
    gate: Gate,
    counters: Counters,
}

impl Around {
    fn new() -> Self {
        Self { ending: Ending::new(), gate: Gate::default(), counters: Counters::default() }
    }

    fn waiting(&self) -> Waiting<'_> {
        let Self { ending, gate, counters } = self;
        Waiting { ending, gate, counters, patience: Duration::ZERO }
    }
}

/// Runs `model` in every order with at most so many preemptions beyond those that waits make.
/// Returns how many orders there were.
fn in_every_order(preemptions: usize, model: impl Fn() + Sync + Send + 'static) -> usize {
    let orders = std::sync::Arc::new(AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&orders);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(move || {
        count.fetch_add(1, Std::Relaxed);
        model();
    });
    orders.load(Std::Relaxed)
}

const SIDE: u32 = 16;

fn push(edge: &VideoEdge, fill: u8, blocks: bool, around: &Around) -> bool {
    let Some(_inside) = around.gate.enter() else { return false };
    let data = [fill; (SIDE * SIDE * 3 / 2) as usize];
    let frame = FrameView::packed(PixelFormat::I420, SIDE, SIDE, &data).expect("a valid picture");
    if blocks {
        return edge.push_when_free(&frame, CaptureTime::ZERO, &around.waiting()).is_ok();
    }
    edge.push_newest(&frame, CaptureTime::ZERO, &around.waiting()).is_ok()
}

fn take_all(edge: &VideoEdge, around: &Around) -> Vec<u8> {
    let mut taken = Vec::new();
    while let Next::Item(frame) = edge.next(&around.waiting()) {
        taken.push(frame.data[0]);
        edge.release(frame);
    }
    taken
}

/// A camera pushes, the encoder takes, the session finishes: what was accepted is taken, in order,
/// or counted as skipped, and nothing comes after the end.
pub fn every_picture_is_taken_or_counted(preemptions: usize, pictures: u8) -> usize {
    in_every_order(preemptions, move || {
        let shared = Arc::new((VideoEdge::new(), Around::new()));
        let camera = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (edge, around) = &*shared;
                (1..=pictures).take_while(|&fill| push(edge, fill, false, around)).last()
            })
        };
        let encoder = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || take_all(&shared.0, &shared.1))
        };
        shared.1.gate.close();
        shared.1.ending.finish();
        let accepted = camera.join().expect("the camera ends").unwrap_or(0);
        let taken = encoder.join().expect("the encoder ends");
        let skipped = shared.1.counters.frames_skipped.load(Std::Relaxed);
        assert!(taken.is_sorted(), "{taken:?}");
        assert_eq!(taken.len() as u64 + skipped, u64::from(accepted), "{taken:?}");
        assert_eq!(taken.last().copied().unwrap_or(0), accepted, "the newest is never skipped");
    })
}

/// A file pushes and waits for room: all that was accepted is taken.
pub fn a_file_loses_nothing(preemptions: usize, pictures: u8) -> usize {
    in_every_order(preemptions, move || {
        let shared = Arc::new((VideoEdge::new(), Around::new()));
        let file = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (edge, around) = &*shared;
                let pushed = (1..=pictures).take_while(|&fill| push(edge, fill, true, around));
                let pushed = pushed.count();
                around.gate.close();
                around.ending.finish();
                pushed
            })
        };
        let taken = take_all(&shared.0, &shared.1);
        assert_eq!(file.join().expect("the file ends"), taken.len());
        assert_eq!(taken.len(), usize::from(pictures));
        assert_eq!(shared.1.counters.frames_skipped.load(Std::Relaxed), 0);
    })
}

/// A stop sets everybody free: the model would never end otherwise.
pub fn a_stop_ends_every_wait(preemptions: usize, pictures: u8) -> usize {
    in_every_order(preemptions, move || {
        let shared = Arc::new((VideoEdge::new(), Around::new()));
        let file = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (edge, around) = &*shared;
                let _ = (1..=pictures).take_while(|&fill| push(edge, fill, true, around)).count();
            })
        };
        shared.1.gate.close();
        shared.1.ending.stop();
        file.join().expect("the file ends");
        assert!(matches!(shared.0.next(&shared.1.waiting()), Next::Stop));
        assert!(shared.1.gate.is_quiet());
    })
}

/// A microphone pushes more than may wait: every sample is taken in its place or counted, and what
/// is said to wait is what waits.
pub fn every_sample_is_taken_or_counted(preemptions: usize, pushes: u64) -> usize {
    // Half a second of four samples a second: two pushes of one sample may wait.
    const RATE_HZ: u32 = 4;
    in_every_order(preemptions, move || {
        let shared = Arc::new((AudioEdge::new(1, RATE_HZ, false), Around::new()));
        let microphone = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (edge, around) = &*shared;
                for _ in 0..pushes {
                    let Some(_inside) = around.gate.enter() else { break };
                    let captured = CaptureTime::ZERO;
                    let is_back = false;
                    let pushed = Pushed { source: 0, captured, is_back, frames: 1, muted: false };
                    let samples = Samples::I16(&[7]);
                    let sound = Sound { samples, sample_rate_hz: RATE_HZ, channels: 1 };
                    edge.push_newest(&sound, pushed, &around.waiting());
                }
                around.gate.close();
                around.ending.finish();
            })
        };
        let (edge, around) = &*shared;
        let mut numbers = Vec::new();
        while let Next::Item(chunk) = edge.next(&around.waiting()) {
            numbers.push(chunk.first_sample);
            edge.release(chunk);
        }
        microphone.join().expect("the microphone ends");
        let skipped = around.counters.samples_skipped.load(Std::Relaxed);
        assert!(numbers.is_sorted(), "{numbers:?}");
        assert_eq!(numbers.len() as u64 + skipped, pushes, "{numbers:?}");
        assert_eq!(numbers.last(), Some(&(pushes - 1)), "the newest are never skipped");
    })
}

/// Whoever rings is heard before `onair-net` sleeps beside its runtime, or shakes it.
pub fn whoever_rings_is_heard(preemptions: usize, changes: usize) -> usize {
    in_every_order(preemptions, move || {
        let (bell, world) = (Arc::new(Bell::default()), Arc::new(Shared::new(0)));
        let shaken = Arc::new((Mutex::new(false), Condvar::new()));
        let app = {
            let (bell, world, shaken) =
                (Arc::clone(&bell), Arc::clone(&world), Arc::clone(&shaken));
            thread::spawn(move || {
                for change in 1..=changes {
                    world.store(change, Ordering::Release);
                    if bell.ring() {
                        *shaken.0.lock().expect("no panic") = true;
                        shaken.1.notify_one();
                    }
                }
            })
        };
        loop {
            bell.listen();
            if world.load(Ordering::Acquire) == changes {
                break;
            }
            if bell.lie_down() {
                let mut is_shaken = shaken.0.lock().expect("no panic");
                while !*is_shaken {
                    is_shaken = shaken.1.wait(is_shaken).expect("no panic");
                }
                *is_shaken = false;
                drop(is_shaken);
                bell.get_up();
            }
        }
        app.join().expect("the app ends");
    })
}

/// A model that is wrong is found: who drains and then looks at the gate loses what came between.
pub fn the_other_way_round_loses_a_picture(preemptions: usize) -> bool {
    let lost = std::panic::catch_unwind(|| {
        in_every_order(preemptions, || {
            let (sender, queue) = bounded(1);
            let gate = Arc::new(Gate::default());
            let camera = {
                let gate = Arc::clone(&gate);
                thread::spawn(move || {
                    let inside = gate.enter();
                    let accepted = inside.is_some() && sender.try_send(()).is_ok();
                    drop(inside);
                    accepted
                })
            };
            gate.close();
            let mut taken = false;
            loop {
                // As `Waiting::last` would be, with its two looks exchanged.
                taken |= queue.try_recv().is_ok();
                if gate.is_quiet() {
                    break;
                }
                thread::yield_now();
            }
            assert_eq!(camera.join().expect("the camera ends"), taken);
        });
    });
    lost.is_err()
}
