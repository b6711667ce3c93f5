use std::io::{self, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use onair_engine::flv::{AudioMeta, Body, MetaData, TagType, VideoMeta};
use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{AccessUnit, AudioUnit, FrameKind, MediaTime, Payload, VideoUnit};

use super::*;

/// A disk in memory that can be full, and that waits for `doors` before each write.
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    position: usize,
    room: usize,
    doors: Option<Receiver<()>>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(doors) = &self.doors {
            // Open for good once the other end is gone.
            let _ = doors.recv();
        }
        let mut disk = lock(&self.bytes);
        let taken = bytes.len().min(self.room.saturating_sub(self.position));
        if taken == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let end = self.position + taken;
        if disk.len() < end {
            disk.resize(end, 0);
        }
        disk[self.position..end].copy_from_slice(&bytes[..taken]);
        self.position = end;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(position) = to else { return Err(io::ErrorKind::Unsupported.into()) };
        self.position = usize::try_from(position).expect("a small file");
        Ok(position)
    }
}

impl Medium for Disk {
    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        lock(&self.bytes).truncate(usize::try_from(bytes).expect("a small file"));
        Ok(())
    }
}

struct Rig {
    recorder: Recorder,
    events: crate::Events,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Rig {
    fn new(room: usize, doors: Option<Receiver<()>>) -> Self {
        let queue = EventQueue::new(32);
        let (recorder, events) = (Recorder::new(Arc::clone(&queue)), queue.consumer());
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let disk = Disk { bytes: Arc::clone(&bytes), position: 0, room, doors };
        let active = recorder.begin(disk, Path::new("show.flv"), &metadata()).expect("a thread");
        *lock(&recorder.active) = Some(active);
        recorder.is_on.store(true, Ordering::Release);
        Self { recorder, events, bytes }
    }

    fn tags(&self) -> Vec<(TagType, u32, Vec<u8>)> {
        tags(&lock(&self.bytes))
    }
}

fn metadata() -> MetaData {
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

fn video(kind: FrameKind, pts_ms: i64, dts_ms: i64, level_idc: u8, size: usize) -> AccessUnit {
    AccessUnit::Video(VideoUnit {
        pts: MediaTime::from_millis(pts_ms),
        dts: MediaTime::from_millis(dts_ms),
        kind,
        config: avc_config(level_idc).into(),
        payload: Payload::from_vec(vec![0x11; size]),
    })
}

fn idr(dts_ms: i64) -> AccessUnit {
    video(FrameKind::Idr, dts_ms, dts_ms, 21, 1_000)
}

fn picture(dts_ms: i64) -> AccessUnit {
    video(FrameKind::Reference, dts_ms, dts_ms, 21, 1_000)
}

fn sound(pts_ms: i64) -> AccessUnit {
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
    assert_eq!(recording.size_bytes, lock(&rig.bytes).len() as u64);
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
    let told = rig.events.next_timeout(Duration::from_secs(5));
    let Some(Event::RecordingFailed(error)) = told else { panic!("{told:?}") };
    assert_eq!(error.code(), 210);
    assert!(error.to_string().starts_with("record to show.flv: "), "{error}");
    rig.recorder.push(&idr(60_000));
    assert_eq!(rig.recorder.finish(), Some(Err(error)));
    let last = words(&rig.tags()).pop().expect("tags");
    assert!(last.starts_with("picture +0 @"), "{last}");
    assert!(lock(&rig.bytes).len() > 15_000);
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
        let queue = active.as_ref().and_then(|active| active.queue.as_ref()).expect("a queue");
        assert!(queue.waiting_bytes.load(Ordering::Acquire) <= QUEUE_BYTES);
    }
    assert_eq!(rig.events.try_next(), None, "the gap has not ended");
    drop(open);
    let is_empty = || {
        let active = lock(&rig.recorder.active);
        let queue = active.as_ref().and_then(|active| active.queue.as_ref());
        queue.is_some_and(|queue| queue.waiting_bytes.load(Ordering::Acquire) == 0)
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
    let missing = recorder.start(&folder.join("no/such/show.flv"), &metadata());
    assert!(matches!(missing, Err(Error::Recording(_))), "{missing:?}");
    assert!(matches!(recorder.start(&folder, &metadata()), Err(Error::Recording(_))));
    recorder.start(&file, &metadata()).expect("a new file");
    let second = recorder.start(&folder.join("other.flv"), &metadata());
    assert!(matches!(second, Err(Error::Misuse(_))), "{second:?}");
    let empty = recorder.finish().expect("a recording").expect("a file");
    assert_eq!((empty.frames, empty.size_bytes, empty.path), (0, 0, file.clone()));
    assert!(!file.exists(), "nothing came: no file");
    std::fs::write(&file, b"an older recording").expect("a file");
    assert!(matches!(recorder.start(&file, &metadata()), Err(Error::Recording(_))));
    assert_eq!(recorder.finish(), None);
    std::fs::remove_dir_all(folder).expect("the folder goes");
}
