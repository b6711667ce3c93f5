//! D16: flash and beep of the pattern through a real nginx-rtmp, measured by ffmpeg. Twelve seconds
//! here; `scripts/nightly` looks at a minute over a real link.

use std::path::Path;

use onair_e2e::nginx::Nginx;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{ffmpeg, onair, pattern};

const SECONDS: usize = 12;
const FPS: f64 = 24.0;

/// How far times lie from where an even rhythm of `spacing_ms` puts them, sorted, as distances.
fn jitter_ms(times_ms: &[f64], spacing_ms: f64) -> Vec<f64> {
    let offsets: Vec<f64> =
        times_ms.iter().enumerate().map(|(n, time)| time - n as f64 * spacing_ms).collect();
    let middle = offsets.iter().sum::<f64>() / offsets.len() as f64;
    let mut jitter: Vec<f64> = offsets.iter().map(|offset| (offset - middle).abs()).collect();
    jitter.sort_by(f64::total_cmp);
    jitter
}

fn p99(sorted: &[f64]) -> f64 {
    sorted[(sorted.len() * 99).div_ceil(100) - 1]
}

fn times_ms(file: &Path, stream: &str) -> Vec<f64> {
    let mut times: Vec<i64> = ffmpeg::packets(file, stream).iter().map(|p| p.pts_ms).collect();
    times.sort_unstable();
    times.into_iter().map(|time| time as f64).collect()
}

#[test]
fn d16_flash_and_beep_stay_together() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let nginx = Nginx::start();
    let duration = format!("{SECONDS}s");
    let url = nginx.url("live", "sync");
    let push = ["push", &url, "--quality", "low2", "--pattern", "bars", "--duration", &duration];
    let push = onair::start(&[&push[..], &["--json"]].concat());
    push.wait(onair::PATIENCE).expect_code(0);
    let file = nginx.recording("sync");

    let skews = pattern::skews_ms(&file, 360, 640);
    assert!(skews.len() >= SECONDS - 1, "{} pairs in {SECONDS} s", skews.len());
    assert!(skews.iter().all(|skew| skew.abs() <= 40.0), "{skews:?}");
    // The first beep begins with the show: what of it lies before the first picture is not sent.
    assert!(p99(&jitter_ms(&skews[1..], 0.0)) <= 10.0, "{skews:?}");
    for (stream, spacing_ms) in [("v", 1_000.0 / FPS), ("a", 1_024.0 / 44.1)] {
        let jitter = jitter_ms(&times_ms(&file, stream), spacing_ms);
        assert!(p99(&jitter) <= 10.0, "{stream}: {} ms", p99(&jitter));
    }
}
