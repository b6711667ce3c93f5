//! Pictures → H.264 access units by openh264, tuned for live streams (spec `performance` B6).
//!
//! No reordering: each picture gives its own unit at once, with DTS = PTS. The coded bytes are
//! copied once, from the library's buffer into a pooled payload.

use std::sync::Arc;

use onair_types::config::Profile;
use onair_types::h264::{AvcConfig, H264Error, frame_kind, nal_type, nal_unit_type};
use onair_types::{MediaTime, Payload, Pool, VideoConfig, VideoUnit};

use super::{EncodeError, EncoderInfo, I420, VideoEncoder};
use crate::openh264::{self, Bitstream, Refusal, Settings};

const NAME: &str = "openh264";

/// The library knows no higher rate; above it, [`library_bitrate`] makes up for it.
const MAX_LIBRARY_FPS: u32 = 60;

/// Below this the library refuses or starves.
const MIN_BITRATE_BPS: u32 = 1_000;

/// Buffers that a pool remembers: what encoder, engine and socket hold in a healthy session.
const POOLED_UNITS: usize = 64;

pub(super) struct Encoder {
    library: openh264::Encoder,
    info: EncoderInfo,
    width: u32,
    height: u32,
    fps: u32,
    bitrate_bps: u32,
    /// As the library counts it, see [`library_bitrate`].
    ceiling_bps: i32,
    idr_requested: bool,
    config: Option<Arc<AvcConfig>>,
    pool: Pool,
    /// Room that every buffer of the pool gets, so that it grows once and not at each large unit.
    room_bytes: usize,
}

impl Encoder {
    pub(super) fn open(config: &VideoConfig) -> Result<Self, EncodeError> {
        let failed = |reason| EncodeError::Open { encoder: NAME, reason };
        let macroblocks = config.width().div_ceil(16) * config.height().div_ceil(16);
        if macroblocks > MAX_MACROBLOCKS {
            let (width, height) = (config.width(), config.height());
            return Err(failed(format!(
                "{width}x{height} are {macroblocks} macroblocks; H.264 level 5.2 ends at \
                 {MAX_MACROBLOCKS} macroblocks"
            )));
        }
        let (fps, bitrate_bps) = (config.fps(), config.bitrate_bps());
        let ceiling_bps = library_bitrate(config.max_bitrate_bps().max(bitrate_bps), fps);
        let library = openh264::Encoder::open(&Settings {
            width: config.width(),
            height: config.height(),
            fps: library_fps(fps),
            bitrate_bps: library_bitrate(bitrate_bps, fps),
            max_bitrate_bps: ceiling_bps,
            keyframe_interval_frames: config.keyframe_interval_frames(),
            level: level(config),
            cabac: config.profile() == Profile::Main,
        })
        .map_err(|refusal| failed(answered(refusal)))?;
        let warning = openh264::lacks_assembly().then_some(
            "openh264 was built without nasm and is 2.6 times slower; install nasm, run \
             `cargo clean -p openh264-sys2` and build again",
        );
        if let Some(warning) = warning {
            log::warn!("{warning}");
        }
        Ok(Self {
            library,
            info: EncoderInfo { name: openh264::name(), warning },
            width: config.width(),
            height: config.height(),
            fps,
            bitrate_bps,
            ceiling_bps,
            idr_requested: false,
            config: None,
            pool: Pool::new(POOLED_UNITS),
            room_bytes: 0,
        })
    }

    fn apply_bitrate(&mut self, bitrate_bps: u32, fps: u32) -> Result<(), Refusal> {
        let target = library_bitrate(bitrate_bps, fps);
        if target > self.ceiling_bps {
            // First the ceiling: the library calls a bitrate above it an error, and uses it.
            self.library.set_max_bitrate(target)?;
            self.ceiling_bps = target;
        }
        self.library.set_bitrate(target)
    }
}

impl VideoEncoder for Encoder {
    fn encode(
        &mut self,
        picture: &I420<'_>,
        pts: MediaTime,
        out: &mut dyn FnMut(VideoUnit),
    ) -> Result<(), EncodeError> {
        let refused = |reason| EncodeError::Encode { encoder: NAME, reason };
        if (picture.width(), picture.height()) != (self.width, self.height) {
            return Err(refused(format!(
                "the picture is {}x{}, the encoder was made for {}x{}",
                picture.width(),
                picture.height(),
                self.width,
                self.height
            )));
        }
        let library = |refusal| refused(answered(refusal));
        if self.idr_requested {
            self.library.force_idr().map_err(library)?;
            self.idr_requested = false;
        }
        let coded = self.library.encode(picture, pts.as_micros() / 1_000).map_err(library)?;
        let Some(kind) = frame_kind(coded.nal_units()) else {
            return Ok(()); // the picture was skipped
        };
        update_config(&mut self.config, &coded).map_err(|error| refused(error.to_string()))?;
        let Some(config) = &self.config else {
            return Err(refused("a picture came before the parameter sets".to_owned()));
        };
        let config = Arc::clone(config);
        let size_bytes = coded.nal_units().map(|unit| 4 + unit.len()).sum::<usize>();
        if size_bytes > self.room_bytes {
            self.room_bytes = size_bytes.next_power_of_two();
        }
        let payload = length_prefixed(&mut self.pool, &coded, self.room_bytes).map_err(refused)?;
        out(VideoUnit { pts, dts: pts, kind, config: config.into(), payload });
        Ok(())
    }

    fn request_idr(&mut self) {
        self.idr_requested = true;
    }

    fn set_bitrate(&mut self, bitrate_bps: u32) -> Result<(), EncodeError> {
        let refused = |reason| EncodeError::Setting { encoder: NAME, setting: "bitrate", reason };
        if bitrate_bps < MIN_BITRATE_BPS {
            return Err(refused(format!("{bitrate_bps} bit/s is below {MIN_BITRATE_BPS}")));
        }
        self.apply_bitrate(bitrate_bps, self.fps).map_err(|refusal| refused(answered(refusal)))?;
        self.bitrate_bps = bitrate_bps;
        Ok(())
    }

    fn set_fps(&mut self, fps: u32) -> Result<(), EncodeError> {
        let refused = |reason| EncodeError::Setting { encoder: NAME, setting: "fps", reason };
        if fps == 0 {
            return Err(refused("0 pictures a second".to_owned()));
        }
        self.library
            .set_fps(library_fps(fps))
            .and_then(|()| self.apply_bitrate(self.bitrate_bps, fps))
            .map_err(|refusal| refused(answered(refusal)))?;
        self.fps = fps;
        Ok(())
    }

    fn flush(&mut self, _: &mut dyn FnMut(VideoUnit)) -> Result<(), EncodeError> {
        Ok(()) // nothing is ever held back
    }

    fn info(&self) -> EncoderInfo {
        self.info.clone()
    }
}

fn answered(refusal: Refusal) -> String {
    format!("the library answered {}", refusal.0)
}

fn library_fps(fps: u32) -> f32 {
    fps.min(MAX_LIBRARY_FPS) as f32
}

/// The bitrate that makes the library spend `bitrate_bps` at `fps`: it divides by the rate it knows.
fn library_bitrate(bitrate_bps: u32, fps: u32) -> i32 {
    let bitrate =
        u64::from(bitrate_bps) * u64::from(fps.min(MAX_LIBRARY_FPS)) / u64::from(fps.max(1));
    i32::try_from(bitrate).unwrap_or(i32::MAX)
}

/// Parameter sets come before every IDR; they rarely differ from the last.
fn update_config(
    config: &mut Option<Arc<AvcConfig>>,
    coded: &Bitstream<'_>,
) -> Result<(), H264Error> {
    let find = |wanted| coded.nal_units().find(move |unit| nal_unit_type(unit) == wanted);
    let (Some(sps), Some(pps)) = (find(nal_type::SPS), find(nal_type::PPS)) else {
        return Ok(());
    };
    if !config.as_ref().is_some_and(|known| known.sps() == sps && known.pps() == pps) {
        *config = Some(Arc::new(AvcConfig::from_parameter_sets(sps, pps)?));
    }
    Ok(())
}

fn length_prefixed(
    pool: &mut Pool,
    coded: &Bitstream<'_>,
    room_bytes: usize,
) -> Result<Payload, String> {
    pool.fill(|buffer| {
        let no_room = |_| format!("there is no memory for {room_bytes} bytes");
        buffer.try_reserve(room_bytes).map_err(no_room)?;
        for unit in coded.nal_units() {
            if matches!(nal_unit_type(unit), nal_type::SPS | nal_type::PPS | nal_type::AUD) {
                continue;
            }
            let length = u32::try_from(unit.len()).map_err(|error| error.to_string())?;
            buffer.extend_from_slice(&length.to_be_bytes());
            buffer.extend_from_slice(unit);
        }
        Ok(())
    })
}

/// The lowest level for the size, the highest frame rate and the highest bitrate, so that
/// adaptation never changes the SPS (ITU-T H.264 table A-1; VCL bitrates of Main).
fn level(config: &VideoConfig) -> u8 {
    let (across, down) = (config.width().div_ceil(16), config.height().div_ceil(16));
    let macroblocks = across * down;
    let rate = macroblocks * config.max_fps().max(config.fps());
    let kbps = config.max_bitrate_bps().max(config.bitrate_bps()).div_ceil(1_000);
    LEVELS
        .iter()
        .find(|&&(_, max_rate, max_size, max_kbps)| {
            rate <= max_rate
                && macroblocks <= max_size
                && across * across <= 8 * max_size
                && down * down <= 8 * max_size
                && kbps <= max_kbps
        })
        .map_or(52, |&(level, ..)| level)
}

/// Of a picture at level 5.2, the highest that the library knows.
const MAX_MACROBLOCKS: u32 = 36_864;

/// level_idc, macroblocks a second, macroblocks a picture, kbit/s.
const LEVELS: [(u8, u32, u32, u32); 15] = [
    (10, 1_485, 99, 64),
    (11, 3_000, 396, 192),
    (12, 6_000, 396, 384),
    (13, 11_880, 396, 768),
    (20, 11_880, 396, 2_000),
    (21, 19_800, 792, 4_000),
    (22, 20_250, 1_620, 4_000),
    (30, 40_500, 1_620, 10_000),
    (31, 108_000, 3_600, 14_000),
    (32, 216_000, 5_120, 20_000),
    (40, 245_760, 8_192, 20_000),
    (41, 245_760, 8_192, 50_000),
    (42, 522_240, 8_704, 50_000),
    (50, 589_824, 22_080, 135_000),
    (51, 983_040, 36_864, 240_000),
];
