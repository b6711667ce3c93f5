//! The C++ libraries print nothing: an SDK must not write on its app's stderr.
#![cfg(all(feature = "openh264", feature = "fdk-aac"))]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::process::Command;

use common::{Source, config};
use onair_media::pattern::Kind;
use onair_media::{decode, encode};
use onair_types::{AudioConfig, MediaTime, Payload};

const CHILD: &str = "ONAIR_MEDIA_QUIET_CHILD";

#[test]
fn codecs_print_nothing() {
    if std::env::var_os(CHILD).is_some() {
        return use_and_misuse_the_codecs();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "codecs_print_nothing", "--nocapture", "--quiet"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("1 passed"), "the child ran: {stdout}");
    assert!(!stdout.contains("[OpenH264]"), "{stdout}");
}

fn use_and_misuse_the_codecs() {
    // No frame skipping makes openh264 warn at init; so does every refusal below.
    let config = config(320, 180, 30, 300_000);
    let mut encoder = encode::h264(&config).unwrap();
    let mut units = Source::new(Kind::Motion, &config).encode(&mut *encoder, 5);
    encoder.set_bitrate(5_000_000).unwrap();
    encoder.set_bitrate(1_000).unwrap();
    let mut decoder = decode::h264().unwrap();
    units[2].payload = Payload::from_vec(vec![0, 0, 0, 4, 0x41, 0, 0, 0]);
    for unit in units.iter().rev() {
        let _ = decoder.decode(unit, &mut |_, _| {});
    }
    let mut encoder = encode::aac(&AudioConfig::new(44_100, 2, 96_000).unwrap()).unwrap();
    encoder.encode(&[9; 2_048], MediaTime::ZERO, &mut |_| {}).unwrap();
    let _ = encoder.set_bitrate(7);
}
