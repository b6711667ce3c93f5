//! How far behind its server a page shows a stream: `web/latency.mjs` reads frame numbers off the screen, and this puts
//! them beside the moments at which the pictures came to the server.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::{ffmpeg, pattern, process, tools, web};

/// What was seen.
#[derive(Clone, Debug)]
pub struct Latency {
    /// Milliseconds from a picture's arrival at the server to the screen, in the order of presentation.
    pub each_ms: Vec<f64>,
    /// How often the picture stood still for want of data.
    pub stalls: u64,
    /// From navigation to the first picture, milliseconds.
    pub first_ms: f64,
    /// "flv" or "hls".
    pub player: String,
}

/// A stream with frame numbers, and the page that shows it.
#[derive(Clone, Copy, Debug)]
pub struct Stream<'a> {
    /// The watch page.
    pub page: &'a str,
    /// The same stream as FLV.
    pub flv: &'a str,
    /// Pixels.
    pub size: (u32, u32),
    /// Pictures a second.
    pub fps: u32,
}

impl Latency {
    /// Watches for so long.
    ///
    /// # Panics
    /// When the browser does not start, or shows no numbers.
    #[track_caller]
    pub fn measure(stream: Stream<'_>, seconds: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("begin.flv");
        let mut command = Command::new("node");
        let chromium = tools::chromium().expect("the test asked for chromium");
        command.arg(web::folder().join("latency.mjs")).arg(chromium);
        command.args([stream.page, stream.flv, &seconds.to_string()]).arg(&file);
        let ended = process::run(&mut command, Duration::from_secs(60 + u64::from(seconds)));
        ended.expect_code(0);
        let seen: Value = serde_json::from_str(ended.stdout.trim()).expect("JSON");
        let first = first_number(&file, stream);
        let arrived: Vec<_> = pairs(&seen["arrived"])
            .into_iter()
            .map(|(timestamp, at)| {
                ((timestamp * f64::from(stream.fps) / 1_000.0 + first).round(), at)
            })
            .collect();
        let came = |number: f64| {
            let place = arrived.partition_point(|(known, _)| *known < number);
            arrived.get(place).filter(|(known, _)| *known == number).map(|(_, at)| *at)
        };
        let shown = pairs(&seen["shown"]);
        let each = shown.iter().filter_map(|(number, at)| came(*number).map(|came| at - came));
        let each_ms: Vec<f64> = each.collect();
        assert!(each_ms.len() * 2 > shown.len(), "numbers that never came: {seen}");
        Self {
            each_ms,
            stalls: seen["stalls"].as_u64().expect("a count"),
            first_ms: seen["first"].as_f64().expect("a time"),
            player: seen["player"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// The value that this share of the pictures after the first so many do not exceed, milliseconds.
    pub fn quantile_ms(&self, skip: usize, share: f64) -> f64 {
        let mut sorted = self.each_ms.get(skip..).unwrap_or_default().to_vec();
        sorted.sort_by(f64::total_cmp);
        let place = (sorted.len() as f64 * share) as usize;
        sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }
}

/// The number that a picture with time stamp 0 has or would have.
fn first_number(file: &Path, stream: Stream<'_>) -> f64 {
    let (width, height) = stream.size;
    let numbers = pattern::frame_numbers(file, width, height);
    let packets = ffmpeg::packets(file, "v");
    let known =
        numbers.iter().zip(&packets).find_map(|(number, packet)| Some(((*number)?, packet)));
    let (number, packet) = known.expect("a frame number can be read");
    f64::from(number) - packet.pts_ms as f64 * f64::from(stream.fps) / 1_000.0
}

fn pairs(list: &Value) -> Vec<(f64, f64)> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|pair| Some((pair[0].as_f64()?, pair[1].as_f64()?))).collect()
}
