//! From a picture's arrival at the server to the screen, by the frame number in it: a few seconds, and a minute when
//! `ONAIR_NIGHTLY` is set. Tests with a browser take turns.

use std::process::Command;

use onair_e2e::latency::{Latency, Stream};
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{onair, process, web};
use serde_json::{Value, json};

use crate::{demo, end};

/// Whoever joins closes up at first: in a few seconds that is most of it, and only the median takes part of it; in a
/// minute all of it is judged.
const JOINING: usize = 60;

/// How long is watched, and how many pictures at the beginning are not judged.
fn length() -> (u32, usize) {
    if std::env::var_os("ONAIR_NIGHTLY").is_some() { (60, 0) } else { (5, JOINING) }
}

/// Opens the page and judges what it shows for so long: the median of all pictures, and 95 % of those behind the first
/// `joining`. In a minute the first ones are among them; in seconds they would be most of the twentieth that may be late.
fn watch(port: &str, player: &str, limit_ms: f64, seconds: u32, joining: usize) {
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let (page, flv) = (at(&format!("/watch/live/demo?player={player}")), at("/live/demo.flv"));
    let stream = Stream { page: &page, flv: &flv, size: (540, 960), fps: 30 };
    let seen = Latency::measure(stream, seconds);

    let (half, most) = (seen.quantile_ms(0, 0.5), seen.quantile_ms(joining, 0.95));
    let worst = seen.each_ms.iter().take(JOINING).copied().fold(0.0, f64::max);
    println!(
        "{{\"id\":\"RW26\",\"what\":\"{player}: frame in to frame on screen, 95 % of {} pictures, median {half:.0}, \
         stalls {}, first picture after {:.0} ms, the oldest of the first {JOINING} {worst:.0}\",\"value\":{most:.0},\"limit\":{limit_ms},\"pass\":{}}}",
        seen.each_ms.len(),
        seen.stalls,
        seen.first_ms,
        most <= limit_ms && seen.stalls <= 1,
    );
    assert_eq!(seen.player, player);
    assert!(seen.each_ms.len() > 20 * seconds as usize, "{} pictures", seen.each_ms.len());
    assert!(seen.stalls <= 1, "{} stalls", seen.stalls);
    assert!(
        half > 0.0 && half.max(most) <= limit_ms,
        "{player}: half {half:.0} ms, 95 % {most:.0} ms"
    );
}

#[test]
fn rw26_low_latency_hls_is_a_second_behind_its_server() {
    if are_missing(&[Tool::Chromium, Tool::Ffmpeg]) {
        return;
    }
    let _turn = web::alone();
    let (demo, port) = demo();
    let (seconds, joining) = length();
    // When there is one segment, and into a stream that goes on.
    watch(&port, "hls", 1_200.0, seconds, joining);
    watch(&port, "hls", 1_200.0, 5, JOINING);
    end(demo);
}

#[test]
fn rw26_http_flv_is_half_a_second_behind_its_server() {
    if are_missing(&[Tool::Chromium, Tool::Ffmpeg]) {
        return;
    }
    let _turn = web::alone();
    let (demo, port) = demo();
    let (seconds, joining) = length();
    watch(&port, "flv", 500.0, seconds, joining);
    end(demo);
}

#[test]
fn low_latency_hls_jumps_when_it_is_far_behind_and_hurries_when_it_is_not() {
    if are_missing(&[Tool::SocketIo]) {
        return;
    }
    let mut command = Command::new("node");
    command.arg(web::folder().join("page/pace.mjs")).arg(onair::root().join("server/web/pace.js"));
    let ended = process::run(&mut command, onair::PATIENCE);
    ended.expect_code(0);
    let seen: Value = serde_json::from_str(ended.stdout.trim()).expect("the script writes JSON");
    let late = |show: &str| seen[show]["late"].as_f64().expect("a number");
    for (show, jumps) in [
        ("onTime", json!([])),
        ("joinedLate", json!([0])),
        ("joinedLateWithNothingInHand", json!([])),
        ("stumbled", json!([])),
        ("stumbledWithNothingInHand", json!([])),
        ("stoodStill", json!([10])),
        ("stoodStillTwice", json!([10, 12])),
        ("tooSoon", json!([])),
    ] {
        assert_eq!(seen[show]["jumps"], jumps, "{show}: {seen}");
        assert_eq!(seen[show]["rate"], json!(1), "as fast as the show at the end: {seen}");
        let without = show.ends_with("WithNothingInHand");
        assert_eq!((late(show) - 0.12).abs() < 0.05, !without, "{show}: {seen}");
    }
    let (fast, slow) = (&seen["stumbled"]["fastest"], &seen["tooSoon"]["slowest"]);
    assert_eq!((fast, slow), (&json!(1.1), &json!(0.95)), "{seen}");
    assert_eq!(seen["stumbledWithNothingInHand"]["fastest"], json!(1), "{seen}");
}
