//! How a track is decoded: the codecs' records become sample entries, byte for byte.
//! ISO/IEC 14496-15 5.3.4.1, AV1-ISOBMFF 2.2, Opus in ISOBMFF 4.3.

use std::num::NonZeroU16;

use onair_types::aac::Asc;
use onair_types::opus::OpusHead;
use onair_types::{AudioHeader, VideoHeader};
use shiguredo_mp4::boxes::{
    AudioSampleEntryFields, Av01Box, Av1cBox, Avc1Box, AvccBox, DopsBox, EsdsBox, Hvc1Box, HvccBox,
    Mp4aBox, OpusBox, SampleEntry, VisualSampleEntryFields,
};
use shiguredo_mp4::descriptors::{
    DecoderConfigDescriptor, DecoderSpecificInfo, EsDescriptor, SlConfigDescriptor,
};
use shiguredo_mp4::{Decode, FixedPointNumber, Uint};

use crate::Mp4Error;

/// The size in pixels, and the entry.
///
/// # Errors
/// [`Mp4Error::Track`] when the configuration tells no size that fits, or cannot be read.
pub fn video(config: &VideoHeader) -> Result<((u16, u16), SampleEntry), Mp4Error> {
    let refused = |reason| Mp4Error::Track { track: "video", reason };
    let (width, height) = config.size().ok_or(refused("its configuration tells no size"))?;
    let pixels = |size| u16::try_from(size).map_err(|_| refused("the picture is too large"));
    let (width, height) = (pixels(width)?, pixels(height)?);
    let visual = VisualSampleEntryFields {
        data_reference_index: NonZeroU16::MIN,
        width,
        height,
        horizresolution: VisualSampleEntryFields::DEFAULT_HORIZRESOLUTION,
        vertresolution: VisualSampleEntryFields::DEFAULT_VERTRESOLUTION,
        frame_count: VisualSampleEntryFields::DEFAULT_FRAME_COUNT,
        compressorname: VisualSampleEntryFields::NULL_COMPRESSORNAME,
        depth: VisualSampleEntryFields::DEFAULT_DEPTH,
    };
    let entry = match config {
        VideoHeader::H264(_) => record::<AvccBox>(config, b"avcC")
            .map(|avcc_box| Avc1Box { visual, avcc_box, unknown_boxes: Vec::new() })
            .map(SampleEntry::Avc1),
        VideoHeader::Hevc(_) => record::<HvccBox>(config, b"hvcC")
            .map(|hvcc_box| Hvc1Box { visual, hvcc_box, unknown_boxes: Vec::new() })
            .map(SampleEntry::Hvc1),
        VideoHeader::Av1(_) => record::<Av1cBox>(config, b"av1C")
            .map(|av1c_box| Av01Box { visual, av1c_box, unknown_boxes: Vec::new() })
            .map(SampleEntry::Av01),
    };
    let entry = entry.ok_or(refused("its decoder configuration cannot be read"))?;
    Ok(((width, height), entry))
}

/// The record on the wire is the box's payload.
fn record<B: Decode>(config: &VideoHeader, name: &[u8; 4]) -> Option<B> {
    let size = u32::try_from(config.record().len() + 8).ok()?;
    let bytes = [&size.to_be_bytes()[..], name, config.record()].concat();
    B::decode(&bytes).ok().map(|(decoded, _)| decoded)
}

/// The entry of a sound track.
pub fn audio(config: &AudioHeader) -> SampleEntry {
    match config {
        AudioHeader::Aac(asc) => mp4a(asc),
        AudioHeader::Opus(head) => opus(head),
    }
}

fn fields(channels: u8, rate_hz: u32) -> AudioSampleEntryFields {
    AudioSampleEntryFields {
        data_reference_index: AudioSampleEntryFields::DEFAULT_DATA_REFERENCE_INDEX,
        channelcount: u16::from(channels),
        samplesize: AudioSampleEntryFields::DEFAULT_SAMPLESIZE,
        samplerate: FixedPointNumber::new(u16::try_from(rate_hz).unwrap_or(0), 0),
    }
}

fn mp4a(asc: &Asc) -> SampleEntry {
    let dec_config_descr = DecoderConfigDescriptor {
        object_type_indication:
            DecoderConfigDescriptor::OBJECT_TYPE_INDICATION_AUDIO_ISO_IEC_14496_3,
        stream_type: DecoderConfigDescriptor::STREAM_TYPE_AUDIO,
        up_stream: DecoderConfigDescriptor::UP_STREAM_FALSE,
        buffer_size_db: Uint::new(0),
        max_bitrate: 0,
        avg_bitrate: 0,
        dec_specific_info: Some(DecoderSpecificInfo { payload: asc.as_bytes().to_vec() }),
    };
    let es = EsDescriptor {
        es_id: EsDescriptor::MIN_ES_ID,
        stream_priority: EsDescriptor::LOWEST_STREAM_PRIORITY,
        depends_on_es_id: None,
        url_string: None,
        ocr_es_id: None,
        dec_config_descr,
        sl_config_descr: SlConfigDescriptor,
    };
    let audio = fields(asc.channels(), asc.sample_rate_hz());
    SampleEntry::Mp4a(Mp4aBox { audio, esds_box: EsdsBox { es }, unknown_boxes: Vec::new() })
}

fn opus(head: &OpusHead) -> SampleEntry {
    // The OpusHead of Ogg, whose numbers are little-endian (RFC 7845 5.1).
    let bytes = head.as_bytes();
    let number = |at: usize| bytes.get(at..at + 2).map_or([0; 2], |two| [two[0], two[1]]);
    let rate = bytes.get(12..16).map_or([0; 4], |four| [four[0], four[1], four[2], four[3]]);
    let dops_box = DopsBox {
        output_channel_count: head.channels(),
        pre_skip: head.pre_skip(),
        input_sample_rate: u32::from_le_bytes(rate),
        output_gain: i16::from_le_bytes(number(16)),
    };
    let audio = fields(head.channels(), onair_types::opus::SAMPLE_RATE_HZ);
    SampleEntry::Opus(OpusBox { audio, dops_box, unknown_boxes: Vec::new() })
}
