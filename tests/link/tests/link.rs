//! The link itself, with real kernels at its ends: rate, delay, black hole, and two namespaces that cannot be left.

use std::time::Duration;

use onair_e2e::nginx::Nginx;
use onair_e2e::process::{self, Running};
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, ffmpeg, onair};
use onair_link::{FAR, Line, Link, Queue, Schedule, Setup, start_or_skip};

fn server(link: &Link) -> Nginx {
    let far = link.far().clone();
    Nginx::start_at(FAR, move |command| far.host(command))
}

fn push(link: &Link, arguments: &[&str]) -> Running {
    let mut command = onair::command(&[&["push"], arguments].concat());
    link.near().host(&mut command);
    Running::start(&mut command)
}

#[test]
fn a_file_takes_as_long_as_the_rate_says() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let up = Line {
        rate: Schedule::constant(4e6),
        delay: Duration::from_millis(20),
        queue: Queue::Bytes(60_000),
        ..Line::default()
    };
    let Some(link) = start_or_skip(&Setup { up, ..Setup::default() }) else { return };
    let nginx = server(&link);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file.flv");
    ffmpeg::make_flv(&file, "640x360", 30, 20, 0);
    let bits = std::fs::metadata(&file).expect("it was made").len() as f64 * 8.0;
    let ended = push(
        &link,
        &[&nginx.url("live", "rate"), "--flv", &file.to_string_lossy(), "--fast", "--json"],
    )
    .wait(Duration::from_secs(40));
    ended.expect_code(0);
    let seconds = ended.took.as_secs_f64();
    // Headers of TCP, IP and RTMP come on top, the start and the end too.
    let least = bits / 4e6;
    assert!((least..least * 1.1 + 1.0).contains(&seconds), "{bits} bits in {seconds} s");
    let traffic = link.up_traffic();
    assert!(traffic.peak_queue_bytes <= 60_000 && traffic.bytes as f64 * 8.0 > bits, "{traffic:?}");
    ffmpeg::decode(&nginx.recording("rate").to_string_lossy());
}

#[test]
fn nobody_leaves_the_namespace() {
    let Some(link) = start_or_skip(&Setup::default()) else { return };
    let mut routes = std::process::Command::new("ip");
    link.near().host(routes.args(["-4", "route", "get", "192.0.2.1"]));
    let ended = process::run(&mut routes, Duration::from_secs(5));
    assert_ne!(ended.code, Some(0), "{}", ended.output());
}

#[test]
fn a_black_hole_stops_everything_and_tells_nobody() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let Some(link) = start_or_skip(&Setup::default()) else { return };
    let nginx = server(&link);
    let push = push(&link, &[&nginx.url("live", "hole"), "--duration", "30s"]);
    clock::until(Duration::from_secs(15), || (link.up_traffic().bytes > 100_000).then_some(()))
        .expect("the stream begins");
    link.set_black_hole(true);
    clock::pause(Duration::from_millis(100));
    let before = link.up_traffic();
    clock::pause(Duration::from_secs(1));
    let after = link.up_traffic();
    assert_eq!(before.bytes, after.bytes);
    assert!(after.swallowed > before.swallowed, "the kernel tries again");
    assert_eq!(link.attempts().len(), 1);
    drop(push);
}
