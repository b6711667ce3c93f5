//! A V4L2 camera: mapped buffers in YUYV, NV12, I420 or Motion JPEG → I420. The one import site of
//! `v4l`.

use std::io;
use std::time::Duration;

use onair_media::capture::{
    CaptureError, ClockBase, PictureShape, PictureSource, mjpeg_to_i420, yuyv_to_i420,
};
use onair_media::convert::to_i420;
use onair_media::frame::{FrameView, I420Frame, PixelFormat, Plane};
use onair_types::CaptureTime;
use v4l::buffer::{Flags, Metadata, Type};
use v4l::io::mmap::Stream;
use v4l::io::traits::CaptureStream;
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Device, Format, FourCC};

use crate::clock;

/// What can be converted, the cheapest first.
const CODINGS: [(&[u8; 4], Coding); 4] = [
    (b"NV12", Coding::Nv12),
    (b"YU12", Coding::I420),
    (b"YUYV", Coding::Yuyv),
    (b"MJPG", Coding::Mjpeg),
];
const PATIENCE: Duration = Duration::from_secs(1);
/// Buffers of the driver: pictures that wait while one is converted.
const BUFFERS: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Nv12,
    I420,
    Yuyv,
    Mjpeg,
}

pub(crate) struct Camera {
    device: String,
    shape: PictureShape,
    coding: Coding,
    stride_bytes: usize,
    stream: Stream<'static>,
    /// Known with the first picture.
    base: Option<ClockBase>,
}

impl Camera {
    pub(crate) fn open(path: &str, wanted: PictureShape) -> Result<Self, CaptureError> {
        let refused = |reason: String| CaptureError::Open { device: path.to_owned(), reason };
        let failed = |error: io::Error| refused(reason(&error));
        if path.contains('\0') {
            return Err(failed(io::ErrorKind::NotFound.into()));
        }
        let device = Device::with_path(path).map_err(failed)?;
        let (format, coding) = choose(&device, wanted).ok_or_else(|| {
            refused("it gives no YUYV, NV12, I420 or Motion JPEG; use another camera".to_owned())
        })?;
        I420Frame::check_size(format.width, format.height)?;
        // A driver that knows no rates has one of its own.
        let fps = wanted.fps_num.div_ceil(wanted.fps_den.max(1)).max(1);
        let interval = device.set_params(&Parameters::with_fps(fps)).map(|params| params.interval);
        let (fps_num, fps_den) = interval
            .map(|interval| (interval.denominator, interval.numerator))
            .ok()
            .filter(|(num, den)| *num > 0 && *den > 0)
            .unwrap_or((fps, 1));
        let mut stream =
            Stream::with_buffers(&device, Type::VideoCapture, BUFFERS).map_err(failed)?;
        stream.set_timeout(PATIENCE);
        Ok(Self {
            device: path.to_owned(),
            shape: PictureShape { width: format.width, height: format.height, fps_num, fps_den },
            coding,
            stride_bytes: format.stride as usize,
            stream,
            base: None,
        })
    }
}

/// Sets the first format of [`CODINGS`] that has the wanted size, or the first that there is at all.
fn choose(device: &Device, wanted: PictureShape) -> Option<(Format, Coding)> {
    let set = |fourcc: &[u8; 4]| {
        let format = Format::new(wanted.width, wanted.height, FourCC::new(fourcc));
        device.set_format(&format).ok().filter(|format| format.fourcc.repr == *fourcc)
    };
    let is_wanted = |f: &Format| (f.width, f.height) == (wanted.width, wanted.height);
    let exact = CODINGS
        .iter()
        .find_map(|(fourcc, coding)| set(fourcc).filter(is_wanted).map(|format| (format, *coding)));
    let any = || CODINGS.iter().find_map(|(fourcc, coding)| Some((set(fourcc)?, *coding)));
    exact.or_else(any)
}

impl PictureSource for Camera {
    fn shape(&self) -> PictureShape {
        self.shape
    }

    fn read(&mut self, into: &mut I420Frame) -> Result<Option<CaptureTime>, CaptureError> {
        let Self { device, coding, stride_bytes, stream, base, .. } = self;
        let (data, about) = stream.next().map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => CaptureError::Late { device: device.clone() },
            _ => CaptureError::Device { device: device.clone(), reason: reason(&error) },
        })?;
        let data = &data[..data.len().min(about.bytesused as usize)];
        match coding {
            Coding::Yuyv => yuyv_to_i420(data, *stride_bytes, into)?,
            Coding::Mjpeg => mjpeg_to_i420(data, into)?,
            Coding::Nv12 => planar(PixelFormat::Nv12, data, *stride_bytes, into)?,
            Coding::I420 => planar(PixelFormat::I420, data, *stride_bytes, into)?,
        }
        Ok(Some(stamp(base, about)))
    }
}

/// Planes that follow each other; of I420, chroma rows are half as far apart.
fn planar(
    format: PixelFormat,
    data: &[u8],
    stride_bytes: usize,
    into: &mut I420Frame,
) -> Result<(), CaptureError> {
    let (width, height) = (into.width(), into.height());
    let rows = height as usize;
    let cut = |at: usize| data.get(at..).unwrap_or_default();
    let (luma, chroma) = (stride_bytes * rows, stride_bytes / 2 * (rows / 2));
    let plane = |data, stride_bytes| Plane { data, stride_bytes };
    let planes = [
        plane(data, stride_bytes),
        plane(cut(luma), if format == PixelFormat::Nv12 { stride_bytes } else { stride_bytes / 2 }),
        plane(cut(luma + chroma), stride_bytes / 2),
    ];
    let view = FrameView::new(format, width, height, &planes[..format.plane_count()])?;
    to_i420(&view, into)?;
    Ok(())
}

/// Monotonic stamps are the capture clock's already; of any other clock, the first picture shows how
/// it stands to ours.
fn stamp(base: &mut Option<ClockBase>, about: &Metadata) -> CaptureTime {
    let stamp = &about.timestamp;
    let micros = stamp.sec.saturating_mul(1_000_000).saturating_add(stamp.usec);
    let is_monotonic = about.flags & Flags::TIMESTAMP_MASK == Flags::TIMESTAMP_MONOTONIC;
    let base = base.get_or_insert_with(|| match is_monotonic {
        true => ClockBase::SAME,
        false => ClockBase::measured(micros, clock::now()),
    });
    base.convert(micros)
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such device; `ls /dev/video*` lists them".to_owned()
        }
        io::ErrorKind::PermissionDenied => "permission denied; be in the group `video`".to_owned(),
        io::ErrorKind::ResourceBusy => "another program uses it; close that one".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: PictureShape = PictureShape { width: 640, height: 360, fps_num: 30, fps_den: 1 };

    #[test]
    fn what_is_no_camera_is_an_error_that_says_so() {
        let error = |path| Camera::open(path, WANTED).err().expect("no camera").to_string();
        assert!(
            error("/dev/video-none").contains("no such device"),
            "{}",
            error("/dev/video-none")
        );
        assert!(error("/dev/null").starts_with("open /dev/null: "), "{}", error("/dev/null"));
        assert!(!error("a\0b").is_empty());
    }

    #[test]
    fn stamps_of_the_monotonic_clock_stay_and_others_are_moved_once() {
        let about = |flags, sec| Metadata {
            flags,
            timestamp: v4l::timestamp::Timestamp::new(sec, 500),
            ..Metadata::default()
        };
        let mut base = None;
        let at = stamp(&mut base, &about(Flags::TIMESTAMP_MONOTONIC, 7));
        assert_eq!(at, CaptureTime::from_micros(7_000_500));
        let mut base = None;
        let first = stamp(&mut base, &about(Flags::TIMESTAMP_COPY, 1_700_000_000));
        assert!(clock::now().since(first) < Duration::from_secs(5), "ours");
        let second = stamp(&mut base, &about(Flags::TIMESTAMP_COPY, 1_700_000_001));
        assert_eq!(second.micros_since(first), 1_000_000);
    }

    #[test]
    fn padded_planes_one_behind_the_other_are_taken_and_short_ones_refused() {
        let mut into = I420Frame::new(32, 16).expect("a frame");
        let planes = [vec![50; 40 * 16], vec![60; 20 * 8], vec![70; 20 * 8]].concat();
        planar(PixelFormat::I420, &planes, 40, &mut into).expect("enough");
        let sums = into.planes_mut().map(|plane| (plane[0], plane[plane.len() - 1]));
        assert_eq!(sums, [(50, 50), (60, 60), (70, 70)]);
        planar(PixelFormat::Nv12, &planes, 40, &mut into).expect("enough");
        assert!(planar(PixelFormat::Nv12, &planes[..700], 40, &mut into).is_err());
    }
}
