use proptest::prelude::*;

use super::*;
use crate::geometry::Size;

fn portrait(quality: VideoQuality) -> VideoConfig {
    VideoConfig::preset(quality, Orientation::Portrait)
}

#[test]
fn lf01_the_default_quality_is_low2_portrait() {
    let config = VideoConfig::default();
    assert_eq!(config, portrait(VideoQuality::Low2));
    assert_eq!((config.width(), config.height(), config.fps()), (360, 640, 24));
    let bitrates = (config.bitrate_bps(), config.min_bitrate_bps(), config.max_bitrate_bps());
    assert_eq!(bitrates, (600_000, 500_000, 720_000));
    assert_eq!(config.keyframe_interval_frames(), 48);
}

#[test]
fn lf02_all_nine_qualities_have_the_values_of_the_table() {
    // Width, height, fps, min fps, kbit/s: start, min, max; key interval.
    let table = [
        (360, 640, 15, 10, 500, 400, 600, 30),
        (360, 640, 24, 12, 600, 500, 720, 48),
        (360, 640, 30, 15, 800, 600, 960, 60),
        (540, 960, 15, 10, 800, 500, 960, 30),
        (540, 960, 24, 12, 800, 500, 960, 48),
        (540, 960, 30, 15, 1_000, 500, 1_200, 60),
        (720, 1_280, 15, 10, 1_000, 500, 1_200, 30),
        (720, 1_280, 24, 12, 1_200, 800, 1_440, 48),
        (720, 1_280, 30, 15, 1_200, 500, 1_440, 60),
    ];
    for (quality, row) in VideoQuality::LFLIVEKIT.into_iter().zip(table) {
        let config = portrait(quality);
        let values = (
            config.width(),
            config.height(),
            config.fps(),
            config.min_fps(),
            config.bitrate_bps() / 1_000,
            config.min_bitrate_bps() / 1_000,
            config.max_bitrate_bps() / 1_000,
            config.keyframe_interval_frames(),
        );
        assert_eq!(values, row, "{quality}");
    }
}

#[test]
fn lf03_landscape_swaps_the_sides() {
    let config = VideoConfig::preset(VideoQuality::High1, Orientation::Landscape);
    assert_eq!((config.width(), config.height()), (1_280, 720));
    assert!(config.is_landscape());
    assert!(!portrait(VideoQuality::High1).is_landscape());
}

#[test]
fn lf04_max_fps_is_fps_in_every_preset() {
    for quality in VideoQuality::ALL {
        let config = portrait(quality);
        assert_eq!(config.max_fps(), config.fps());
    }
}

#[test]
fn every_preset_passes_the_builders_checks() {
    for quality in VideoQuality::ALL {
        for orientation in [Orientation::Portrait, Orientation::Landscape] {
            let config = VideoConfig::preset(quality, orientation);
            assert_eq!(config.to_builder().build().unwrap(), config);
        }
    }
}

#[test]
fn full_hd_is_1080_by_1920() {
    let config = VideoConfig::preset(VideoQuality::FullHd3, Orientation::Landscape);
    assert_eq!((config.width(), config.height(), config.fps()), (1_920, 1_080, 30));
}

#[test]
fn lf05_without_720_the_camera_and_the_output_go_down_to_540() {
    let choice = portrait(VideoQuality::High1).for_camera(|preset| preset != CapturePreset::P720);
    assert_eq!(choice.capture, CapturePreset::P540);
    assert!(choice.is_lowered);
    assert_eq!(choice.config, portrait(VideoQuality::Medium1));

    let only_360 = |preset| preset == CapturePreset::P360;
    let choice =
        VideoConfig::preset(VideoQuality::High3, Orientation::Landscape).for_camera(only_360);
    assert_eq!(choice.capture, CapturePreset::P360);
    assert_eq!((choice.config.width(), choice.config.height()), (640, 360));
    assert_eq!(choice.config.bitrate_bps(), 800_000);
    assert_eq!(choice.config.max_bitrate_bps(), 960_000);

    let nothing = portrait(VideoQuality::FullHd2).for_camera(|_| false);
    assert_eq!((nothing.capture, nothing.config.height()), (CapturePreset::P360, 640));
}

#[test]
fn a_camera_that_can_do_it_changes_nothing() {
    for quality in VideoQuality::ALL {
        let config = portrait(quality);
        let choice = config.for_camera(|_| true);
        assert_eq!(choice.config, config);
        assert!(!choice.is_lowered);
        let size = choice.capture.size(Orientation::Portrait);
        assert_eq!(size, Size { width: config.width(), height: config.height() });
    }
    let square = VideoConfig::builder().size(500, 500).build().unwrap();
    assert_eq!(square.capture_preset(), CapturePreset::P540);
    let huge = VideoConfig::builder().size(3_840, 2_160).build().unwrap();
    assert_eq!(huge.capture_preset(), CapturePreset::P1080);
}

#[test]
fn a_lowered_custom_size_keeps_its_aspect() {
    let square = VideoConfig::builder().size(700, 700).fps(60).build().unwrap();
    let choice = square.for_camera(|preset| preset == CapturePreset::P360);
    assert_eq!((choice.config.width(), choice.config.height()), (360, 360));
    assert_eq!(choice.config.fps(), 60);
    assert_eq!(choice.config.keyframe_interval_frames(), 120);
}

#[test]
fn lf08_what_cannot_be_is_a_typed_error() {
    let build = |change: fn(VideoConfigBuilder) -> VideoConfigBuilder| {
        change(VideoConfig::builder()).build().unwrap_err()
    };
    let field = |error| match error {
        ConfigError::OutOfRange { field, .. } => field,
        other => panic!("{other}"),
    };
    assert_eq!(field(build(|b| b.keyframe_interval_frames(0))), "key interval");
    assert_eq!(field(build(|b| b.keyframe_interval_frames(3_601))), "key interval");
    assert_eq!(field(build(|b| b.fps(0))), "fps");
    assert_eq!(field(build(|b| b.fps(121))), "fps");
    assert_eq!(field(build(|b| b.fps(u32::MAX))), "fps");
    assert_eq!(field(build(|b| b.fps_range(0, 24))), "min fps");
    assert_eq!(field(build(|b| b.size(361, 640))), "width");
    assert_eq!(field(build(|b| b.size(360, 641))), "height");
    assert_eq!(field(build(|b| b.size(0, 640))), "width");
    assert_eq!(field(build(|b| b.size(360, 3_842))), "height");
    assert_eq!(field(build(|b| b.bitrate_bps(0))), "bitrate");
    assert_eq!(field(build(|b| b.bitrate_bps(u32::MAX))), "bitrate");
    assert_eq!(
        build(|b| b.bitrate_bps(500_000).bitrate_range_bps(600_000, 900_000)),
        ConfigError::Contradiction {
            low_field: "min bitrate",
            low: 600_000,
            high_field: "bitrate",
            high: 500_000
        }
    );
    assert!(matches!(build(|b| b.fps_range(25, 30)), ConfigError::Contradiction { .. }));
    assert!(matches!(build(|b| b.fps_range(10, 20)), ConfigError::Contradiction { .. }));
    assert!(build(|b| b.fps(0)).to_string().contains("1 to 120"));
}

#[test]
fn lf09_audio_defaults() {
    let config = AudioConfig::default();
    assert_eq!((config.sample_rate_hz(), config.channels()), (44_100, 2));
    assert_eq!((config.bitrate_bps(), config.block_bytes()), (128_000, 4_096));
}

#[test]
fn the_four_audio_qualities_have_the_values_of_the_table() {
    let table = [(16_000, 64_000), (44_100, 96_000), (44_100, 128_000), (48_000, 128_000)];
    for (quality, (rate, bitrate)) in AudioQuality::ALL.into_iter().zip(table) {
        let config = AudioConfig::preset(quality);
        assert_eq!((config.sample_rate_hz(), config.bitrate_bps()), (rate, bitrate));
        assert_eq!(config.channels(), 2);
        assert_eq!(AudioConfig::new(rate, 2, bitrate).unwrap(), config);
    }
}

#[test]
fn lf10_a_config_knows_its_audio_specific_config() {
    let asc = |rate, channels| {
        AudioConfig::new(rate, channels, 48_000).unwrap().asc().as_bytes().to_vec()
    };
    assert_eq!(asc(44_100, 2), [0x12, 0x10]);
    assert_eq!(asc(48_000, 2), [0x11, 0x90]);
    assert_eq!(asc(16_000, 2), [0x14, 0x10]);
    assert_eq!(asc(44_100, 1), [0x12, 0x08]);
    assert_eq!(asc(11_025, 1), [0x15, 0x08]);
}

#[test]
fn audio_that_aac_lc_cannot_do_is_refused() {
    let refused = [
        (44_101, 2, 64_000),
        (96_000, 2, 64_000),
        (44_100, 0, 64_000),
        (44_100, 3, 64_000),
        (44_100, 2, 7_999),
        (48_000, 2, 320_001),
        (8_000, 1, 48_001), // 6 bits a sample
    ];
    for (rate, channels, bitrate) in refused {
        assert!(AudioConfig::new(rate, channels, bitrate).is_err(), "{rate} {channels} {bitrate}");
    }
    assert!(AudioConfig::new(8_000, 1, 48_000).is_ok());
}

#[test]
fn lf11_a_copy_equals_the_original_in_every_field() {
    let video = VideoConfig::builder()
        .size(800, 1_024)
        .fps(20)
        .fps_range(5, 25)
        .bitrate_bps(900_000)
        .bitrate_range_bps(100_000, 950_000)
        .keyframe_interval_frames(33)
        .profile(Profile::Baseline)
        .build()
        .unwrap();
    assert_eq!(video.clone(), video);
    assert_eq!(video.to_builder().build().unwrap(), video);
    assert_ne!(video, VideoConfig::default());
    let audio = AudioConfig::new(32_000, 1, 40_000).unwrap();
    assert_eq!(audio.clone(), audio);
}

#[test]
fn lf12_the_order_of_the_builders_calls_does_not_matter() {
    let max_first = VideoConfig::builder()
        .bitrate_range_bps(200_000, 3_000_000)
        .fps_range(5, 60)
        .bitrate_bps(2_000_000)
        .fps(50)
        .build()
        .unwrap();
    let max_last = VideoConfig::builder()
        .fps(50)
        .bitrate_bps(2_000_000)
        .fps_range(5, 60)
        .bitrate_range_bps(200_000, 3_000_000)
        .build()
        .unwrap();
    assert_eq!(max_first, max_last);
    assert_eq!(max_first.max_bitrate_bps(), 3_000_000);
    assert_eq!(max_first.max_fps(), 60);
}

#[test]
fn settings_that_are_not_given_follow_from_those_that_are() {
    let config = VideoConfig::builder().bitrate_bps(2_000_000).fps(50).build().unwrap();
    assert_eq!((config.min_bitrate_bps(), config.max_bitrate_bps()), (1_000_000, 2_400_000));
    assert_eq!((config.min_fps(), config.max_fps()), (25, 50));
    assert_eq!(config.keyframe_interval_frames(), 100);
    let slowest = VideoConfig::builder().bitrate_bps(16_000).fps(1).build().unwrap();
    assert_eq!((slowest.min_bitrate_bps(), slowest.min_fps()), (16_000, 1));
    let fastest = VideoConfig::builder().bitrate_bps(100_000_000).build().unwrap();
    assert_eq!(fastest.max_bitrate_bps(), 100_000_000);
}

#[test]
fn lf13_a_track_that_is_asked_for_needs_a_configuration() {
    let (audio, video) = (AudioConfig::default(), VideoConfig::default());
    let missing = |track| Err(ConfigError::MissingTrack { track });
    for mask in [CaptureType::VIDEO, CaptureType::INPUT_VIDEO, CaptureType::ALL] {
        assert_eq!(mask.check(Some(&audio), None), missing("video"));
    }
    for mask in [CaptureType::AUDIO, CaptureType::INPUT_AUDIO, CaptureType::ALL] {
        assert_eq!(mask.check(None, Some(&video)), missing("audio"));
    }
    assert_eq!(CaptureType::INPUT_AUDIO.check(Some(&audio), None), Ok(()));
    assert_eq!(CaptureType::VIDEO.check(None, Some(&video)), Ok(()));
    assert_eq!(CaptureType::INPUT_ALL.check(Some(&audio), Some(&video)), Ok(()));
}

#[test]
fn capture_masks_have_lflivekits_values() {
    let masks = [
        (CaptureType::AUDIO, 1),
        (CaptureType::VIDEO, 2),
        (CaptureType::INPUT_AUDIO, 4),
        (CaptureType::INPUT_VIDEO, 8),
        (CaptureType::ALL, 3),
        (CaptureType::INPUT_ALL, 12),
        (CaptureType::AUDIO_INPUT_VIDEO, 9),
        (CaptureType::VIDEO_INPUT_AUDIO, 6),
    ];
    for (mask, bits) in masks {
        assert_eq!(mask.bits(), bits);
        assert_eq!(CaptureType::from_bits(bits), Ok(mask));
    }
    assert_eq!(CaptureType::default(), CaptureType::ALL);
    assert_eq!(CaptureType::AUDIO | CaptureType::INPUT_VIDEO, CaptureType::AUDIO_INPUT_VIDEO);
    assert!(CaptureType::ALL.contains(CaptureType::VIDEO));
    assert!(!CaptureType::AUDIO.contains(CaptureType::ALL));
    assert!(CaptureType::from_bits(0).is_err() && CaptureType::from_bits(16).is_err());
}

#[test]
fn names_are_read_back_whatever_their_case_and_separators() {
    for quality in VideoQuality::ALL {
        assert_eq!(quality.name().parse(), Ok(quality));
        assert_eq!(quality.size_and_rate().to_uppercase().parse(), Ok(quality));
        let config = portrait(quality);
        assert_eq!(quality.size_and_rate(), format!("{}p{}", config.width(), config.fps()));
    }
    for quality in AudioQuality::ALL {
        assert_eq!(quality.to_string().parse(), Ok(quality));
    }
    assert_eq!("Full-HD 3".parse(), Ok(VideoQuality::FullHd3));
    assert_eq!("very_high".parse(), Ok(AudioQuality::VeryHigh));
    assert_eq!("Landscape".parse(), Ok(Orientation::Landscape));
    assert_eq!("MAIN".parse(), Ok(Profile::Main));
    let error = "high4".parse::<VideoQuality>().unwrap_err();
    assert!(error.to_string().contains("high1–3"), "{error}");
    assert!("".parse::<AudioQuality>().is_err());
}

proptest! {
    #[test]
    fn whatever_builds_is_within_its_own_limits(
        size in prop::option::of((0..4_000u32, 0..4_000u32)),
        fps in prop::option::of(0..130u32),
        fps_range in prop::option::of((0..130u32, 0..130u32)),
        bitrate in prop::option::of(any::<u32>()),
        range in prop::option::of((any::<u32>(), any::<u32>())),
        interval in prop::option::of(0..4_000u32),
        supported in 0..16u8,
    ) {
        let mut builder = VideoConfig::builder();
        if let Some((width, height)) = size { builder = builder.size(width, height); }
        if let Some(fps) = fps { builder = builder.fps(fps); }
        if let Some((min, max)) = fps_range { builder = builder.fps_range(min, max); }
        if let Some(bitrate) = bitrate { builder = builder.bitrate_bps(bitrate); }
        if let Some((min, max)) = range { builder = builder.bitrate_range_bps(min, max); }
        if let Some(interval) = interval { builder = builder.keyframe_interval_frames(interval); }
        if let Ok(config) = builder.build() {
            let choice = config.for_camera(|preset| supported >> preset as u8 & 1 == 1);
            for config in [config, choice.config] {
                prop_assert!(config.width().is_multiple_of(2) && config.height().is_multiple_of(2));
                prop_assert!((1..=config.fps()).contains(&config.min_fps()));
                prop_assert!((config.fps()..=120).contains(&config.max_fps()));
                prop_assert!(config.min_bitrate_bps() <= config.bitrate_bps());
                prop_assert!(config.bitrate_bps() <= config.max_bitrate_bps());
                prop_assert!(config.keyframe_interval_frames() > 0);
            }
        }
    }

    #[test]
    fn no_name_panics(name in ".{0,12}") {
        let _ = (name.parse::<VideoQuality>(), name.parse::<AudioQuality>());
    }
}
