//! Samples into a fragment: `moof` and `mdat`, payloads copied once. ISO/IEC 14496-12 8.8.

use shiguredo_mp4::boxes::{MfhdBox, MoofBox, TfdtBox, TfhdBox, TrafBox, TrunBox, TrunSample};
use shiguredo_mp4::{Encode, SampleFlags};

use crate::Mp4Error;

/// One access unit of a track.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// How long it lasts, ticks.
    pub duration: u32,
    /// How far its presentation lies behind its decoding, ticks.
    pub composition: i64,
    /// Whether decoding can start here.
    pub is_sync: bool,
    /// Its bytes.
    pub data: &'a [u8],
}

/// One track's part of a fragment.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// As in the file's tracks: from 1.
    pub track_id: u32,
    /// When the first sample is decoded, ticks.
    pub begin: u64,
    /// One at least.
    pub samples: Vec<Sample<'a>>,
}

/// A fragment, to be written in one piece.
#[derive(Clone, Debug)]
pub struct Fragment {
    pub(crate) moof: MoofBox,
    bytes: Vec<u8>,
}

const MDAT_HEADER: usize = 8;

impl Fragment {
    /// With one run for each track at most.
    ///
    /// # Errors
    /// When a number does not fit its field.
    pub fn new(sequence: u32, runs: &[Run<'_>]) -> Result<Self, Mp4Error> {
        let mut moof = moof(sequence, runs)?;
        // Offsets have a fixed width: the header's size is known before its content is.
        let mut offset = moof.encode_to_vec()?.len() + MDAT_HEADER;
        for (traf, run) in moof.traf_boxes.iter_mut().zip(runs) {
            for trun in &mut traf.trun_boxes {
                let at = i32::try_from(offset).map_err(|_| Mp4Error::TooLarge("an offset"))?;
                trun.data_offset = Some(at);
            }
            offset += run.size_bytes();
        }
        let mut bytes = moof.encode_to_vec()?;
        let payload: usize = runs.iter().map(Run::size_bytes).sum();
        let size = u32::try_from(MDAT_HEADER + payload);
        let size = size.map_err(|_| Mp4Error::TooLarge("the payload"))?;
        bytes.reserve_exact(MDAT_HEADER + payload);
        bytes.extend_from_slice(&size.to_be_bytes());
        bytes.extend_from_slice(b"mdat");
        for sample in runs.iter().flat_map(|run| &run.samples) {
            bytes.extend_from_slice(sample.data);
        }
        Ok(Self { moof, bytes })
    }

    /// `moof` and `mdat`.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same, taken.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Run<'_> {
    fn size_bytes(&self) -> usize {
        self.samples.iter().map(|sample| sample.data.len()).sum()
    }
}

fn moof(sequence: u32, runs: &[Run<'_>]) -> Result<MoofBox, Mp4Error> {
    let mut traf_boxes = Vec::with_capacity(runs.len());
    for run in runs {
        let is_reordered = run.samples.iter().any(|sample| sample.composition != 0);
        let samples = run.samples.iter().map(|sample| {
            let size = u32::try_from(sample.data.len());
            Ok(TrunSample {
                duration: Some(sample.duration),
                size: Some(size.map_err(|_| Mp4Error::TooLarge("a sample"))?),
                flags: Some(flags(sample.is_sync)),
                composition_time_offset: is_reordered.then_some(sample.composition),
            })
        });
        let samples = samples.collect::<Result<Vec<_>, Mp4Error>>()?;
        let trun = TrunBox { data_offset: Some(0), first_sample_flags: None, samples };
        traf_boxes.push(TrafBox {
            tfhd_box: TfhdBox {
                track_id: run.track_id,
                base_data_offset: None,
                sample_description_index: None,
                default_sample_duration: None,
                default_sample_size: None,
                default_sample_flags: None,
                duration_is_empty: false,
                default_base_is_moof: true,
            },
            tfdt_box: Some(TfdtBox { version: 1, base_media_decode_time: run.begin }),
            trun_boxes: vec![trun],
            unknown_boxes: Vec::new(),
        });
    }
    let mfhd_box = MfhdBox { sequence_number: sequence };
    Ok(MoofBox { mfhd_box, traf_boxes, unknown_boxes: Vec::new() })
}

/// Depends on others or not; sync sample or not (ISO/IEC 14496-12 8.8.3.1).
fn flags(is_sync: bool) -> SampleFlags {
    SampleFlags::from_fields(0, if is_sync { 2 } else { 1 }, 0, 0, 0, !is_sync, 0)
}
