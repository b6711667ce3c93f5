//! Draws 720p pictures through the beauty filter, for measurements from outside: `scripts/bench --rows B7`.
//!
//! `beauty exact|fast rgba|i420 COUNT`

use std::process::ExitCode;
use std::sync::Arc;

use onair_media::frame::{FrameView, PixelFormat};
use onair_media::look::{Beauty, Chain, Look, Quality};
use onair_types::MediaTime;

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let [quality @ ("exact" | "fast"), format @ ("rgba" | "i420"), count] = words[..] else {
        eprintln!("beauty exact|fast rgba|i420 COUNT");
        return ExitCode::FAILURE;
    };
    let quality = if quality == "fast" { Quality::Fast } else { Quality::Exact };
    let (format, bytes) = match format {
        "rgba" => (PixelFormat::Rgba, WIDTH * HEIGHT * 4),
        _ => (PixelFormat::I420, WIDTH * HEIGHT * 3 / 2),
    };
    match draw(quality, format, bytes as usize, count.parse().unwrap_or(0)) {
        // The sum keeps the work from being left out.
        Ok(sum) => {
            println!("{sum}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(
    quality: Quality,
    format: PixelFormat,
    bytes: usize,
    count: u32,
) -> Result<u64, onair_media::frame::FrameError> {
    // Waves with something fine over them.
    let picture: Vec<u8> =
        (0..bytes).map(|at| ((at / 97) as u8 / 2) + (at * 37 % 61) as u8).collect();
    let view = FrameView::packed(format, WIDTH, HEIGHT, &picture)?;
    let mut chain = Chain::new(WIDTH, HEIGHT)?;
    let beauty = Beauty { is_on: true, quality, ..Beauty::default() };
    chain.set(&Arc::new(Look { beauty, ..Look::default() }));
    let mut sum = 0;
    for number in 0..count {
        let time = MediaTime::from_millis(i64::from(number) * 33);
        sum += match format {
            // As far as the filter alone goes; encoders take I420.
            PixelFormat::Rgba if quality == Quality::Exact => {
                u64::from(chain.draw_rgba(&view, time)?.as_bytes()[number as usize])
            }
            _ => u64::from(chain.draw(&view, time)?.planes()[0].data[number as usize]),
        };
    }
    Ok(sum)
}
