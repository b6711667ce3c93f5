//! Three kinds of time that must never be mixed, each in microseconds.
//!
//! * [`CaptureTime`]: what a camera or microphone stamped on a frame, on the device's capture clock.
//! * [`MediaTime`]: the session's one timeline, made from capture times by `onair_engine::timeline`.
//! * [`Now`]: the monotonic clock that timers and the network run on.
//!
//! Who owns a clock converts once, at the edge; everything inside takes the type it means.

use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

macro_rules! time_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// The clock's zero.
            pub const ZERO: Self = Self(0);

            /// From microseconds.
            #[inline]
            pub const fn from_micros(micros: i64) -> Self {
                Self(micros)
            }

            /// From milliseconds; saturates.
            #[inline]
            pub const fn from_millis(millis: i64) -> Self {
                Self(millis.saturating_mul(1_000))
            }

            /// Microseconds since the clock's zero.
            #[inline]
            pub const fn as_micros(self) -> i64 {
                self.0
            }

            /// Whole milliseconds since the clock's zero, rounded to nearest.
            #[inline]
            pub const fn as_millis_rounded(self) -> i64 {
                let micros = self.0.saturating_add(500);
                // Without a sign the division is a multiplication.
                if micros >= 0 { (micros as u64 / 1_000) as i64 } else { micros.div_euclid(1_000) }
            }

            /// How far this lies after `earlier`, in microseconds; negative when it lies before.
            #[inline]
            pub const fn micros_since(self, earlier: Self) -> i64 {
                self.0.saturating_sub(earlier.0)
            }

            /// How far this lies after `earlier`; zero when it lies before.
            #[inline]
            pub fn since(self, earlier: Self) -> Duration {
                Duration::from_micros(u64::try_from(self.micros_since(earlier)).unwrap_or(0))
            }

            /// This time moved by `micros`, which may be negative; saturates.
            #[must_use]
            #[inline]
            pub const fn offset_micros(self, micros: i64) -> Self {
                Self(self.0.saturating_add(micros))
            }
        }

        impl Add<Duration> for $name {
            type Output = Self;
            #[inline]
            fn add(self, rhs: Duration) -> Self {
                self.offset_micros(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX))
            }
        }

        impl AddAssign<Duration> for $name {
            #[inline]
            fn add_assign(&mut self, rhs: Duration) {
                *self = *self + rhs;
            }
        }

        impl Sub<Duration> for $name {
            type Output = Self;
            #[inline]
            fn sub(self, rhs: Duration) -> Self {
                Self(self.0.saturating_sub(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)))
            }
        }
    };
}

time_type! {
    /// A frame's stamp on the device's capture clock, in microseconds.
    CaptureTime
}
time_type! {
    /// A position on the session's timeline, in microseconds.
    MediaTime
}
time_type! {
    /// A reading of the monotonic clock, in microseconds since whatever zero its owner chose.
    Now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_a_sign_and_durations_do_not() {
        let (early, late) = (MediaTime::from_millis(10), MediaTime::from_millis(25));
        assert_eq!(late.micros_since(early), 15_000);
        assert_eq!(early.micros_since(late), -15_000);
        assert_eq!(early.since(late), Duration::ZERO);
    }

    #[test]
    fn arithmetic_saturates_at_the_ends() {
        let end = Now::from_micros(i64::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(Now::from_micros(i64::MIN) - Duration::MAX, Now::from_micros(i64::MIN));
    }

    #[test]
    fn milliseconds_round_to_nearest_below_zero_too() {
        assert_eq!(MediaTime::from_micros(1_499).as_millis_rounded(), 1);
        assert_eq!(MediaTime::from_micros(1_500).as_millis_rounded(), 2);
        assert_eq!(MediaTime::from_micros(-1_500).as_millis_rounded(), -1);
        assert_eq!(MediaTime::from_micros(-1_501).as_millis_rounded(), -2);
    }
}
