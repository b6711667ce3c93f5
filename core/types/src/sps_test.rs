use proptest::prelude::*;

use super::*;

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

/// Parameter sets made by x264 (ffmpeg 5.1) for pictures of these sizes and rates.
const GOLDENS: [(&str, u8, u32, u32, f64); 9] = [
    ("6742c01ed9017051e5f011000003000100000300300f162e48", 66, 360, 640, 24.0),
    ("674d401feca0440f3df808800001f480007530078c18cb", 77, 540, 960, 30_000.0 / 1_001.0),
    ("67640028acd940780227e5c044000003000400000300f03c60c658", 100, 1_920, 1_080, 30.0),
    ("677a0020b6cd9405005df8fc0440000003004000000c83c60c6580", 122, 1_280, 722, 25.0),
    ("67640028acd94078044fde0220000003002000000643e2c5b2c0", 100, 1_920, 1_080, 25.0),
    ("67640016acd940a02ff970110000030001000003001e0f162d96", 100, 640, 360, 15.0),
    ("67f40016919b282a10f1f1f80880000003008000003c078b16cb", 244, 322, 242, 60.0),
    ("6764000cf3650507ec05b2000003000200000300281e28532c", 100, 320, 240, 10.0),
    ("6742c00ad902c4ec0440000003004000000603c48992", 66, 176, 144, 12.0),
];

#[test]
fn sizes_and_rates_of_real_streams_are_read() {
    for (hex, profile_idc, width, height, fps) in GOLDENS {
        let info = SpsInfo::parse(&from_hex(hex)).unwrap();
        assert_eq!((info.profile_idc, info.width, info.height), (profile_idc, width, height));
        assert!((info.fps.unwrap() - fps).abs() < 1e-9, "{info:?}");
    }
}

#[test]
fn chroma_and_depth_are_those_of_the_profile() {
    let formats: Vec<_> = GOLDENS
        .iter()
        .map(|golden| SpsInfo::parse(&from_hex(golden.0)).unwrap())
        .map(|info| (info.chroma_format_idc, info.bit_depth_luma, info.bit_depth_chroma))
        .collect();
    let (plain, high_422, high_444, gray) = ((1, 8, 8), (2, 10, 10), (3, 8, 8), (0, 8, 8));
    assert_eq!(formats, [plain, plain, plain, high_422, plain, plain, high_444, gray, plain]);
}

#[test]
fn a_real_stream_cut_anywhere_is_an_error_or_keeps_its_size() {
    for (hex, _, width, height, _) in GOLDENS {
        let sps = from_hex(hex);
        for len in 0..sps.len() {
            match SpsInfo::parse(&sps[..len]) {
                Ok(info) => assert_eq!((info.width, info.height), (width, height)),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    }
}

#[test]
fn another_nal_unit_is_refused() {
    for nal_unit in [&[][..], &[0x68, 0xCE], &[0x65]] {
        assert!(SpsInfo::parse(nal_unit).is_err());
    }
}

/// Writes what [`BitReader`] reads.
#[derive(Default)]
struct BitWriter {
    bits: Vec<bool>,
}

impl BitWriter {
    fn bits(&mut self, count: u32, value: u32) -> &mut Self {
        self.bits.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    fn unsigned(&mut self, value: u32) -> &mut Self {
        let code = value + 1;
        let len = code.ilog2();
        self.bits(len, 0).bits(len + 1, code)
    }

    fn signed(&mut self, value: i32) -> &mut Self {
        self.unsigned(if value > 0 { value as u32 * 2 - 1 } else { value.unsigned_abs() * 2 })
    }

    /// The NAL unit: stop bit, alignment, emulation prevention.
    fn into_sps(mut self) -> Vec<u8> {
        self.bits.push(true);
        let mut nal_unit = vec![0x67];
        let mut zeros = 0;
        for byte in self.bits.chunks(8) {
            let byte = (0..8).fold(0, |b, i| b << 1 | u8::from(byte.get(i) == Some(&true)));
            if zeros >= 2 && byte <= 3 {
                nal_unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            nal_unit.push(byte);
        }
        nal_unit
    }
}

#[derive(Clone, Debug)]
struct Sps {
    high: bool,
    chroma_format_idc: u8,
    scaling_deltas: Option<Vec<i32>>,
    poc_type: u32,
    poc_offsets: Vec<i32>,
    width_mbs: u32,
    height_map_units: u32,
    interlaced: bool,
    crop: Option<[u32; 4]>,
    timing: Option<(u32, u32)>,
}

fn any_sps() -> impl Strategy<Value = Sps> {
    let scaling = prop::option::of(prop::collection::vec(-128..128i32, 1..80));
    let shape =
        (1..200u32, 1..100u32, any::<bool>(), prop::option::of([0..3u32, 0..3, 0..3, 0..3]));
    (
        (any::<bool>(), 0..4u8, scaling),
        (0..3u32, prop::collection::vec(-1_000_000..1_000_000i32, 0..10)),
        shape,
        prop::option::of((1..=u32::MAX, 1..=u32::MAX)),
    )
        .prop_map(|((high, chroma_format_idc, scaling_deltas), poc, shape, timing)| Sps {
            high,
            chroma_format_idc: if high { chroma_format_idc } else { 1 },
            scaling_deltas,
            poc_type: poc.0,
            poc_offsets: poc.1,
            width_mbs: shape.0,
            height_map_units: shape.1,
            interlaced: shape.2,
            crop: shape.3,
            timing,
        })
}

fn write(sps: &Sps) -> Vec<u8> {
    let mut w = BitWriter::default();
    w.bits(8, if sps.high { 100 } else { 77 }).bits(8, 0).bits(8, 40).unsigned(0);
    if sps.high {
        w.unsigned(sps.chroma_format_idc.into());
        if sps.chroma_format_idc == 3 {
            w.bits(1, 0);
        }
        w.unsigned(2).unsigned(6).bits(1, 0);
        match &sps.scaling_deltas {
            None => {
                w.bits(1, 0);
            }
            Some(deltas) => {
                w.bits(1, 1);
                let mut deltas = deltas.iter().cycle();
                for list in 0..if sps.chroma_format_idc == 3 { 12 } else { 8 } {
                    w.bits(1, 1);
                    let (mut last, mut next) = (8i32, 8i32);
                    for _ in 0..if list < 6 { 16 } else { 64 } {
                        if next != 0 {
                            let delta = *deltas.next().unwrap();
                            w.signed(delta);
                            next = (last + delta + 256) % 256;
                        }
                        last = if next == 0 { last } else { next };
                    }
                }
            }
        }
    }
    w.unsigned(4).unsigned(sps.poc_type);
    match sps.poc_type {
        0 => {
            w.unsigned(12);
        }
        1 => {
            w.bits(1, 1).signed(-3).signed(5).unsigned(sps.poc_offsets.len() as u32);
            for &offset in &sps.poc_offsets {
                w.signed(offset);
            }
        }
        _ => {}
    }
    w.unsigned(4).bits(1, 0).unsigned(sps.width_mbs - 1).unsigned(sps.height_map_units - 1);
    if sps.interlaced {
        w.bits(2, 0b00);
    } else {
        w.bits(1, 1);
    }
    w.bits(1, 1);
    match sps.crop {
        None => {
            w.bits(1, 0);
        }
        Some(crop) => {
            w.bits(1, 1);
            for side in crop {
                w.unsigned(side);
            }
        }
    }
    match sps.timing {
        None => {
            w.bits(1, 0);
        }
        Some((units, scale)) => {
            // With every optional part before the timing.
            w.bits(1, 1).bits(1, 1).bits(8, 255).bits(32, 0x0004_0003).bits(2, 0b11);
            w.bits(1, 1).bits(4, 0b1010).bits(1, 1).bits(24, 0x01_0101);
            w.bits(1, 1).unsigned(0).unsigned(1);
            w.bits(1, 1).bits(32, units).bits(32, scale).bits(1, 1);
        }
    }
    w.into_sps()
}

proptest! {
    #[test]
    fn every_field_before_and_in_the_vui_is_stepped_over(sps in any_sps()) {
        let fields = if sps.interlaced { 2 } else { 1 };
        let (unit_x, unit_y) = match sps.chroma_format_idc { 1 => (2, 2), 2 => (2, 1), _ => (1, 1) };
        let [left, right, top, bottom] = sps.crop.unwrap_or_default();
        let info = SpsInfo::parse(&write(&sps)).unwrap();
        prop_assert_eq!(info.width, sps.width_mbs * 16 - (left + right) * unit_x);
        prop_assert_eq!(
            info.height,
            sps.height_map_units * 16 * fields - (top + bottom) * unit_y * fields
        );
        prop_assert_eq!(info.chroma_format_idc, sps.chroma_format_idc);
        prop_assert_eq!(info.bit_depth_luma, if sps.high { 10 } else { 8 });
        let fps = sps.timing.map(|(units, scale)| f64::from(scale) / f64::from(units) / 2.0);
        match (info.fps, fps) {
            (Some(read), Some(fps)) => prop_assert!((read - fps).abs() <= fps * 1e-12),
            (read, fps) => prop_assert_eq!(read, fps),
        }
    }

    #[test]
    fn no_bytes_panic(mut bytes in prop::collection::vec(any::<u8>(), 1..100)) {
        bytes[0] = 0x67;
        if let Ok(info) = SpsInfo::parse(&bytes) {
            prop_assert!((1..=16_384).contains(&info.width));
            prop_assert!((1..=16_384).contains(&info.height));
        }
    }

    #[test]
    fn no_damage_to_a_real_one_panics(golden in 0..GOLDENS.len(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut sps = from_hex(GOLDENS[golden].0);
        let at = at.index(sps.len());
        sps[at] = byte;
        let _ = SpsInfo::parse(&sps);
    }
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let sps = |width_mbs, height_map_units, crop| {
        write(&Sps {
            high: false,
            chroma_format_idc: 1,
            scaling_deltas: None,
            poc_type: 2,
            poc_offsets: Vec::new(),
            width_mbs,
            height_map_units,
            interlaced: true,
            crop,
            timing: None,
        })
    };
    assert_eq!(SpsInfo::parse(&sps(1_024, 512, None)).unwrap().width, 16_384);
    assert!(SpsInfo::parse(&sps(1_025, 512, None)).is_err());
    assert!(SpsInfo::parse(&sps(1_024, 513, None)).is_err());
    assert!(SpsInfo::parse(&sps(1, 1, Some([4, 3, 0, 0]))).is_ok());
    assert!(SpsInfo::parse(&sps(1, 1, Some([4, 4, 0, 0]))).is_err());
    assert!(SpsInfo::parse(&sps(1, 1, Some([0, 0, 4, 4]))).is_err());
}
