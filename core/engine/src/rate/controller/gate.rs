//! How much may be in flight, and when to ask what arrived (`spec network` 1.3.2). The standing
//! queue of the bottleneck stays short whatever TCP and the modem would hold; the rest waits above
//! the socket, where it can be dropped.

use onair_types::Now;

use super::Controller;
use crate::rate::source::Source;
use crate::rate::tuning::*;

impl Controller {
    /// Bytes that may be given to the socket now.
    pub fn allowance_bytes(&self) -> u64 {
        if self.source == Source::None || self.server_is_silent {
            return u64::MAX;
        }
        let round = self.min_rtt.get().as_secs_f64() + GATE_SLACK;
        let limit = (GATE_FACTOR * self.gate_bps() / 8.0 * round).max(GATE_MIN_BYTES);
        // Nothing is known of a link before it has carried something: as in TCP's slow start.
        let begun = FIRST_FLIGHT_BYTES + self.flight.acked();
        let limit = (limit as u64).min(begun) + self.source.hidden_bytes();
        limit.saturating_sub(self.flight.unacked())
    }

    /// When to look again at what the peer has, if the system can tell: soon while
    /// `is_held_back` (the gate keeps bytes from the socket), and while bytes are out.
    pub fn next_report(&self, is_held_back: bool) -> Option<Now> {
        let spacing = match self.source {
            Source::System if is_held_back => HELD_BACK_SPACING,
            Source::System if self.flight.unacked() > 0 => OUT_SPACING,
            _ => return None,
        };
        Some(self.looked_at + spacing)
    }

    /// Nobody looked although [`Controller::next_report`] came; ask again later.
    pub fn skip_report(&mut self, now: Now) {
        self.looked_at = now;
    }

    /// A server that acknowledged once may stop to, and nothing must wait for that: first the gate
    /// opens; when the socket then takes more and more, its silence means nothing any more.
    pub(super) fn doubt(&mut self, now: Now) {
        if let Source::Server { .. } = self.source {
            self.server_is_silent = now.since(self.looked_at) > SILENCE;
            if self.server_is_silent && self.flight.unacked() > DISBELIEF_BYTES {
                (self.source, self.progress_at) = (Source::None, now);
            }
        }
    }

    fn gate_bps(&self) -> f64 {
        if self.lag > GATE_LAG {
            self.carries_bps.max(f64::from(self.range.min_bps()))
        } else {
            self.carries_bps.max(self.target_bps + self.audio_bps)
        }
    }
}
