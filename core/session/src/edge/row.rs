//! Encoded units of both tracks in one queue, in order of decoding time, pictures first when equal.

use std::collections::VecDeque;

use onair_types::{AccessUnit, MediaTime, Track};

/// See the module's text.
#[derive(Debug)]
pub(super) struct Row {
    units: VecDeque<AccessUnit>,
    /// How many of each track.
    counts: [usize; 2],
}

/// What is to be known of units that are handed over together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    /// Of each track.
    pub(crate) counts: [usize; 2],
    pub(crate) bytes: usize,
    is_in_order: bool,
    last: Option<(MediaTime, u8)>,
}

impl Sum {
    pub(crate) fn new() -> Self {
        Self { counts: [0; 2], bytes: 0, is_in_order: true, last: None }
    }

    #[inline]
    pub(crate) fn add(&mut self, unit: &AccessUnit) {
        let place = place(unit);
        self.is_in_order &= self.last.is_none_or(|last| last <= place);
        self.last = Some(place);
        self.counts[unit.track() as usize] += 1;
        self.bytes += unit.size_bytes();
    }

    pub(crate) fn len(&self) -> usize {
        self.counts.iter().sum()
    }
}

impl Row {
    pub(super) fn with_capacity(units: usize) -> Self {
        Self { units: VecDeque::with_capacity(units), counts: [0; 2] }
    }

    /// Puts a unit in its place: the last, nearly always.
    #[inline]
    pub(super) fn push(&mut self, unit: AccessUnit) {
        self.counts[unit.track() as usize] += 1;
        if self.units.back().is_none_or(|last| last.dts() < unit.dts() || goes_behind(&unit, last))
        {
            self.units.push_back(unit);
        } else {
            let at = self.units.partition_point(|other| goes_behind(&unit, other));
            self.units.insert(at, unit);
        }
    }

    /// Takes all of `units`, which `sum` is of: as they lie, where they are in order.
    pub(super) fn push_all(&mut self, units: &mut VecDeque<AccessUnit>, sum: &Sum) {
        let is_behind = match (self.units.back(), units.front()) {
            (Some(last), Some(first)) => goes_behind(first, last),
            _ => true,
        };
        if !is_behind || !sum.is_in_order {
            return units.drain(..).for_each(|unit| self.push(unit));
        }
        self.counts = [0, 1].map(|track| self.counts[track] + sum.counts[track]);
        self.units.append(units);
    }

    /// The first.
    #[inline]
    pub(super) fn front(&self) -> Option<&AccessUnit> {
        self.units.front()
    }

    /// Takes all units of `other`.
    pub(super) fn append(&mut self, other: &mut Self) {
        if self.units.is_empty() {
            return std::mem::swap(self, other);
        }
        let is_behind = match (self.units.back(), other.units.front()) {
            (Some(last), Some(first)) => goes_behind(first, last),
            _ => true,
        };
        if is_behind {
            // The few are moved.
            if self.len() < other.len() {
                while let Some(last) = self.units.pop_back() {
                    other.units.push_front(last);
                }
                std::mem::swap(&mut self.units, &mut other.units);
            } else {
                self.units.append(&mut other.units);
            }
            let more = std::mem::take(&mut other.counts);
            self.counts = [self.counts[0] + more[0], self.counts[1] + more[1]];
        } else {
            other.counts = [0; 2];
            other.units.drain(..).for_each(|unit| self.push(unit));
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<AccessUnit> {
        let unit = self.units.pop_front()?;
        self.counts[unit.track() as usize] -= 1;
        Some(unit)
    }

    /// When the first is decoded.
    #[inline]
    pub(super) fn first(&self) -> Option<MediaTime> {
        self.units.front().map(AccessUnit::dts)
    }

    /// When the first picture is decoded.
    pub(super) fn first_picture(&self) -> Option<MediaTime> {
        let mut units = self.units.iter().filter(|_| self.counts[Track::Video as usize] > 0);
        units.find(|unit| unit.track() == Track::Video).map(AccessUnit::dts)
    }

    /// Units of `track`.
    #[inline]
    pub(super) fn count(&self, track: Track) -> usize {
        self.counts[track as usize]
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.units.len()
    }
}

/// Whether `unit` goes behind `other`: it is decoded later, or at the same time and is not a picture
/// that sound would come before.
fn goes_behind(unit: &AccessUnit, other: &AccessUnit) -> bool {
    place(other) <= place(unit)
}

#[inline]
fn place(unit: &AccessUnit) -> (MediaTime, u8) {
    (unit.dts(), unit.track() as u8)
}

#[cfg(test)]
mod tests {
    use onair_types::FrameKind;

    use super::*;
    use crate::edge::fixture::Units;

    fn row(pictures: &[i64], sounds: &[i64]) -> Row {
        let (units, mut row) = (Units::new(), Row::with_capacity(4));
        let audio = sounds.iter().map(|ms| AccessUnit::Audio(units.audio(*ms)));
        let video = pictures.iter().map(|ms| AccessUnit::Video(units.video(*ms, FrameKind::Idr)));
        audio.chain(video).for_each(|unit| row.push(unit));
        row
    }

    fn order(row: &mut Row) -> Vec<(Track, i64)> {
        let units = std::iter::from_fn(|| row.pop());
        units.map(|unit| (unit.track(), unit.dts().as_millis_rounded())).collect()
    }

    #[test]
    fn tracks_pushed_one_after_the_other_come_out_in_order() {
        use Track::{Audio, Video};
        let mut row = row(&[0, 33, 66], &[0, 23, 66]);
        assert_eq!((row.count(Video), row.count(Audio), row.len()), (3, 3, 6));
        assert_eq!(row.first_picture(), Some(MediaTime::ZERO));
        let expected = [(Video, 0), (Audio, 0), (Audio, 23), (Video, 33), (Video, 66), (Audio, 66)];
        assert_eq!(order(&mut row), expected);
        assert_eq!((row.count(Video), row.count(Audio), row.first()), (0, 0, None));
    }

    #[test]
    fn rows_join_in_order_whichever_is_longer_and_however_they_lie() {
        for (first, second) in [
            (&[0, 10][..], &[20, 30, 40][..]),
            (&[0, 10, 20], &[30]),
            (&[10, 30], &[0, 20, 40]),
            (&[], &[5]),
        ] {
            let (mut all, mut more) = (row(first, &[]), row(&[], second));
            all.append(&mut more);
            assert!(more.is_empty() && more.count(Track::Audio) == 0);
            assert_eq!(all.count(Track::Video), first.len());
            assert_eq!(all.count(Track::Audio), second.len());
            let times: Vec<i64> = order(&mut all).into_iter().map(|(_, ms)| ms).collect();
            let mut expected = [first, second].concat();
            expected.sort_unstable();
            assert_eq!(times, expected);
        }
    }
}
