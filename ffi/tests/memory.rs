//! What a live session without an encoder of its own takes of memory (goal: 10 MB).
#![expect(unsafe_code, reason = "calls what Swift and Kotlin call")]

use std::fs;
use std::time::Duration;

use onair::{Source, VideoQuality};
use onair_e2e::clock;
use onair_ffi::c::push::{
    ONAIR_LAYOUT_LENGTHS, onair_session_push_encoded_video, onair_video_unit,
};
use onair_ffi::c::rehearsal::{onair_rehearsal_begin, onair_rehearsal_pass};
use onair_ffi::{
    DestinationOptions, LiveSession, LiveState, SharedBitrate, session_options, video_preset,
};
use onair_types::config::Orientation;

/// Pages of the process that are in memory, bytes.
fn resident_bytes() -> i64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a resident set");
    let kilobytes = line.trim().strip_suffix(" kB").expect("kB");
    kilobytes.trim().parse::<i64>().expect("a number") * 1_024
}

#[test]
fn a_live_session_without_an_encoder_takes_less_than_10_mb() {
    let before = resident_bytes();
    onair_rehearsal_begin(1);
    let video = video_preset(VideoQuality::High3, Orientation::Landscape);
    let mut options = session_options(None, Some(video));
    options.video_source = Source::Encoded;
    let session = LiveSession::new(options).expect("presets fit");
    let url = "rtmp://rehearsal.local/live/key".to_owned();
    let place = DestinationOptions { url, ..Default::default() };
    session.start(vec![place], SharedBitrate::First).expect("it starts");
    let is_live = || (session.state() == LiveState::Live).then_some(());
    assert!(clock::until(PATIENCE, is_live).is_some(), "{:?}", session.state());

    // Ten seconds of 720p at 2.4 Mbit/s.
    let mut payload = vec![0x41; 10_000];
    payload[..4].copy_from_slice(&(10_000_u32 - 4).to_be_bytes());
    for number in 0..UNITS {
        let is_key = number % 60 == 0;
        payload[4] = if is_key { 0x65 } else { 0x41 };
        let time_us = number as i64 * 33_333;
        let unit = onair_video_unit {
            layout: ONAIR_LAYOUT_LENGTHS,
            is_key: is_key.into(),
            header: AVC_CONFIG.as_ptr(),
            header_size: AVC_CONFIG.len(),
            payload: payload.as_ptr(),
            payload_size: payload.len(),
            pts_us: time_us,
            dts_us: time_us,
        };
        // SAFETY: the unit's pointers are as long as it says.
        let status =
            unsafe { onair_session_push_encoded_video(session.native_handle(), &raw const unit) };
        assert_eq!(status, 0);
        onair_rehearsal_pass(session.native_handle(), 33_333);
        let is_sent = || (session.figures().frames_sent > number).then_some(());
        assert!(clock::until(PATIENCE, is_sent).is_some(), "{:?}", session.figures());
    }
    // Together with the server in memory, which keeps what it was sent.
    let taken = resident_bytes() - before;
    println!(
        "{} kB, {} kB of it what was sent",
        taken / 1_000,
        session.figures().bytes_sent / 1_000
    );
    assert!(taken < 10_000_000, "{taken} bytes");
}

/// Of x264: Baseline, 64×48.
const AVC_CONFIG: [u8; 40] = [
    0x01, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0x00, 0x17, 0x67, 0x42, 0xc0, 0x0a, 0xa6, 0x11, 0x11, 0xec,
    0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x05, 0x03, 0xc4, 0x89, 0x84, 0x60, 0x01,
    0x00, 0x06, 0x68, 0xc8, 0x42, 0x03, 0x92, 0xc8,
];
const UNITS: u64 = 300;
const PATIENCE: Duration = Duration::from_secs(30);
