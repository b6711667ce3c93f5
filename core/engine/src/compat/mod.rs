//! How older broadcasters behaved on a bad network, for apps that were tuned to them: LFLiveKit's
//! buffer, detector and bitrate steps, and VideoCore's ladder (`spec lflivekit-and-friends` 2.1–2.3
//! and 4.2). Pure rules; `publish` asks them when [`crate::publish::Config::adaptation`] says so.
//!
//! What was known to be wrong is not repeated here ([`Fidelity::Improved`]); the laboratory's models
//! of the originals use the same code as it was ([`Fidelity::Original`]).

pub mod lflivekit;
mod rule;
pub mod videocore;

pub(crate) use rule::{Rule, Waiting};

/// Whether a rule is followed to the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// With its known faults.
    Original,
    /// Without: nothing undecodable is sent, nothing is lost unseen, no rate leaves its range.
    Improved,
}
