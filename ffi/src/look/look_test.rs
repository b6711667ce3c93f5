use super::*;
use crate::{LiveSession, VideoOptions, session_options, video_preset};

fn session() -> LiveSession {
    let preset =
        video_preset(onair::VideoQuality::Low1, onair_types::config::Orientation::Portrait);
    let video = VideoOptions { width: 64, height: 48, ..preset };
    LiveSession::new(session_options(None, Some(video))).unwrap()
}

#[test]
fn the_usual_look_is_the_cores() {
    let look = look_options().look().unwrap();
    assert_eq!(look, Look::default());
}

#[test]
fn lf85_what_was_set_is_read_again_and_what_does_not_fit_changes_nothing() {
    let session = session();
    let text = OverlayContent::Letters {
        text: "On air".to_owned(),
        size_px: 20.0,
        colour: 0xFFFF_FF80,
        background: Some(0xFF),
        font: None,
    };
    let overlay = OverlayOptions {
        name: "title".to_owned(),
        content: text,
        anchor: OverlayAnchor::BottomRight,
        x: 4,
        y: 6,
        width: 0,
        height: 0,
        stretch: false,
        opacity: 0.5,
        z: 3,
    };
    let mut look = LookOptions { mirror: true, rotation_degrees: -90, ..look_options() };
    look.effects = vec![PictureEffect::Sepia, PictureEffect::Glow];
    look.overlays = vec![overlay];
    session.set_look(look.clone()).unwrap();
    look.overlays[0].opacity = 2.0;
    let refused = session.set_look(look.clone()).unwrap_err();
    assert_eq!(refused.code(), 200);
    assert!(refused.reason().contains("\"title\": opacity is 2"), "{refused}");
    look.overlays[0].opacity = 1.0;
    look.rotation_degrees = 45;
    let refused = session.set_look(look).unwrap_err();
    assert!(refused.reason().contains("rotation is 45"), "{refused}");

    let kept = session.look();
    assert_eq!((kept.mirror, kept.rotation_degrees), (true, -90));
    assert_eq!(kept.overlays[0].opacity, 0.5);
    let drawn = session.live().session().look();
    assert_eq!(drawn.effects, [Effect::Sepia, Effect::Glow]);
    let onair::overlay::Content::Text(letters) = &drawn.overlays[0].content else { panic!() };
    assert_eq!(letters.colour.to_rgba(), [255, 255, 255, 128]);
    assert_eq!(letters.background.unwrap().to_rgba(), [0, 0, 0, 255]);
}

#[test]
fn files_that_are_none_are_named() {
    let none = b"none".to_vec();
    let reasons = [
        OverlayImage::new(none.clone()).unwrap_err(),
        OverlayImage::from_rgba(2, 2, none.clone()).unwrap_err(),
        OverlayFont::new(none.clone()).unwrap_err(),
        ColourTable::new(none).unwrap_err(),
    ];
    let words = ["neither PNG nor JPEG", "4 bytes of RGBA", "no TrueType", "cube file, line 1"];
    for (error, word) in reasons.iter().zip(words) {
        assert_eq!(error.code(), 200);
        assert!(error.reason().contains(word), "{error}");
    }
}

#[test]
fn without_a_picture_there_is_no_snapshot() {
    let session = session();
    let format = SnapshotFormat::Jpeg { quality: 90 };
    assert_eq!(session.snapshot(format, 1).unwrap_err().code(), 208);
    assert_eq!(session.snapshot(SnapshotFormat::Jpeg { quality: 0 }, 1).unwrap_err().code(), 200);
}
