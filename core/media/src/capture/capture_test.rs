//! Formats, clocks and gaps of devices as pure code, and that made sources are behind the traits.

use std::io::Cursor;

use super::*;
use crate::convert::to_i420;
use crate::file::{wav, y4m};
use crate::frame::{FrameView, I420Frame, PixelFormat};
use crate::pattern::Kind;
use crate::still::StillFormat;

#[test]
fn yuyv_keeps_luma_and_means_the_chroma_of_two_rows_at_any_stride() {
    let mut into = I420Frame::new(32, 16).expect("a frame");
    for stride in [64, 70] {
        let mut data = vec![9; stride * 15 + 64];
        for (number, row) in data.chunks_mut(stride).enumerate() {
            for (at, pixel) in row[..64].chunks_exact_mut(4).enumerate() {
                let luma = (number * 16 + at) as u8;
                pixel.copy_from_slice(&[luma, 100 + (number % 2) as u8 * 20, luma / 2, 40]);
            }
        }
        yuyv_to_i420(&data, stride, &mut into).expect("enough");
        let [y, u, v] = into.planes_mut();
        let luma = |at: usize| y[at];
        assert_eq!([luma(0), luma(1), luma(2), luma(32)], [0, 0, 1, 16]);
        assert_eq!([luma(33), luma(15 * 32 + 30)], [8, 255]);
        assert!(u.iter().all(|sample| *sample == 110) && v.iter().all(|sample| *sample == 40));
    }
    let short = yuyv_to_i420(&[0; 64 * 16 - 1], 64, &mut into);
    assert!(matches!(short, Err(FrameError::ShortPlane { needed: 1_024, .. })), "{short:?}");
    assert!(matches!(
        yuyv_to_i420(&[0; 2_048], 62, &mut into),
        Err(FrameError::ShortStride { .. })
    ));
}

#[test]
fn motion_jpeg_is_the_picture_it_was_made_of_and_anything_else_is_an_error() {
    let mut made = I420Frame::new(64, 48).expect("a frame");
    for (plane, value) in made.planes_mut().into_iter().zip([160, 100, 150]) {
        plane.fill(value);
    }
    let jpeg = StillFormat::Jpeg { quality: 95 };
    let jpeg = crate::still::encode(&made.view(), jpeg).expect("a file");
    let mut into = I420Frame::new(64, 48).expect("a frame");
    mjpeg_to_i420(&jpeg, &mut into).expect("a picture");
    for (got, want) in into.as_bytes().iter().zip(made.as_bytes()) {
        assert!(got.abs_diff(*want) <= 3, "{got} of {want}");
    }
    let mut other = I420Frame::new(32, 16).expect("a frame");
    let size = mjpeg_to_i420(&jpeg, &mut other);
    assert!(
        matches!(size, Err(CaptureError::Frame(FrameError::SizeChanged { width: 64, .. }))),
        "{size:?}"
    );
    for bytes in [&jpeg[..40], b"no picture", b""] {
        let error = mjpeg_to_i420(bytes, &mut into).expect_err("damaged");
        assert!(error.to_string().starts_with("decode a camera's picture"), "{error}");
    }
}

#[test]
fn nv12_of_a_camera_with_padded_rows_is_taken() {
    let (luma, chroma) = (vec![77; 40 * 16], [[90, 200]; 20 * 8].concat());
    let planes = [(&luma[..], 40), (&chroma[..], 40)];
    let planes = planes.map(|(data, stride_bytes)| crate::frame::Plane { data, stride_bytes });
    let view = FrameView::new(PixelFormat::Nv12, 32, 16, &planes).expect("a frame");
    let mut into = I420Frame::new(32, 16).expect("a frame");
    to_i420(&view, &mut into).expect("the same size");
    let [y, u, v] = into.planes_mut();
    assert!(
        y.iter().all(|s| *s == 77) && u.iter().all(|s| *s == 90) && v.iter().all(|s| *s == 200)
    );
}

#[test]
fn a_devices_clock_is_converted_once_and_a_block_began_before_it_was_read() {
    let base = ClockBase::measured(1_700_000_000_000_000, CaptureTime::from_millis(5_000));
    assert_eq!(base.convert(1_700_000_000_040_000), CaptureTime::from_millis(5_040));
    assert_eq!(ClockBase::SAME.convert(7), CaptureTime::from_micros(7));
    let now = CaptureTime::from_millis(1_000);
    let begun = begin_of_block(now, 480, 960, 48_000);
    assert_eq!(begun, CaptureTime::from_millis(970), "10 ms read, 20 ms wait behind it");
}

#[test]
fn what_a_device_lost_is_marked() {
    let mut pictures = Continuity::default();
    assert_eq!([5, 6, 9].map(|number| pictures.take(number, 1)), [0, 0, 2]);
    assert_eq!(pictures.take(0, 1), 0, "a camera that began anew");
    let ended = CaptureTime::from_millis(2_000);
    let lost = |at_ms| Continuity::lost(ended, CaptureTime::from_millis(at_ms), 44_100);
    assert_eq!([lost(2_000), lost(2_100), lost(1_900)], [0, 4_410, 0]);
}

#[test]
fn patterns_and_files_are_sources_with_exact_stamps() {
    let mut pattern = Pattern::new(Kind::Bars, 64, 48, 30).expect("a pattern");
    let mut frame = I420Frame::new(64, 48).expect("a frame");
    let mut file = b"YUV4MPEG2 W64 H48 F30000:1001\n".to_vec();
    for number in 0..3_i64 {
        let at = pattern.read(&mut frame).expect("a picture").expect("never ends");
        assert_eq!(at.as_micros(), number * 1_000_000 / 30);
        file.extend([&b"FRAME\n"[..], frame.as_bytes()].concat());
    }
    let drawn = frame.as_bytes().to_vec();
    let reader = y4m::Reader::new(Cursor::new(file)).expect("a header");
    let mut file: Box<dyn PictureSource> = Box::new(Y4mPictures::new(reader));
    assert_eq!((file.shape().fps_num, file.shape().fps_den), (30_000, 1_001));
    let mut times = Vec::new();
    while let Some(at) = file.read(&mut frame).expect("a picture") {
        times.push(at.as_micros());
    }
    assert_eq!(times, [0, 33_366, 66_733]);
    assert_eq!(frame.as_bytes(), drawn);

    let mut block = Vec::new();
    let mut beep = Beep::new(44_100, 2);
    let at: Vec<_> = (0..3).map(|_| beep.read(441, &mut block).expect("a block")).collect();
    let at: Vec<_> = at.into_iter().flatten().map(|it| it.captured.as_micros()).collect();
    assert_eq!((at, block.len()), (vec![0, 10_000, 20_000], 882));
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    bytes
        .extend([&8_000_u32.to_le_bytes()[..], &16_000_u32.to_le_bytes(), &[2, 0, 16, 0]].concat());
    bytes.extend([&b"data"[..], &500_u32.to_le_bytes(), &[1; 500]].concat());
    let reader = wav::Reader::new(Cursor::new(bytes)).expect("a header");
    let mut file: Box<dyn SoundSource> = Box::new(WavSound::new(reader));
    assert_eq!(file.shape(), SoundShape { sample_rate_hz: 8_000, channels: 1 });
    let mut blocks = Vec::new();
    while let Some(it) = file.read(200, &mut block).expect("a block") {
        blocks.push((it.captured.as_micros(), block.len()));
    }
    assert_eq!(blocks, [(0, 200), (25_000, 50)]);
}
