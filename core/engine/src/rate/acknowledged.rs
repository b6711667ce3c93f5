//! The server's RTMP Acknowledgements as one growing total (RTMP 1.0 5.4.3). Its 32-bit number
//! wraps by three conventions: at 2^32, at 2^31, and back to 0 somewhere above 0xF000_0000
//! (`spec network` 1.2). Numbers that cannot be true are not believed.

/// The unwrapped total of one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Acknowledged {
    total: u64,
    last: u32,
}

impl Acknowledged {
    /// All bytes that the server said it has.
    pub(super) fn total(self) -> u64 {
        self.total
    }

    /// Takes the next number; `written` bytes were sent so far. Returns the bytes it adds, or
    /// `None` when it says more than was sent or nothing new.
    pub(super) fn handle(&mut self, number: u32, written: u64) -> Option<u64> {
        let most = written.checked_sub(self.total)?;
        let (last, next) = (u64::from(self.last), u64::from(number));
        let steps = if next > last {
            [Some(next - last), None, None]
        } else {
            [
                (next + (1 << 31)).checked_sub(last),
                Some(next + (1 << 32) - last),
                (last > 0xF000_0000 - RESET_SLACK).then_some(next),
            ]
        };
        let step = steps.into_iter().flatten().find(|step| (1..=most).contains(step))?;
        self.total += step;
        self.last = number;
        Some(step)
    }
}

/// The last number before a server that starts over at 0xF000_0000 may lie this far below it.
const RESET_SLACK: u64 = 16 << 20;

crate::record::state!(Acknowledged { total, last });

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a server with the convention says after `total` bytes.
    fn number(convention: u8, total: u64) -> u32 {
        match convention {
            0 => total as u32,
            1 => (total & 0x7FFF_FFFF) as u32,
            _ => (total % 0xF000_0000) as u32,
        }
    }

    #[test]
    fn a14_three_conventions_count_on_across_their_wraps() {
        for convention in 0..3 {
            let mut acknowledged = Acknowledged::default();
            let mut total = 0u64;
            while total < 12 << 30 {
                total += 65_537;
                acknowledged.handle(number(convention, total), total + 30_000);
                // A reset is not told to the byte: at most one window is lost at each.
                let lost = total - acknowledged.total();
                assert!(lost <= 4 * 65_537, "convention {convention} at {total}: {lost} lost");
            }
        }
    }

    #[test]
    fn a14_more_than_was_written_is_not_believed() {
        let mut acknowledged = Acknowledged::default();
        assert_eq!(acknowledged.handle(70_000, 60_000), None);
        assert_eq!(acknowledged.handle(50_000, 60_000), Some(50_000));
        assert_eq!(acknowledged.handle(50_000, 60_000), None);
        assert_eq!(acknowledged.handle(49_000, 60_000), None);
        assert_eq!(acknowledged.total(), 50_000);
    }

    proptest! {
        #[test]
        fn the_total_never_falls_and_never_passes_what_was_written(
            numbers in prop::collection::vec((any::<u32>(), 0u64..1 << 20), 1..200),
        ) {
            let (mut acknowledged, mut written) = (Acknowledged::default(), 0);
            for (number, more) in numbers {
                written += more;
                let before = acknowledged.total();
                acknowledged.handle(number, written);
                prop_assert!(acknowledged.total() >= before && acknowledged.total() <= written);
            }
        }
    }
}
