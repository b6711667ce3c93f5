//! What surrounds an edge in its tests.

use std::sync::Arc;
use std::time::Duration;

use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{AudioUnit, FrameKind, MediaTime, Payload, VideoUnit};

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

/// Makes units.
pub(super) struct Units {
    pub(super) around: Around,
    config: Arc<AvcConfig>,
    asc: Asc,
}

impl Units {
    pub(super) fn new() -> Self {
        let sps = [0x67, 0x42, 0xc0, 0x1e, 0xda, 0x02, 0x80, 0xbf, 0xe5, 0xc0];
        let config = AvcConfig::from_parameter_sets(&sps, &[0x68, 0xce, 0x3c, 0x80]);
        Self {
            around: Around::new(),
            config: Arc::new(config.expect("valid parameter sets")),
            asc: Asc::aac_lc(44_100, 2).expect("a known rate"),
        }
    }

    pub(super) fn waiting(&self) -> Waiting<'_> {
        self.around.waiting()
    }

    pub(super) fn video(&self, millis: i64, kind: FrameKind) -> VideoUnit {
        let at = MediaTime::from_millis(millis);
        let payload = Payload::from_vec(vec![1]);
        VideoUnit { pts: at, dts: at, kind, config: Arc::clone(&self.config).into(), payload }
    }

    pub(super) fn audio(&self, millis: i64) -> AudioUnit {
        let payload = Payload::from_vec(vec![2]);
        AudioUnit { pts: MediaTime::from_millis(millis), config: self.asc.into(), payload }
    }
}
