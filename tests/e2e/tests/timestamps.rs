//! Streams that have been running for hours: 24 bits of milliseconds end at 4 h 39 m 37.215 s, and what follows needs
//! the extended timestamp in every chunk.

use onair_e2e::nginx::Nginx;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{ffmpeg, onair, pattern};

#[test]
fn lf53_crosses_ffffff_on_the_defaults_of_nginx() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let nginx = Nginx::start();
    // 24 frames of some 6 kB a second: messages of several chunks at the default of 4,096 bytes.
    let ended = onair::run(&[
        "push",
        &nginx.url("live", "long"),
        "--start-time",
        "4h39m30s",
        "--duration",
        "18s",
        "--quality",
        "medium2",
        "--video-bitrate",
        "1200k",
        "--json",
    ]);
    ended.expect_code(0);
    let summary = onair::summary(&ended);
    assert_eq!(summary["reconnects"], 0, "{summary}");
    let frames = 18 * 24;
    assert_eq!(summary["frames_sent"], frames, "{summary}");

    let file = nginx.recording("long");
    ffmpeg::decode(file.to_str().unwrap());
    let numbers = pattern::frame_numbers(&file, 540, 960);
    assert_eq!(numbers, (0..frames).map(Some).collect::<Vec<_>>());
    for stream in ["v", "a"] {
        let packets = ffmpeg::packets(&file, stream);
        for pair in packets.windows(2) {
            let step = pair[1].dts_ms - pair[0].dts_ms;
            assert!((20..=45).contains(&step), "{stream}: {step} ms from one to the next");
        }
    }
    assert!(!nginx.error_log().contains("[error]"), "{}", nginx.error_log());
}
