//! Where frames of sound lie in a track: each behind the one before it, so that rounded time stamps
//! do not crackle, and where its stamp says only when that is too far off.

/// Counts the samples of a track.
#[derive(Clone, Copy, Debug)]
pub struct SoundCount {
    next: u64,
    tolerance: u64,
}

impl SoundCount {
    /// From sample `first` on. Stamps that are further off than `tolerance_micros` are believed: more
    /// than they are rounded by, less than the ear misses beside a picture.
    pub fn new(first: u64, rate_hz: u32, tolerance_micros: u32) -> Self {
        let tolerance = u64::from(rate_hz) * u64::from(tolerance_micros) / 1_000_000;
        Self { next: first, tolerance }
    }

    /// Where the last frame ends.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Where a frame of `length` samples begins whose stamp says `stamped`; not before `earliest`,
    /// which is behind the begin of the frame before it.
    pub fn place(&mut self, stamped: u64, length: u32, earliest: u64) -> u64 {
        let is_off = stamped.abs_diff(self.next) > self.tolerance;
        let begin = if is_off { stamped.max(earliest) } else { self.next };
        self.next = begin.saturating_add(length.into());
        begin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_touch_until_a_stamp_is_too_far_off_and_never_lie_before_the_one_before() {
        // 15 ms of 48 kHz are 720 samples.
        let mut count = SoundCount::new(0, 48_000, 15_000);
        assert_eq!(count.place(0, 1_024, 0), 0);
        assert_eq!(count.place(1_024 + 720, 1_024, 1), 1_024, "rounded");
        assert_eq!(count.place(2_048 - 720, 1_024, 1_025), 2_048, "rounded");
        assert_eq!(count.place(3_072 + 721, 1_024, 2_049), 3_793, "samples are missing");
        assert_eq!(count.place(0, 1_024, 3_794), 3_794, "a clock that steps back");
        assert_eq!(count.next(), 3_794 + 1_024);
        assert_eq!(count.place(u64::MAX, 1_024, 3_795), u64::MAX, "no arithmetic overflows");
    }
}
