//! Frames, samples and access units, by pointer: checked, copied once, given back.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::ffi::c_void;

use onair::{FrameView, Pcm, PixelFormat, Plane};

use super::config::pick;
use super::session::{onair_session, with};
use super::{onair_status, read, slice};
use crate::LiveError;
use crate::live::{EncodedPicture, Live};

/// Three planes: Y, U, V; chroma halved both ways.
pub const ONAIR_PIXELS_I420: u32 = 0;
/// Two planes: Y, then U and V alternating.
pub const ONAIR_PIXELS_NV12: u32 = 1;
/// Two planes: Y, then V and U alternating.
pub const ONAIR_PIXELS_NV21: u32 = 2;
/// One plane, bytes R G B A.
pub const ONAIR_PIXELS_RGBA: u32 = 3;
/// One plane, bytes B G R A.
pub const ONAIR_PIXELS_BGRA: u32 = 4;

/// NAL units behind their lengths, headers as records (avcC, hvcC, av1C): as Apple's encoders and
/// MP4 have them.
pub const ONAIR_LAYOUT_LENGTHS: u32 = 0;
/// NAL units behind start codes, headers as parameter sets: as Android's encoders make them.
pub const ONAIR_LAYOUT_START_CODES: u32 = 1;

/// Called exactly once, when the session needs the memory no more, within the push and in its
/// thread. It must not call into OnAir.
pub type onair_release = Option<unsafe extern "C" fn(context: *mut c_void)>;

/// One plane of a picture: rows of `stride` bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct onair_plane {
    /// The first row.
    pub data: *const u8,
    /// Bytes there: at least stride × (rows − 1) + a row's.
    pub size: usize,
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// A picture.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct onair_video_frame {
    /// ONAIR_PIXELS_…
    pub pixels: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// As many as the format has; the others are not looked at.
    pub planes: [onair_plane; 3],
    /// When it was captured, µs on the app's clock.
    pub time_us: i64,
    /// NULL, or called when the planes are needed no more, whatever the push returns.
    pub release: onair_release,
    /// What `release` is given.
    pub context: *mut c_void,
}

/// One access unit of the session's codec.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct onair_video_unit {
    /// ONAIR_LAYOUT_…
    pub layout: u32,
    /// Not 0: decoding can start here.
    pub is_key: u32,
    /// How to decode: needed with the first unit and whenever it changes, else NULL. With start
    /// codes the key frame may hold it itself.
    pub header: *const u8,
    /// Bytes of it.
    pub header_size: usize,
    /// The unit.
    pub payload: *const u8,
    /// Bytes of it.
    pub payload_size: usize,
    /// Presentation time, µs.
    pub pts_us: i64,
    /// Decoding time, µs.
    pub dts_us: i64,
}

/// One AAC frame without ADTS header, or one Opus packet.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct onair_audio_unit {
    /// AudioSpecificConfig or OpusHead: with the first unit and whenever it changes, else NULL.
    pub header: *const u8,
    /// Bytes of it.
    pub header_size: usize,
    /// The frame.
    pub payload: *const u8,
    /// Bytes of it.
    pub payload_size: usize,
    /// When its first sample was captured, µs.
    pub pts_us: i64,
}

/// Takes a picture: checks and copies it, never encodes.
///
/// # Safety
/// `frame` is NULL or points to a frame whose planes are NULL or as long as they say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_push_video(
    session: onair_session,
    frame: *const onair_video_frame,
) -> onair_status {
    // SAFETY: the caller's promise.
    unsafe { with_frame(session, frame, |live, view, time_us| live.push_video(view, time_us)) }
}

/// Has `take` look at a picture, then gives its memory back.
///
/// # Safety
/// As [`onair_session_push_video`].
pub(crate) unsafe fn with_frame(
    session: onair_session,
    frame: *const onair_video_frame,
    take: impl FnOnce(&Live, FrameView<'_>, i64) -> Result<(), LiveError>,
) -> onair_status {
    let status = with(session, |live| {
        // SAFETY: the caller's promise.
        let frame = unsafe { read(frame, "frame") }?;
        let mut planes = [Plane { data: &[], stride_bytes: 0 }; 3];
        // SAFETY: the caller's promise.
        let view = unsafe { view(frame, &mut planes) }?;
        take(live, view, frame.time_us)
    });
    // SAFETY: the caller's promise.
    if let Some(frame) = unsafe { frame.as_ref() }
        && let Some(release) = frame.release
    {
        // SAFETY: the caller gave it for this call.
        unsafe { release(frame.context) };
    }
    status
}

/// Takes interleaved 16-bit samples in native byte order; `count` counts those of all channels.
///
/// # Safety
/// `samples` is NULL or points to `count` samples.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_push_audio(
    session: onair_session,
    samples: *const i16,
    count: usize,
    sample_rate_hz: u32,
    channels: u32,
    time_us: i64,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let samples = unsafe { slice(samples, count, "samples") }?;
        live.push_audio(pcm(samples, sample_rate_hz, channels)?, time_us)
    })
}

/// Sound as C gives it.
pub(super) fn pcm(
    samples: &[i16],
    sample_rate_hz: u32,
    channels: u32,
) -> Result<Pcm<'_>, LiveError> {
    let channels = u8::try_from(channels)
        .map_err(|_| LiveError::argument(format!("channels is {channels}; use 1 to 8")))?;
    Ok(Pcm { samples, sample_rate_hz, channels })
}

/// Takes one access unit of an encoder of the app's own.
///
/// # Safety
/// `unit` is NULL or points to a unit whose pointers are NULL or as long as they say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_push_encoded_video(
    session: onair_session,
    unit: *const onair_video_unit,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let unit = unsafe { read(unit, "unit") }?;
        let is_annex_b = pick(&[false, true], unit.layout, "layout")?;
        // SAFETY: the caller's promise.
        let (header, payload) = unsafe {
            let header = if unit.header.is_null() { 0 } else { unit.header_size };
            let header = slice(unit.header, header, "header")?;
            (header, slice(unit.payload, unit.payload_size, "payload")?)
        };
        live.push_encoded_video(&EncodedPicture {
            is_annex_b,
            header,
            payload,
            pts_us: unit.pts_us,
            dts_us: unit.dts_us,
            is_key: unit.is_key != 0,
        })
    })
}

/// Takes one unit of an audio encoder of the app's own.
///
/// # Safety
/// `unit` is NULL or points to a unit whose pointers are NULL or as long as they say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_push_encoded_audio(
    session: onair_session,
    unit: *const onair_audio_unit,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let unit = unsafe { read(unit, "unit") }?;
        // SAFETY: the caller's promise.
        let (header, payload) = unsafe {
            let header = if unit.header.is_null() { 0 } else { unit.header_size };
            let header = slice(unit.header, header, "header")?;
            (header, slice(unit.payload, unit.payload_size, "payload")?)
        };
        live.push_encoded_audio(header, payload, unit.pts_us)
    })
}

/// The picture where it lies.
///
/// # Safety
/// The frame's planes are null or as long as they say.
pub(crate) unsafe fn view<'a>(
    frame: &'a onair_video_frame,
    planes: &mut [Plane<'a>; 3],
) -> Result<FrameView<'a>, LiveError> {
    let format = pick(&FORMATS, frame.pixels, "pixels")?;
    for (index, plane) in frame.planes.iter().enumerate().take(format.plane_count()) {
        // SAFETY: the caller's promise.
        let data = unsafe { slice(plane.data, plane.size, "planes[].data") }?;
        planes[index] = Plane { data, stride_bytes: plane.stride };
    }
    let planes = &planes[..format.plane_count()];
    let view = FrameView::new(format, frame.width, frame.height, planes);
    Ok(view.map_err(onair::PushError::from)?)
}

/// In the order of their numbers.
pub(crate) const FORMATS: [PixelFormat; 5] =
    [PixelFormat::I420, PixelFormat::Nv12, PixelFormat::Nv21, PixelFormat::Rgba, PixelFormat::Bgra];
