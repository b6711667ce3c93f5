//! The picture for C: looks as plain structs, overlays' pictures, snapshots and previews.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::ffi::c_char;

use onair::{Fit, PixelFormat};

use super::assets::{self, Asset, onair_asset};
use super::config::pick;
use super::push::{FORMATS, onair_video_frame, with_frame};
use super::session::{onair_session, with};
use super::{ONAIR_OK, guarded, onair_status, place, read, slice, slice_mut, some_text};
use crate::look::SnapshotFormat;
use crate::{
    BeautyOptions, LiveError, LookOptions, OverlayAnchor, OverlayContent, OverlayOptions,
    PictureEffect, handles,
};

/// No picture that is newer than the last one.
pub const ONAIR_NO_PICTURE: i32 = 2;

/// A source of another shape fills the picture; what stands out is cut off.
pub const ONAIR_FIT_FILL: u32 = 0;
/// All of it is seen, with black bars.
pub const ONAIR_FIT_FIT: u32 = 1;
/// All of it is seen, out of shape.
pub const ONAIR_FIT_STRETCH: u32 = 2;

/// Without colours.
pub const ONAIR_EFFECT_GRAY: u32 = 0;
/// Each colour's opposite.
pub const ONAIR_EFFECT_INVERT: u32 = 1;
/// Brownish gray.
pub const ONAIR_EFFECT_SEPIA: u32 = 2;
/// A lens that pulls in the corners.
pub const ONAIR_EFFECT_FISHEYE: u32 = 3;
/// Edges that shine on black.
pub const ONAIR_EFFECT_GLOW: u32 = 4;
/// `table`.
pub const ONAIR_EFFECT_TABLE: u32 = 5;

/// An overlay's corner, counted from the picture's; rightwards and down.
pub const ONAIR_ANCHOR_TOP_LEFT: u32 = 0;
/// Leftwards and down.
pub const ONAIR_ANCHOR_TOP_RIGHT: u32 = 1;
/// Rightwards and up.
pub const ONAIR_ANCHOR_BOTTOM_LEFT: u32 = 2;
/// Leftwards and up.
pub const ONAIR_ANCHOR_BOTTOM_RIGHT: u32 = 3;
/// Its centre, counted from the picture's top left corner.
pub const ONAIR_ANCHOR_CENTRE: u32 = 4;

/// `image`.
pub const ONAIR_CONTENT_IMAGE: u32 = 0;
/// `text`, `size_px`, `colour`, `background`, `font`.
pub const ONAIR_CONTENT_TEXT: u32 = 1;
/// The newest picture of onair_session_push_overlay under the overlay's name.
pub const ONAIR_CONTENT_PUSHED: u32 = 2;

/// A filter of the whole picture.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct onair_effect {
    /// ONAIR_EFFECT_…
    pub kind: u32,
    /// For ONAIR_EFFECT_TABLE, of onair_table_load.
    pub table: onair_asset,
}

/// One thing over the picture. Fill it with onair_overlay_init, then change what differs.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct onair_overlay {
    /// Of its own in a look.
    pub name: *const c_char,
    /// ONAIR_CONTENT_…
    pub content: u32,
    /// Of onair_image_decode or onair_image_from_rgba.
    pub image: onair_asset,
    /// At most 2,000 characters.
    pub text: *const c_char,
    /// Pixels of the em, 4 to 512.
    pub size_px: f32,
    /// 0xRRGGBBAA.
    pub colour: u32,
    /// 0xRRGGBBAA of a box behind the text; 0 for none.
    pub background: u32,
    /// Of onair_font_load; 0 for the one that is built in.
    pub font: onair_asset,
    /// ONAIR_ANCHOR_…
    pub anchor: u32,
    /// Pixels, −16,384 to 16,384.
    pub x: i32,
    /// Pixels, −16,384 to 16,384.
    pub y: i32,
    /// Pixels, to 3,840; 0 leaves it to the height and the content.
    pub width: u32,
    /// Pixels, to 3,840; 0 leaves it to the width and the content.
    pub height: u32,
    /// Not 0: width and height are filled, whatever the content's shape.
    pub stretch: u32,
    /// 0 (not there) to 1.
    pub opacity: f32,
    /// The higher lies over the lower.
    pub z: i32,
}

/// How raw pictures look. Fill it with onair_look_init, then change what differs.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct onair_look {
    /// ONAIR_FIT_…
    pub fit: u32,
    /// Clockwise, a multiple of 90.
    pub rotation_degrees: i32,
    /// Not 0: left and right change places for viewers.
    pub mirror: u32,
    /// 1 shows all; clamped to 1…8.
    pub zoom: f32,
    /// Not 0: LFLiveKit's filter for faces is on.
    pub beauty: u32,
    /// 0 to 1.
    pub beauty_level: f32,
    /// 0 to 1; 0.5 as it is.
    pub bright_level: f32,
    /// 0 to 1.
    pub tone_level: f32,
    /// Not 0: at level 0 the filter is left out.
    pub beauty_zero_is_off: u32,
    /// Not 0: straight on I420, several times as fast for cameras, and nearly the same.
    pub beauty_fast: u32,
    /// In the order in which they are applied; NULL for none.
    pub effects: *const onair_effect,
    /// How many.
    pub effect_count: usize,
    /// At most 64; NULL for none.
    pub overlays: *const onair_overlay,
    /// How many.
    pub overlay_count: usize,
}

/// The look that changes nothing.
///
/// # Safety
/// `look` is NULL or points to room for a look.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_look_init(look: *mut onair_look) -> onair_status {
    guarded(|| {
        if look.is_null() {
            return Err(LiveError::argument("look is NULL"));
        }
        let LookOptions { mirror, zoom, beauty, .. } = LookOptions::default();
        let usual = onair_look {
            fit: ONAIR_FIT_FILL,
            rotation_degrees: 0,
            mirror: mirror.into(),
            zoom,
            beauty: beauty.is_on.into(),
            beauty_level: beauty.level,
            bright_level: beauty.bright,
            tone_level: beauty.tone,
            beauty_zero_is_off: beauty.zero_is_off.into(),
            beauty_fast: beauty.is_fast.into(),
            effects: std::ptr::null(),
            effect_count: 0,
            overlays: std::ptr::null(),
            overlay_count: 0,
        };
        // SAFETY: not null; the rest is the caller's promise. What was there is not read.
        unsafe { look.write(usual) };
        Ok(ONAIR_OK)
    })
}

/// An overlay without a name, in the top left corner as its content is.
///
/// # Safety
/// `overlay` is NULL or points to room for an overlay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_overlay_init(overlay: *mut onair_overlay) -> onair_status {
    guarded(|| {
        if overlay.is_null() {
            return Err(LiveError::argument("overlay is NULL"));
        }
        let usual = onair_overlay {
            name: std::ptr::null(),
            content: ONAIR_CONTENT_IMAGE,
            image: 0,
            text: std::ptr::null(),
            size_px: 24.0,
            colour: u32::MAX,
            background: 0,
            font: 0,
            anchor: ONAIR_ANCHOR_TOP_LEFT,
            x: 0,
            y: 0,
            width: 0,
            height: 0,
            stretch: 0,
            opacity: 1.0,
            z: 0,
        };
        // SAFETY: not null; the rest is the caller's promise. What was there is not read.
        unsafe { overlay.write(usual) };
        Ok(ONAIR_OK)
    })
}

/// How raw pictures look from the next one on; stays over stop, start and every reconnect. After an
/// error the look is as before.
///
/// # Safety
/// `look` is NULL or points to a look whose pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_set_look(
    session: onair_session,
    look: *const onair_look,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let options = unsafe { options(read(look, "look")?) }?;
        live.set_look(options)
    })
}

/// Makes a copy of `frame`, of any size, what the overlay `name` shows from the next picture on. Its
/// time is not looked at.
///
/// # Safety
/// `name` is NULL or a text; `frame` is as onair_session_push_video takes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_push_overlay(
    session: onair_session,
    name: *const c_char,
    frame: *const onair_video_frame,
) -> onair_status {
    // SAFETY: the caller's promise.
    unsafe {
        with_frame(session, frame, |live, view, _| {
            live.push_overlay(some_text(name, "name")?, view)
        })
    }
}

/// The next raw picture as it is encoded, as a file in memory: PNG, or JPEG when `jpeg_quality` is 1
/// to 100. Waits for it, `within_ms` at most. onair_asset_bytes reads it; free it.
///
/// # Safety
/// `file` is NULL or points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_snapshot(
    session: onair_session,
    jpeg_quality: u32,
    within_ms: u64,
    file: *mut onair_asset,
) -> onair_status {
    guarded(|| {
        let live = handles::session(session)?;
        // SAFETY: the caller's promise.
        let file = unsafe { place(file, "file") }?;
        *file = 0;
        let format = match jpeg_quality {
            0 => SnapshotFormat::Png,
            quality => SnapshotFormat::Jpeg { quality: u8::try_from(quality).unwrap_or(u8::MAX) },
        };
        *file = assets::put(Asset::File(live.snapshot(format, within_ms)?.into()));
        Ok(ONAIR_OK)
    })
}

/// Begins or ends to keep each picture that is encoded for onair_session_fetch_preview. With
/// `mirror` what the camera sees is mirrored in it, whatever viewers get; overlays never are.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_set_preview(
    session: onair_session,
    on: u32,
    mirror: u32,
) -> onair_status {
    with(session, |live| {
        live.set_preview(on != 0, mirror != 0);
        Ok(())
    })
}

/// Writes the newest preview into `buffer`, rows without padding: `pixels` is ONAIR_PIXELS_I420,
/// _RGBA or _BGRA. ONAIR_NO_PICTURE when there is none since the last call. Never waits.
///
/// # Safety
/// `buffer` is NULL or has room for `capacity` bytes, `width` and `height` are NULL or point to room
/// for a number each.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_fetch_preview(
    session: onair_session,
    pixels: u32,
    buffer: *mut u8,
    capacity: usize,
    width: *mut u32,
    height: *mut u32,
) -> onair_status {
    guarded(|| {
        let live = handles::session(session)?;
        let format: PixelFormat = pick(&FORMATS, pixels, "pixels")?;
        // SAFETY: the caller's promise.
        let (room, width, height) = unsafe {
            let room = slice_mut(buffer, capacity, "buffer")?;
            (room, place(width, "width")?, place(height, "height")?)
        };
        let Some(size) = live.fetch_preview(format, room)? else { return Ok(ONAIR_NO_PICTURE) };
        [*width, *height] = size;
        Ok(ONAIR_OK)
    })
}

/// # Safety
/// The look's pointers are null or valid.
unsafe fn options(look: &onair_look) -> Result<LookOptions, LiveError> {
    // SAFETY: the caller's promise.
    let (effects, overlays) = unsafe {
        let effects = slice(look.effects, look.effect_count, "effects")?;
        (effects, slice(look.overlays, look.overlay_count, "overlays")?)
    };
    let overlays = overlays.iter().map(|overlay| {
        // SAFETY: the caller's promise.
        unsafe { overlay_options(overlay) }
    });
    Ok(LookOptions {
        fit: pick(&[Fit::Fill, Fit::Fit, Fit::Stretch], look.fit, "fit")?,
        rotation_degrees: look.rotation_degrees,
        mirror: look.mirror != 0,
        zoom: look.zoom,
        beauty: BeautyOptions {
            is_on: look.beauty != 0,
            level: look.beauty_level,
            bright: look.bright_level,
            tone: look.tone_level,
            zero_is_off: look.beauty_zero_is_off != 0,
            is_fast: look.beauty_fast != 0,
        },
        effects: effects.iter().map(effect).collect::<Result<_, _>>()?,
        overlays: overlays.collect::<Result<_, _>>()?,
    })
}

fn effect(effect: &onair_effect) -> Result<PictureEffect, LiveError> {
    Ok(match effect.kind {
        ONAIR_EFFECT_GRAY => PictureEffect::Gray,
        ONAIR_EFFECT_INVERT => PictureEffect::Invert,
        ONAIR_EFFECT_SEPIA => PictureEffect::Sepia,
        ONAIR_EFFECT_FISHEYE => PictureEffect::Fisheye,
        ONAIR_EFFECT_GLOW => PictureEffect::Glow,
        ONAIR_EFFECT_TABLE => PictureEffect::Table { table: assets::table(effect.table)? },
        other => return Err(LiveError::argument(format!("effect is {other}; use 0 to 5"))),
    })
}

/// # Safety
/// The overlay's pointers are null or valid.
unsafe fn overlay_options(overlay: &onair_overlay) -> Result<OverlayOptions, LiveError> {
    let anchors = [
        OverlayAnchor::TopLeft,
        OverlayAnchor::TopRight,
        OverlayAnchor::BottomLeft,
        OverlayAnchor::BottomRight,
        OverlayAnchor::Centre,
    ];
    // SAFETY: the caller's promise.
    let name = unsafe { some_text(overlay.name, "overlays[].name") }?.to_owned();
    let content = match overlay.content {
        ONAIR_CONTENT_IMAGE => OverlayContent::Still { image: assets::image(overlay.image)? },
        ONAIR_CONTENT_TEXT => OverlayContent::Letters {
            // SAFETY: the caller's promise.
            text: unsafe { some_text(overlay.text, "overlays[].text") }?.to_owned(),
            size_px: overlay.size_px,
            colour: overlay.colour,
            background: (overlay.background != 0).then_some(overlay.background),
            font: if overlay.font == 0 { None } else { Some(assets::font(overlay.font)?) },
        },
        ONAIR_CONTENT_PUSHED => OverlayContent::Pushed,
        other => return Err(LiveError::argument(format!("content is {other}; use 0 to 2"))),
    };
    Ok(OverlayOptions {
        name,
        content,
        anchor: pick(&anchors, overlay.anchor, "anchor")?,
        x: overlay.x,
        y: overlay.y,
        width: overlay.width,
        height: overlay.height,
        stretch: overlay.stretch != 0,
        opacity: overlay.opacity,
        z: overlay.z,
    })
}
