//! Devices of a Linux desk → [`onair_media::capture`]'s traits: a V4L2 camera and an ALSA
//! microphone. Both stamp on one clock, the system's monotonic one.
//!
//! Behind the features `v4l2` (which wants libclang and the kernel's headers to build) and `alsa`
//! (libasound's); without them, and on other systems, opening says so. What needs no device, formats,
//! clocks and gaps, is in `onair-media`. Screens are not captured.

#![forbid(unsafe_code)]

use onair_media::capture::{CaptureError, PictureShape, PictureSource, SoundShape, SoundSource};

#[cfg(all(target_os = "linux", feature = "v4l2"))]
mod camera;
#[cfg(all(target_os = "linux", any(feature = "v4l2", feature = "alsa")))]
mod clock;
#[cfg(all(target_os = "linux", feature = "alsa"))]
mod microphone;

/// Opens a camera ("/dev/video0") for pictures like these; what it really gives is its shape.
///
/// # Errors
/// [`CaptureError::Open`] with what is wrong: no such device, nothing that can be converted, or a
/// build without cameras.
pub fn open_camera(
    device: &str,
    wanted: PictureShape,
) -> Result<Box<dyn PictureSource>, CaptureError> {
    #[cfg(all(target_os = "linux", feature = "v4l2"))]
    return Ok(Box::new(camera::Camera::open(device, wanted)?));
    #[cfg(not(all(target_os = "linux", feature = "v4l2")))]
    {
        let _ = wanted;
        Err(missing(device, "cameras", "v4l2"))
    }
}

/// Opens a microphone (an ALSA name: "default", "hw:1,0") for sound like this; what it really gives
/// is its shape.
///
/// # Errors
/// As [`open_camera`].
pub fn open_microphone(
    device: &str,
    wanted: SoundShape,
) -> Result<Box<dyn SoundSource>, CaptureError> {
    #[cfg(all(target_os = "linux", feature = "alsa"))]
    return Ok(Box::new(microphone::Microphone::open(device, wanted)?));
    #[cfg(not(all(target_os = "linux", feature = "alsa")))]
    {
        let _ = wanted;
        Err(missing(device, "microphones", "alsa"))
    }
}

#[cfg(not(all(target_os = "linux", feature = "v4l2", feature = "alsa")))]
fn missing(device: &str, what: &str, feature: &str) -> CaptureError {
    let reason = format!("this build has no {what}: build on Linux with the feature `{feature}`");
    CaptureError::Open { device: device.to_owned(), reason }
}
