//! The bytes before a unit or a header in a message body: legacy for H.264 and AAC (annex E.4),
//! extended for the others and for further tracks (E-RTMP v2, "ExVideoTagHeader" and
//! "ExAudioTagHeader").

use onair_types::{AudioCodec, VideoCodec};

use super::{AAC_HEADER_PREFIX, AAC_RAW_PREFIX, AVC_HEADER_PREFIX, extended, video_prefix};

/// At most [`Prefix::MOST_BYTES`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// With zeros behind them.
    bytes: [u8; Self::MOST_BYTES],
    len: u8,
}

impl Prefix {
    /// Always fits into a first chunk.
    pub(crate) const MOST_BYTES: usize = 16;

    #[inline]
    pub(crate) fn new<const N: usize>(bytes: [u8; N]) -> Self {
        const { assert!(N <= Self::MOST_BYTES, "a longer prefix may not fit the first chunk") };
        let mut padded = [0; Self::MOST_BYTES];
        padded[..N].copy_from_slice(&bytes);
        Self { bytes: padded, len: N as u8 }
    }

    /// Before a picture. Composition time is clamped to what 24 bits hold.
    #[inline]
    pub fn video(codec: VideoCodec, keyframe: bool, composition_ms: i32) -> Self {
        if !codec.is_enhanced() {
            return Self::new(video_prefix(keyframe, composition_ms));
        }
        let (packet, time) = video_packet(codec, composition_ms);
        let [f0, f1, f2, f3] = codec.four_cc();
        let first = video_byte(keyframe, packet);
        match time {
            None => Self::new([first, f0, f1, f2, f3]),
            Some([c2, c1, c0]) => Self::new([first, f0, f1, f2, f3, c2, c1, c0]),
        }
    }

    /// Before a picture of a track other than the first.
    pub fn video_of_track(
        track_id: u8,
        codec: VideoCodec,
        keyframe: bool,
        composition_ms: i32,
    ) -> Self {
        let (packet, time) = video_packet(codec, composition_ms);
        let [f0, f1, f2, f3] = codec.four_cc();
        let first = video_byte(keyframe, extended::VIDEO_MULTITRACK);
        let second = extended::ONE_TRACK << 4 | packet;
        match time {
            None => Self::new([first, second, f0, f1, f2, f3, track_id]),
            Some([c2, c1, c0]) => Self::new([first, second, f0, f1, f2, f3, track_id, c2, c1, c0]),
        }
    }

    /// Before a decoder configuration record.
    pub fn video_header(codec: VideoCodec) -> Self {
        if !codec.is_enhanced() {
            return Self::new(AVC_HEADER_PREFIX);
        }
        let [f0, f1, f2, f3] = codec.four_cc();
        Self::new([video_byte(true, extended::START), f0, f1, f2, f3])
    }

    /// Before the decoder configuration record of a track other than the first.
    pub fn video_header_of_track(track_id: u8, codec: VideoCodec) -> Self {
        let [f0, f1, f2, f3] = codec.four_cc();
        let first = video_byte(true, extended::VIDEO_MULTITRACK);
        let second = extended::ONE_TRACK << 4 | extended::START;
        Self::new([first, second, f0, f1, f2, f3, track_id])
    }

    /// The whole body that ends pictures; there is none in legacy streams of ours.
    pub fn video_end(codec: VideoCodec) -> Option<Self> {
        let [f0, f1, f2, f3] = codec.four_cc();
        let body = Self::new([video_byte(true, extended::END), f0, f1, f2, f3]);
        codec.is_enhanced().then_some(body)
    }

    /// Before sound.
    #[inline]
    pub fn audio(codec: AudioCodec) -> Self {
        match codec {
            AudioCodec::Aac => Self::new(AAC_RAW_PREFIX),
            AudioCodec::Opus => Self::audio_extended(codec, extended::FRAMES),
        }
    }

    /// Before a decoder configuration of sound.
    pub fn audio_header(codec: AudioCodec) -> Self {
        match codec {
            AudioCodec::Aac => Self::new(AAC_HEADER_PREFIX),
            AudioCodec::Opus => Self::audio_extended(codec, extended::START),
        }
    }

    /// The whole body that ends sound; there is none in legacy streams.
    pub fn audio_end(codec: AudioCodec) -> Option<Self> {
        codec.is_enhanced().then(|| Self::audio_extended(codec, extended::END))
    }

    /// Before sound of a track other than the first.
    pub fn audio_of_track(track_id: u8, codec: AudioCodec) -> Self {
        Self::audio_track(track_id, codec, extended::FRAMES)
    }

    /// Before the decoder configuration of sound of a track other than the first.
    pub fn audio_header_of_track(track_id: u8, codec: AudioCodec) -> Self {
        Self::audio_track(track_id, codec, extended::START)
    }

    /// The bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The bytes, with zeros behind them, and how many there are.
    #[inline]
    pub(crate) fn padded(&self) -> (&[u8; Self::MOST_BYTES], usize) {
        (&self.bytes, self.len.into())
    }

    fn audio_extended(codec: AudioCodec, packet: u8) -> Self {
        let [f0, f1, f2, f3] = codec.four_cc();
        Self::new([extended::SOUND_FORMAT << 4 | packet, f0, f1, f2, f3])
    }

    fn audio_track(track_id: u8, codec: AudioCodec, packet: u8) -> Self {
        let [f0, f1, f2, f3] = codec.four_cc();
        let first = extended::SOUND_FORMAT << 4 | extended::AUDIO_MULTITRACK;
        Self::new([first, extended::ONE_TRACK << 4 | packet, f0, f1, f2, f3, track_id])
    }
}

fn video_byte(keyframe: bool, packet: u8) -> u8 {
    let frame_type = if keyframe { super::KEYFRAME } else { super::INTER_FRAME };
    super::IS_EX_HEADER | frame_type << 4 | packet
}

/// The packet type of a picture, and its composition time where the type has one.
fn video_packet(codec: VideoCodec, composition_ms: i32) -> (u8, Option<[u8; 3]>) {
    match codec {
        VideoCodec::Av1 => (extended::FRAMES, None),
        VideoCodec::H264 | VideoCodec::Hevc if composition_ms == 0 => (extended::FRAMES_X, None),
        VideoCodec::H264 | VideoCodec::Hevc => {
            (extended::FRAMES, Some(super::composition_bytes(composition_ms)))
        }
    }
}
