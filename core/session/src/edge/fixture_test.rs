//! What surrounds an edge in its tests.

use std::time::Duration;

use super::Waiting;
use crate::run::{Ending, Gate};
use crate::statistics::Counters;

pub(super) struct Around {
    pub(super) ending: Ending,
    pub(super) gate: Gate,
    pub(super) counters: Counters,
}

impl Around {
    pub(super) fn new() -> Self {
        Self { ending: Ending::new(), gate: Gate::default(), counters: Counters::default() }
    }

    pub(super) fn waiting(&self) -> Waiting<'_> {
        Waiting {
            ending: &self.ending,
            gate: &self.gate,
            counters: &self.counters,
            patience: Duration::from_millis(2),
        }
    }
}
