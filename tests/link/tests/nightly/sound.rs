//! Row D16: a minute of flashes and beeps across the link; what the server wrote down keeps them together.

use std::time::Duration;

use onair_e2e::{ffmpeg, pattern};
use onair_link::stage::{Stage, at_most, judge};
use onair_link::{Line, Schedule, Setup};

#[test]
fn d16_flash_and_beep_stay_together_for_a_minute() {
    let delay = Duration::from_millis(30);
    let up = Line { rate: Schedule::constant(4e6), delay, ..Line::default() };
    let Some(stage) = Stage::set(&Setup { up, ..Setup::default() }) else { return };
    let push = stage.push("live", &["--size", "640x360", "--fps", "30", "--duration", "60s"]);
    // Its own patience is as long as the show.
    onair_e2e::clock::pause(Duration::from_secs(55));
    push.wait().expect_code(0);
    let file = stage.recording();
    let skews = pattern::skews_ms(&file, 640, 360);
    let worst = skews.iter().copied().map(f64::abs).fold(0.0, f64::max);
    judge("D16", "sound beside its picture, ms", worst, at_most(40.0));
    let pictures = ffmpeg::packets(&file, "v");
    let first = pictures[0].pts_ms as f64;
    let mut jitter: Vec<f64> = pictures
        .iter()
        .map(|picture| {
            let at = picture.pts_ms as f64 - first;
            (at - (at * 0.03).round() / 0.03).abs()
        })
        .collect();
    jitter.sort_by(f64::total_cmp);
    judge("D16", "jitter of times, p99, ms", jitter[jitter.len() * 99 / 100], at_most(10.0));
}
