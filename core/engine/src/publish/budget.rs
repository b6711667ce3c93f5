//! How much a server may say to a publisher: acknowledgements, pings and a few answers are a few
//! kilobytes a minute. More than the budget is no server's business and costs battery and data plan
//! (P09; `spec network` 4.3).

use onair_types::Now;

use super::PublishError;

/// What may still come. Fills up with time, to [`BURST_BYTES`] at most.
#[derive(Debug)]
pub(super) struct Budget {
    left_bytes: u64,
    /// Up to when it is filled.
    filled: Option<Now>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left_bytes: BURST_BYTES, filled: None }
    }
}

impl Budget {
    /// So many bytes came.
    ///
    /// # Errors
    /// When they are more than may come.
    pub(super) fn spend(&mut self, bytes: usize, now: Now) -> Result<(), PublishError> {
        let since = self.filled.replace(now).map_or(0, |filled| now.micros_since(filled).max(0));
        let more = since.unsigned_abs().saturating_mul(BYTES_A_MINUTE) / 60_000_000;
        if more == 0 && since > 0 {
            // Less than a byte: this time counts with the next.
            self.filled = self.filled.map(|filled| filled.offset_micros(-since));
        }
        self.left_bytes = self.left_bytes.saturating_add(more).min(BURST_BYTES);
        match self.left_bytes.checked_sub(bytes as u64) {
            Some(left_bytes) => {
                self.left_bytes = left_bytes;
                Ok(())
            }
            None => Err(PublishError::Flood { limit_bytes: BYTES_A_MINUTE }),
        }
    }
}

/// A hundred times what servers say that acknowledge every 64 KiB of 6 Mbit/s.
const BYTES_A_MINUTE: u64 = 1 << 20;
/// At once, after a quiet minute or at the beginning.
const BURST_BYTES: u64 = 2 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `count` pieces pass, one each `spacing_ms`.
    fn passed(bytes: usize, spacing_ms: i64, count: i64) -> i64 {
        let mut budget = Budget::default();
        let pass = |index: &i64| budget.spend(bytes, Now::from_millis(index * spacing_ms)).is_ok();
        (0..count).take_while(pass).count() as i64
    }

    #[test]
    fn p09_a_flood_ends_at_the_budget_and_a_talkative_server_does_not() {
        assert_eq!(passed(1 << 16, 0, 2_000), 32, "two mebibytes at once");
        assert_eq!(passed(1 << 16, 4_000, 10_000), 10_000, "0.94 MiB a minute for ever");
        // Half a mebibyte a minute above the budget: four minutes, less what the first piece took.
        assert_eq!(passed(1 << 16, 2_500, 10_000), 93);
        assert_eq!(passed(1, 0, 3 << 20), 2 << 20);
    }

    #[test]
    fn p09_time_too_short_for_a_byte_is_not_lost() {
        let mut budget = Budget::default();
        let fits = |index: &i64| budget.spend(100, Now::from_micros(index * 10)).is_ok();
        // 17.5 bytes a millisecond come back, and ten microseconds are less than one.
        let spent = 100 * (0..1_000_000).take_while(fits).count();
        assert!((2 << 20..(2 << 20) + 4_000).contains(&spent), "{spent}");
    }
}
