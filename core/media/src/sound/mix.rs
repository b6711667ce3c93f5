//! The sum of several sources on one grid of samples. Each block says where on the grid it lies;
//! where no source has anything there is silence, and what comes too late is left out.

/// See the module's text. A position is a number of samples a channel.
#[derive(Debug)]
pub struct Mixer {
    channels: usize,
    /// Position of the first sample that was not taken yet; none before there was any.
    start: Option<i64>,
    sum: Vec<f32>,
}

/// Samples that have room from the begin: more than sources are apart that are waited for.
const ROOM: usize = 16_384;

impl Mixer {
    /// For `channels` interleaved channels.
    pub fn new(channels: u8) -> Self {
        Self { channels: usize::from(channels.max(1)), start: None, sum: Vec::with_capacity(ROOM) }
    }

    /// Where the next sample is taken from; none before the first [`Mixer::add`].
    pub fn position(&self) -> Option<i64> {
        self.start
    }

    /// Leaves everything before `position` out; what was added from there on stays.
    pub fn skip_to(&mut self, position: i64) {
        if let Some(start) = self.start
            && position > start
        {
            let gone = (position.abs_diff(start) as usize).saturating_mul(self.channels);
            self.sum.drain(..gone.min(self.sum.len()));
        }
        self.start = Some(position);
    }

    /// Adds `samples` from `position` on; returns how many a channel came too late.
    pub fn add(&mut self, position: i64, samples: &[f32]) -> usize {
        let start = *self.start.get_or_insert(position);
        let frames = samples.len() / self.channels;
        let late = usize::try_from(start.saturating_sub(position)).unwrap_or(0).min(frames);
        let samples = &samples[late * self.channels..];
        if samples.is_empty() {
            return late;
        }
        let offset = usize::try_from(position.saturating_sub(start)).unwrap_or(0) * self.channels;
        if self.sum.len() < offset + samples.len() {
            self.sum.resize(offset + samples.len(), 0.0);
        }
        for (sum, sample) in self.sum[offset..].iter_mut().zip(samples) {
            *sum += sample;
        }
        late
    }

    /// Hands all samples before `end` to `out`, silence where there are none, and returns the
    /// position of the first; `None` when there is nothing before `end`.
    pub fn take(&mut self, end: i64, out: &mut Vec<f32>) -> Option<i64> {
        let start = self.start.filter(|&start| start < end)?;
        out.clear();
        let wanted = usize::try_from(end - start).unwrap_or(0) * self.channels;
        let there = wanted.min(self.sum.len());
        out.extend_from_slice(&self.sum[..there]);
        out.resize(wanted, 0.0);
        self.sum.copy_within(there.., 0);
        self.sum.truncate(self.sum.len() - there);
        self.start = Some(end);
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_add_up_where_they_lie_and_gaps_are_silence() {
        let (mut mixer, mut out) = (Mixer::new(2), Vec::new());
        assert_eq!(mixer.take(100, &mut out), None);
        assert_eq!(mixer.add(-2, &[0.5; 8]), 0);
        assert_eq!(mixer.add(0, &[0.25; 8]), 0);
        assert_eq!(mixer.take(-1, &mut out), Some(-2));
        assert_eq!(out, [0.5; 2]);
        assert_eq!(mixer.take(6, &mut out), Some(-1));
        let expected = [0.5, 0.5, 0.75, 0.75, 0.75, 0.75, 0.25, 0.25, 0.25, 0.25, 0.0, 0.0];
        assert_eq!(out[..12], expected);
        assert_eq!(out.len(), 14);
        assert_eq!(mixer.take(6, &mut out), None);
    }

    #[test]
    fn what_comes_too_late_is_left_out_and_counted() {
        let (mut mixer, mut out) = (Mixer::new(1), Vec::new());
        mixer.add(0, &[0.1; 10]);
        mixer.take(10, &mut out);
        assert_eq!(mixer.add(4, &[0.5; 10]), 6);
        assert_eq!(mixer.add(0, &[0.5; 5]), 5);
        assert_eq!(mixer.take(14, &mut out), Some(10));
        assert_eq!(out, [0.5; 4]);
    }

    #[test]
    fn a_jump_leaves_nothing_behind() {
        let (mut mixer, mut out) = (Mixer::new(1), Vec::new());
        mixer.add(0, &[0.1; 10]);
        mixer.skip_to(1_000);
        mixer.add(1_000, &[0.2; 3]);
        assert_eq!(mixer.take(1_003, &mut out), Some(1_000));
        assert_eq!(out, [0.2; 3]);
        assert_eq!(mixer.position(), Some(1_003));
    }
}
