//! Encodes a Y4M file as a session would, as fast as it goes, for measurements from outside:
//! `scripts/bench --rows B6`.
//!
//! `encode IN.y4m OUT.h264 BITS_PER_SECOND`

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::process::ExitCode;

use onair_media::encode;
use onair_media::file::y4m::Reader;
use onair_media::frame::I420Frame;
use onair_types::h264::length_prefixed_nal_units;
use onair_types::{FrameKind, MediaTime, VideoConfig};

const START: [u8; 4] = [0, 0, 0, 1];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, bitrate] = &words[..] else {
        eprintln!("encode IN.y4m OUT.h264 BITS_PER_SECOND");
        return ExitCode::FAILURE;
    };
    match convert(input, output, bitrate) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn convert(input: &str, output: &str, bitrate: &str) -> Result<(), Box<dyn Error>> {
    let mut pictures = Reader::new(BufReader::new(File::open(input)?))?;
    let header = pictures.header();
    let config = VideoConfig::builder()
        .size(header.width, header.height)
        .fps(FPS)
        .bitrate_bps(bitrate.parse()?)
        .build()?;
    let mut encoder = encode::h264(&config)?;
    let mut frame = I420Frame::new(header.width, header.height)?;
    let mut to = BufWriter::new(File::create(output)?);
    let mut number = 0;
    while pictures.read_frame(&mut frame)? {
        let time = MediaTime::from_micros(number * 1_000_000 / i64::from(FPS));
        number += 1;
        let mut unit = None;
        encoder.encode(&frame.view(), time, &mut |encoded| unit = Some(encoded))?;
        let Some(unit) = unit else { continue };
        if let (FrameKind::Idr, Some(avc)) = (unit.kind, unit.config.h264()) {
            for set in [avc.sps(), avc.pps()] {
                to.write_all(&START)?;
                to.write_all(set)?;
            }
        }
        for nal in length_prefixed_nal_units(&unit.payload, 4) {
            to.write_all(&START)?;
            to.write_all(nal?)?;
        }
    }
    to.flush()?;
    Ok(())
}

const FPS: u32 = 30;
