//! One bitrate for ever and a queue without end: a plain encoder, `ffmpeg` without a fifo.

use std::time::Duration;

use super::Policy;

/// Never adapts, never drops.
#[derive(Debug)]
pub(crate) struct Fixed {
    bitrate_bps: u32,
}

impl Fixed {
    /// At this video bitrate.
    pub(crate) fn new(bitrate_bps: u32) -> Self {
        Self { bitrate_bps }
    }
}

impl Policy for Fixed {
    const CHUNK_BYTES: u32 = 4_096;
    const TICK: Duration = Duration::from_secs(60);

    fn start_bps(&self) -> u32 {
        self.bitrate_bps
    }
}
