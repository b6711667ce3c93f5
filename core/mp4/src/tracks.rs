//! The tracks of a file, and what it begins with: `ftyp`, sixteen bytes for later, and a `moov` that
//! says how to decode what the fragments bring.

use std::num::NonZeroU32;

use onair_types::{AudioHeader, VideoHeader};
use shiguredo_mp4::boxes::{
    Brand, DinfBox, EdtsBox, ElstBox, ElstEntry, FtypBox, HdlrBox, MdhdBox, MdiaBox, MediaHeader,
    MinfBox, MoovBox, MvexBox, MvhdBox, SampleEntry, SmhdBox, StblBox, StcoBox, StscBox, StsdBox,
    StszBox, SttsBox, TkhdBox, TrakBox, TrexBox, VmhdBox,
};
use shiguredo_mp4::{Either, Encode, FixedPointNumber, LanguageCode, Mp4FileTime, SampleFlags};

use crate::{Mp4Error, codec};

/// Ticks a second of pictures.
pub const VIDEO_TIMESCALE_HZ: u32 = 90_000;
/// Ticks a second of edit lists and of the file's length.
pub const MOVIE_TIMESCALE_HZ: u32 = 90_000;
/// How long the `ftyp` is.
pub(crate) const FTYP_BYTES: u64 = 32;

/// The pictures' track.
#[derive(Clone, Copy, Debug)]
pub struct VideoTrack<'a> {
    /// How to decode it.
    pub config: &'a VideoHeader,
    /// How far the first picture's presentation lies behind its decoding, ticks.
    pub first_composition: u32,
}

/// The sound's track.
#[derive(Clone, Copy, Debug)]
pub struct AudioTrack<'a> {
    /// How to decode it.
    pub config: &'a AudioHeader,
    /// Samples at the beginning that are decoded and not heard: the decoder's warm-up.
    pub priming: u32,
    /// How much later than the file's beginning it is heard first, ticks of the movie.
    pub delay: u64,
}

/// Pictures are track 1, sound is the next one.
#[derive(Clone, Debug)]
pub struct Tracks {
    pub(crate) moov: MoovBox,
}

impl Tracks {
    /// One track at least.
    ///
    /// # Errors
    /// When there is none, or its configuration cannot be expressed.
    pub fn new(
        video: Option<VideoTrack<'_>>,
        audio: Option<AudioTrack<'_>>,
    ) -> Result<Self, Mp4Error> {
        let mut traks = Vec::with_capacity(2);
        if let Some(video) = video {
            let (size, entry) = codec::video(video.config)?;
            let edit = Edit { delay: 0, media_time: video.first_composition.into() };
            traks.push(trak(1, VIDEO_TIMESCALE_HZ, Some(size), entry, edit)?);
        }
        if let Some(audio) = audio {
            let edit = Edit { delay: audio.delay, media_time: audio.priming.into() };
            let rate_hz = audio.config.sample_rate_hz();
            let id = if traks.is_empty() { 1 } else { 2 };
            traks.push(trak(id, rate_hz, None, codec::audio(audio.config), edit)?);
        }
        if traks.is_empty() {
            return Err(Mp4Error::NoTrack);
        }
        let trex_boxes = traks.iter().map(|trak| TrexBox {
            track_id: trak.tkhd_box.track_id,
            default_sample_description_index: 1,
            default_sample_duration: 0,
            default_sample_size: 0,
            default_sample_flags: SampleFlags::new(0),
        });
        let mvex_box =
            MvexBox { mehd_box: None, trex_boxes: trex_boxes.collect(), unknown_boxes: Vec::new() };
        let mvhd_box = MvhdBox {
            creation_time: UNDATED,
            modification_time: UNDATED,
            timescale: nonzero(MOVIE_TIMESCALE_HZ)?,
            duration: 0,
            rate: MvhdBox::DEFAULT_RATE,
            volume: MvhdBox::DEFAULT_VOLUME,
            matrix: MvhdBox::DEFAULT_MATRIX,
            next_track_id: traks.len() as u32 + 1,
        };
        let moov = MoovBox {
            mvhd_box,
            trak_boxes: traks,
            mvex_box: Some(mvex_box),
            unknown_boxes: Vec::new(),
        };
        Ok(Self { moov })
    }

    /// `ftyp` and `moov`: what a stream of segments begins with.
    ///
    /// # Errors
    /// Never, but for a bug.
    pub fn init_segment(&self) -> Result<Vec<u8>, Mp4Error> {
        Ok([ftyp()?, self.moov.encode_to_vec()?].concat())
    }

    /// What a recording begins with: the same, and room for the switch between the two.
    ///
    /// # Errors
    /// Never, but for a bug.
    pub fn file_start(&self) -> Result<Vec<u8>, Mp4Error> {
        let mut room = [0; 16];
        room[3] = 16;
        room[4..8].copy_from_slice(b"free");
        Ok([ftyp()?, room.to_vec(), self.moov.encode_to_vec()?].concat())
    }
}

/// Which part of a track is seen or heard, and when.
#[derive(Clone, Copy)]
struct Edit {
    /// Ticks of the movie.
    delay: u64,
    /// Ticks of the track.
    media_time: i64,
}

/// No clock here.
const UNDATED: Mp4FileTime = Mp4FileTime::from_secs(0);

fn nonzero(number: u32) -> Result<NonZeroU32, Mp4Error> {
    NonZeroU32::new(number).ok_or(Mp4Error::TooLarge("a timescale of zero"))
}

fn ftyp() -> Result<Vec<u8>, Mp4Error> {
    let compatible_brands = vec![Brand::ISOM, Brand::ISO5, Brand::ISO6, Brand::MP41];
    let ftyp = FtypBox { major_brand: Brand::ISOM, minor_version: 512, compatible_brands };
    Ok(ftyp.encode_to_vec()?)
}

fn trak(
    track_id: u32,
    timescale_hz: u32,
    size: Option<(u16, u16)>,
    entry: SampleEntry,
    edit: Edit,
) -> Result<TrakBox, Mp4Error> {
    let (volume, handler_type, name, media_header) = match size {
        Some(_) => {
            let vmhd = VmhdBox {
                graphicsmode: VmhdBox::DEFAULT_GRAPHICSMODE,
                opcolor: VmhdBox::DEFAULT_OPCOLOR,
            };
            let (volume, handler) = (TkhdBox::DEFAULT_VIDEO_VOLUME, HdlrBox::HANDLER_TYPE_VIDE);
            (volume, handler, b"video\0".to_vec(), MediaHeader::Vmhd(vmhd))
        }
        None => {
            let smhd = SmhdBox { balance: SmhdBox::DEFAULT_BALANCE };
            let (volume, handler) = (TkhdBox::DEFAULT_AUDIO_VOLUME, HdlrBox::HANDLER_TYPE_SOUN);
            (volume, handler, b"sound\0".to_vec(), MediaHeader::Smhd(smhd))
        }
    };
    let side = |pixels: u16| i16::try_from(pixels).unwrap_or(i16::MAX);
    let (width, height) = size.map_or((0, 0), |(width, height)| (side(width), side(height)));
    let tkhd_box = TkhdBox {
        flag_track_enabled: true,
        flag_track_in_movie: true,
        flag_track_in_preview: false,
        flag_track_size_is_aspect_ratio: false,
        creation_time: UNDATED,
        modification_time: UNDATED,
        track_id,
        duration: 0,
        layer: TkhdBox::DEFAULT_LAYER,
        alternate_group: TkhdBox::DEFAULT_ALTERNATE_GROUP,
        volume,
        matrix: TkhdBox::DEFAULT_MATRIX,
        width: FixedPointNumber::new(width, 0),
        height: FixedPointNumber::new(height, 0),
    };
    let mdhd_box = MdhdBox {
        creation_time: UNDATED,
        modification_time: UNDATED,
        timescale: nonzero(timescale_hz)?,
        duration: 0,
        language: LanguageCode::UNDEFINED,
    };
    let minf_box = MinfBox {
        media_header: Some(media_header),
        dinf_box: DinfBox::LOCAL_FILE,
        stbl_box: empty_tables(entry),
        unknown_boxes: Vec::new(),
    };
    let hdlr_box = HdlrBox { handler_type, name };
    let mdia_box = MdiaBox { mdhd_box, hdlr_box, minf_box, unknown_boxes: Vec::new() };
    Ok(TrakBox { tkhd_box, edts_box: edts(edit), mdia_box, unknown_boxes: Vec::new() })
}

fn empty_tables(entry: SampleEntry) -> StblBox {
    StblBox {
        stsd_box: StsdBox { entries: vec![entry] },
        stts_box: SttsBox { entries: Vec::new() },
        ctts_box: None,
        cslg_box: None,
        stsc_box: StscBox { entries: Vec::new() },
        stsz_box: StszBox::Variable { entry_sizes: Vec::new() },
        stco_or_co64_box: Either::A(StcoBox { chunk_offsets: Vec::new() }),
        stss_box: None,
        sdtp_box: None,
        unknown_boxes: Vec::new(),
    }
}

/// A length of zero lasts as long as the fragments do (ISO/IEC 14496-12 8.6.6.1).
fn edts(edit: Edit) -> Option<EdtsBox> {
    if edit.delay == 0 && edit.media_time == 0 {
        return None;
    }
    let entry = |edit_duration, media_time| ElstEntry {
        edit_duration,
        media_time,
        media_rate: FixedPointNumber::new(1, 0),
    };
    let mut entries = Vec::with_capacity(2);
    if edit.delay > 0 {
        entries.push(entry(edit.delay, -1));
    }
    entries.push(entry(0, edit.media_time));
    Some(EdtsBox { elst_box: Some(ElstBox { entries }), unknown_boxes: Vec::new() })
}
