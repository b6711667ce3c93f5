//! Without the codec features the crate still builds, and says what is missing.
#![cfg(not(any(feature = "openh264", feature = "fdk-aac")))]

use onair_media::decode::{self, DecodeError};
use onair_media::encode::{self, EncodeError};
use onair_types::{AudioConfig, VideoConfig};

#[test]
fn codecs_that_are_not_built_name_their_feature() {
    let video = encode::h264(&VideoConfig::default()).err();
    assert_eq!(video, Some(EncodeError::NotBuilt { kind: "H.264", feature: "openh264" }));
    let audio = encode::aac(&AudioConfig::default()).err();
    assert_eq!(audio, Some(EncodeError::NotBuilt { kind: "AAC", feature: "fdk-aac" }));
    let video = decode::h264().err();
    assert_eq!(video, Some(DecodeError::NotBuilt { kind: "H.264", feature: "openh264" }));
    let audio = decode::aac().err();
    assert_eq!(audio, Some(DecodeError::NotBuilt { kind: "AAC", feature: "fdk-aac" }));
}
