//! MP4 recordings on disks in memory: what is in them whole, cut off, without room and without power.

use std::io::Cursor;
use std::time::Duration;

use onair_mp4::{FileState, Mp4Error, Scan, scan};
use onair_types::MediaTime;

use super::tests::{Op, Rig, idr, picture, sound};
use super::*;

/// Ten pictures a second, an IDR every two, sound in its own rhythm.
fn show(seconds: i64) -> Vec<AccessUnit> {
    let pictures = (0..seconds * 10).map(|number| match number % 20 {
        0 => idr(number * 100),
        _ => picture(number * 100),
    });
    let sounds = (0..seconds * 44_100 / 1_024).map(|number| sound(number * 1_024_000 / 44_100));
    let mut units: Vec<_> = pictures.chain(sounds).collect();
    units.sort_by_key(AccessUnit::dts);
    units
}

fn read(bytes: &[u8]) -> Result<Scan, Mp4Error> {
    scan(&mut Cursor::new(bytes))
}

/// A complete file of so many seconds, and what was done to make it.
fn complete(seconds: i64) -> (Vec<u8>, Vec<Op>, Recording) {
    let rig = Rig::with("show.mp4", usize::MAX, |_| {});
    show(seconds).iter().for_each(|unit| rig.recorder.push(unit));
    let made = rig.recorder.finish().expect("a recording").expect("a file");
    (rig.disk.file(0), rig.disk.log(), made)
}

#[test]
fn a_complete_file_is_plain_and_holds_every_unit_once() {
    let (bytes, _, made) = complete(7);
    let found = read(&bytes).expect("one of ours");
    assert_eq!(found.state, FileState::Complete);
    assert_eq!((made.frames, found.index.counts().0), (70, 70));
    assert_eq!(made.audio_frames, found.index.counts().1);
    assert_eq!(made.size_bytes, bytes.len() as u64);
    assert_eq!(&bytes[36..40], b"mdat");
    assert_eq!(found.index.ticks() / 9_000, 70);
}

/// Pictures hold 1,000 bytes, so a fragment lies every 500 ms: a cut costs less than a second.
#[test]
fn f01_cut_at_any_of_500_bytes_all_but_the_last_second_can_be_had() {
    let (bytes, ..) = complete(20);
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..500 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (seed >> 16) as usize % bytes.len();
        // How many pictures' bytes are there at all: each kilobyte of payload once.
        let there = bytes[..at].windows(4).filter(|four| *four == [0, 0, 3, 0xe4]).count();
        let had = read(&bytes[..at]).map_or(0, |found| found.index.counts().0);
        assert!(there as u64 <= had + 10, "{had} of {there} pictures at byte {at}");
    }
}

/// Every crash point from the first write on: what was not synced may be there or not, in any
/// order, and as zeros.
#[test]
fn f03_a_power_cut_at_any_step_costs_four_seconds_at_most() {
    let (_, log, _) = complete(9);
    let mut pushed_pictures = 0;
    for crash in 0..=log.len() {
        let done = &log[..crash];
        let synced = done.iter().rposition(|op| *op == Op::Sync).map_or(0, |at| at + 1);
        pushed_pictures = pushed_pictures.max(apply(done, |_| Fate::There).1);
        let fates: [&dyn Fn(usize) -> Fate; 4] = [
            &|_| Fate::There,
            &|at| if at < synced { Fate::There } else { Fate::Lost },
            &|at| if at < synced { Fate::There } else { Fate::Zeros },
            &|at| if at < synced || at + 1 == crash { Fate::There } else { Fate::Zeros },
        ];
        for fate in fates {
            let (disk, _) = apply(done, fate);
            let had = read(&disk).map_or(0, |found| found.index.counts().0);
            let missing = pushed_pictures.saturating_sub(had);
            assert!(missing <= 40, "{missing} pictures of 0.1 s are gone at step {crash}");
        }
    }
}

enum Fate {
    There,
    Lost,
    Zeros,
}

/// The disk after these steps, and how many pictures were written by then.
fn apply(log: &[Op], fate: impl Fn(usize) -> Fate) -> (Vec<u8>, u64) {
    let mut disk = Vec::new();
    let mut written: Vec<u8> = Vec::new();
    for (at, op) in log.iter().enumerate() {
        match (op, fate(at)) {
            (Op::Append(bytes), there) => {
                written.extend_from_slice(bytes);
                match there {
                    Fate::There => disk.extend_from_slice(bytes),
                    Fate::Zeros => disk.resize(disk.len() + bytes.len(), 0),
                    Fate::Lost => {}
                }
            }
            (Op::WriteAt(at, bytes), Fate::There) => {
                let at = *at as usize;
                disk[at..at + bytes.len()].copy_from_slice(bytes);
            }
            (Op::Truncate(size), Fate::There) => disk.truncate(*size as usize),
            _ => {}
        }
    }
    let pictures = written.windows(4).filter(|four| *four == [0, 0, 3, 0xe4]).count();
    (disk, pictures as u64)
}

#[test]
fn a_full_disk_leaves_a_complete_file_and_says_so() {
    let mut rig = Rig::with("show.mp4", 300_000, |_| {});
    let units = show(60);
    units.iter().for_each(|unit| rig.recorder.push(unit));
    let told = rig.events.next_timeout(Duration::from_secs(5));
    let Some(Event::RecordingFailed(Error::Recording(error))) = told else { panic!("{told:?}") };
    assert_eq!(error.problem, RecordingProblem::Full);
    let found = read(&rig.disk.file(0)).expect("one of ours");
    assert_eq!(found.state, FileState::Complete);
    let (pictures, _) = found.index.counts();
    // 14 kB/s: 1,000 bytes of each picture and 300 of each frame of sound.
    assert!(pictures > 100, "{pictures} pictures in 300 kB");
    assert!(rig.recorder.finish().is_some_and(|result| result.is_err()));
}

#[test]
fn a_write_that_fails_costs_a_gop_and_the_file_goes_on() {
    let mut rig = Rig::with("show.mp4", usize::MAX, |inner| inner.fail(5..6));
    show(20).iter().for_each(|unit| rig.recorder.push(unit));
    let made = rig.recorder.finish().expect("a recording").expect("a file");
    let mut gap = None;
    while let Some(event) = rig.events.try_next() {
        if let Event::RecordingGap { video, audio } = event {
            gap = Some((video, audio));
        }
    }
    assert_eq!(gap, Some((made.frames_missing, made.audio_frames_missing)));
    assert_eq!(made.frames + made.frames_missing, 200);
    assert!((1..=20).contains(&made.frames_missing), "up to an IDR: {}", made.frames_missing);
    let found = read(&rig.disk.file(0)).expect("one of ours");
    assert_eq!(found.state, FileState::Complete);
    assert_eq!(found.index.ticks() / 9_000, 200, "what comes after the gap is where it was");
}

#[test]
fn a_disk_that_stands_still_is_told_of_within_a_second_of_the_stream() {
    let (open, doors) = crossbeam_channel::bounded::<()>(0);
    let mut rig = Rig::with("show.mp4", usize::MAX, |inner| inner.wait_at(doors));
    let units = show(8);
    let until = |ms: i64| units.partition_point(|unit| unit.dts() < MediaTime::from_millis(ms));
    let (begun, told_by) = (until(500), until(2_000));
    // The first write begins and does not return.
    units[..begun].iter().for_each(|unit| rig.recorder.push(unit));
    let late = crossbeam_channel::after(Duration::from_secs(30));
    while !rig.recorder.is_writing() {
        assert!(late.try_recv().is_err(), "the writer begins");
        thread::yield_now();
    }
    units[begun..told_by].iter().for_each(|unit| rig.recorder.push(unit));
    let told = rig.events.try_next();
    let Some(Event::RecordingBehind { by }) = told else { panic!("{told:?}") };
    assert!(by <= Duration::from_secs(1), "{by:?}");
    drop(open);
    units[told_by..].iter().for_each(|unit| rig.recorder.push(unit));
    let made = rig.recorder.finish().expect("a recording").expect("a file");
    assert_eq!(made.frames_missing, 0);
}

#[test]
fn pictures_of_another_size_go_into_another_file() {
    let mut rig = Rig::with("show.mp4", usize::MAX, |_| {});
    show(4).iter().for_each(|unit| rig.recorder.push(unit));
    let level = |at_ms, kind| super::tests::video(kind, at_ms, at_ms, 31, 1_000);
    rig.recorder.push(&level(4_000, onair_types::FrameKind::Idr));
    rig.recorder.push(&level(4_100, onair_types::FrameKind::Reference));
    let made = rig.recorder.finish().expect("a recording").expect("a file");
    let Some(Event::RecordingSplit(first)) = rig.events.try_next() else { panic!("two files") };
    assert_eq!((first.frames, made.frames), (40, 2));
    assert_eq!(made.path.as_os_str(), "show-2.mp4");
    let states = [0, 1].map(|number| read(&rig.disk.file(number)).expect("ours").state);
    assert_eq!(states, [FileState::Complete; 2]);
}

#[test]
fn a_recording_is_split_at_the_first_idr_after_its_length_and_no_name_is_taken_twice() {
    let mut config = RecordingConfig::new("show.mp4");
    config.split_after = Some(Duration::from_secs(3));
    let mut rig = Rig::with(config, usize::MAX, |inner| {
        inner.files.push(("show-2.mp4".into(), b"somebody's".to_vec()));
    });
    show(10).iter().for_each(|unit| rig.recorder.push(unit));
    let made = rig.recorder.finish().expect("a recording").expect("a file");
    let mut frames = vec![made.frames];
    while let Some(event) = rig.events.try_next() {
        if let Event::RecordingSplit(file) = event {
            frames.push(file.frames);
        }
    }
    assert_eq!(frames, [20, 40, 40], "an IDR stands at 4 and 8 s");
    assert_eq!(made.path.as_os_str(), "show-4.mp4");
    assert_eq!(rig.disk.file(0), b"somebody's");
}

#[test]
fn settings_out_of_range_are_refused() {
    let mut config = RecordingConfig::new("show.mp4");
    config.split_bytes = Some(10);
    let recorder = Recorder::new(EventQueue::new(32));
    let refused = recorder.start(config, &super::tests::metadata());
    let Err(Error::Recording(error)) = refused else { panic!("{refused:?}") };
    assert!(matches!(error.problem, RecordingProblem::Setting(_)), "{error}");
}
