//! Stills, fonts, tables of colours and finished files, by number: a number is never used twice, and one
//! that was freed leads nowhere.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::{ONAIR_OK, guarded, onair_status, place, slice};
use crate::handles::number;
use crate::{ColourTable, LiveError, OverlayFont, OverlayImage};

/// A still, a font, a table of colours or a file in memory. Never used again for another one; 0 is
/// none. What names it keeps what it stands for: it can be freed once a look was set.
pub type onair_asset = u64;

#[derive(Clone)]
pub(crate) enum Asset {
    Image(Arc<OverlayImage>),
    Font(Arc<OverlayFont>),
    Table(Arc<ColourTable>),
    File(Arc<[u8]>),
}

static ASSETS: RwLock<Option<HashMap<u64, Asset>>> = RwLock::new(None);

/// Decodes a PNG or JPEG file, of 4,096 pixels each way at most, for overlays.
///
/// # Safety
/// `file` is NULL or points to `size` bytes, and `asset` is NULL or points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_image_decode(
    file: *const u8,
    size: usize,
    asset: *mut onair_asset,
) -> onair_status {
    // SAFETY: the caller's promise.
    unsafe {
        load(file, size, asset, |file| {
            Ok(Asset::Image(Arc::new(OverlayImage::new(file.to_vec())?)))
        })
    }
}

/// Takes bytes R G B A with straight alpha, rows without padding, for overlays.
///
/// # Safety
/// `rgba` is NULL or points to `size` bytes, and `asset` is NULL or points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_image_from_rgba(
    width: u32,
    height: u32,
    rgba: *const u8,
    size: usize,
    asset: *mut onair_asset,
) -> onair_status {
    // SAFETY: the caller's promise.
    unsafe {
        load(rgba, size, asset, |rgba| {
            let image = OverlayImage::from_rgba(width, height, rgba.to_vec())?;
            Ok(Asset::Image(Arc::new(image)))
        })
    }
}

/// Reads a TrueType or OpenType file, for text overlays.
///
/// # Safety
/// `file` is NULL or points to `size` bytes, and `asset` is NULL or points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_font_load(
    file: *const u8,
    size: usize,
    asset: *mut onair_asset,
) -> onair_status {
    // SAFETY: the caller's promise.
    unsafe {
        load(file, size, asset, |file| Ok(Asset::Font(Arc::new(OverlayFont::new(file.to_vec())?))))
    }
}

/// Reads a .cube file with a 3D table, for effects.
///
/// # Safety
/// `file` is NULL or points to `size` bytes, and `asset` is NULL or points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_table_load(
    file: *const u8,
    size: usize,
    asset: *mut onair_asset,
) -> onair_status {
    // SAFETY: the caller's promise.
    unsafe {
        load(file, size, asset, |file| Ok(Asset::Table(Arc::new(ColourTable::new(file.to_vec())?))))
    }
}

/// Copies as much of a file in memory as `buffer` holds; `*size` is all of it. `buffer` may be NULL
/// when `capacity` is 0.
///
/// # Safety
/// `buffer` is NULL or has room for `capacity` bytes, and `size` is NULL or points to room for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_asset_bytes(
    asset: onair_asset,
    buffer: *mut u8,
    capacity: usize,
    size: *mut usize,
) -> onair_status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let size = unsafe { place(size, "size") }?;
        let Asset::File(file) = find(asset)? else { return Err(wrong("a file in memory")) };
        // SAFETY: the caller's promise.
        let room = unsafe { super::slice_mut(buffer, capacity, "buffer") }?;
        let count = file.len().min(room.len());
        room[..count].copy_from_slice(&file[..count]);
        *size = file.len();
        Ok(ONAIR_OK)
    })
}

/// Gives an asset back; looks that named it keep what they need.
#[unsafe(no_mangle)]
pub extern "C" fn onair_asset_free(asset: onair_asset) -> onair_status {
    guarded(|| {
        let mut assets = ASSETS.write().unwrap_or_else(PoisonError::into_inner);
        let gone = assets.as_mut().and_then(|assets| assets.remove(&asset));
        gone.map(|_| ONAIR_OK).ok_or_else(no_asset)
    })
}

/// # Safety
/// `file` is null or points to `size` bytes, and `asset` is null or points to room for a number.
unsafe fn load(
    file: *const u8,
    size: usize,
    asset: *mut onair_asset,
    make: impl FnOnce(&[u8]) -> Result<Asset, LiveError>,
) -> onair_status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let (file, asset) = unsafe { (slice(file, size, "the bytes")?, place(asset, "asset")?) };
        *asset = 0;
        *asset = put(make(file)?);
        Ok(ONAIR_OK)
    })
}

pub(crate) fn put(asset: Asset) -> onair_asset {
    let handle = number();
    let mut assets = ASSETS.write().unwrap_or_else(PoisonError::into_inner);
    assets.get_or_insert_default().insert(handle, asset);
    handle
}

fn find(asset: onair_asset) -> Result<Asset, LiveError> {
    let assets = ASSETS.read().unwrap_or_else(PoisonError::into_inner);
    assets.as_ref().and_then(|assets| assets.get(&asset).cloned()).ok_or_else(no_asset)
}

pub(crate) fn image(asset: onair_asset) -> Result<Arc<OverlayImage>, LiveError> {
    match find(asset)? {
        Asset::Image(image) => Ok(image),
        _ => Err(wrong("an image")),
    }
}

pub(crate) fn font(asset: onair_asset) -> Result<Arc<OverlayFont>, LiveError> {
    match find(asset)? {
        Asset::Font(font) => Ok(font),
        _ => Err(wrong("a font")),
    }
}

pub(crate) fn table(asset: onair_asset) -> Result<Arc<ColourTable>, LiveError> {
    match find(asset)? {
        Asset::Table(table) => Ok(table),
        _ => Err(wrong("a table of colours")),
    }
}

fn wrong(expected: &str) -> LiveError {
    LiveError::argument(format!("the asset is not {expected}"))
}

fn no_asset() -> LiveError {
    LiveError::new(221, "there is no asset with this handle", "use an asset until it is freed")
}
