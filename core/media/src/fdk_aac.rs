//! The only file that knows fdk-aac: a safe face on its encoder and decoder, no policy.
//!
//! [`crate::encode::aac`] and [`crate::decode::aac`] make access units and samples of it. Traps and
//! measurements: spec `dependencies` 1.3.
#![expect(unsafe_code, reason = "calls into a C library")]

use std::ffi::{c_int, c_uint, c_void};
use std::ptr::{self, NonNull};

use fdk_aac_sys as sys;

/// What an encoder is made with: AAC-LC, raw access units, constant bitrate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) sample_rate_hz: u32,
    /// 1 or 2.
    pub(crate) channels: u8,
    pub(crate) bitrate_bps: u32,
    /// Analysis by synthesis: better sound for twice the work.
    pub(crate) afterburner: bool,
}

/// The library's answer; success never gets here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) u32);

/// An encoder after a successful init.
pub(crate) struct Encoder {
    raw: NonNull<sys::AACENCODER>,
    /// AudioSpecificConfig.
    asc: Vec<u8>,
    delay_samples: u32,
    max_frame_bytes: usize,
}

// SAFETY: the encoder has no thread affinity and is reached through `&mut self` only.
unsafe impl Send for Encoder {}

impl Encoder {
    pub(crate) fn open(settings: &Settings) -> Result<Self, Refusal> {
        const AAC_MODULE_ONLY: c_uint = 1;
        let mut raw = ptr::null_mut();
        // SAFETY: the library writes a handle, or leaves null.
        checked(unsafe {
            sys::aacEncOpen(&raw mut raw, AAC_MODULE_ONLY, c_uint::from(settings.channels))
        })?;
        let raw = NonNull::new(raw).ok_or(Refusal(0))?;
        let mut encoder = Self { raw, asc: Vec::new(), delay_samples: 0, max_frame_bytes: 0 };
        for (param, value) in [
            (sys::AACENC_PARAM_AACENC_AOT, 2),
            (sys::AACENC_PARAM_AACENC_SAMPLERATE, settings.sample_rate_hz),
            (sys::AACENC_PARAM_AACENC_CHANNELMODE, u32::from(settings.channels)),
            (sys::AACENC_PARAM_AACENC_CHANNELORDER, 1),
            (sys::AACENC_PARAM_AACENC_BITRATE, settings.bitrate_bps),
            (sys::AACENC_PARAM_AACENC_TRANSMUX, 0),
            (sys::AACENC_PARAM_AACENC_AFTERBURNER, u32::from(settings.afterburner)),
        ] {
            encoder.set(param, value)?;
        }
        // SAFETY: a live handle; all null means "take the parameters in".
        checked(unsafe {
            sys::aacEncEncode(raw.as_ptr(), ptr::null(), ptr::null(), ptr::null(), ptr::null_mut())
        })?;
        let mut info = sys::AACENC_InfoStruct {
            maxOutBufBytes: 0,
            maxAncBytes: 0,
            inBufFillLevel: 0,
            inputChannels: 0,
            frameLength: 0,
            nDelay: 0,
            nDelayCore: 0,
            confBuf: [0; 64],
            confSize: 0,
        };
        // SAFETY: a live handle; the library fills the struct.
        checked(unsafe { sys::aacEncInfo(raw.as_ptr(), &raw mut info) })?;
        encoder.asc = info.confBuf[..(info.confSize as usize).min(info.confBuf.len())].to_vec();
        encoder.delay_samples = info.nDelay;
        encoder.max_frame_bytes = info.maxOutBufBytes as usize;
        Ok(encoder)
    }

    pub(crate) fn asc(&self) -> &[u8] {
        &self.asc
    }

    /// Samples a channel from what goes in to where it sounds when decoded.
    pub(crate) fn delay_samples(&self) -> u32 {
        self.delay_samples
    }

    pub(crate) fn set_bitrate(&mut self, bitrate_bps: u32) -> Result<(), Refusal> {
        self.set(sys::AACENC_PARAM_AACENC_BITRATE, bitrate_bps)
    }

    fn set(&mut self, param: sys::AACENC_PARAM, value: u32) -> Result<(), Refusal> {
        // SAFETY: a live handle; the library checks the value.
        checked(unsafe { sys::aacEncoder_SetParam(self.raw.as_ptr(), param, value) })
    }

    /// Encodes one frame of interleaved samples; appends what comes out, at most one access unit.
    pub(crate) fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let samples = c_int::try_from(pcm.len()).map_err(|_| Refusal(0))?;
        self.run(pcm, samples, out).map(|_| ())
    }

    /// Appends one of the access units that the encoder still holds; false when there are none.
    pub(crate) fn drain(&mut self, out: &mut Vec<u8>) -> Result<bool, Refusal> {
        const END_OF_INPUT: c_int = -1;
        match self.run(&[], END_OF_INPUT, out) {
            Err(Refusal(code)) if code == sys::AACENC_ERROR_AACENC_ENCODE_EOF => Ok(false),
            result => result.map(|written| written > 0),
        }
    }

    fn run(&mut self, pcm: &[i16], samples: c_int, out: &mut Vec<u8>) -> Result<usize, Refusal> {
        let start = out.len();
        out.resize(start + self.max_frame_bytes, 0);
        let target = &mut out[start..];

        let mut input: *mut c_void = pcm.as_ptr().cast_mut().cast();
        let (mut input_id, mut input_size) = (0, size_of_val(pcm) as c_int);
        let mut input_element = size_of::<i16>() as c_int;
        let inputs = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut input,
            bufferIdentifiers: &raw mut input_id, // IN_AUDIO_DATA
            bufSizes: &raw mut input_size,
            bufElSizes: &raw mut input_element,
        };
        let mut output: *mut c_void = target.as_mut_ptr().cast();
        let (mut output_id, mut output_size) = (3, target.len() as c_int);
        let mut output_element = 1;
        let outputs = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut output,
            bufferIdentifiers: &raw mut output_id, // OUT_BITSTREAM_DATA
            bufSizes: &raw mut output_size,
            bufElSizes: &raw mut output_element,
        };
        let arguments = sys::AACENC_InArgs { numInSamples: samples, numAncBytes: 0 };
        let mut results =
            sys::AACENC_OutArgs { numOutBytes: 0, numInSamples: 0, numAncBytes: 0, bitResState: 0 };
        // SAFETY: a live handle; the descriptors point at `pcm`, which is only read, and at
        // `target`, with their sizes in bytes, and outlive the call.
        let status = checked(unsafe {
            sys::aacEncEncode(
                self.raw.as_ptr(),
                &raw const inputs,
                &raw const outputs,
                &raw const arguments,
                &raw mut results,
            )
        });
        let written = usize::try_from(results.numOutBytes).unwrap_or(0).min(target.len());
        let written = if status.is_ok() { written } else { 0 };
        out.truncate(start + written);
        status.map(|()| written)
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        let mut raw = self.raw.as_ptr();
        // SAFETY: a live handle, gone after this.
        unsafe { sys::aacEncClose(&raw mut raw) };
    }
}

/// What a decoded frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) sample_rate_hz: u32,
    pub(crate) channels: u8,
    /// A channel.
    pub(crate) samples: usize,
}

/// A decoder for raw access units. It adds no delay of its own.
pub(crate) struct Decoder {
    raw: NonNull<sys::AAC_DECODER_INSTANCE>,
}

// SAFETY: as for the encoder.
unsafe impl Send for Decoder {}

impl Decoder {
    pub(crate) fn open(asc: &[u8]) -> Result<Self, Refusal> {
        const LAYERS: c_uint = 1;
        // SAFETY: makes a handle, or null.
        let raw = unsafe { sys::aacDecoder_Open(sys::TRANSPORT_TYPE_TT_MP4_RAW, LAYERS) };
        let decoder = Self { raw: NonNull::new(raw).ok_or(Refusal(0))? };
        for (param, value) in [
            // Both would hold samples back: the limiter looks ahead, the default concealment
            // waits for the next frame.
            (sys::AACDEC_PARAM_AAC_PCM_LIMITER_ENABLE, 0),
            (sys::AACDEC_PARAM_AAC_CONCEAL_METHOD, 1),
            (sys::AACDEC_PARAM_AAC_PCM_MAX_OUTPUT_CHANNELS, 2),
        ] {
            // SAFETY: a live handle; the library checks the value.
            checked(unsafe { sys::aacDecoder_SetParam(raw, param, value) })?;
        }
        let mut config = asc.as_ptr().cast_mut();
        let length = c_uint::try_from(asc.len()).map_err(|_| Refusal(0))?;
        // SAFETY: a live handle; the library reads `length` bytes.
        checked(unsafe { sys::aacDecoder_ConfigRaw(raw, &raw mut config, &raw const length) })?;
        Ok(decoder)
    }

    /// Decodes one access unit into the front of `pcm`, interleaved.
    pub(crate) fn decode(&mut self, unit: &[u8], pcm: &mut [i16]) -> Result<Format, Refusal> {
        let raw = self.raw.as_ptr();
        let length = c_uint::try_from(unit.len()).map_err(|_| Refusal(0))?;
        let mut bytes = unit.as_ptr().cast_mut();
        let mut left = length;
        // SAFETY: a live handle that copies up to `length` bytes of `unit`.
        checked(unsafe {
            sys::aacDecoder_Fill(raw, &raw mut bytes, &raw const length, &raw mut left)
        })?;
        let room = c_int::try_from(pcm.len()).unwrap_or(c_int::MAX);
        // SAFETY: a live handle; it writes at most `room` samples.
        checked(unsafe { sys::aacDecoder_DecodeFrame(raw, pcm.as_mut_ptr(), room, 0) })?;
        // SAFETY: a live handle; the struct stays in it until the next call.
        let info = unsafe { sys::aacDecoder_GetStreamInfo(raw).as_ref() }.ok_or(Refusal(0))?;
        Ok(Format {
            sample_rate_hz: u32::try_from(info.sampleRate).unwrap_or(0),
            channels: u8::try_from(info.numChannels).unwrap_or(0),
            samples: usize::try_from(info.frameSize).unwrap_or(0),
        })
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: a live handle, gone after this.
        unsafe { sys::aacDecoder_Close(self.raw.as_ptr()) };
    }
}

fn checked(status: u32) -> Result<(), Refusal> {
    if status == 0 { Ok(()) } else { Err(Refusal(status)) }
}
