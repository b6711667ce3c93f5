//! Whether somebody wants `onair-net`, and whether it sleeps where its runtime's wakers are not heard.

use crate::sync::{AtomicUsize, Ordering};

/// One word, so that who rings and who lies down cannot miss each other.
#[derive(Debug, Default)]
pub(crate) struct Bell(AtomicUsize);

const RUNG: usize = 1;
const ASLEEP: usize = 2;

impl Bell {
    /// From any thread; whether it sleeps and must be shaken.
    pub(crate) fn ring(&self) -> bool {
        self.0.fetch_or(RUNG, Ordering::AcqRel) & ASLEEP != 0
    }

    /// Whether it may sleep now: not if it was rung for since it listened.
    pub(crate) fn lie_down(&self) -> bool {
        let is_rung = self.0.fetch_or(ASLEEP, Ordering::AcqRel) & RUNG != 0;
        if is_rung {
            self.0.fetch_and(!ASLEEP, Ordering::AcqRel);
        }
        !is_rung
    }

    /// It sleeps no more; whether it was rung for.
    pub(crate) fn get_up(&self) -> bool {
        self.0.fetch_and(!ASLEEP, Ordering::AcqRel) & RUNG != 0
    }

    /// Before it looks at what there is: whoever rings after this is heard at the next try to sleep.
    pub(crate) fn listen(&self) {
        self.0.fetch_and(!RUNG, Ordering::AcqRel);
    }
}
