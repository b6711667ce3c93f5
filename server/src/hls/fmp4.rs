//! Fragmented MP4 out of units: boxes by `shiguredo_mp4`, payloads copied once. ISO/IEC 14496-12
//! 8.8, 14496-15 5.3.
//!
//! Video runs at 90 kHz from the stream's milliseconds; sound advances 1,024 samples a frame and
//! is put right only when it is more than 50 ms off, so that rounded time stamps do not crackle.

use std::num::NonZeroU32;
use std::sync::Arc;

use onair_engine::flv::Body;
use onair_mp4::codec;
use onair_types::AudioHeader;
use onair_types::aac::FRAME_SAMPLES;
use shiguredo_mp4::boxes::{MfhdBox, MoofBox, TfdtBox, TfhdBox, TrafBox, TrunBox, TrunSample};
use shiguredo_mp4::mux::{Fmp4SegmentMuxer, Sample};
use shiguredo_mp4::{Encode, SampleFlags, TrackKind};

use crate::unit::{Headers, Kind, Unit};

const VIDEO_TICKS_PER_MS: i64 = 90;
/// Sound further off than this is moved to where its time stamps say.
const RESYNC_MS: i64 = 50;

/// The units of one segment with their decode times in track ticks.
#[derive(Debug, Default)]
pub(super) struct Fragment {
    video: Vec<(i64, Arc<Unit>)>,
    video_end: i64,
    audio: Vec<(i64, Arc<Unit>)>,
    audio_end: i64,
}

impl Fragment {
    pub(super) fn push_video(&mut self, unit: &Arc<Unit>, at_ms: i64) {
        self.video.push((at_ms * VIDEO_TICKS_PER_MS, Arc::clone(unit)));
    }

    /// Appends an AAC frame that begins at sample `next` when none is missing; returns where the
    /// following one begins.
    pub(super) fn push_audio(
        &mut self,
        unit: &Arc<Unit>,
        at_ms: i64,
        rate_hz: u32,
        next: i64,
    ) -> i64 {
        let stamped = at_ms * i64::from(rate_hz) / 1_000;
        let off = stamped.saturating_sub(next).saturating_abs();
        let begin = if off > RESYNC_MS * i64::from(rate_hz) / 1_000 { stamped } else { next };
        self.audio.push((begin, Arc::clone(unit)));
        self.audio_end = begin + i64::from(FRAME_SAMPLES);
        self.audio_end
    }

    /// Where the last picture ends if it lasts as long as the one before.
    pub(super) fn end_ms(&self) -> i64 {
        match self.video[..] {
            [.., (before, _), (last, _)] => (2 * last - before) / VIDEO_TICKS_PER_MS,
            _ => i64::MIN,
        }
    }

    /// The last picture lasts until `end_ms`.
    pub(super) fn ending_at(mut self, end_ms: i64) -> Self {
        self.video_end = end_ms * VIDEO_TICKS_PER_MS;
        self
    }

    /// `moof` and `mdat`; `None` when a number does not fit its field.
    pub(super) fn mux(&self, sequence: u32, has_video: bool, has_audio: bool) -> Option<Vec<u8>> {
        let video = Run::new(&self.video, self.video_end);
        let audio = Run::new(&self.audio, self.audio_end);
        let mut runs = Vec::with_capacity(2);
        let tracks = [(has_video, video), (has_audio, audio)];
        for (run, id) in tracks.into_iter().filter(|(there, _)| *there).map(|(_, run)| run).zip(1..)
        {
            if !run.samples.is_empty() {
                runs.push((id, run));
            }
        }
        // Offsets have a fixed width: the header's size is known before its content is.
        let header_bytes = moof(sequence, &runs, 0)?.encode_to_vec().ok()?.len() + MDAT_HEADER;
        let mut out = moof(sequence, &runs, header_bytes)?.encode_to_vec().ok()?;
        let payload: usize = runs.iter().map(|(_, run)| run.bytes()).sum();
        out.reserve_exact(MDAT_HEADER + payload);
        out.extend_from_slice(&u32::try_from(MDAT_HEADER + payload).ok()?.to_be_bytes());
        out.extend_from_slice(b"mdat");
        for (_, run) in &runs {
            run.samples.iter().for_each(|sample| out.extend_from_slice(sample.data));
        }
        Some(out)
    }
}

const MDAT_HEADER: usize = 8;
/// Of AV1; files do without (AV1-ISOBMFF 2.4). No NAL unit has such a length.
const TEMPORAL_DELIMITER: [u8; 2] = [0x12, 0];

/// One track's part of a fragment.
struct Run<'a> {
    begin: u64,
    samples: Vec<RunSample<'a>>,
}

struct RunSample<'a> {
    duration: u32,
    keyframe: bool,
    composition_ticks: i64,
    data: &'a [u8],
}

impl<'a> Run<'a> {
    fn new(units: &'a [(i64, Arc<Unit>)], end: i64) -> Self {
        let begin = units.first().map_or(0, |(begin, _)| u64::try_from(*begin).unwrap_or(0));
        let ends = units.iter().skip(1).map(|(begin, _)| *begin).chain([end]);
        let samples = units
            .iter()
            .zip(ends)
            .filter_map(|((begin, unit), end)| {
                let duration = u32::try_from(end - begin).unwrap_or(0);
                let (composition_ticks, data) = match Body::parse(unit.tag_type, &unit.body).ok()? {
                    Body::AvcUnit { composition_ms, data, .. } => {
                        (i64::from(composition_ms) * VIDEO_TICKS_PER_MS, data)
                    }
                    Body::VideoUnit { composition_ms, data, .. } => {
                        let data = data.strip_prefix(&TEMPORAL_DELIMITER).unwrap_or(data);
                        (i64::from(composition_ms) * VIDEO_TICKS_PER_MS, data)
                    }
                    Body::AacFrame(data) => (0, data),
                    _ => return None,
                };
                let keyframe = unit.kind != Kind::Delta;
                Some(RunSample { duration, keyframe, composition_ticks, data })
            })
            .collect();
        Self { begin, samples }
    }

    fn bytes(&self) -> usize {
        self.samples.iter().map(|sample| sample.data.len()).sum()
    }
}

fn moof(sequence: u32, runs: &[(u32, Run<'_>)], first_offset: usize) -> Option<MoofBox> {
    let mut offset = first_offset;
    let mut traf_boxes = Vec::with_capacity(runs.len());
    for (track_id, run) in runs {
        let reordered = run.samples.iter().any(|sample| sample.composition_ticks != 0);
        let samples = run
            .samples
            .iter()
            .map(|sample| {
                Some(TrunSample {
                    duration: Some(sample.duration),
                    size: Some(u32::try_from(sample.data.len()).ok()?),
                    flags: Some(sample_flags(sample.keyframe)),
                    composition_time_offset: reordered.then_some(sample.composition_ticks),
                })
            })
            .collect::<Option<Vec<_>>>()?;
        traf_boxes.push(TrafBox {
            tfhd_box: TfhdBox {
                track_id: *track_id,
                base_data_offset: None,
                sample_description_index: None,
                default_sample_duration: None,
                default_sample_size: None,
                default_sample_flags: None,
                duration_is_empty: false,
                default_base_is_moof: true,
            },
            tfdt_box: Some(TfdtBox { version: 1, base_media_decode_time: run.begin }),
            trun_boxes: vec![TrunBox {
                data_offset: Some(i32::try_from(offset).ok()?),
                first_sample_flags: None,
                samples,
            }],
            unknown_boxes: Vec::new(),
        });
        offset += run.bytes();
    }
    let mfhd_box = MfhdBox { sequence_number: sequence };
    Some(MoofBox { mfhd_box, traf_boxes, unknown_boxes: Vec::new() })
}

/// Depends on others or not; sync sample or not (ISO/IEC 14496-12 8.8.3.1).
fn sample_flags(keyframe: bool) -> SampleFlags {
    SampleFlags::from_fields(0, if keyframe { 2 } else { 1 }, 0, 0, 0, !keyframe, 0)
}

/// `ftyp` and `moov`: video is track 1, audio the next one.
pub(super) fn init(headers: &Headers) -> Option<Vec<u8>> {
    let video = headers.video.as_ref().map(|video| {
        Some((TrackKind::Video, NonZeroU32::new(90_000)?, codec::video(&video.config).ok()?.1))
    });
    let audio = headers.audio.as_ref().and_then(|audio| audio.config.aac()).map(|asc| {
        let rate = NonZeroU32::new(asc.sample_rate_hz())?;
        Some((TrackKind::Audio, rate, codec::audio(&AudioHeader::Aac(asc))))
    });
    let tracks: Vec<_> = [video, audio].into_iter().flatten().collect::<Option<_>>()?;
    // The muxer learns its tracks from samples; one empty sample each is enough.
    let samples: Vec<_> = tracks
        .into_iter()
        .map(|(track_kind, timescale, entry)| Sample {
            track_kind,
            timescale,
            sample_entry: Some(entry),
            duration: 0,
            keyframe: true,
            composition_time_offset: None,
            data_offset: 0,
            data_size: 0,
        })
        .collect();
    let mut muxer = Fmp4SegmentMuxer::new().ok()?;
    muxer.create_media_segment_metadata(&samples).ok()?;
    muxer.init_segment_bytes().ok()
}

/// Whether there is sound that segments carry: AAC, whose frames all last the same.
pub(super) fn has_sound(headers: &Headers) -> bool {
    headers.audio.as_ref().is_some_and(|audio| matches!(audio.config, AudioHeader::Aac(_)))
}
