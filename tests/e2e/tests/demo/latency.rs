//! From a picture's arrival at the server to the screen, by the frame number in it: a few seconds, and a minute when
//! `ONAIR_NIGHTLY` is set. Tests with a browser take turns.

use std::time::Duration;

use onair_e2e::latency::{Latency, Stream};
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{free_port, onair, web};

/// Whoever joins late begins at a key frame and closes up: in a few seconds that is most of it, and is not judged; in a
/// minute it is.
const JOINING: usize = 60;

fn watch(player: &str, limit_ms: f64) {
    if are_missing(&[Tool::Chromium, Tool::Ffmpeg]) {
        return;
    }
    let _turn = web::alone();
    let is_nightly = std::env::var_os("ONAIR_NIGHTLY").is_some();
    let (seconds, joining) = if is_nightly { (60, 0) } else { (5, JOINING) };
    let port = free_port().to_string();
    let mut demo = onair::start(&["demo", "--port", &port, "--plain", "--no-audience"]);
    demo.wait_for_output("live", Duration::from_secs(15));
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let (page, flv) = (at(&format!("/watch/live/demo?player={player}")), at("/live/demo.flv"));
    let stream = Stream { page: &page, flv: &flv, size: (540, 960), fps: 30 };
    let seen = Latency::measure(stream, seconds);

    let (half, most) = (seen.quantile_ms(joining, 0.5), seen.quantile_ms(joining, 0.95));
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
    assert!(half > 0.0 && most <= limit_ms, "{player}: half {half:.0} ms, 95 % {most:.0} ms");
    demo.signal("INT");
    demo.wait(Duration::from_secs(30)).expect_code(0);
}

#[test]
fn rw26_low_latency_hls_is_a_second_behind_its_server() {
    watch("hls", 1_200.0);
}

#[test]
fn rw26_http_flv_is_half_a_second_behind_its_server() {
    watch("flv", 500.0);
}
