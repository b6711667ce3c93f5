use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use onair_engine::flv::{AudioMeta, Body, MetaData, TagType, VideoMeta};
use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{AccessUnit, AudioUnit, FrameKind, MediaTime, Payload, VideoUnit};

use super::disk::Medium;
use super::*;

/// Disks in memory that are full, fail, wait for a door before each write, and log what is done.
#[derive(Clone)]
pub(super) struct Sim(Arc<Mutex<Inner>>);

pub(super) struct Inner {
    pub(super) files: Vec<(PathBuf, Vec<u8>)>,
    room: usize,
    doors: Option<Receiver<()>>,
    /// Appends that fail, counted from the first.
    failing: std::ops::Range<usize>,
    appends: usize,
    pub(super) log: Vec<Op>,
}

/// What was done to a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Op {
    Append(Vec<u8>),
    WriteAt(u64, Vec<u8>),
    Truncate(u64),
    Sync,
}

pub(super) struct SimFile {
    disk: Sim,
    number: usize,
}

impl Sim {
    pub(super) fn new(room: usize) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            files: Vec::new(),
            room,
            doors: None,
            failing: 0..0,
            appends: 0,
            log: Vec::new(),
        })))
    }

    pub(super) fn log(&self) -> Vec<Op> {
        lock(&self.0).log.clone()
    }

    pub(super) fn file(&self, number: usize) -> Vec<u8> {
        lock(&self.0).files[number].1.clone()
    }
}

impl Inner {
    pub(super) fn fail(&mut self, appends: std::ops::Range<usize>) {
        self.failing = appends;
    }

    pub(super) fn wait_at(&mut self, doors: Receiver<()>) {
        self.doors = Some(doors);
    }
}

impl Disk for Sim {
    type File = SimFile;

    fn create_new(&self, path: &Path) -> io::Result<SimFile> {
        let mut inner = lock(&self.0);
        if inner.files.iter().any(|(there, _)| there == path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        inner.files.push((path.to_owned(), Vec::new()));
        Ok(SimFile { disk: self.clone(), number: inner.files.len() - 1 })
    }

    fn sync_name(&self, _: &Path) {}

    fn remove(&self, path: &Path) {
        lock(&self.0).files.retain(|(there, _)| there != path);
    }
}

impl Medium for SimFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let doors = lock(&self.disk.0).doors.clone();
        if let Some(doors) = doors {
            // Open for good once the other end is gone.
            let _ = doors.recv();
        }
        let mut inner = lock(&self.disk.0);
        let append = inner.appends;
        inner.appends += 1;
        let room = inner.room;
        let is_failing = inner.failing.contains(&append);
        let file = &mut inner.files[self.number].1;
        let taken = bytes.len().min(room.saturating_sub(file.len()));
        // A disk that fails has often written something.
        let taken = if is_failing { taken / 2 } else { taken };
        file.extend_from_slice(&bytes[..taken]);
        inner.log.push(Op::Append(bytes[..taken].to_vec()));
        match taken == bytes.len() {
            true => Ok(()),
            false if is_failing => Err(io::Error::other("input/output error")),
            false => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut inner = lock(&self.disk.0);
        let at = usize::try_from(at).expect("a small file");
        inner.files[self.number].1[at..at + bytes.len()].copy_from_slice(bytes);
        inner.log.push(Op::WriteAt(at as u64, bytes.to_vec()));
        Ok(())
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        let mut inner = lock(&self.disk.0);
        inner.files[self.number].1.truncate(usize::try_from(bytes).expect("a small file"));
        inner.log.push(Op::Truncate(bytes));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        lock(&self.disk.0).log.push(Op::Sync);
        Ok(())
    }
}

pub(super) struct Rig {
    pub(super) recorder: Recorder,
    pub(super) events: crate::Events,
    pub(super) disk: Sim,
}

impl Rig {
    pub(super) fn new(room: usize, doors: Option<Receiver<()>>) -> Self {
        Self::with("show.flv", room, |inner| inner.doors = doors)
    }

    pub(super) fn with(
        config: impl Into<RecordingConfig>,
        room: usize,
        set: impl FnOnce(&mut Inner),
    ) -> Self {
        let queue = EventQueue::new(32);
        let (recorder, events) = (Recorder::new(Arc::clone(&queue)), queue.consumer());
        let disk = Sim::new(room);
        set(&mut lock(&disk.0));
        recorder.start_on(disk.clone(), config.into(), &metadata()).expect("a recording");
        Self { recorder, events, disk }
    }

    fn tags(&self) -> Vec<(TagType, u32, Vec<u8>)> {
        tags(&self.disk.file(0))
    }
}

pub(super) fn metadata() -> MetaData {
    MetaData {
        video: Some(VideoMeta::h264((640, 360), 30.0, 800_000)),
        audio: Some(AudioMeta::aac(44_100, 2, 128_000)),
        encoder: "test".to_owned(),
        ..MetaData::default()
    }
}

/// The whole tags of a file; nothing may be left over.
fn tags(file: &[u8]) -> Vec<(TagType, u32, Vec<u8>)> {
    assert_eq!(&file[..4], b"FLV\x01");
    let mut rest = &file[13..];
    let mut tags = Vec::new();
    while !rest.is_empty() {
        let size = usize::from(rest[1]) << 16 | usize::from(rest[2]) << 8 | usize::from(rest[3]);
        let time = u32::from_be_bytes([rest[7], rest[4], rest[5], rest[6]]);
        let tag_type = TagType::from_id(rest[0]).expect("a known type");
        tags.push((tag_type, time, rest[11..11 + size].to_vec()));
        assert_eq!(rest[11 + size..15 + size], (size as u32 + 11).to_be_bytes());
        rest = &rest[15 + size..];
    }
    tags
}

fn words(tags: &[(TagType, u32, Vec<u8>)]) -> Vec<String> {
    let word = |(tag_type, time, body): &(TagType, u32, Vec<u8>)| {
        let name = match Body::parse(*tag_type, body).expect("a body") {
            Body::Script(_) => "metadata".to_owned(),
            Body::AvcHeader(record) => format!("avc {}", record[3]),
            Body::AacHeader(_) => "aac".to_owned(),
            Body::AvcUnit { keyframe: true, .. } => "idr".to_owned(),
            Body::AvcUnit { composition_ms, .. } => format!("picture +{composition_ms}"),
            Body::AacFrame(_) => "sound".to_owned(),
            other => panic!("unexpected: {other:?}"),
        };
        format!("{name} @{time}")
    };
    tags.iter().map(word).collect()
}

fn avc_config(level_idc: u8) -> Arc<AvcConfig> {
    let sps = [0x67, 0x42, 0xC0, level_idc, 0xD9, 1, 0x41, 0xFB, 1, 0x10, 0, 0, 3, 0, 0x10];
    Arc::new(AvcConfig::from_parameter_sets(&sps, &[0x68, 0xCB, 0x83, 0xCB, 0x20]).expect("valid"))
}

pub(super) fn video(
    kind: FrameKind,
    pts_ms: i64,
    dts_ms: i64,
    level_idc: u8,
    size: usize,
) -> AccessUnit {
    AccessUnit::Video(VideoUnit {
        pts: MediaTime::from_millis(pts_ms),
        dts: MediaTime::from_millis(dts_ms),
        kind,
        config: avc_config(level_idc).into(),
        payload: Payload::from_vec(nal_unit(size)),
    })
}

/// One NAL unit behind its length.
fn nal_unit(size: usize) -> Vec<u8> {
    let length = u32::try_from(size - 4).expect("a short one").to_be_bytes();
    [&length[..], &vec![0x11; size - 4]].concat()
}

pub(super) fn idr(dts_ms: i64) -> AccessUnit {
    video(FrameKind::Idr, dts_ms, dts_ms, 21, 1_000)
}

pub(super) fn picture(dts_ms: i64) -> AccessUnit {
    video(FrameKind::Reference, dts_ms, dts_ms, 21, 1_000)
}

pub(super) fn sound(pts_ms: i64) -> AccessUnit {
    let asc = Asc::aac_lc(44_100, 2).expect("a known rate");
    let payload = Payload::from_vec(vec![0x22; 300]);
    AccessUnit::Audio(AudioUnit {
        pts: MediaTime::from_millis(pts_ms),
        config: asc.into(),
        payload,
    })
}

#[test]
fn a_file_begins_at_an_idr_with_headers_and_knows_its_length() {
    let rig = Rig::new(usize::MAX, None);
    for unit in [
        picture(960),
        sound(980),
        idr(1_000),
        sound(990),
        sound(1_010),
        video(FrameKind::Reference, 1_100, 1_033, 21, 50),
        video(FrameKind::Disposable, 1_066, 1_066, 21, 50),
        video(FrameKind::Idr, 1_133, 1_133, 31, 50),
    ] {
        rig.recorder.push(&unit);
    }
    let recording = rig.recorder.finish().expect("a recording").expect("a file");
    assert_eq!((recording.frames, recording.audio_frames), (4, 1));
    assert_eq!(recording.duration, Duration::from_millis(133));
    assert_eq!(recording.size_bytes, rig.disk.file(0).len() as u64);
    let tags = rig.tags();
    let expected = [
        "metadata @0",
        "avc 21 @0",
        "idr @0",
        "aac @10",
        "sound @10",
        "picture +67 @33",
        "picture +0 @66",
        "avc 31 @133",
        "idr @133",
    ];
    assert_eq!(words(&tags), expected);
    let (_, _, script) = &tags[0];
    let at = script.windows(8).position(|name| name == b"duration").expect("a duration") + 9;
    let seconds = f64::from_be_bytes(script[at..at + 8].try_into().expect("eight bytes"));
    assert!((seconds - 0.133).abs() < 1e-9, "{seconds}");
}

#[test]
fn a_full_disk_ends_the_recording_after_a_whole_tag_and_says_so() {
    let mut rig = Rig::new(20_000, None);
    for second in 0..60i64 {
        rig.recorder.push(&idr(second * 1_000));
        rig.recorder.push(&picture(second * 1_000 + 33));
    }
    let mut told = rig.events.next_timeout(Duration::from_secs(5));
    // A minute at once: whoever writes it may be told to be behind first.
    while matches!(told, Some(Event::RecordingBehind { .. })) {
        told = rig.events.next_timeout(Duration::from_secs(5));
    }
    let Some(Event::RecordingFailed(error)) = told else { panic!("{told:?}") };
    assert_eq!(error.code(), 210);
    assert!(error.to_string().starts_with("record to show.flv: "), "{error}");
    rig.recorder.push(&idr(60_000));
    assert_eq!(rig.recorder.finish(), Some(Err(error)));
    let last = words(&rig.tags()).pop().expect("tags");
    assert!(last.starts_with("picture +0 @"), "{last}");
    assert!(rig.disk.file(0).len() > 15_000);
}

#[test]
fn a_slow_disk_costs_pictures_up_to_an_idr_and_no_more_than_8_mib() {
    let (open, doors) = bounded::<()>(0);
    let mut rig = Rig::new(usize::MAX, Some(doors));
    let large = |kind, at_ms| video(kind, at_ms, at_ms, 21, 1 << 20);
    rig.recorder.push(&large(FrameKind::Idr, 0));
    for number in 1..30 {
        rig.recorder.push(&large(FrameKind::Reference, number * 33));
        let active = lock(&rig.recorder.active);
        let waiting = active.as_ref().and_then(|active| active.queue.as_ref()).expect("a queue");
        assert!(waiting.waiting_bytes() <= queue::BYTES);
    }
    // How far it is behind may be known by now; how much is missing is not.
    let told = rig.events.try_next();
    let is_no_gap = matches!(told, None | Some(Event::RecordingBehind { .. }));
    assert!(is_no_gap, "the gap has not ended: {told:?}");
    drop(open);
    let is_empty = || {
        let active = lock(&rig.recorder.active);
        let queue = active.as_ref().and_then(|active| active.queue.as_ref());
        queue.is_some_and(|queue| queue.waiting_bytes() == 0)
    };
    let late = crossbeam_channel::after(Duration::from_secs(30));
    while !is_empty() {
        assert!(late.try_recv().is_err(), "the writer catches up");
        thread::yield_now();
    }
    rig.recorder.push(&picture(1_000));
    rig.recorder.push(&idr(1_033));
    rig.recorder.push(&picture(1_066));
    let Some(Event::RecordingGap { video, audio: 0 }) = rig.events.try_next() else {
        panic!("the app is told once the file goes on")
    };
    let recording = rig.recorder.finish().expect("a recording").expect("a file");
    assert_eq!(recording.frames_missing, video);
    assert_eq!(recording.frames + video, 33);
    let words = words(&rig.tags());
    assert_eq!(words[words.len() - 2..], ["idr @1033", "picture +0 @1066"]);
}

#[test]
fn a_path_that_cannot_be_is_an_error_at_once() {
    let recorder = Recorder::new(EventQueue::new(32));
    let folder = std::env::temp_dir().join(format!("onair-record-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("a folder");
    let file = folder.join("show.flv");
    let missing = recorder.start(folder.join("no/such/show.flv").into(), &metadata());
    assert!(matches!(missing, Err(Error::Recording(_))), "{missing:?}");
    assert!(matches!(recorder.start((&folder).into(), &metadata()), Err(Error::Recording(_))));
    recorder.start((&file).into(), &metadata()).expect("a new file");
    let second = recorder.start(folder.join("other.flv").into(), &metadata());
    assert!(matches!(second, Err(Error::Misuse(_))), "{second:?}");
    let empty = recorder.finish().expect("a recording").expect("a file");
    assert_eq!((empty.frames, empty.size_bytes, empty.path), (0, 0, file.clone()));
    assert!(!file.exists(), "nothing came: no file");
    std::fs::write(&file, b"an older recording").expect("a file");
    assert!(matches!(recorder.start((&file).into(), &metadata()), Err(Error::Recording(_))));
    assert_eq!(recorder.finish(), None);
    std::fs::remove_dir_all(folder).expect("the folder goes");
}
