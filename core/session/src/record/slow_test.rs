//! Row F05: a disk that takes two seconds a write, and one that breaks, beside a live stream on a
//! virtual uplink: the stream is as late as beside a good disk, and what the file lacks is told.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use onair_engine::flv::{Body, TagType};
use onair_engine::publish::{Config, Output, Publish};
use onair_engine::url::StreamUrl;
use onair_mp4::{FileState, scan};
use onair_types::{FrameKind, Now};

use super::tests::{Inner, Rig, metadata, sound, video};
use super::*;
use crate::server_test::{Server, joined};

const SECONDS: i64 = 50;
/// An uplink of 2 Mbit/s, which pictures of 1.5 fill so that large ones queue.
const BYTES_A_MS: usize = 250;
const DELAY_MS: i64 = 40;

/// The stream beside a recording, each millisecond of it.
struct Live {
    publish: Publish,
    server: Server,
    wake_at: Option<Now>,
    /// On its way, and when it arrives.
    under_way: VecDeque<(i64, Vec<u8>)>,
    late_ms: Vec<i64>,
}

impl Live {
    fn new() -> Self {
        let url = StreamUrl::parse("rtmp://server/live/show").expect("an address");
        let mut publish = Publish::new(Config::new(url, metadata()));
        publish.start(Now::from_millis(0));
        let (under_way, late_ms) = (VecDeque::new(), Vec::new());
        Self { publish, server: Server::new(), wake_at: None, under_way, late_ms }
    }

    fn pass(&mut self, ms: i64) {
        let now = Now::from_millis(ms);
        if self.wake_at.is_some_and(|at| at <= now) {
            self.publish.handle_timeout(now);
        }
        let mut slices = [IoSlice::new(&[]); 64];
        self.obey(now);
        let filled = self.publish.outgoing(&mut slices);
        let mut bytes = joined(&slices[..filled]);
        bytes.truncate(BYTES_A_MS);
        if !bytes.is_empty() {
            self.publish.handle_written(bytes.len(), now);
            self.under_way.push_back((ms + DELAY_MS, bytes));
        }
        while let Some((_, bytes)) = self.under_way.pop_front_if(|(at, _)| *at <= ms) {
            let (answer, media) = self.server.read(&bytes);
            for (kind, message) in media {
                let is_picture = kind == TagType::Video
                    && matches!(Body::parse(kind, &message.body), Ok(Body::AvcUnit { .. }));
                self.late_ms.extend(is_picture.then(|| ms - i64::from(message.timestamp_ms)));
            }
            if !answer.is_empty() {
                self.publish.handle_received(&answer, now);
            }
        }
        self.obey(now);
    }

    fn obey(&mut self, now: Now) {
        loop {
            match self.publish.poll_output(now) {
                Output::Wait(at) => {
                    self.wake_at = at;
                    return;
                }
                Output::Connect { .. } => self.publish.handle_connected(now),
                _ => {}
            }
        }
    }

    /// What all pictures but one in twenty do not exceed, counted from the quickest.
    fn p95_ms(&self) -> i64 {
        let mut late = self.late_ms.clone();
        late.sort_unstable();
        assert!(late.len() as i64 > SECONDS * 25, "{} pictures arrived", late.len());
        late[late.len() * 95 / 100] - late[0] + DELAY_MS
    }
}

/// A show on a disk; a door that is given lets one write through each two seconds, and every write
/// once the show is over. How late it was at the server, how many pictures the app was told of, and
/// what became of the file.
fn show(set: impl FnOnce(&mut Inner), door: Option<Sender<()>>) -> (i64, u64, Rig) {
    let (mut rig, mut live) = (Rig::with("show.mp4", usize::MAX, set), Live::new());
    let (mut pictures, mut sounds, mut told) = (0, 0, 0);
    for ms in 0..SECONDS * 1_000 {
        if ms % 2_000 == 0
            && let Some(door) = &door
        {
            // One that waits is enough.
            let _ = door.try_send(());
        }
        live.pass(ms);
        told = told.max(missing(&mut rig));
        let picture_is_due = pictures * 100 <= ms * 3;
        let sound_is_due = sounds * 1_024_000 <= ms * 44_100;
        if sound_is_due {
            push(&rig, &mut live, sound(ms), ms);
            sounds += 1;
        }
        if picture_is_due {
            let (kind, size) = match pictures % 30 {
                0 => (FrameKind::Idr, 30_000),
                number => (FrameKind::Reference, 4_000 + 60 * number as usize),
            };
            push(&rig, &mut live, video(kind, ms, ms, 21, size), ms);
            pictures += 1;
        }
        if door.is_none() {
            // A disk that keeps up does so in virtual time too.
            wait_for_writer(&rig.recorder);
        }
    }
    drop(door);
    (live.p95_ms(), told, rig)
}

/// How many pictures are missing, as the app was told last; zero when nothing new was.
fn missing(rig: &mut Rig) -> u64 {
    let gaps = std::iter::from_fn(|| rig.events.try_next()).filter_map(|event| match event {
        Event::RecordingGap { video, .. } => Some(video),
        _ => None,
    });
    gaps.last().unwrap_or(0)
}

fn wait_for_writer(recorder: &Recorder) {
    let waiting = || {
        let active = lock(&recorder.active);
        active.as_ref().and_then(|active| active.queue.as_ref()).map_or(0, Queue::waiting_bytes)
    };
    let late = crossbeam_channel::after(Duration::from_secs(30));
    while waiting() > 0 {
        assert!(late.try_recv().is_err(), "the writer catches up");
        thread::yield_now();
    }
}

/// As `onair-net` does.
fn push(rig: &Rig, live: &mut Live, unit: AccessUnit, ms: i64) {
    rig.recorder.push(&unit);
    live.publish.handle_unit(unit, Now::from_millis(ms));
    live.obey(Now::from_millis(ms));
}

#[test]
fn f05_a_disk_that_is_slow_or_breaks_leaves_the_live_p95_as_it_was_and_what_is_missing_is_told() {
    let (door, doors) = bounded(1);
    let shows = [
        ("good", show(|_| {}, None), 0..=0),
        ("slow", show(|disk| disk.wait_at(doors), Some(door)), 30..=900),
        ("broken", show(|disk| disk.fail(20..22), None), 1..=90),
    ];
    let usual = shows[0].1.0;
    let whole = (SECONDS * 30) as u64;
    for (what, (late, mut told, mut rig), may_miss) in shows {
        assert!((late - usual).abs() * 20 <= usual, "{what}: {late} ms, with a good disk {usual}");
        // What waits is written, and pictures go on at the next IDR.
        wait_for_writer(&rig.recorder);
        let end_ms = SECONDS * 1_000;
        rig.recorder.push(&video(FrameKind::Idr, end_ms, end_ms, 21, 1_000));
        let made = rig.recorder.finish().expect("a recording").expect("a file");
        assert!(may_miss.contains(&made.frames_missing), "{what}: {made:?}");
        assert_eq!(made.frames + made.frames_missing, whole + 1, "{what}: each once");
        told = told.max(missing(&mut rig));
        assert_eq!(told, made.frames_missing, "{what}: the app knows");
        let file = rig.disk.file(0);
        let found = scan(&mut std::io::Cursor::new(&file)).expect("a recording");
        assert_eq!((found.state, found.index.counts().0), (FileState::Complete, made.frames));
    }
}
