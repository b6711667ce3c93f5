//! LFLiveKit's way (`spec lflivekit-and-friends` 2.1–2.3; statements 14–23 and 26–31): a queue that
//! puts frames in order and drops by count, and a bitrate that follows its length.

mod queue;
mod rate;

pub use queue::{Frame, Kind, LIST_CAP, Queue};
pub use rate::{Detector, SAMPLE_SPACING, Verdict, next_bps};
