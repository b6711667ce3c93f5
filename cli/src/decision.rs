//! The session's decisions as lines: what changed, why in a word and in a sentence, and the
//! figures it rests on.

use std::fmt::Debug;
use std::time::Duration;

use onair::{BitrateDecision, Evidence, PaceChange};
use serde::Serialize;

/// Another target for the video encoder.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Bitrate {
    /// Until now, bit/s.
    from_bps: u32,
    /// From now on, bit/s.
    to_bps: u32,
    #[serde(flatten)]
    grounds: Grounds,
}

/// Another part of the pictures is sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Pace {
    /// "full", "half" or "none", until now.
    from: String,
    /// The same, from now on.
    to: String,
    #[serde(flatten)]
    grounds: Grounds,
}

/// Why.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Grounds {
    /// "congestion", "headroom", …
    reason: String,
    /// The decision in words.
    message: String,
    /// How late the stream was, milliseconds.
    lag_ms: u64,
    /// What the link carries, bit/s; 0 when not known.
    capacity_bps: u32,
    /// What the encoder really made, bit/s.
    produced_bps: u32,
    /// Bytes that waited above the socket.
    queued_bytes: u64,
    /// Bytes in the socket and the network.
    unacked_bytes: u64,
    /// Round trip of the idle path, milliseconds.
    min_rtt_ms: u64,
}

impl Bitrate {
    /// The decision in words.
    pub(crate) fn message(&self) -> &str {
        &self.grounds.message
    }
}

impl Pace {
    /// The decision in words.
    pub(crate) fn message(&self) -> &str {
        &self.grounds.message
    }
}

impl From<BitrateDecision> for Bitrate {
    fn from(decision: BitrateDecision) -> Self {
        let BitrateDecision { from_bps, to_bps, reason, evidence } = decision;
        let grounds = Grounds::new(reason, decision.to_string(), evidence);
        Self { from_bps, to_bps, grounds }
    }
}

impl From<PaceChange> for Pace {
    fn from(change: PaceChange) -> Self {
        let PaceChange { from, to, reason, evidence } = change;
        let grounds = Grounds::new(reason, change.to_string(), evidence);
        Self { from: word(from), to: word(to), grounds }
    }
}

impl Grounds {
    fn new(reason: impl Debug, message: String, evidence: Evidence) -> Self {
        Self {
            reason: word(reason),
            message,
            lag_ms: millis(evidence.lag),
            capacity_bps: evidence.capacity_bps,
            produced_bps: evidence.produced_bps,
            queued_bytes: evidence.queued_bytes,
            unacked_bytes: evidence.unacked_bytes,
            min_rtt_ms: millis(evidence.min_rtt),
        }
    }
}

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A variant's name as JSON writes it: `BelowFloor` becomes `below_floor`.
fn word(variant: impl Debug) -> String {
    let mut word = String::new();
    for letter in format!("{variant:?}").chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use onair::{BitrateReason, PaceReason, VideoPace};

    #[test]
    fn a_decision_is_told_in_numbers_and_in_words() {
        let evidence = Evidence {
            lag: Duration::from_millis(410),
            capacity_bps: 1_020_000,
            ..Evidence::default()
        };
        let reason = BitrateReason::Congestion;
        let decision = BitrateDecision { from_bps: 2_400_000, to_bps: 850_000, reason, evidence };
        let json = serde_json::to_value(Bitrate::from(decision)).expect("JSON");
        assert_eq!((&json["from_bps"], &json["to_bps"]), (&2_400_000.into(), &850_000.into()));
        assert_eq!((&json["reason"], &json["lag_ms"]), (&"congestion".into(), &410.into()));
        let message = json["message"].as_str().expect("words");
        assert!(message.contains("850 kbit/s") && message.contains("410 ms"), "{message}");

        let (from, to) = (VideoPace::Full, VideoPace::None);
        let change = PaceChange { from, to, reason: PaceReason::BelowFloor, evidence };
        let json = serde_json::to_value(Pace::from(change)).expect("JSON");
        assert_eq!((&json["to"], &json["reason"]), (&"none".into(), &"below_floor".into()));
        assert_eq!(json["capacity_bps"], 1_020_000);
    }
}
