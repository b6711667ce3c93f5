//! Where the knowledge of what the peer has comes from, and how coarse it is.

use crate::record::{Corrupt, Reader, State};

/// Who tells what the peer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Nobody.
    None,
    /// The server, now and then: the last time after `step` bytes.
    Server { step: u64 },
    /// The system, at any time.
    System,
}

impl Source {
    /// Bytes that may have arrived without anyone telling.
    pub(super) fn hidden_bytes(self) -> u64 {
        match self {
            Self::Server { step } => step.clamp(MIN_STEP_BYTES, MAX_STEP_BYTES),
            Self::None | Self::System => 0,
        }
    }

    /// Who tells when the system does not any more; the server, if it ever did.
    pub(super) fn without_system(self, server_acknowledged: bool) -> Self {
        match self {
            Self::System if server_acknowledged => Self::Server { step: 0 },
            Self::System => Self::None,
            told => told,
        }
    }
}

/// Servers acknowledge after what they were asked for, or a little more; a first or a mangled
/// number says nothing of that.
const MIN_STEP_BYTES: u64 = 16 << 10;
const MAX_STEP_BYTES: u64 = 256 << 10;

/// A record says it as the step, if it is the server's.
impl State for Source {
    fn save(&self, out: &mut Vec<u8>) {
        match *self {
            Self::None => out.push(0),
            Self::System => out.push(1),
            Self::Server { step } => {
                out.push(2);
                step.save(out);
            }
        }
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        Ok(match from.byte()? {
            0 => Self::None,
            1 => Self::System,
            2 => Self::Server { step: State::load(from)? },
            _ => return Err(Corrupt),
        })
    }
}
