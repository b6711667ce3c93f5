//! What is wrong with a stream, in words. An error breaks the stream for players; a warning is
//! worth knowing.

use std::fmt;

use onair::VideoHeader;
use onair_types::HeaderError;
use serde::Serialize;

use super::look::Look;
use super::report::Report;
use super::tracks::Tracks;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    pub(crate) severity: Severity,
    /// A stable name.
    pub(crate) code: &'static str,
    /// A sentence.
    pub(crate) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    Error,
    Warning,
}

impl Problem {
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: message.into() }
    }

    pub(crate) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, code, message: message.into() }
    }

    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity:<10}  {}", self.message)
    }
}

/// Further apart than this and viewers notice (ITU-R BT.1359 detects at 45 ms).
const SKEW_LIMIT_MS: f64 = 40.0;
/// Further apart than this and players with small buffers starve.
const INTERLEAVE_LIMIT_MS: i64 = 500;
/// A longer wait for the first picture is a nuisance.
const KEYFRAME_LIMIT_SECONDS: f64 = 10.0;
/// Composition times beyond this are slips, not reordering.
const COMPOSITION_LIMIT_MS: i32 = 2_000;

/// Everything that can be said against `report`.
pub(crate) fn find(report: &Report, tracks: &Tracks, look: &Look) -> Vec<Problem> {
    let mut found = Vec::new();
    if report.video.is_none() && report.audio.is_none() {
        nothing(tracks, &mut found);
    }
    headers(tracks, &mut found);
    pictures(report, tracks, &mut found);
    times(report, &mut found);
    decoding(look, &mut found);
    pattern(report, &mut found);
    metadata(report, tracks, &mut found);
    further(tracks, &mut found);
    found
}

/// What keeps a player from a further track; the first ones do not need it.
fn further(tracks: &Tracks, found: &mut Vec<Problem>) {
    let mut add = |what, id, before_header, bad_headers, other_codec: &Option<String>| {
        let message = match other_codec {
            Some(codec) => format!("is of another codec ({codec}); not looked at"),
            None if bad_headers > 0 => "has a sequence header that cannot be read".to_owned(),
            None if before_header > 0 => {
                format!("began with {before_header} units before its sequence header")
            }
            None => return,
        };
        let message = format!("further track {id} of {what} {message}");
        found.push(Problem::warning("further_track", message));
    };
    for (id, track) in &tracks.further_video {
        add("pictures", id, track.before_header, track.bad_headers, &track.other_codec);
    }
    for (id, track) in &tracks.further_audio {
        add("sound", id, track.before_header, track.bad_headers, &track.other_codec);
    }
}

fn nothing(tracks: &Tracks, found: &mut Vec<Problem>) {
    if tracks.video.other_codec.is_none() && tracks.audio.other_codec.is_none() {
        found.push(Problem::error("no_media", "the stream holds neither pictures nor sound"));
    }
}

fn headers(tracks: &Tracks, found: &mut Vec<Problem>) {
    let (video, audio) = (&tracks.video, &tracks.audio);
    let mut missing = |code, units: u64, all: usize, what: &str, header: &str| {
        if units > 0 {
            let where_ = if units == all as u64 { "came without" } else { "came before" };
            let message = format!("{units} {what} {where_} the {header}: nobody can decode them");
            found.push(Problem::error(code, message));
        }
    };
    let pictures = video.times.count();
    missing("video_header_missing", video.before_header, pictures, "pictures", "sequence header");
    let sounds = audio.times.count();
    missing(
        "audio_header_missing",
        audio.before_header,
        sounds,
        "frames of sound",
        "sequence header",
    );
    if video.bad_headers > 0 {
        found.push(Problem::error(
            "video_header_invalid",
            "a sequence header of pictures cannot be read",
        ));
    }
    let size = video.config.as_ref().map(|config| match config {
        VideoHeader::H264(config) => config.sps_info().map(|_| ()).map_err(HeaderError::from),
        VideoHeader::Hevc(config) => config.size().map(|_| ()).map_err(HeaderError::from),
        VideoHeader::Av1(config) => config.size().map(|_| ()).map_err(HeaderError::from),
    });
    if let Some(Err(error)) = size {
        let message = format!("the sequence parameter set cannot be read: {error}");
        found.push(Problem::error("video_header_invalid", message));
    }
    if audio.bad_headers > 0 {
        found.push(Problem::error(
            "audio_header_invalid",
            "a sequence header of sound cannot be read",
        ));
    }
    if tracks.malformed_tags > 0 {
        let message = format!("{} tags are too short for what they hold", tracks.malformed_tags);
        found.push(Problem::error("malformed_tags", message));
    }
    if let Some(codec) = &video.other_codec {
        let message = format!("there are pictures of another codec ({codec}); not looked at");
        found.push(Problem::warning("video_codec", message));
    }
    if let Some(codec) = &audio.other_codec {
        let message = format!("there is sound of another codec ({codec}); not looked at");
        found.push(Problem::warning("audio_codec", message));
    }
}

fn pictures(report: &Report, tracks: &Tracks, found: &mut Vec<Problem>) {
    let video = &tracks.video;
    if video.times.count() > 0 && video.keyframes == 0 {
        let message = format!("no key frame in {:.1} s: no player can start", report.seconds);
        found.push(Problem::error("no_keyframe", message));
    } else if video.before_keyframe > 0 {
        let message = format!(
            "the stream starts with {} pictures before the first key frame: players show nothing or garbage until it",
            video.before_keyframe
        );
        found.push(Problem::warning("starts_without_keyframe", message));
    }
    if let (Some((_, most)), fps) = (video.keyframe_interval, video.times.rate())
        && fps > 0.0
        && most as f64 / fps > KEYFRAME_LIMIT_SECONDS
    {
        let message = format!(
            "key frames are up to {:.1} s apart: viewers wait for their first picture",
            most as f64 / fps
        );
        found.push(Problem::warning("keyframe_interval", message));
    }
    if video.malformed > 0 {
        let message =
            format!("{} pictures hold NAL unit lengths that do not add up", video.malformed);
        found.push(Problem::error("malformed_pictures", message));
    }
    if video.mismarked > 0 {
        let message = format!(
            "{} pictures are marked as key frames without being IDR pictures, or the other way round",
            video.mismarked
        );
        found.push(Problem::warning("keyframe_marks", message));
    }
}

fn times(report: &Report, found: &mut Vec<Problem>) {
    let stamps = &report.timestamps;
    let tracks = [("video", &stamps.video), ("audio", &stamps.audio)];
    for (name, times) in
        tracks.into_iter().filter_map(|(name, times)| Some((name, times.as_ref()?)))
    {
        let codes = match name {
            "video" => ("video_steps_back", "video_gaps", "video_repeats"),
            _ => ("audio_steps_back", "audio_gaps", "audio_repeats"),
        };
        if times.steps_back > 0 {
            let message = format!(
                "{name} times step back {} times, by up to {} ms: players stall or skip",
                times.steps_back, times.largest_step_back_ms
            );
            found.push(Problem::error(codes.0, message));
        }
        if times.gaps > 0 {
            let message = format!(
                "{name} times have {} gaps, the largest of {} ms",
                times.gaps, times.largest_gap_ms
            );
            found.push(Problem::warning(codes.1, message));
        }
        if times.repeats > 0 {
            let message = format!("{name} times repeat {} times", times.repeats);
            found.push(Problem::warning(codes.2, message));
        }
    }
    if stamps.composition_min_ms.is_some_and(|least| least < 0) {
        let message =
            "pictures are to be shown before they are decoded (negative composition time)";
        found.push(Problem::error("composition_negative", message));
    }
    if let Some(most) = stamps.composition_max_ms.filter(|most| *most > COMPOSITION_LIMIT_MS) {
        let message = format!("a picture is to be shown {most} ms after it is decoded");
        found.push(Problem::warning("composition_large", message));
    }
    if stamps.interleave_max_ms > INTERLEAVE_LIMIT_MS {
        let message = format!(
            "pictures and sound arrive up to {} ms apart: players with small buffers stall",
            stamps.interleave_max_ms
        );
        found.push(Problem::warning("interleave", message));
    }
}

fn decoding(look: &Look, found: &mut Vec<Problem>) {
    let tracks = [
        ("video_undecodable", "pictures", &look.video_errors),
        ("audio_undecodable", "AAC frames", &look.audio_errors),
    ];
    for (code, what, errors) in tracks {
        if let Some(first) = &errors.first {
            let message = format!("{} {what} cannot be decoded; the first: {first}", errors.count);
            found.push(Problem::error(code, message));
        }
    }
}

fn pattern(report: &Report, found: &mut Vec<Problem>) {
    let Some(pattern) = &report.pattern else { return };
    for (code, count, what) in [
        ("pattern_lost", pattern.lost, "lost"),
        ("pattern_repeated", pattern.repeated, "repeated"),
        ("pattern_out_of_order", pattern.out_of_order, "out of order"),
    ] {
        if count > 0 {
            let message = format!("{count} pictures of the pattern are {what}");
            found.push(Problem::error(code, message));
        }
    }
    if pattern.unreadable > 0 {
        let message = format!("{} pictures of the pattern cannot be read", pattern.unreadable);
        found.push(Problem::warning("pattern_unreadable", message));
    }
    if let Some(worst) = pattern.skew_worst_ms.filter(|worst| worst.abs() > SKEW_LIMIT_MS) {
        let (late, by) = (if worst > 0.0 { "sound" } else { "picture" }, worst.abs());
        let message = format!(
            "the {late} is up to {by:.0} ms late; more than {SKEW_LIMIT_MS:.0} ms are noticed"
        );
        found.push(Problem::error("av_skew", message));
    }
}

fn metadata(report: &Report, tracks: &Tracks, found: &mut Vec<Problem>) {
    let said = report.metadata.as_ref().and_then(|said| Some((said.width?, said.height?)));
    let shown = tracks.video.config.as_ref().and_then(VideoHeader::size);
    if let (Some((width, height)), Some((true_width, true_height))) =
        (said.filter(|(width, _)| *width > 0), shown)
        && (width, height) != (true_width, true_height)
    {
        let message = format!(
            "onMetaData says {width}x{height}, the pictures are {true_width}x{true_height}"
        );
        found.push(Problem::warning("metadata_size", message));
    }
}
