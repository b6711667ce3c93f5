//! A link that dips from 3 Mbit/s to 600 kbit/s and back, with the real encoder at 720p30: nothing breaks for the
//! decoder. Row B9 of `scripts/bench` has how late pictures are and how well the link is used, beside peers.

use std::time::Duration;

use onair_e2e::ffmpeg;
use onair_link::stage::Stage;
use onair_link::{Line, Schedule, Setup};

#[test]
fn b9_a_dip_breaks_nothing() {
    let delay = Duration::from_millis(20);
    let steps = Schedule::parse("0:3000,10:600,25:3000").expect("steps of a test");
    let setup = Setup {
        up: Line { rate: steps, delay, ..Line::default() },
        down: Line { delay, ..Line::default() },
        congestion: Some("cubic".to_owned()),
        ..Setup::default()
    };
    let Some(stage) = Stage::set(&setup) else { return };
    let show = ["--size", "1280x720", "--fps", "30", "--duration", "30s", "--video-bitrate", "2M"];
    stage.push("live", &show).wait().expect_code(0);
    assert_eq!(stage.link.attempts().len(), 1, "the connection held");
    ffmpeg::decode(&stage.recording().to_string_lossy());
}
