//! Recovery, clips and names on the system's own disk.

use std::fs;
use std::path::PathBuf;

use super::clip::Clip;
use super::tests::{idr, metadata, picture, sound};
use super::*;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("onair-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays is no reason to fail.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn show(seconds: i64) -> Vec<AccessUnit> {
    let second = |second: i64| {
        let tenth = move |tenth: i64| {
            let at = second * 1_000 + tenth * 100;
            [if tenth == 0 { idr(at) } else { picture(at) }, sound(at)]
        };
        (0..10).flat_map(tenth)
    };
    (0..seconds).flat_map(second).collect()
}

#[test]
fn f08_recovery_never_overwrites_and_takes_away_what_an_earlier_one_left() {
    let folder = Folder::new("f08");
    let (file, part) = (folder.0.join("show.mp4"), folder.0.join("show.mp4.part"));
    let recorder = Recorder::new(EventQueue::new(32));
    recorder.start((&file).into(), &metadata()).expect("a file");
    show(5).iter().for_each(|unit| recorder.push(unit));
    let made = recorder.finish().expect("a recording").expect("a file");
    let whole = fs::read(&file).expect("a file");

    // Cut off in the middle of what had been complete.
    fs::write(&file, &whole[..whole.len() / 2]).expect("a file");
    let taken = folder.0.join("taken.mp4");
    fs::write(&taken, b"somebody's").expect("a file");
    let refused = recover_to(&file, &taken).expect_err("taken");
    assert_eq!((refused.problem, refused.path), (RecordingProblem::Exists, taken.clone()));
    assert_eq!(fs::read(&taken).expect("a file"), b"somebody's");

    fs::write(&part, b"half a copy").expect("a file");
    let copy = folder.0.join("copy.mp4");
    let copied = recover_to(&file, &copy).expect("recovered");
    let recovered = recover(&file).expect("recovered");
    assert!(!part.exists(), "the earlier attempt's");
    assert_eq!(fs::read(&copy).expect("a copy"), fs::read(&file).expect("a file"));
    assert_eq!((recovered.frames, recovered.bytes_lost), (copied.frames, copied.bytes_lost));
    assert!((15..made.frames).contains(&recovered.frames), "{recovered:?} of {made:?}");
    assert!(!recovered.was_complete && recover(&file).expect("recovered").was_complete);
    assert!(matches!(recover(&taken).expect_err("text").problem, RecordingProblem::Unusable(_)));
    let names = fs::read_dir(&folder.0).expect("a folder").count();
    assert_eq!(names, 3, "nothing else is left: show, taken, copy");
}

#[test]
fn the_newest_seconds_become_a_clip_that_begins_at_an_idr() {
    let folder = Folder::new("clip");
    let file = folder.0.join("clip.mp4");
    let clip = Clip::default();
    let nothing = clip.save(&(&file).into(), &metadata()).expect_err("nothing is kept");
    assert!(matches!(nothing.problem, RecordingProblem::Unusable(_)), "{nothing}");
    clip.keep(Duration::from_millis(2_500));
    show(9).iter().for_each(|unit| clip.push(unit));
    let made = clip.save(&(&file).into(), &metadata()).expect("a clip");
    assert_eq!(made.frames, 30, "whole GOPs of a second");
    assert!(recover(&file).expect("one of ours").was_complete);
    let again = clip.save(&(&file).into(), &metadata()).expect_err("it exists");
    assert_eq!(again.problem, RecordingProblem::Exists);
    let flv = clip.save(&folder.0.join("clip.flv").into(), &metadata()).expect("a clip");
    assert_eq!(flv.frames, 30);
    assert_eq!(fs::read_dir(&folder.0).expect("a folder").count(), 2);
    clip.keep(Duration::ZERO);
    assert!(clip.save(&folder.0.join("none.mp4").into(), &metadata()).is_err());
}
