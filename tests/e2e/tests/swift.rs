//! The Swift package: its own tests in Swift, against the real library and real nginx-rtmp; what arrived, by ffmpeg.

use onair_e2e::nginx::Nginx;
use onair_e2e::serve::Serve;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{ffmpeg, phone};

#[test]
fn f01_swift_streams_pattern_and_tone_that_decode_without_error() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let nginx = Nginx::start();
    let server = nginx.url("live", "");
    let serve = Serve::start(&[]);
    let rooms = serve.http_url("").replace("http://", "ws://");
    let server = server.trim_end_matches('/');
    let Some(ended) = phone::script("swift", &["test"], server, &rooms) else {
        return;
    };
    ended.expect_code(0);
    for (key, seconds) in [("swift", 5), ("swift-first", 2), ("swift-second", 1)] {
        let file = nginx.recording(key);
        ffmpeg::decode(&file.to_string_lossy());
        let (pictures, sound) = (ffmpeg::packets(&file, "v"), ffmpeg::packets(&file, "a"));
        let span =
            |all: &[ffmpeg::Packet]| all.last().map_or(0, |last| last.pts_ms - all[0].pts_ms);
        // The last picture of 5 s at 30 fps begins 33 ms before their end; a busy machine skips some.
        for track in [&pictures, &sound] {
            let span = span(track);
            assert!((seconds * 1000 - 300..=seconds * 1000).contains(&span), "{key}: {span} ms");
        }
    }
}
