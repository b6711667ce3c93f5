//! What was seen → what is reported: numbers for programs, a page for people. What is wrong with
//! them is `problems`'. The JSON keys are part of the command's contract (docs/cli.md).

use std::collections::BTreeMap;
use std::fmt;

use onair::{DataValue, MetaData};
use serde::Serialize;

use super::cues::Cue;
use super::look::Look;
use super::problems::{self, Problem};
use super::pull::Kind;
use super::times::TimesReport;
use super::track_report::{self, AudioReport, Further, VideoReport};
use super::tracks::Tracks;

/// The whole finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Report {
    /// Always "probe".
    pub(crate) event: &'static str,
    pub(crate) source: Kind,
    /// Whether no problem is an error.
    pub(crate) ok: bool,
    /// Media seen.
    pub(crate) seconds: f64,
    pub(crate) bytes: u64,
    pub(crate) video: Option<VideoReport>,
    pub(crate) audio: Option<AudioReport>,
    /// Tracks beside the first ones, by their ids.
    pub(crate) further_video: Vec<Further<VideoReport>>,
    pub(crate) further_audio: Vec<Further<AudioReport>>,
    pub(crate) timestamps: Timestamps,
    /// What onMetaData says.
    pub(crate) metadata: Option<MetadataReport>,
    /// Messages for players, the first 100.
    pub(crate) cues: Vec<Cue>,
    /// `null` in a build without codecs.
    pub(crate) decoded: Option<Decoded>,
    /// `null` when the pictures are not our own pattern.
    pub(crate) pattern: Option<PatternReport>,
    pub(crate) problems: Vec<Problem>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Timestamps {
    pub(crate) video: Option<TimesReport>,
    pub(crate) audio: Option<TimesReport>,
    /// Least and greatest composition time, ms; `null` without pictures.
    pub(crate) composition_min_ms: Option<i32>,
    pub(crate) composition_max_ms: Option<i32>,
    /// The furthest that pictures and sound lay apart as they arrived.
    pub(crate) interleave_max_ms: i64,
    /// First sound's time less first picture's; `null` unless there are both.
    pub(crate) audio_starts_after_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MetadataReport {
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) fps: Option<f64>,
    pub(crate) video_bitrate: Option<u32>,
    pub(crate) sample_rate: Option<u32>,
    pub(crate) channels: Option<u8>,
    pub(crate) audio_bitrate: Option<u32>,
    pub(crate) encoder: String,
    /// What an app added.
    pub(crate) extra: BTreeMap<String, serde_json::Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Decoded {
    pub(crate) video_frames: u64,
    pub(crate) video_errors: u64,
    pub(crate) audio_frames: u64,
    pub(crate) audio_errors: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PatternReport {
    pub(crate) frames: u64,
    pub(crate) first_frame: Option<u32>,
    pub(crate) last_frame: Option<u32>,
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    pub(crate) out_of_order: u64,
    pub(crate) unreadable: u64,
    /// Flashes that have a beep.
    pub(crate) skew_pairs: u64,
    /// Positive when the sound is late; `null` without pairs.
    pub(crate) skew_mean_ms: Option<f64>,
    /// The one that lies furthest from zero.
    pub(crate) skew_worst_ms: Option<f64>,
}

impl Report {
    /// Sums up and judges; `end` is what ended the stream before its time.
    pub(crate) fn new(source: Kind, tracks: &Tracks, look: &Look, end: Option<Problem>) -> Self {
        let can_decode = look.pictures + look.sounds > 0
            || look.video_errors.count + look.audio_errors.count > 0;
        let mut report = Self {
            event: "probe",
            source,
            ok: false,
            seconds: tracks.span_seconds(),
            bytes: tracks.bytes,
            video: track_report::video(&tracks.video),
            audio: track_report::audio(&tracks.audio),
            further_video: further(&tracks.further_video, track_report::video),
            further_audio: further(&tracks.further_audio, track_report::audio),
            timestamps: timestamps(tracks),
            metadata: tracks.script.metadata.as_ref().map(metadata),
            cues: tracks.script.cues.clone(),
            decoded: can_decode.then_some(Decoded {
                video_frames: look.pictures,
                video_errors: look.video_errors.count,
                audio_frames: look.sounds,
                audio_errors: look.audio_errors.count,
            }),
            pattern: look.is_pattern().then(|| pattern(look)),
            problems: end.into_iter().collect(),
        };
        report.problems.extend(problems::find(&report, tracks, look));
        report.ok = !report.problems.iter().any(Problem::is_error);
        report
    }
}

fn further<S, T>(seen: &BTreeMap<u8, S>, report: fn(&S) -> Option<T>) -> Vec<Further<T>> {
    seen.iter().filter_map(|(id, seen)| Some(Further { id: *id, track: report(seen)? })).collect()
}

fn timestamps(tracks: &Tracks) -> Timestamps {
    let (video, audio) = (&tracks.video.times, &tracks.audio.times);
    let video = (video.count() > 0).then(|| video.report(video.usual_interval_ms()));
    let audio = (audio.count() > 0).then(|| audio.report(tracks.audio.frame_ms()));
    Timestamps {
        composition_min_ms: tracks.video.composition_ms.map(|(least, _)| least),
        composition_max_ms: tracks.video.composition_ms.map(|(_, most)| most),
        interleave_max_ms: tracks.interleave_ms,
        audio_starts_after_ms: video.zip(audio).map(|(v, a)| a.first_ms - v.first_ms),
        video,
        audio,
    }
}

fn metadata(metadata: &MetaData) -> MetadataReport {
    let (video, audio) = (metadata.video.as_ref(), metadata.audio.as_ref());
    MetadataReport {
        width: video.map(|video| video.width),
        height: video.map(|video| video.height),
        fps: video.map(|video| video.fps).filter(|fps| fps.is_finite()),
        video_bitrate: video.map(|video| video.bitrate_bps),
        sample_rate: audio.map(|audio| audio.sample_rate_hz),
        channels: audio.map(|audio| audio.channels),
        audio_bitrate: audio.map(|audio| audio.bitrate_bps),
        encoder: metadata.encoder.clone(),
        extra: metadata.extra.iter().map(|(name, value)| (name.to_owned(), json(value))).collect(),
    }
}

fn json(value: &DataValue) -> serde_json::Value {
    match value {
        DataValue::Number(number) => (*number).into(),
        DataValue::Boolean(boolean) => (*boolean).into(),
        DataValue::String(text) => text.as_str().into(),
        _ => serde_json::Value::Null,
    }
}

fn pattern(look: &Look) -> PatternReport {
    let millis = |micros: i64| micros as f64 / 1e3;
    PatternReport {
        frames: look.pattern.seen,
        first_frame: look.pattern.first,
        last_frame: look.pattern.highest,
        lost: look.pattern.lost,
        repeated: look.pattern.repeated,
        out_of_order: look.pattern.out_of_order,
        unreadable: look.pattern.unreadable,
        skew_pairs: look.skew.pairs(),
        skew_mean_ms: look.skew.mean_micros().map(millis),
        skew_worst_ms: look.skew.worst_micros().map(millis),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seen        {:.2} s, {} bytes", self.seconds, self.bytes)?;
        match &self.video {
            Some(video) => {
                writeln!(f, "video       {}", video.words())?;
                writeln!(f, "key frames  {}", video.keyframe_words())?;
            }
            None => writeln!(f, "video       none")?,
        }
        match &self.audio {
            Some(audio) => writeln!(f, "audio       {}", audio.words())?,
            None => writeln!(f, "audio       none")?,
        }
        for Further { id, track } in &self.further_video {
            writeln!(f, "video {id:<5} {}", track.words())?;
        }
        for Further { id, track } in &self.further_audio {
            writeln!(f, "audio {id:<5} {}", track.words())?;
        }
        self.timestamps.fmt(f)?;
        if let Some(decoded) = &self.decoded {
            writeln!(
                f,
                "decoded     {} pictures ({} errors), {} AAC frames ({} errors)",
                decoded.video_frames,
                decoded.video_errors,
                decoded.audio_frames,
                decoded.audio_errors,
            )?;
        }
        if let Some(pattern) = &self.pattern {
            pattern.fmt(f)?;
        }
        if let Some(extra) = self.metadata.as_ref().map(|said| &said.extra)
            && !extra.is_empty()
        {
            let fields: Vec<_> =
                extra.iter().map(|(name, value)| format!("{name}={value}")).collect();
            writeln!(f, "metadata    {}", fields.join(", "))?;
        }
        for Cue { ms, handler, text } in &self.cues {
            writeln!(f, "cue         {ms} ms, {handler} {}", text.as_deref().unwrap_or_default())?;
        }
        for problem in &self.problems {
            writeln!(f, "{problem}")?;
        }
        f.write_str(if self.ok { "ok" } else { "broken" })
    }
}

impl fmt::Display for Timestamps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, times: &Option<TimesReport>| match times {
            Some(times) => writeln!(
                f,
                "{name}  {}..{} ms, {} gaps (largest {} ms), {} steps back, {} repeats",
                times.first_ms,
                times.last_ms,
                times.gaps,
                times.largest_gap_ms,
                times.steps_back,
                times.repeats,
            ),
            None => Ok(()),
        };
        line("video time", &self.video)?;
        line("audio time", &self.audio)?;
        writeln!(f, "interleave  {} ms at most", self.interleave_max_ms)
    }
}

impl fmt::Display for PatternReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "pattern     pictures {}..{}: {} lost, {} repeated, {} out of order",
            self.first_frame.unwrap_or_default(),
            self.last_frame.unwrap_or_default(),
            self.lost,
            self.repeated,
            self.out_of_order,
        )?;
        match (self.skew_mean_ms, self.skew_worst_ms) {
            (Some(mean), Some(worst)) => writeln!(
                f,
                "a/v skew    {mean:+.1} ms on average, {worst:+.1} ms at worst ({} flashes)",
                self.skew_pairs,
            ),
            _ => Ok(()),
        }
    }
}
