//! Files that an app's user brings for the picture: tables of colours, images, fonts. What is
//! taken can be drawn, heap follows the file and the picture, and nothing is taken that says it
//! is larger than allowed.

use onair_media::capture::mjpeg_to_i420;
use onair_media::effect::{Effect, Lut};
use onair_media::frame::{FrameView, I420Frame, PixelFormat};
use onair_media::look::{Chain, Look};
use onair_media::overlay::{Content, Font, Image, Overlay, Place, Text};
use onair_types::MediaTime;

use crate::heap;

const SIDE: u32 = 32;
const GREY: [u8; (SIDE * SIDE * 3 / 2) as usize] = [128; (SIDE * SIDE * 3 / 2) as usize];

/// A small picture that looks so.
fn draw(look: Look) {
    look.check().expect("values that can be used");
    let mut chain = Chain::new(SIDE, SIDE).expect("a small picture");
    chain.set(&look.into());
    let view = FrameView::packed(PixelFormat::I420, SIDE, SIDE, &GREY).expect("a picture");
    chain.draw(&view, MediaTime::ZERO).expect("nothing that can be read cannot be drawn");
}

fn over(content: Content) -> Look {
    let overlay =
        Overlay { name: "it".to_owned(), content, place: Place::default(), opacity: 1.0, z: 0 };
    Look { overlays: vec![overlay], ..Look::default() }
}

pub(crate) fn cube(bytes: &[u8]) {
    // An entry of sixteen bytes has six of text at least, and a vector doubles its room.
    let most = SMALL + 16 * bytes.len();
    let Ok(lut) = heap::within(most, || Lut::from_cube(bytes)) else { return };
    assert!(Lut::SIZES.contains(&lut.size()));
    assert!(bytes.len() >= 6 * lut.size().pow(3) - 1, "an entry for each point");
    draw(Look { effects: vec![Effect::Lut(lut)], ..Look::default() });
}

pub(crate) fn image(bytes: &[u8]) {
    if let Ok(image) = heap::within(MOST, || Image::decode(bytes)) {
        let (width, height) = (image.width(), image.height());
        assert!((1..=Image::LARGEST).contains(&width) && (1..=Image::LARGEST).contains(&height));
        assert_eq!(image.rgba().len(), width as usize * height as usize * 4);
        draw(over(Content::Image(image)));
    }
    let mut frame = I420Frame::new(SIDE, SIDE).expect("a small picture");
    // What has another size is never decoded.
    let _ = heap::within(SMALL + 64 * bytes.len(), || mjpeg_to_i420(bytes, &mut frame));
}

pub(crate) fn font(bytes: &[u8]) {
    let Ok(font) = Font::from_bytes(bytes.to_vec()) else { return };
    heap::within(MOST, || {
        draw(over(Content::Text(Text { font, ..Text::new("Ag é\nЖ ✓", 24.0) })));
    });
}

/// What a decoder or a picture of this size has anyway.
const SMALL: usize = 1 << 20;
/// A still of the largest size, and a decoder's own copy.
const MOST: usize = 400 << 20;
