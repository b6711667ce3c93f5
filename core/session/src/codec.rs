//! Codecs of tracks that are pushed encoded: what a unit is must be what the session was made for.

use onair_engine::flv::MetaData;
use onair_types::{AudioCodec, AudioUnit, FrameKind, VideoCodec, VideoUnit};

use crate::PushError;

/// The codecs of the first tracks.
pub(crate) fn of(metadata: &MetaData) -> (VideoCodec, AudioCodec) {
    let video = metadata.video.as_ref().map(|video| video.codec);
    let audio = metadata.audio.as_ref().map(|audio| audio.codec);
    (video.unwrap_or_default(), audio.unwrap_or_default())
}

/// The codec is the one that the server was told of. What is called a key frame of HEVC or AV1 is
/// one: everything that is dropped, and every player that joins, relies on it.
#[inline]
pub(crate) fn check_video(expected: VideoCodec, unit: &VideoUnit) -> Result<(), PushError> {
    let given = unit.config.codec();
    if given != expected {
        return Err(PushError::Codec { expected: expected.name(), given: given.name() });
    }
    let is_sound = unit.kind != FrameKind::Idr
        || !given.is_enhanced()
        || unit.config.is_key(&unit.payload) == Some(true);
    if is_sound { Ok(()) } else { Err(PushError::NotAKeyFrame { codec: given.name() }) }
}

#[inline]
pub(crate) fn check_audio(expected: AudioCodec, unit: &AudioUnit) -> Result<(), PushError> {
    let given = unit.config.codec();
    if given != expected {
        return Err(PushError::Codec { expected: expected.name(), given: given.name() });
    }
    Ok(())
}
