//! The H.264 encoder and decoder together, on our own patterns.
#![cfg(feature = "openh264")]

mod common;

use std::sync::Arc;

use common::{Source, config};
use onair_media::decode::{self, DecodeError};
use onair_media::encode::{self, EncodeError};
use onair_media::frame::{I420, I420Frame};
use onair_media::pattern::Kind;
use onair_media::pattern::read::{FrameLedger, frame_number, is_flash};
use onair_types::config::Profile;
use onair_types::h264::{
    AvcConfig, annex_b_nal_units, length_prefixed_nal_units, nal_type, nal_unit_type,
};
use onair_types::{FrameKind, MediaTime, Payload, VideoConfig, VideoUnit};

fn kbps(units: &[VideoUnit], fps: u32) -> f64 {
    let bytes: usize = units.iter().map(|unit| unit.payload.len()).sum();
    bytes as f64 * 8.0 * f64::from(fps) / units.len() as f64 / 1_000.0
}

fn idr_positions(units: &[VideoUnit]) -> Vec<usize> {
    (0..units.len()).filter(|&i| units[i].kind == FrameKind::Idr).collect()
}

/// Luma, decibels.
fn psnr(a: &I420<'_>, b: &I420<'_>) -> f64 {
    let mut sum = 0u64;
    for (a, b) in a.rows(0).zip(b.rows(0)) {
        sum += a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum::<u64>();
    }
    let mean = sum as f64 / f64::from(a.width() * a.height());
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

fn avc(unit: &VideoUnit) -> &Arc<AvcConfig> {
    unit.config.h264().expect("H.264")
}

#[test]
fn each_picture_gives_its_unit_at_once_and_decodes_to_its_likeness() {
    for profile in [Profile::Baseline, Profile::Main] {
        let config = config(640, 360, 30, 1_000_000).to_builder().profile(profile).build().unwrap();
        let mut encoder = encode::h264(&config).unwrap();
        let mut decoder = decode::h264().unwrap();
        let mut source = Source::new(Kind::Clock, &config);
        let (mut shown, mut originals) = (0, Vec::new());
        let mut worst = f64::MAX;
        for index in 0..90 {
            let units = source.encode(&mut *encoder, 1);
            let [unit] = &units[..] else { panic!("{} units for one picture", units.len()) };
            assert_eq!(unit.pts, source.pattern.time_of(index));
            assert_eq!(unit.dts, unit.pts);
            originals.push(source.frame.clone());
            let mut show = |picture: &I420<'_>, pts| {
                assert_eq!(pts, source.pattern.time_of(shown as u64), "{profile:?}");
                worst = psnr(&originals[shown].view(), picture).min(worst);
                shown += 1;
            };
            decoder.decode(unit, &mut show).unwrap();
        }
        decoder.flush(&mut |_, _| shown += 1).unwrap();
        assert_eq!(shown, 90);
        assert!(worst > 28.0, "{profile:?}: {worst:.1} dB");
        assert!(encoder.flush(&mut |_| panic!("nothing is held back")).is_ok());
    }
}

#[test]
fn units_hold_slices_only_and_share_one_configuration() {
    let config = config(360, 640, 15, 500_000);
    let mut encoder = encode::h264(&config).unwrap();
    let units = Source::new(Kind::Motion, &config).encode(&mut *encoder, 70);
    for unit in &units {
        assert!(Arc::ptr_eq(avc(unit), avc(&units[0])), "the same Arc while nothing changes");
        let types: Vec<u8> = length_prefixed_nal_units(&unit.payload, 4)
            .map(|nal_unit| nal_unit_type(nal_unit.unwrap()))
            .collect();
        let wanted = match unit.kind {
            FrameKind::Idr => nal_type::IDR,
            _ => nal_type::SLICE,
        };
        assert_eq!(types, [wanted], "one slice, no parameter sets");
    }
    assert_eq!(avc(&units[0]).nal_length_size(), 4);
}

#[test]
fn the_sps_says_size_profile_colour_and_a_level_that_fits() {
    for (profile, idc, (width, height), fps, bitrate, level) in [
        (Profile::Main, 77, (360, 640), 30, 800_000, 30),
        (Profile::Baseline, 66, (1280, 720), 30, 1_200_000, 31),
        (Profile::Main, 77, (1920, 1080), 30, 4_000_000, 40),
        (Profile::Main, 77, (1280, 720), 60, 3_000_000, 32),
    ] {
        let config = config(width, height, fps, bitrate).to_builder();
        let config = config.profile(profile).build().unwrap();
        let mut encoder = encode::h264(&config).unwrap();
        let units = Source::new(Kind::Bars, &config).encode(&mut *encoder, 1);
        let sps = avc(&units[0]).sps_info().unwrap();
        assert_eq!((sps.width, sps.height), (width, height));
        assert_eq!((sps.profile_idc, sps.level_idc), (idc, level));
        assert_eq!(sps.constraint_flags & 0x40, 0x40, "constrained: no tools beyond Main");
        assert_eq!(colour_description(avc(&units[0]).sps()), Some([1, 1, 1]), "BT.709");
    }
}

/// primaries, transfer and matrix behind `video_full_range_flag` 0, found as a bit pattern:
/// video_format 5, limited range, description present, three times 1.
fn colour_description(sps: &[u8]) -> Option<[u8; 3]> {
    let bits: Vec<u8> = sps.iter().flat_map(|b| (0..8).rev().map(move |i| b >> i & 1)).collect();
    let ones = [0, 0, 0, 0, 0, 0, 0, 1];
    let wanted = [&[1, 1, 0, 1, 0, 1][..], &ones, &ones, &ones].concat();
    // The emulation prevention byte may fall into the run of zeros; these SPS have none there.
    bits.windows(wanted.len()).any(|window| window == wanted).then_some([1, 1, 1])
}

#[test]
fn idrs_come_at_the_interval_and_on_demand_which_restarts_it() {
    let config = config(320, 180, 30, 300_000);
    let config = config.to_builder().keyframe_interval_frames(25).build().unwrap();
    let mut encoder = encode::h264(&config).unwrap();
    let mut source = Source::new(Kind::Motion, &config);
    let mut units = source.encode(&mut *encoder, 60);
    encoder.request_idr();
    encoder.request_idr();
    units.extend(source.encode(&mut *encoder, 60));
    assert_eq!(idr_positions(&units), [0, 25, 50, 60, 85, 110]);
}

#[test]
fn a_cut_makes_no_idr_of_its_own() {
    let config = config(320, 180, 30, 300_000);
    let mut encoder = encode::h264(&config).unwrap();
    let mut units = Source::new(Kind::Bars, &config).encode(&mut *encoder, 20);
    units.extend(Source::new(Kind::Motion, &config).encode(&mut *encoder, 20));
    assert_eq!(idr_positions(&units), [0]);
}

#[test]
fn the_bitrate_is_met_and_follows_live_without_an_idr_or_a_new_configuration() {
    let config = config(640, 360, 30, 800_000);
    let config = config.to_builder().keyframe_interval_frames(3_600).build().unwrap();
    let mut encoder = encode::h264(&config).unwrap();
    let mut source = Source::new(Kind::Motion, &config);
    let mut all = source.encode(&mut *encoder, 60);
    // Down, up again, and above the maximum that the configuration gives (960 k).
    for target in [300_000, 900_000, 1_500_000, 200_000] {
        encoder.set_bitrate(target).unwrap();
        let settling = source.encode(&mut *encoder, 15);
        let settled = source.encode(&mut *encoder, 60);
        let got = kbps(&settled, 30) * 1_000.0 / f64::from(target);
        assert!((0.85..1.15).contains(&got), "{target}: {got:.2} of it");
        all.extend(settling.into_iter().chain(settled));
    }
    assert_eq!(idr_positions(&all), [0]);
    assert!(all.iter().all(|unit| Arc::ptr_eq(avc(unit), avc(&all[0]))));
}

#[test]
fn the_frame_rate_follows_live_at_the_same_bitrate() {
    let config = config(640, 360, 30, 600_000);
    let mut encoder = encode::h264(&config).unwrap();
    let mut source = Source::new(Kind::Motion, &config);
    source.encode(&mut *encoder, 60);
    for fps in [15, 24, 100] {
        encoder.set_fps(fps).unwrap();
        source.encode(&mut *encoder, 20);
        let got = kbps(&source.encode(&mut *encoder, 120), fps);
        assert!((510.0..690.0).contains(&got), "{fps} fps: {got:.0} kbit/s");
    }
}

#[test]
fn refused_settings_and_pictures_leave_the_encoder_as_it_was() {
    let config = config(320, 180, 30, 300_000);
    let mut encoder = encode::h264(&config).unwrap();
    let mut source = Source::new(Kind::Motion, &config);
    source.encode(&mut *encoder, 30);
    assert!(matches!(encoder.set_bitrate(0), Err(EncodeError::Setting { setting: "bitrate", .. })));
    assert!(matches!(encoder.set_fps(0), Err(EncodeError::Setting { setting: "fps", .. })));
    let other = I420Frame::new(180, 320).unwrap();
    let refused = encoder.encode(&other.view(), MediaTime::ZERO, &mut |_| panic!("no unit"));
    assert!(matches!(refused, Err(EncodeError::Encode { .. })));
    let units = source.encode(&mut *encoder, 60);
    assert_eq!(units.len(), 60);
    assert!((250.0..350.0).contains(&kbps(&units, 30)));
}

#[test]
fn the_info_names_the_library_and_warns_only_without_assembly() {
    let info = encode::h264(&config(320, 180, 30, 300_000)).unwrap().info();
    assert!(info.name.starts_with("openh264 2."), "{}", info.name);
    let on_x86 = cfg!(any(target_arch = "x86", target_arch = "x86_64"));
    let has_nasm = std::process::Command::new("nasm").arg("-v").output().is_ok();
    if on_x86 && has_nasm {
        assert_eq!(info.warning, None, "nasm is here, so the build should have used it");
    }
}

#[test]
fn numbers_and_flashes_survive_200_kbits_at_360p() {
    for (kind, (width, height)) in [
        (Kind::Clock, (640, 360)),
        (Kind::Clock, (360, 640)),
        (Kind::Bars, (640, 360)),
        (Kind::Motion, (640, 360)),
    ] {
        let config = config(width, height, 30, 200_000);
        let mut encoder = encode::h264(&config).unwrap();
        let mut decoder = decode::h264().unwrap();
        let units = Source::new(kind, &config).encode(&mut *encoder, 300);
        let (mut ledger, mut flashes) = (FrameLedger::default(), Vec::new());
        let mut look = |picture: &I420<'_>, pts: MediaTime| {
            let number = frame_number(picture);
            ledger.push(number);
            if is_flash(picture) {
                flashes.push((number.unwrap_or(u32::MAX), pts.as_micros()));
            }
        };
        for unit in &units {
            decoder.decode(unit, &mut look).unwrap();
        }
        decoder.flush(&mut look).unwrap();
        assert_eq!((ledger.seen, ledger.unreadable), (300, 0), "{kind:?}");
        assert_eq!((ledger.lost, ledger.repeated, ledger.out_of_order), (0, 0, 0), "{kind:?}");
        let wanted: Vec<(u32, i64)> = match kind {
            Kind::Motion => Vec::new(),
            _ => (0..10).map(|second| (second * 30, i64::from(second) * 1_000_000)).collect(),
        };
        assert_eq!(flashes, wanted, "{kind:?}");
        let got = kbps(&units, 30);
        assert!(got < 240.0, "{kind:?}: {got:.0} kbit/s is no test at 200");
    }
}

#[test]
fn every_preset_opens_and_encodes() {
    use onair_types::config::{Orientation, VideoQuality};
    for quality in VideoQuality::LFLIVEKIT {
        let config = VideoConfig::preset(quality, Orientation::Portrait);
        let mut encoder = encode::h264(&config).unwrap();
        let units = Source::new(Kind::Clock, &config).encode(&mut *encoder, 3);
        assert_eq!(units.len(), 3, "{quality:?}");
    }
}

#[test]
fn the_corners_of_what_a_configuration_allows_encode() {
    for (width, height, fps, bitrate, interval) in [
        (16, 16, 1, 16_000, 1),
        (3_840, 2_160, 60, 100_000_000, 3_600),
        (2_160, 3_840, 30, 16_000_000, 60),
        (3_840, 16, 120, 1_000_000, 7),
        (18, 3_840, 120, 16_000, 240),
    ] {
        let config = config(width, height, fps, bitrate).to_builder();
        let config = config.keyframe_interval_frames(interval).build().unwrap();
        let mut encoder = encode::h264(&config).unwrap();
        let units = Source::new(Kind::Motion, &config).encode(&mut *encoder, 2);
        let kinds = [units[0].kind, units[1].kind];
        let second = if interval == 1 { FrameKind::Idr } else { FrameKind::Reference };
        assert_eq!(kinds, [FrameKind::Idr, second], "{width}x{height}");
    }
    let refused = encode::h264(&config(3_840, 3_840, 15, 8_000_000)).err().unwrap();
    assert!(refused.to_string().contains("36864 macroblocks"), "{refused}");
}

#[test]
fn a_broken_unit_is_an_error_and_the_next_idr_decodes_again() {
    let config = config(320, 180, 30, 300_000);
    let mut encoder = encode::h264(&config).unwrap();
    let mut decoder = decode::h264().unwrap();
    let mut source = Source::new(Kind::Motion, &config);
    let units = source.encode(&mut *encoder, 3);
    let with = |bytes: Vec<u8>| {
        let mut unit = units[1].clone();
        unit.payload = Payload::from_vec(bytes);
        unit
    };
    let mut cut_short = units[1].payload.to_vec();
    cut_short.pop();
    let overrun = with(cut_short);
    let no_header = with(vec![0, 0, 0, 3, 0x41, 0, 0]);

    assert!(decoder.decode(&units[1], &mut |_, _| {}).is_err(), "its reference never came");
    decoder.decode(&units[0], &mut |_, _| {}).unwrap();
    assert!(matches!(decoder.decode(&overrun, &mut |_, _| {}), Err(DecodeError::Unit { .. })));
    assert!(matches!(decoder.decode(&no_header, &mut |_, _| {}), Err(DecodeError::Unit { .. })));
    encoder.request_idr();
    let after = source.encode(&mut *encoder, 10);
    let mut last = None;
    for unit in &after {
        decoder.decode(unit, &mut |picture, _| last = frame_number(picture)).unwrap();
    }
    decoder.flush(&mut |picture, _| last = frame_number(picture)).unwrap();
    assert_eq!(last, Some(12), "the last picture is there");
}

/// 24 pictures by x264 with two B-frames between references, High profile; each access unit
/// behind a delimiter.
const X264_BFRAMES: &[u8] = include_bytes!("data/x264_bframes.h264");

#[test]
fn b_frames_come_out_in_the_order_of_their_times() {
    // I P b b P b b …, and one b before the last P.
    let shown_at = |decoded: i64| match (decoded, decoded % 3) {
        (0, _) => 0,
        (22.., _) => 45 - decoded,
        (_, 1) => decoded + 2,
        _ => decoded - 1,
    };
    let (mut sets, mut slices) = (Vec::new(), Vec::<Vec<u8>>::new());
    for nal_unit in annex_b_nal_units(X264_BFRAMES) {
        match nal_unit_type(nal_unit) {
            nal_type::AUD => slices.push(Vec::new()),
            nal_type::SPS | nal_type::PPS => sets.push(nal_unit),
            _ => {
                let unit = slices.last_mut().expect("a delimiter comes first");
                unit.extend((nal_unit.len() as u32).to_be_bytes());
                unit.extend(nal_unit);
            }
        }
    }
    let config = Arc::new(AvcConfig::from_parameter_sets(sets[0], sets[1]).unwrap());
    let (mut decoder, mut shown) = (decode::h264().unwrap(), Vec::new());
    for (index, slices) in slices.into_iter().enumerate() {
        let pts = MediaTime::from_millis(shown_at(index as i64) * 40);
        let unit = VideoUnit {
            pts,
            dts: pts,
            kind: FrameKind::Reference,
            config: Arc::clone(&config).into(),
            payload: Payload::from_vec(slices),
        };
        decoder.decode(&unit, &mut |_, pts| shown.push(pts)).unwrap();
    }
    decoder.flush(&mut |_, pts| shown.push(pts)).unwrap();
    let wanted: Vec<MediaTime> = (0..24).map(|frame| MediaTime::from_millis(frame * 40)).collect();
    assert_eq!(shown, wanted);
}
