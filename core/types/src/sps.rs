//! The fields of a sequence parameter set that servers, players and containers show
//! (ITU-T H.264 7.3.2.1.1 and E.1.1). Reads no further than the VUI's timing.

use crate::bits::BitReader;
use crate::h264::{H264Error, nal_type, nal_unit_type};

/// What an SPS says about the pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct SpsInfo {
    /// `profile_idc`: 66 Baseline, 77 Main, 100 High.
    pub profile_idc: u8,
    /// The constraint flags byte.
    pub constraint_flags: u8,
    /// `level_idc`: ten times the level.
    pub level_idc: u8,
    /// 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format_idc: u8,
    /// Bits of a luma sample, 8..=14.
    pub bit_depth_luma: u8,
    /// Bits of a chroma sample, 8..=14.
    pub bit_depth_chroma: u8,
    /// Picture width after cropping, pixels.
    pub width: u32,
    /// Picture height after cropping, pixels.
    pub height: u32,
    /// Frames a second from VUI timing, when given.
    pub fps: Option<f64>,
}

impl SpsInfo {
    /// Parses an SPS NAL unit (with header byte, with emulation prevention bytes).
    ///
    /// # Errors
    /// On anything the standard does not allow; sizes above 16,384 are refused. A VUI that breaks
    /// off only costs the frame rate: some encoders write such.
    pub fn parse(sps: &[u8]) -> Result<Self, H264Error> {
        if nal_unit_type(sps) != nal_type::SPS {
            let value = sps.first().copied().unwrap_or_default().into();
            return Err(H264Error::Invalid { what: "NAL unit header of an SPS", value });
        }
        let rbsp = without_emulation_prevention(&sps[1..]);
        let mut fields = Fields { bits: BitReader::new(&rbsp), rbsp_bytes: rbsp.len() };

        let profile_idc = fields.bits("profile_idc", 8)? as u8;
        let constraint_flags = fields.bits("constraint flags", 8)? as u8;
        let level_idc = fields.bits("level_idc", 8)? as u8;
        fields.unsigned("seq_parameter_set_id", 31)?;
        let format = fields.chroma_format(profile_idc)?;
        fields.frame_and_order_numbers()?;
        let (width, height) = fields.size(&format)?;
        let fps = if fields.flag("vui_parameters_present_flag")? { fields.fps() } else { None };
        Ok(Self {
            profile_idc,
            constraint_flags,
            level_idc,
            chroma_format_idc: format.chroma_format_idc,
            bit_depth_luma: format.bit_depth_luma,
            bit_depth_chroma: format.bit_depth_chroma,
            width,
            height,
            fps,
        })
    }
}

struct ChromaFormat {
    chroma_format_idc: u8,
    separate_colour_planes: bool,
    bit_depth_luma: u8,
    bit_depth_chroma: u8,
}

struct Fields<'a> {
    bits: BitReader<'a>,
    rbsp_bytes: usize,
}

impl Fields<'_> {
    fn chroma_format(&mut self, profile_idc: u8) -> Result<ChromaFormat, H264Error> {
        let mut format = ChromaFormat {
            chroma_format_idc: 1,
            separate_colour_planes: false,
            bit_depth_luma: 8,
            bit_depth_chroma: 8,
        };
        if !HIGH_PROFILES.contains(&profile_idc) {
            return Ok(format);
        }
        format.chroma_format_idc = self.unsigned("chroma_format_idc", 3)? as u8;
        if format.chroma_format_idc == 3 {
            format.separate_colour_planes = self.flag("separate_colour_plane_flag")?;
        }
        format.bit_depth_luma = 8 + self.unsigned("bit_depth_luma_minus8", 6)? as u8;
        format.bit_depth_chroma = 8 + self.unsigned("bit_depth_chroma_minus8", 6)? as u8;
        self.flag("qpprime_y_zero_transform_bypass_flag")?;
        if self.flag("seq_scaling_matrix_present_flag")? {
            let lists = if format.chroma_format_idc == 3 { 12 } else { 8 };
            for list in 0..lists {
                if self.flag("seq_scaling_list_present_flag")? {
                    self.skip_scaling_list(if list < 6 { 16 } else { 64 })?;
                }
            }
        }
        Ok(format)
    }

    /// 7.3.2.1.1.1.
    fn skip_scaling_list(&mut self, size: usize) -> Result<(), H264Error> {
        let (mut last, mut next) = (8, 8);
        for _ in 0..size {
            if next != 0 {
                let delta = self.signed("delta_scale")?;
                next = (last + i64::from(delta)).rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
        Ok(())
    }

    fn frame_and_order_numbers(&mut self) -> Result<(), H264Error> {
        self.unsigned("log2_max_frame_num_minus4", 12)?;
        match self.unsigned("pic_order_cnt_type", 2)? {
            0 => {
                self.unsigned("log2_max_pic_order_cnt_lsb_minus4", 12)?;
            }
            1 => {
                self.flag("delta_pic_order_always_zero_flag")?;
                self.signed("offset_for_non_ref_pic")?;
                self.signed("offset_for_top_to_bottom_field")?;
                for _ in 0..self.unsigned("num_ref_frames_in_pic_order_cnt_cycle", 255)? {
                    self.signed("offset_for_ref_frame")?;
                }
            }
            _ => {}
        }
        self.unsigned("max_num_ref_frames", 16)?;
        self.flag("gaps_in_frame_num_value_allowed_flag")?;
        Ok(())
    }

    /// Width and height after cropping (7.4.2.1.1).
    fn size(&mut self, format: &ChromaFormat) -> Result<(u32, u32), H264Error> {
        let macroblocks = MAX_SIDE / 16 - 1;
        let width = 16 * (self.unsigned("pic_width_in_mbs_minus1", macroblocks)? + 1);
        let map_units = self.unsigned("pic_height_in_map_units_minus1", macroblocks)? + 1;
        let frame_mbs_only = self.flag("frame_mbs_only_flag")?;
        let fields = if frame_mbs_only { 1 } else { 2 };
        let height = 16 * map_units * fields;
        if height > MAX_SIDE {
            return Err(H264Error::Invalid { what: "picture height", value: height.into() });
        }
        if !frame_mbs_only {
            self.flag("mb_adaptive_frame_field_flag")?;
        }
        self.flag("direct_8x8_inference_flag")?;
        if !self.flag("frame_cropping_flag")? {
            return Ok((width, height));
        }
        let (unit_x, unit_y) = match format.chroma_format_idc {
            _ if format.separate_colour_planes => (1, 1),
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        let width = self.cropped("horizontal frame cropping", width, unit_x)?;
        let height = self.cropped("vertical frame cropping", height, unit_y * fields)?;
        Ok((width, height))
    }

    fn cropped(&mut self, what: &'static str, side: u32, unit: u32) -> Result<u32, H264Error> {
        let crop = self.unsigned(what, MAX_SIDE)? + self.unsigned(what, MAX_SIDE)?;
        let rest = side.checked_sub(crop * unit).filter(|&rest| rest > 0);
        rest.ok_or(H264Error::Invalid { what, value: crop.into() })
    }

    /// The VUI as far as its timing (E.1.1).
    fn fps(&mut self) -> Option<f64> {
        const EXTENDED_SAR: u32 = 255;
        let bits = &mut self.bits;
        if bits.bit()? && bits.bits(8)? == EXTENDED_SAR {
            bits.bits(32)?; // sar_width, sar_height
        }
        if bits.bit()? {
            bits.bit()?; // overscan_appropriate_flag
        }
        if bits.bit()? {
            bits.bits(4)?; // video_format, video_full_range_flag
            if bits.bit()? {
                bits.bits(24)?; // colour primaries, transfer, matrix
            }
        }
        if bits.bit()? {
            bits.unsigned()?; // chroma_sample_loc_type_top_field
            bits.unsigned()?;
        }
        if !bits.bit()? {
            return None;
        }
        let (units_in_tick, time_scale) = (bits.bits(32)?, bits.bits(32)?);
        // A tick is a field: two make a frame.
        let fps = f64::from(time_scale) / (2.0 * f64::from(units_in_tick));
        (units_in_tick > 0 && time_scale > 0).then_some(fps)
    }

    fn flag(&mut self, what: &'static str) -> Result<bool, H264Error> {
        self.bits.bit().ok_or(self.truncated(what))
    }

    fn bits(&mut self, what: &'static str, count: u32) -> Result<u32, H264Error> {
        self.bits.bits(count).ok_or(self.truncated(what))
    }

    fn unsigned(&mut self, what: &'static str, max: u32) -> Result<u32, H264Error> {
        match self.bits.unsigned() {
            Some(value) if value <= max => Ok(value),
            Some(value) => Err(H264Error::Invalid { what, value: value.into() }),
            None => Err(self.truncated(what)),
        }
    }

    fn signed(&mut self, what: &'static str) -> Result<i32, H264Error> {
        self.bits.signed().ok_or(self.truncated(what))
    }

    fn truncated(&self, what: &'static str) -> H264Error {
        let available = self.rbsp_bytes;
        H264Error::Truncated { what, needed: available + 1, available }
    }
}

/// 7.4.1: a 3 behind two zeros is not part of the payload.
pub(crate) fn without_emulation_prevention(payload: &[u8]) -> Vec<u8> {
    let mut rbsp = Vec::with_capacity(payload.len());
    let mut zeros = 0;
    for &byte in payload {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        rbsp.push(byte);
    }
    rbsp
}

/// The largest width and height taken, pixels: level 6.2 with its widest shape.
const MAX_SIDE: u32 = 16_384;
/// Profiles whose SPS tells the chroma format (7.3.2.1.1).
const HIGH_PROFILES: [u8; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

#[cfg(test)]
#[path = "sps_test.rs"]
mod tests;
