//! The only file that knows openh264: a safe face on its C++ encoder and decoder, no policy.
//!
//! [`crate::encode::h264`] and [`crate::decode::h264`] make access units and pictures of it. Traps
//! and measurements: spec `dependencies` 1.2. Not here: length prefixes, parameter-set handling.
#![expect(unsafe_code, reason = "calls into a C++ library through its vtables")]

use std::ffi::{CStr, c_char, c_int, c_uchar, c_void};
use std::ptr::{self, NonNull};
use std::slice;

use openh264_sys2 as sys;
use sys::source::APILoader as Library;

use crate::frame::{I420, Plane};

/// What an encoder is made with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// 1.0..=60.0: the library clips beyond.
    pub(crate) fps: f32,
    pub(crate) bitrate_bps: i32,
    /// The level in the SPS and the rate control's ceiling are chosen for this.
    pub(crate) max_bitrate_bps: i32,
    pub(crate) keyframe_interval_frames: u32,
    /// `level_idc`.
    pub(crate) level: u8,
    /// Main with CABAC, else Constrained Baseline with CAVLC.
    pub(crate) cabac: bool,
}

/// What the library answered; 0 never gets here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) i32);

/// "openh264 2.7.0".
pub(crate) fn name() -> String {
    let mut version = sys::OpenH264Version::default();
    // SAFETY: the library fills the struct it is given.
    unsafe { Library::WelsGetCodecVersionEx(&raw mut version) };
    format!("openh264 {}.{}.{}", version.uMajor, version.uMinor, version.uRevision)
}

/// Whether the library was built without the assembly that this processor could run.
pub(crate) fn lacks_assembly() -> bool {
    // Built without nasm it reports nothing; every x86 since the Pentium MMX has something to report.
    cfg!(any(target_arch = "x86", target_arch = "x86_64")) && processor_features() == 0
}

/// What the library found of the processor, of what it was built for: `codec/common/inc/cpu_core.h`.
fn processor_features() -> u32 {
    let mut cores = 0;
    // SAFETY: the function reads `cpuid` and writes the one integer.
    unsafe { WelsCPUFeatureDetect(&raw mut cores) }
}

unsafe extern "C" {
    /// `codec/common/inc/cpu.h`; part of the static library, not of its public interface.
    fn WelsCPUFeatureDetect(cores: *mut i32) -> u32;
}

/// Calls a method of the object's vtable.
macro_rules! call {
    ($object:expr, $method:ident $(, $argument:expr)*) => {{
        let object: *mut _ = $object.as_ptr();
        ((**object).$method.expect("the library fills its vtables"))(object $(, $argument)*)
    }};
}

/// An encoder after a successful init.
pub(crate) struct Encoder {
    raw: NonNull<sys::ISVCEncoder>,
    width: u32,
    height: u32,
    /// 7 kB that the library fills at each picture.
    output: Box<sys::SFrameBSInfo>,
}

// SAFETY: the encoder has no thread affinity, keeps no thread-local state and is reached through
// `&mut self` only.
unsafe impl Send for Encoder {}

impl Encoder {
    pub(crate) fn open(settings: &Settings) -> Result<Self, Refusal> {
        let mut raw = ptr::null_mut();
        // SAFETY: the library writes a pointer to a new encoder, or leaves null.
        let status = unsafe { Library::WelsCreateSVCEncoder(&raw mut raw) };
        let raw = NonNull::new(raw).ok_or(Refusal(status))?;
        let mut encoder =
            Self { raw, width: settings.width, height: settings.height, output: Box::default() };
        encoder.forward_log()?;
        let mut params = sys::SEncParamExt::default();
        // SAFETY: a live encoder; it fills the struct.
        checked(unsafe { call!(raw, GetDefaultParams, &raw mut params) })?;
        apply(settings, &mut params);
        // SAFETY: a live encoder that copies the struct.
        checked(unsafe { call!(raw, InitializeExt, &raw const params) })?;
        Ok(encoder)
    }

    /// Before init, which warns: by default the library prints to stderr.
    fn forward_log(&mut self) -> Result<(), Refusal> {
        let mut callback: sys::WelsTraceCallback = Some(forward);
        // SAFETY: the option takes a callback.
        unsafe { self.set(sys::ENCODER_OPTION_TRACE_CALLBACK, &mut callback) }
    }

    /// # Safety
    /// `value` must be of the type that `codec_app_def.h` gives `option`.
    unsafe fn set<T>(&mut self, option: sys::ENCODER_OPTION, value: &mut T) -> Result<(), Refusal> {
        let value: *mut c_void = ptr::from_mut(value).cast();
        // SAFETY: a live encoder, which copies the value.
        checked(unsafe { call!(self.raw, SetOption, option, value) })
    }

    /// Encodes one picture of the encoder's size; `millis` is for the library's statistics only.
    ///
    /// # Panics
    /// When the size differs: the library would read past the planes.
    pub(crate) fn encode(
        &mut self,
        picture: &I420<'_>,
        millis: i64,
    ) -> Result<Bitstream<'_>, Refusal> {
        assert_eq!((picture.width(), picture.height()), (self.width, self.height));
        let [y, u, v] = *picture.planes();
        let stride =
            |plane: Plane<'_>| c_int::try_from(plane.stride_bytes).map_err(|_| Refusal(-1));
        let source = sys::SSourcePicture {
            iColorFormat: sys::videoFormatI420,
            iStride: [stride(y)?, stride(u)?, stride(v)?, 0],
            pData: [
                y.data.as_ptr().cast_mut(),
                u.data.as_ptr().cast_mut(),
                v.data.as_ptr().cast_mut(),
                ptr::null_mut(),
            ],
            iPicWidth: self.width as c_int,
            iPicHeight: self.height as c_int,
            uiTimeStamp: millis,
            ..Default::default()
        };
        // SAFETY: a live encoder. `I420` holds planes as long as size and strides say; the library
        // copies from them and does not write, whatever its types say.
        checked(unsafe { call!(self.raw, EncodeFrame, &raw const source, &raw mut *self.output) })?;
        Ok(Bitstream { info: &self.output })
    }

    pub(crate) fn force_idr(&mut self) -> Result<(), Refusal> {
        // SAFETY: a live encoder.
        checked(unsafe { call!(self.raw, ForceIntraFrame, true) })
    }

    /// The ceiling must not be below the bitrate.
    pub(crate) fn set_max_bitrate(&mut self, bitrate_bps: i32) -> Result<(), Refusal> {
        // On "all layers" the library stores a field that nothing reads.
        let mut info = sys::SBitrateInfo { iLayer: sys::SPATIAL_LAYER_0, iBitrate: bitrate_bps };
        // SAFETY: the option takes a layer and a bitrate.
        unsafe { self.set(sys::ENCODER_OPTION_MAX_BITRATE, &mut info) }
    }

    /// Above the ceiling the library answers with an error, yet uses the new bitrate.
    pub(crate) fn set_bitrate(&mut self, bitrate_bps: i32) -> Result<(), Refusal> {
        let mut info = sys::SBitrateInfo { iLayer: sys::SPATIAL_LAYER_ALL, iBitrate: bitrate_bps };
        // SAFETY: the option takes a layer and a bitrate.
        unsafe { self.set(sys::ENCODER_OPTION_BITRATE, &mut info) }
    }

    pub(crate) fn set_fps(&mut self, mut fps: f32) -> Result<(), Refusal> {
        // SAFETY: the option takes a float.
        unsafe { self.set(sys::ENCODER_OPTION_FRAME_RATE, &mut fps) }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: a live encoder, gone after this.
        unsafe {
            call!(self.raw, Uninitialize);
            Library::WelsDestroySVCEncoder(self.raw.as_ptr());
        }
    }
}

fn apply(settings: &Settings, params: &mut sys::SEncParamExt) {
    params.iUsageType = sys::CAMERA_VIDEO_REAL_TIME;
    params.iPicWidth = settings.width as c_int;
    params.iPicHeight = settings.height as c_int;
    params.fMaxFrameRate = settings.fps;
    params.iTargetBitrate = settings.bitrate_bps;
    // As close to the bitrate as the other modes over seconds; it takes fewer bits from the pictures
    // behind an IDR, for 0.6 to 0.8 VMAF.
    params.iRCMode = sys::RC_QUALITY_MODE;
    params.iComplexityMode = sys::LOW_COMPLEXITY;
    params.uiIntraPeriod = settings.keyframe_interval_frames;
    params.eSpsPpsIdStrategy = sys::CONSTANT_ID;
    params.iEntropyCodingModeFlag = c_int::from(settings.cabac);
    params.bEnableBackgroundDetection = false;
    params.bEnableAdaptiveQuant = false;
    // IDRs come by interval and on demand; a camera that pans would trigger more.
    params.bEnableSceneChangeDetect = false;
    params.bEnableFrameSkip = false;
    params.iMultipleThreadIdc = 1;
    // Left at 0 the library narrows the range to 12..=42, and 300 kbit/s at 720p become 500.
    params.iMinQp = 12;
    params.iMaxQp = 51;
    // A weaker deblocking filter: 0.6 to 0.9 VMAF for nothing; further down there is no more.
    params.iLoopFilterAlphaC0Offset = -3;
    params.iLoopFilterBetaOffset = -3;

    let layer = &mut params.sSpatialLayers[0];
    layer.iVideoWidth = settings.width as c_int;
    layer.iVideoHeight = settings.height as c_int;
    layer.fFrameRate = settings.fps;
    layer.iSpatialBitrate = settings.bitrate_bps;
    layer.iMaxSpatialBitrate = settings.max_bitrate_bps;
    layer.uiProfileIdc = if settings.cabac { sys::PRO_MAIN } else { sys::PRO_BASELINE };
    layer.uiLevelIdc = c_int::from(settings.level);
    layer.sSliceArgument.uiSliceMode = sys::SM_SINGLE_SLICE;
    // What `crate::convert` makes. The library has no VUI timing.
    layer.bVideoSignalTypePresent = true;
    layer.uiVideoFormat = sys::VF_UNDEF as c_uchar;
    layer.bFullRange = false;
    layer.bColorDescriptionPresent = true;
    layer.uiColorPrimaries = sys::CP_BT709 as c_uchar;
    layer.uiTransferCharacteristics = sys::TRC_BT709 as c_uchar;
    layer.uiColorMatrix = sys::CM_BT709 as c_uchar;
}

/// What one picture became; borrows the encoder's buffers.
pub(crate) struct Bitstream<'a> {
    info: &'a sys::SFrameBSInfo,
}

impl<'a> Bitstream<'a> {
    /// The NAL units in order, without start codes; none when the picture was skipped.
    pub(crate) fn nal_units(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let layers = usize::try_from(self.info.iLayerNum).unwrap_or(0);
        let layers = &self.info.sLayerInfo[..layers.min(self.info.sLayerInfo.len())];
        layers.iter().flat_map(|layer| {
            let count = usize::try_from(layer.iNalCount).unwrap_or(0);
            let lengths: &[c_int] = if count == 0 {
                &[]
            } else {
                // SAFETY: the library keeps `iNalCount` lengths there until the next picture, which
                // the borrow of the encoder's output prevents.
                unsafe { slice::from_raw_parts(layer.pNalLengthInByte, count) }
            };
            let mut offset = 0;
            lengths.iter().map(move |&length| {
                let length = usize::try_from(length).unwrap_or(0);
                // SAFETY: the NAL units lie one behind the other in the layer's buffer.
                let unit = unsafe { slice::from_raw_parts(layer.pBsBuf.add(offset), length) };
                offset += length;
                unit.strip_prefix(&[0, 0, 0, 1])
                    .or_else(|| unit.strip_prefix(&[0, 0, 1]))
                    .unwrap_or(unit)
            })
        })
    }
}

/// A decoder after a successful init, without concealment: a damaged unit is an error.
pub(crate) struct Decoder {
    raw: NonNull<sys::ISVCDecoder>,
}

// SAFETY: as for the encoder.
unsafe impl Send for Decoder {}

impl Decoder {
    pub(crate) fn open() -> Result<Self, Refusal> {
        let mut raw = ptr::null_mut();
        // SAFETY: the library writes a pointer to a new decoder, or leaves null.
        let status = unsafe { Library::WelsCreateDecoder(&raw mut raw) };
        let raw = NonNull::new(raw).ok_or(Refusal(status as i32))?;
        let decoder = Self { raw };
        let mut callback: sys::WelsTraceCallback = Some(forward);
        let value: *mut c_void = ptr::from_mut(&mut callback).cast();
        // SAFETY: a live decoder; the option takes a pointer to the callback and copies it.
        long(unsafe { call!(raw, SetOption, sys::DECODER_OPTION_TRACE_CALLBACK, value) })?;
        let params = sys::SDecodingParam {
            eEcActiveIdc: sys::ERROR_CON_DISABLE,
            sVideoProperty: sys::SVideoProperty {
                size: size_of::<sys::SVideoProperty>() as u32,
                eVideoBsType: sys::VIDEO_BITSTREAM_AVC,
            },
            ..Default::default()
        };
        // SAFETY: a live decoder that copies the struct.
        long(unsafe { call!(raw, Initialize, &raw const params) })?;
        Ok(decoder)
    }

    /// Decodes the NAL units of one access unit, in Annex B; `stamp` comes back with its picture.
    /// `out` gets at most two pictures, in presentation order.
    pub(crate) fn decode(
        &mut self,
        annex_b: &[u8],
        stamp: u64,
        out: &mut dyn FnMut(Picture<'_>),
    ) -> Result<(), Refusal> {
        let length = c_int::try_from(annex_b.len()).map_err(|_| Refusal(-1))?;
        // The library starts on a unit when it sees the next one, or nothing.
        let parsed = self.step(stamp, out, |raw, planes, info| {
            // SAFETY: a live decoder; `annex_b` is `length` bytes that it copies.
            unsafe { call!(raw, DecodeFrame2, annex_b.as_ptr(), length, planes, info) }
        });
        let decoded = self.step(stamp, out, |raw, planes, info| {
            // SAFETY: a live decoder; null means the end of the unit.
            unsafe { call!(raw, DecodeFrame2, ptr::null(), 0, planes, info) }
        });
        checked(parsed | decoded)
    }

    /// Hands out what waits for reordering.
    pub(crate) fn flush(&mut self, out: &mut dyn FnMut(Picture<'_>)) -> Result<(), Refusal> {
        let mut waiting: c_int = 0;
        let value: *mut c_void = ptr::from_mut(&mut waiting).cast();
        let option = sys::DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER;
        // SAFETY: a live decoder; the option writes one integer.
        long(unsafe { call!(self.raw, GetOption, option, value) })?;
        for _ in 0..waiting.clamp(0, 16) {
            // SAFETY: a live decoder that writes planes and info.
            checked(self.step(0, out, |raw, planes, info| unsafe {
                call!(raw, FlushFrame, planes, info)
            }))?;
        }
        Ok(())
    }

    fn step(
        &mut self,
        stamp: u64,
        out: &mut dyn FnMut(Picture<'_>),
        decode: impl FnOnce(
            NonNull<sys::ISVCDecoder>,
            *mut *mut c_uchar,
            *mut sys::SBufferInfo,
        ) -> sys::DECODING_STATE,
    ) -> i32 {
        let mut planes = [ptr::null_mut(); 3];
        let mut info = sys::SBufferInfo { uiInBsTimeStamp: stamp, ..Default::default() };
        let state = decode(self.raw, planes.as_mut_ptr(), &raw mut info);
        if info.iBufferStatus == 1 && planes.iter().all(|plane| !plane.is_null()) {
            // SAFETY: a picture is ready, so the library filled this arm of the union.
            let layout = unsafe { info.UsrData.sSystemBuffer };
            let size = |value: c_int| usize::try_from(value).unwrap_or(0);
            let (width, height) = (size(layout.iWidth), size(layout.iHeight));
            let plane = |index: usize| {
                let half = usize::from(index > 0);
                let stride_bytes = size(layout.iStride[half]);
                let rows = height >> half;
                let length = (stride_bytes * rows.saturating_sub(1)) + (width >> half);
                // SAFETY: the picture stays in the library until the next call, which the
                // borrow in `Picture` prevents; strides are at least the row's width.
                let data = unsafe { slice::from_raw_parts(planes[index], length) };
                Plane { data, stride_bytes }
            };
            out(Picture {
                width: width as u32,
                height: height as u32,
                planes: [plane(0), plane(1), plane(2)],
                stamp: info.uiOutYuvTimeStamp,
            });
        }
        state
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: a live decoder, gone after this.
        unsafe {
            call!(self.raw, Uninitialize);
            Library::WelsDestroyDecoder(self.raw.as_ptr());
        }
    }
}

/// A decoded picture in the library's memory.
pub(crate) struct Picture<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) planes: [Plane<'a>; 3],
    pub(crate) stamp: u64,
}

fn checked(status: c_int) -> Result<(), Refusal> {
    if status == 0 { Ok(()) } else { Err(Refusal(status)) }
}

fn long(status: std::ffi::c_long) -> Result<(), Refusal> {
    checked(c_int::try_from(status).unwrap_or(-1))
}

/// The library's warnings are notes to its own developers ("bitrate can't be controlled … without
/// enabling skip frame", at every init), so they go to `debug`.
unsafe extern "C" fn forward(_: *mut c_void, level: c_int, message: *const c_char) {
    if message.is_null() {
        return;
    }
    let level = if level <= sys::WELS_LOG_ERROR { log::Level::Warn } else { log::Level::Debug };
    // SAFETY: the library passes a string that ends with 0.
    let message = unsafe { CStr::from_ptr(message) };
    log::log!(target: "onair_media::openh264", level, "{}", message.to_string_lossy().trim_end());
}

#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
mod tests {
    #[test]
    fn b4_the_encoder_uses_avx2_where_the_processor_has_it() {
        const AVX2: u32 = 0x0004_0000;
        let uses_it = super::processor_features() & AVX2 != 0;
        assert_eq!(uses_it, is_x86_feature_detected!("avx2"), "see .cargo/config.toml");
    }
}
