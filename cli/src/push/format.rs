//! What the options ask the encoders for: a quality, and what differs from it.

use std::time::Duration;

use onair::{Adaptation, AudioConfig, ConfigError, VideoConfig};
use onair_media::capture::{PictureShape, SoundShape};
use onair_types::config::{Orientation, VideoConfigBuilder};

use crate::args::{FormatArgs, Rule};
use crate::exit::Failure;
use crate::source::pictures::Pictures;
use crate::source::sound::Sound;

/// Bits for one pixel when only a size is given: enough for a talking head, and 1.3 Mbit/s for
/// 960x540 at 30 fps.
const BITS_PER_PIXEL: f64 = 0.085;
/// Below it, fewer pictures look better than worse ones.
const USUAL_MIN_BPS: u32 = 200_000;
/// No configuration takes more.
const HIGHEST_BPS: u64 = 100_000_000;

/// The picture, whose size and rate are the file's when there is one.
///
/// # Errors
/// The first setting that cannot be, in the words of the command line.
pub(crate) fn video(args: &FormatArgs, file: Option<&Pictures>) -> Result<VideoConfig, Failure> {
    let orientation = if args.landscape { Orientation::Landscape } else { Orientation::Portrait };
    let quality = args.quality.unwrap_or_default();
    let preset = VideoConfig::preset(quality, orientation);
    let size = file.map(Pictures::size).or(args.size.map(|size| (size.width, size.height)));
    let fps = file.map(|file| file.rate().rounded()).or(args.fps);
    let bitrate_bps = args.video_bitrate.or_else(|| {
        let (width, height) = size.filter(|_| args.quality.is_none())?;
        let pixels = f64::from(width) * f64::from(height) * f64::from(fps.unwrap_or(preset.fps()));
        Some(((pixels * BITS_PER_PIXEL) as u32).clamp(200_000, 8_000_000))
    });
    let is_preset = size.is_none() && fps.is_none() && bitrate_bps.is_none();
    // A fresh builder: the preset's ranges would not follow other values.
    let builder = if is_preset {
        preset.to_builder()
    } else {
        let (width, height) = size.unwrap_or((preset.width(), preset.height()));
        VideoConfig::builder()
            .size(width, height)
            .fps(fps.unwrap_or(preset.fps()))
            .bitrate_bps(bitrate_bps.unwrap_or(preset.bitrate_bps()))
    };
    let mut builder = bitrates(builder, args, bitrate_bps.unwrap_or(preset.bitrate_bps()));
    if let Some(interval) = args.keyint {
        let frames = keyframe_interval_frames(interval, fps.unwrap_or(preset.fps()));
        builder = builder.keyframe_interval_frames(frames);
    }
    if let Some(profile) = args.profile {
        builder = builder.profile(profile);
    }
    builder.build().map_err(|error| refused(&error))
}

/// By which rule the video bitrate follows the network.
pub(crate) fn adaptation(args: &FormatArgs) -> Adaptation {
    match args.adaptation {
        _ if args.fixed => Adaptation::Off,
        Rule::Lag => Adaptation::Lag,
        Rule::Lflivekit => Adaptation::LfLiveKit,
        Rule::Videocore => Adaptation::VideoCore,
    }
}

/// Where the video bitrate starts and what adaptation may make of it. What was not asked for gives
/// way to what was; what was asked for and contradicts itself is the builder's to refuse.
fn bitrates(
    builder: VideoConfigBuilder,
    args: &FormatArgs,
    usual_start_bps: u32,
) -> VideoConfigBuilder {
    let (least, most) = (args.min_bitrate, args.max_bitrate);
    let start_bps = args
        .video_bitrate
        .unwrap_or_else(|| usual_start_bps.max(least.unwrap_or(0)).min(most.unwrap_or(u32::MAX)));
    let (min_bps, max_bps) = if args.fixed {
        (start_bps, start_bps)
    } else {
        let usual_max_bps = (u64::from(start_bps) * 6 / 5).min(HIGHEST_BPS) as u32;
        (least.unwrap_or(USUAL_MIN_BPS.min(start_bps)), most.unwrap_or(usual_max_bps))
    };
    builder.bitrate_bps(start_bps).bitrate_range_bps(min_bps, max_bps)
}

/// The sound, whose rate and channels are the file's when there is one.
///
/// # Errors
/// The first setting that cannot be.
pub(crate) fn audio(args: &FormatArgs, file: Option<&Sound>) -> Result<AudioConfig, Failure> {
    let preset = AudioConfig::default();
    AudioConfig::new(
        file.map_or(preset.sample_rate_hz(), Sound::sample_rate_hz),
        file.map_or(preset.channels(), Sound::channels),
        args.audio_bitrate.unwrap_or(preset.bitrate_bps()),
    )
    .map_err(|error| refused(&error))
}

/// What a camera is asked for: the named size or the quality's, lying, since cameras lie.
pub(crate) fn camera(args: &FormatArgs) -> PictureShape {
    let preset = VideoConfig::preset(args.quality.unwrap_or_default(), Orientation::Landscape);
    let size = args.size.map(|size| (size.width, size.height));
    let (width, height) = size.unwrap_or((preset.width(), preset.height()));
    PictureShape { width, height, fps_num: args.fps.unwrap_or(preset.fps()), fps_den: 1 }
}

/// What a microphone is asked for.
///
/// # Errors
/// The first setting that cannot be.
pub(crate) fn microphone(args: &FormatArgs) -> Result<SoundShape, Failure> {
    let audio = audio(args, None)?;
    Ok(SoundShape { sample_rate_hz: audio.sample_rate_hz(), channels: audio.channels() })
}

fn refused(error: &ConfigError) -> Failure {
    Failure::usage(error)
}

/// To the nearest frame, at least one.
fn keyframe_interval_frames(interval: Duration, fps: u32) -> u32 {
    let frames = (interval.as_micros() * u128::from(fps) + 500_000) / 1_000_000;
    u32::try_from(frames).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use onair::VideoQuality;

    use crate::args::{Cli, Command};

    fn format(options: &[&str]) -> FormatArgs {
        let command = ["onair", "push", "rtmp://localhost/live/key"];
        let cli = Cli::try_parse_from(command.iter().chain(options)).expect("options");
        match cli.command {
            Command::Push(push) => push.format,
            other => panic!("{other:?}"),
        }
    }

    /// The preset, but for how far adaptation may go down.
    fn with_floor(preset: &VideoConfig) -> VideoConfig {
        let builder = preset.to_builder().bitrate_range_bps(200_000, preset.max_bitrate_bps());
        builder.build().expect("a configuration")
    }

    fn bitrates(options: &[&str]) -> (u32, u32, u32) {
        let config = video(&format(options), None).expect("video");
        let kbps = |bps| bps / 1_000;
        (kbps(config.min_bitrate_bps()), kbps(config.bitrate_bps()), kbps(config.max_bitrate_bps()))
    }

    #[test]
    fn the_bitrate_follows_the_network_within_what_is_asked_for() {
        assert_eq!(bitrates(&["--quality", "high3"]), (200, 1_200, 1_440));
        assert_eq!(bitrates(&["--video-bitrate", "2M"]), (200, 2_000, 2_400));
        assert_eq!(bitrates(&["--video-bitrate", "150k"]), (150, 150, 180));
        assert_eq!(bitrates(&["--max-bitrate", "4M"]), (200, 600, 4_000));
        assert_eq!(bitrates(&["--max-bitrate", "300k"]), (200, 300, 300));
        assert_eq!(bitrates(&["--min-bitrate", "1M"]), (1_000, 1_000, 1_200));
        let all = ["--min-bitrate", "300k", "--video-bitrate", "1M", "--max-bitrate", "4M"];
        assert_eq!(bitrates(&all), (300, 1_000, 4_000));
        assert_eq!(bitrates(&["--video-bitrate", "100M"]), (200, 100_000, 100_000));
    }

    #[test]
    fn fixed_is_fixed() {
        assert_eq!(bitrates(&["--fixed", "--video-bitrate", "1M"]), (1_000, 1_000, 1_000));
        assert_eq!(bitrates(&["--fixed"]), (600, 600, 600));
        assert_eq!(adaptation(&format(&["--fixed"])), Adaptation::Off);
    }

    #[test]
    fn a_rule_has_a_name() {
        assert_eq!(adaptation(&format(&[])), Adaptation::Lag);
        assert_eq!(adaptation(&format(&["--adaptation", "lflivekit"])), Adaptation::LfLiveKit);
        assert_eq!(adaptation(&format(&["--adaptation", "videocore"])), Adaptation::VideoCore);
    }

    #[test]
    fn without_options_it_is_the_library_s_default() {
        let preset = VideoConfig::default();
        assert_eq!(video(&format(&[]), None).expect("video"), with_floor(&preset));
        assert_eq!(audio(&format(&[]), None).expect("audio"), AudioConfig::default());
    }

    #[test]
    fn a_quality_is_taken_as_it_is() {
        let landscape =
            video(&format(&["--quality", "high3", "--landscape"]), None).expect("video");
        let preset = VideoConfig::preset(VideoQuality::High3, Orientation::Landscape);
        assert_eq!(landscape, with_floor(&preset));
    }

    #[test]
    fn options_change_what_they_name() {
        let options = ["--size", "640x360", "--fps", "25", "--video-bitrate", "900k"];
        let config = video(&format(&options), None).expect("video");
        assert_eq!((config.width(), config.height(), config.fps()), (640, 360, 25));
        assert_eq!((config.bitrate_bps(), config.keyframe_interval_frames()), (900_000, 50));
        assert!(config.max_bitrate_bps() >= 900_000 && config.min_bitrate_bps() <= 900_000);

        let config = video(&format(&["--quality", "high3", "--fps", "60"]), None).expect("video");
        assert_eq!((config.width(), config.bitrate_bps()), (720, 1_200_000));
        assert_eq!((config.fps(), config.max_fps()), (60, 60));
    }

    #[test]
    fn a_size_alone_gets_a_bitrate_that_fits_it() {
        let bitrate = |size| video(&format(&["--size", size]), None).expect("video").bitrate_bps();
        assert!((300_000..700_000).contains(&bitrate("640x360")));
        assert!((1_500_000..2_500_000).contains(&bitrate("1280x720")));
        assert!(bitrate("3840x2160") <= 8_000_000);
    }

    #[test]
    fn key_intervals_are_times() {
        let frames = |options: &[&str]| {
            video(&format(options), None).expect("video").keyframe_interval_frames()
        };
        assert_eq!(frames(&["--fps", "30", "--keyint", "2s"]), 60);
        assert_eq!(frames(&["--fps", "15", "--keyint", "500ms"]), 8);
        assert_eq!(frames(&["--quality", "low1", "--keyint", "1ms"]), 1);
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (options, named) in [
            (&["--size", "641x360"][..], "641"),
            (&["--size", "0x0"], "0"),
            (&["--fps", "0"], "0"),
            (&["--fps", "500"], "500"),
            (&["--min-bitrate", "900k", "--max-bitrate", "800k"], "min bitrate"),
            (&["--min-bitrate", "900k", "--video-bitrate", "800k"], "min bitrate"),
            (&["--max-bitrate", "700k", "--video-bitrate", "800k"], "max bitrate"),
            (&["--min-bitrate", "1k"], "min bitrate"),
            (&["--max-bitrate", "101M"], "max bitrate"),
        ] {
            let error = video(&format(options), None).expect_err("refused");
            assert_eq!(error.exit, crate::exit::Exit::Usage);
            assert!(error.message.contains(named), "{error}");
        }
        assert!(audio(&format(&["--audio-bitrate", "1"]), None).is_err());
    }
}
