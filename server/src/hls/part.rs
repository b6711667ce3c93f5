//! A part of a segment: about 250 ms of units, and what they are in fragmented MP4.
//! RFC 8216bis 3.1, ISO/IEC 14496-12 8.8.
//!
//! Video runs at 90 kHz from the stream's milliseconds; sound advances 1,024 samples a frame and
//! is put right only when it is more than 50 ms off, so that rounded time stamps do not crackle.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use onair_engine::flv::Body;
use onair_mp4::{AudioTrack, Fragment, Run, Sample, SoundCount, Tracks, VideoTrack};
use onair_types::AudioHeader;
use onair_types::aac::FRAME_SAMPLES;

use crate::unit::{Headers, Kind, Unit};

const VIDEO_TICKS_PER_MS: i64 = 90;
/// Sound further off than this is moved to where its time stamps say: any publisher's.
const RESYNC_MICROS: u32 = 50_000;
/// Of AV1; files do without (AV1-ISOBMFF 2.4). No NAL unit has such a length.
const TEMPORAL_DELIMITER: [u8; 2] = [0x12, 0];

/// A complete part.
#[derive(Debug)]
pub(crate) struct Part {
    /// Among all parts of the stream.
    pub(super) number: u64,
    pub(super) duration_ms: i64,
    /// Decoding can start here.
    pub(super) is_independent: bool,
    headers: Arc<Headers>,
    data: Mutex<Data>,
}

/// Nobody pays for a part that nobody fetches.
#[derive(Debug)]
enum Data {
    Units(Units),
    Muxed(Bytes),
}

/// The units of one part with their decode times in track ticks.
#[derive(Debug, Default)]
pub(super) struct Units {
    video: Vec<(i64, Arc<Unit>)>,
    video_end: i64,
    audio: Vec<(i64, Arc<Unit>)>,
    audio_end: i64,
}

impl Part {
    /// Units from `start_ms` on; the last picture lasts until `end_ms`.
    pub(super) fn new(
        number: u64,
        (start_ms, end_ms): (i64, i64),
        mut units: Units,
        headers: &Arc<Headers>,
    ) -> Self {
        units.video_end = end_ms * VIDEO_TICKS_PER_MS;
        Self {
            number,
            duration_ms: end_ms - start_ms,
            is_independent: units.video.first().is_none_or(|(_, unit)| unit.kind == Kind::Key),
            headers: Arc::clone(headers),
            data: Mutex::new(Data::Units(units)),
        }
    }

    /// `moof` and `mdat`, made when first asked for; `None` when a number does not fit its field.
    pub(crate) fn bytes(&self) -> Option<Bytes> {
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        if let Data::Units(units) = &*data {
            *data = Data::Muxed(units.mux(self.number, &self.headers)?);
        }
        match &*data {
            Data::Muxed(bytes) => Some(bytes.clone()),
            Data::Units(_) => None,
        }
    }
}

impl Units {
    pub(super) fn push_video(&mut self, unit: &Arc<Unit>, at_ms: i64) {
        self.video.push((at_ms * VIDEO_TICKS_PER_MS, Arc::clone(unit)));
    }

    /// Appends an AAC frame where the track's `count` puts it, which begins with it when there is
    /// none.
    pub(super) fn push_audio(
        &mut self,
        unit: &Arc<Unit>,
        at_ms: i64,
        rate_hz: u32,
        count: &mut Option<SoundCount>,
    ) {
        let stamped = u64::try_from(at_ms).unwrap_or(0).saturating_mul(rate_hz.into()) / 1_000;
        let count = count.get_or_insert(SoundCount::new(stamped, rate_hz, RESYNC_MICROS));
        let earliest = self.audio.last().map_or(0, |(begin, _)| begin.unsigned_abs() + 1);
        let begin = count.place(stamped, FRAME_SAMPLES, earliest);
        self.audio.push((i64::try_from(begin).unwrap_or(i64::MAX), Arc::clone(unit)));
        self.audio_end = i64::try_from(count.next()).unwrap_or(i64::MAX);
    }

    fn mux(&self, number: u64, headers: &Headers) -> Option<Bytes> {
        let sequence = u32::try_from(number & 0xffff_ffff).unwrap_or(0);
        let tracks = [
            (headers.video.is_some(), &self.video, self.video_end),
            (has_sound(headers), &self.audio, self.audio_end),
        ];
        let there = tracks.into_iter().filter(|(is_there, ..)| *is_there).zip(1..);
        let runs: Vec<_> = there
            .map(|((_, units, end), track_id)| run(track_id, units, end))
            .filter(|run| !run.samples.is_empty())
            .collect();
        Fragment::new(sequence, &runs).ok().map(|fragment| fragment.into_bytes().into())
    }
}

fn run(track_id: u32, units: &[(i64, Arc<Unit>)], end: i64) -> Run<'_> {
    let begin = units.first().map_or(0, |(begin, _)| u64::try_from(*begin).unwrap_or(0));
    let ends = units.iter().skip(1).map(|(begin, _)| *begin).chain([end]);
    let samples = units.iter().zip(ends).filter_map(|((begin, unit), end)| {
        let duration = u32::try_from(end - begin).unwrap_or(0);
        let (composition_ms, data) = match Body::parse(unit.tag_type, &unit.body).ok()? {
            Body::AvcUnit { composition_ms, data, .. } => (composition_ms, data),
            Body::VideoUnit { composition_ms, data, .. } => {
                (composition_ms, data.strip_prefix(&TEMPORAL_DELIMITER).unwrap_or(data))
            }
            Body::AacFrame(data) => (0, data),
            _ => return None,
        };
        let composition = i64::from(composition_ms) * VIDEO_TICKS_PER_MS;
        Some(Sample { duration, composition, is_sync: unit.kind != Kind::Delta, data })
    });
    Run { track_id, begin, samples: samples.collect() }
}

/// `ftyp` and `moov`: video is track 1, audio the next one.
pub(super) fn init(headers: &Headers) -> Option<Bytes> {
    let video = headers.video.as_ref().map(|video| &video.config);
    let video = video.map(|config| VideoTrack { config, first_composition: 0 });
    let audio = headers.audio.as_ref().filter(|_| has_sound(headers)).map(|audio| &audio.config);
    let audio = audio.map(|config| AudioTrack { config, priming: 0, delay: 0 });
    Tracks::new(video, audio).ok()?.init_segment().ok().map(Bytes::from)
}

/// Whether there is sound that segments carry: AAC, whose frames all last the same.
pub(super) fn has_sound(headers: &Headers) -> bool {
    headers.audio.as_ref().is_some_and(|audio| matches!(audio.config, AudioHeader::Aac(_)))
}
