//! The link itself: rate, delay, queue and black hole as asked, and namespaces that nobody leaves.

use std::process::Command;
use std::time::Duration;

use onair_e2e::{ffmpeg, process};
use onair_link::{Line, Queue, Schedule, Setup, start_or_skip};

use onair_link::stage::Stage;

#[test]
fn a_file_takes_as_long_as_the_rate_says() {
    let up = Line {
        rate: Schedule::constant(4e6),
        delay: Duration::from_millis(20),
        queue: Queue::Bytes(60_000),
        ..Line::default()
    };
    let Some(stage) = Stage::set(&Setup { up, ..Setup::default() }) else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file.flv");
    ffmpeg::make_flv(&file, "640x360", 30, 20, 0);
    let bits = std::fs::metadata(&file).expect("it was made").len() as f64 * 8.0;
    let push = stage.push("live", &["--flv", &file.to_string_lossy(), "--fast"]);
    let ended = push.wait();
    ended.expect_code(0);
    let seconds = ended.took.as_secs_f64();
    // Headers of TCP, IP and RTMP come on top, the start and the end too.
    let least = bits / 4e6;
    assert!((least..least * 1.1 + 1.0).contains(&seconds), "{bits} bits in {seconds} s");
    let traffic = stage.link.up_traffic();
    assert!(traffic.peak_queue_bytes <= 60_000 && traffic.bytes as f64 * 8.0 > bits, "{traffic:?}");
    ffmpeg::decode(&stage.recording().to_string_lossy());
}

#[test]
fn nobody_leaves_the_namespace() {
    let Some(link) = start_or_skip(&Setup::default()) else { return };
    let mut routes = Command::new("ip");
    link.near().host(routes.args(["-4", "route", "get", "192.0.2.1"]));
    let ended = process::run(&mut routes, Duration::from_secs(5));
    assert_ne!(ended.code, Some(0), "{}", ended.output());
}

#[test]
fn a_black_hole_stops_everything_and_tells_nobody() {
    let Some(stage) = Stage::set(&Setup::default()) else { return };
    let mut push = stage.push("live", &["--duration", "30s"]);
    push.wait_until_live();
    stage.link.set_black_hole(true);
    let before = stage.link.up_traffic();
    stage.wait_for_standstill();
    let after = stage.link.up_traffic();
    assert_eq!(before.bytes, after.bytes);
    assert!(after.swallowed > before.swallowed, "the kernel tries again");
    assert_eq!(stage.link.attempts().len(), 1);
}
