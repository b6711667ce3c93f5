//! The flight recorder: what made the engine decide as it did, in the last minutes, small enough to
//! be kept always and sent with a complaint. `docs/flight-recorder.md` tells the whole.
//!
//! ```text
//!  publish ─calls→ rate controller ─┐
//!          ─calls→ send buffer      ├─ each call and what it came to → ring of segments → file
//!          ─calls→ IDR requests    ─┘                                                      │
//!                       the same machines again, call by call, compared  ←── replay ←──────┘
//! ```
//!
//! Holds times, sizes, byte counts and decisions; no media, no address, no key, no text of a server.

mod machines;
mod op;
mod replay;
mod state;
mod tape;

pub(crate) use machines::{Buffer, Rate, keep, note_state};
pub(crate) use op::Sketch;
pub use replay::{Difference, Entry, RecordError, Replay, What, replay};
pub(crate) use state::{Corrupt, Reader, State, state};
pub use tape::Recorder;

use crate::publish::{Config, Delivery};
use crate::rate::{Adaptation, Range};

/// Begins every record.
const MAGIC: &[u8; 4] = b"OAFR";
/// Changes with the order of what is written.
const FORMAT: u8 = 1;

/// What the machines were made from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    version: String,
    range: Range,
    adaptation: Adaptation,
    audio_bps: u32,
    fps_milli: u32,
}

impl Header {
    fn of(config: &Config) -> Self {
        let fps = config.metadata.video.as_ref().map_or(0.0, |video| video.fps);
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            range: config.video_bitrate,
            adaptation: config.adaptation,
            audio_bps: config.metadata.side_bitrate_bps(),
            fps_milli: (fps * 1e3) as u32,
        }
    }

    fn save(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(FORMAT);
        self.version.len().save(&mut out);
        out.extend_from_slice(self.version.as_bytes());
        self.range.save(&mut out);
        self.adaptation.save(&mut out);
        (self.audio_bps, self.fps_milli).save(&mut out);
        out
    }

    /// As [`Header::save`] writes it, behind magic and format.
    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        let length = usize::load(from)?;
        let version = str::from_utf8(from.take(length)?).map_err(|_| Corrupt)?.to_owned();
        let (range, adaptation) = State::load(from)?;
        let (audio_bps, fps_milli) = State::load(from)?;
        Ok(Self { version, range, adaptation, audio_bps, fps_milli })
    }
}

/// A recorder for a publish of `config`.
pub(crate) fn recorder(config: &Config) -> Recorder {
    Recorder::new(Header::of(config).save(), is_worth_it(config))
}

/// Whether anything is decided that is worth a record: a file that is shipped whole drops nothing.
pub(crate) fn is_worth_it(config: &Config) -> bool {
    config.delivery == Delivery::Live
}

/// FNV-1a, 64 bits: against damage, not against forgery.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3)
    })
}
