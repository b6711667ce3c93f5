//! D02: what arrives over links that force drops decodes without a word of complaint. Real H.264
//! (B-pyramids, several slices, GOPs of any length) from ffmpeg, and ffmpeg's verdict. A few cases
//! here; a hundred with ONAIR_NIGHTLY set. Without ffmpeg and libx264 it says so and passes.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use onair_engine::flv::{self, Body, Reader, TagType};
use onair_types::h264::{AvcConfig, frame_kind, length_prefixed_nal_units};
use onair_types::{AccessUnit, MediaTime, VideoUnit};

use crate::rig::{Rig, video_only};
use crate::server::Heard;

/// Numbers that look random and are the same each time (Numerical Recipes' generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn ffmpeg(arguments: &str, input: &[u8]) -> Option<(Vec<u8>, String)> {
    let mut child = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-v", "error"])
        .args(arguments.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let input = input.to_vec();
    // ffmpeg may end before it has read all, and what it then says counts.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().ok()?;
    writer.join().expect("the writer ends");
    Some((output.stdout, String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// Eight seconds of 30 pictures with references of all kinds; `None` when nobody can make them.
fn encode(numbers: &mut Numbers) -> Option<Vec<u8>> {
    let pyramid = ["none", "strict", "normal"][numbers.below(3) as usize];
    let arguments = format!(
        "-f lavfi -i testsrc2=size=160x96:rate=30 -t 8 -c:v libx264 -preset fast -b:v 200k \
         -pix_fmt yuv420p -threads 1 -g {} -bf {} -refs {} \
         -x264-params b-pyramid={pyramid}:slices={}:open-gop=0 -f flv -",
        8 + numbers.below(70),
        numbers.below(5),
        1 + numbers.below(5),
        1 + numbers.below(4),
    );
    ffmpeg(&arguments, &[]).map(|(file, _)| file).filter(|file| !file.is_empty())
}

fn units(file: &[u8]) -> Vec<VideoUnit> {
    let (mut reader, mut rest) = (Reader::new(), file);
    let mut config = None;
    let mut units = Vec::new();
    while let Some(tag) = reader.take_from(&mut rest).expect("FLV") {
        match Body::parse(tag.tag_type, &tag.body).expect("a body") {
            Body::AvcHeader(record) => {
                config = Some(Arc::new(AvcConfig::from_record(record).expect("a record")));
            }
            Body::AvcUnit { composition_ms, data, .. } if !data.is_empty() => {
                let config = config.clone().expect("the header comes first");
                let nal_units: Vec<&[u8]> =
                    length_prefixed_nal_units(data, config.nal_length_size())
                        .map(|nal_unit| nal_unit.expect("whole NAL units"))
                        .collect();
                let dts = i64::from(tag.timestamp_ms);
                units.push(VideoUnit {
                    pts: MediaTime::from_millis(dts + i64::from(composition_ms)),
                    dts: MediaTime::from_millis(dts),
                    kind: frame_kind(nal_units).expect("a picture"),
                    config: config.into(),
                    payload: tag.body.suffix(data.len()),
                });
            }
            _ => {}
        }
    }
    units
}

/// What a server wrote down of `units` over a link that changes its mind.
fn deliver(units: &[VideoUnit], numbers: &mut Numbers) -> (Vec<u8>, u64) {
    let mut rig = Rig::live(video_only());
    let zero = rig.now;
    let (mut bytes_a_picture, mut changes_at) = (0, 0);
    for (index, unit) in units.iter().enumerate() {
        if index >= changes_at {
            // From nothing to twice the bitrate, for up to two seconds.
            bytes_a_picture = numbers.below(1_700) as usize;
            changes_at = index + 1 + numbers.below(60) as usize;
        }
        rig.credit = Some(bytes_a_picture);
        rig.run_until(zero.offset_micros(unit.dts.as_micros()));
        rig.push(AccessUnit::Video(unit.clone()));
    }
    rig.credit = None;
    rig.stop(100);
    let dropped = rig.publish.snapshot(rig.now).video_units_dropped;
    (written_down(&mut rig), dropped)
}

/// The server's recording.
fn written_down(rig: &mut Rig) -> Vec<u8> {
    let mut file = flv::file_header(false, true).to_vec();
    for heard in rig.server().media() {
        match heard {
            Heard::AvcHeader { timestamp_ms, record } => {
                let body = [&flv::AVC_HEADER_PREFIX[..], record];
                flv::write_tag(&mut file, TagType::Video, *timestamp_ms, &body);
            }
            Heard::Video { timestamp_ms, keyframe, composition_ms, data } => {
                let prefix = flv::video_prefix(*keyframe, *composition_ms);
                flv::write_tag(&mut file, TagType::Video, *timestamp_ms, &[&prefix, data]);
            }
            _ => {}
        }
    }
    file
}

#[test]
fn d02_what_is_left_after_drops_decodes_without_an_error() {
    let is_nightly = std::env::var_os("ONAIR_NIGHTLY").is_some();
    let (files, links) = if is_nightly { (20, 5) } else { (3, 2) };
    let mut dropped = 0;
    for file in 0..files {
        let mut numbers = Numbers(file);
        let Some(encoded) = encode(&mut numbers) else {
            eprintln!("SKIPPED: d02: no ffmpeg with libx264");
            return;
        };
        let units = units(&encoded);
        assert_eq!(units.len(), 240);
        for link in 0..links {
            let (received, lost) = deliver(&units, &mut numbers);
            dropped += lost;
            let (_, complaints) =
                ffmpeg("-err_detect explode -xerror -i - -f null -", &received).expect("ffmpeg");
            assert!(complaints.is_empty(), "file {file}, link {link}, {lost} lost: {complaints}");
        }
    }
    assert!(dropped > 20 * files * links, "only {dropped} pictures were dropped");
    let what = format!("decoder errors in {} cases, {dropped} pictures dropped", files * links);
    println!("{{\"id\":\"D02\",\"what\":\"{what}\",\"value\":0,\"limit\":0,\"pass\":true}}");
}

#[test]
fn d02_the_decoder_would_notice_a_missing_reference() {
    let Some(encoded) = encode(&mut Numbers(7)) else {
        eprintln!("SKIPPED: d02: no ffmpeg with libx264");
        return;
    };
    let mut units = units(&encoded);
    let referred = |unit: &VideoUnit| unit.kind == onair_types::FrameKind::Reference;
    let first = units.iter().position(referred).expect("a reference");
    units.remove(first);
    let mut rig = Rig::live(video_only());
    for unit in &units {
        rig.push(AccessUnit::Video(unit.clone()));
    }
    let file = written_down(&mut rig);
    let (_, complaints) = ffmpeg("-err_detect explode -i - -f null -", &file).expect("ffmpeg");
    assert!(!complaints.is_empty());
}
