//! Pictures that an app pushes for overlays: the newest of each name waits for whoever draws.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;

use super::{Content, MOST, Overlay};
use crate::frame::{FrameError, FrameView, PixelFormat};

/// The newest picture for each overlay of kind [`Content::Input`]; copies are the same one. Pushed
/// from any thread, drawn on another; neither waits for the other's work.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    slots: Arc<Mutex<HashMap<String, Slot>>>,
}

#[derive(Debug, Default)]
struct Slot {
    /// Counts pushes; 0 before the first.
    number: u64,
    newest: Packed,
    /// A buffer for the next push.
    spare: Vec<u8>,
}

/// A picture in its own packed buffer.
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) shape: Option<(PixelFormat, u32, u32)>,
    pub(super) data: Vec<u8>,
}

/// Why a picture for an overlay was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InputError {
    /// The look has no such overlay, or it shows something else.
    #[error("overlay {name:?}: there is none of this name that shows pushed pictures")]
    Unknown {
        /// The name.
        name: String,
    },
    /// There is no memory for it.
    #[error("overlay: {0}")]
    Frame(#[from] FrameError),
}

impl Inputs {
    /// Takes pushes for those of `overlays` that show them, and forgets all others' pictures.
    pub fn set(&self, overlays: &[Overlay]) {
        let is_input = |overlay: &&Overlay| overlay.content == Content::Input;
        let named = |name: &str| overlays.iter().filter(is_input).any(|other| other.name == name);
        let mut slots = self.lock();
        slots.retain(|name, _| named(name));
        for overlay in overlays.iter().filter(is_input).take(MOST) {
            slots.entry(overlay.name.clone()).or_default();
        }
    }

    /// Makes a copy of `frame` the newest picture of `name`.
    ///
    /// # Errors
    /// [`InputError`]; the picture before it stays.
    pub fn push(&self, name: &str, frame: &FrameView<'_>) -> Result<(), InputError> {
        let unknown = || InputError::Unknown { name: name.to_owned() };
        let mut data = match self.lock().get_mut(name) {
            Some(slot) => std::mem::take(&mut slot.spare),
            None => return Err(unknown()),
        };
        frame.pack_into(&mut data)?;
        let shape = Some((frame.format(), frame.width(), frame.height()));
        let mut slots = self.lock();
        let slot = slots.get_mut(name).ok_or_else(unknown)?;
        slot.number += 1;
        slot.spare = std::mem::replace(&mut slot.newest, Packed { shape, data }).data;
        Ok(())
    }

    /// Swaps the newest picture of `name` into `target` when it is another than `number`, and says
    /// which it is.
    pub(super) fn take(&self, name: &str, number: u64, target: &mut Packed) -> Option<u64> {
        let mut slots = self.lock();
        let slot = slots.get_mut(name).filter(|slot| slot.number != number)?;
        slot.newest.shape?;
        std::mem::swap(target, &mut slot.newest);
        slot.newest.shape = None;
        Some(slot.number)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
