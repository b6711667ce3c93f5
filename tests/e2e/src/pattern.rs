//! Reads our test pattern out of a recording with foreign decoders: ffmpeg decodes and averages, this only compares
//! brightness. What the strip, the box and the beep are is written in `onair_media::pattern`; nothing is shared.

use std::path::Path;
use std::process::Command;

use crate::ffmpeg::{self, Packet};

const COLUMNS: usize = 20;
const ROWS: usize = 2;
/// Where a beep that begins at a full second counts as begun: a quarter of its amplitude.
const LOUD: u16 = 4_096;
/// Two onsets closer than this are one beep.
const BEEP_SAMPLES: usize = 8_000;

/// The frame numbers in presentation order; none for a picture whose strip cannot be read.
///
/// # Panics
/// When ffmpeg cannot decode the file.
#[track_caller]
pub fn frame_numbers(file: &Path, width: u32, height: u32) -> Vec<Option<u32>> {
    let strip_height = 2 * cell_height(height);
    let filter =
        format!("crop={width}:{strip_height}:0:0,scale={COLUMNS}:{ROWS}:flags=area,format=gray");
    let pixels = decode_video(file, &filter);
    pixels.chunks_exact(COLUMNS * ROWS).map(frame_number).collect()
}

/// How late each beep is after its flash, in milliseconds; negative when it is early.
///
/// # Panics
/// When flashes and beeps do not pair up.
#[track_caller]
pub fn skews_ms(file: &Path, width: u32, height: u32) -> Vec<f64> {
    let flashes = flashes_ms(file, width, height);
    let beeps = beeps_ms(file);
    let pairs: Vec<f64> = flashes
        .iter()
        .filter_map(|flash| beeps.iter().map(|beep| beep - flash).find(|skew| skew.abs() < 500.0))
        .collect();
    // The last flash may come without its beep, and the first beep before a flash.
    let enough = flashes.len().min(beeps.len()).saturating_sub(1).max(1);
    assert!(pairs.len() >= enough, "flashes at {flashes:?}, beeps at {beeps:?}");
    pairs
}

fn flashes_ms(file: &Path, width: u32, height: u32) -> Vec<f64> {
    let top = 2 * cell_height(height);
    let below = height - top;
    // The inner half of the box: edges are where coding errors are.
    let (box_width, box_height) = (width / 4, below / 8);
    let (x, y) = (width * 3 / 8, top + below * 7 / 16);
    let filter = format!("crop={box_width}:{box_height}:{x}:{y},scale=1:1:flags=area,format=gray");
    let brightness = decode_video(file, &filter);
    let mut pts: Vec<i64> = ffmpeg::packets(file, "v").iter().map(|packet| packet.pts_ms).collect();
    pts.sort_unstable();
    let mut flashes = Vec::new();
    let mut was_white = false;
    for (pts, brightness) in pts.into_iter().zip(brightness) {
        let is_white = brightness > 215;
        if is_white && !was_white {
            flashes.push(pts as f64);
        }
        was_white = is_white;
    }
    flashes
}

fn beeps_ms(file: &Path) -> Vec<f64> {
    let packets: Vec<Packet> = ffmpeg::packets(file, "a");
    let start_ms = packets.first().map_or(0, |packet| packet.pts_ms) as f64;
    let input = file.to_string_lossy();
    let rate: f64 = ffmpeg::stream(&input, "audio")["sample_rate"]
        .as_str()
        .and_then(|rate| rate.parse().ok())
        .expect("a sound has a rate");
    let pcm = decode(&["-i", &input, "-map", "0:a", "-ac", "1", "-f", "s16le", "-"]);
    let mut beeps = Vec::new();
    let mut last_loud: Option<usize> = None;
    for (number, sample) in pcm.chunks_exact(2).enumerate() {
        if i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs() >= LOUD {
            if last_loud.is_none_or(|last| number - last > BEEP_SAMPLES) {
                beeps.push(start_ms + number as f64 * 1_000.0 / rate);
            }
            last_loud = Some(number);
        }
    }
    beeps
}

fn decode_video(file: &Path, filter: &str) -> Vec<u8> {
    let input = file.to_string_lossy();
    decode(&[
        "-i",
        &input,
        "-map",
        "0:v",
        "-fps_mode",
        "passthrough",
        "-vf",
        filter,
        "-f",
        "rawvideo",
        "-",
    ])
}

fn decode(arguments: &[&str]) -> Vec<u8> {
    let mut command: Command = ffmpeg::command(arguments);
    let output = command.output().expect("ffmpeg starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "ffmpeg: {stderr}");
    output.stdout
}

fn frame_number(cells: &[u8]) -> Option<u32> {
    let code = cells.iter().fold(0_u64, |code, &cell| (code << 1) | u64::from(cell > 128));
    let number = u32::try_from(code >> 16).ok()?;
    (u64::from(check(number)) == code & 0xFFFF).then_some(number)
}

/// CRC-16 over 24 bits, polynomial 0x1021 from 0xFFFF.
fn check(number: u32) -> u16 {
    (0..24).rev().fold(0xFFFF_u16, |crc, bit| {
        let is_one = (crc >> 15) ^ u16::from(number >> bit & 1 == 1) == 1;
        (crc << 1) ^ if is_one { 0x1021 } else { 0 }
    })
}

fn cell_height(height: u32) -> u32 {
    match height / 20 {
        0..16 => 8,
        16..32 => 16,
        _ => 32,
    }
}
