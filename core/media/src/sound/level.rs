//! How loud: peak and RMS of a stretch of samples, in dB below full scale.

/// Below this everything is silence.
pub const FLOOR_DBFS: f32 = -100.0;

/// How loud a stretch of sound was, over all its channels; 0 dBFS is full scale, silence is
/// [`FLOOR_DBFS`]. A full-scale sine has an RMS of −3.0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The largest sample.
    pub peak_dbfs: f32,
    /// The root of the mean square.
    pub rms_dbfs: f32,
}

impl Default for Level {
    fn default() -> Self {
        Self { peak_dbfs: FLOOR_DBFS, rms_dbfs: FLOOR_DBFS }
    }
}

/// Measures stretches of so many samples.
#[derive(Clone, Debug)]
pub struct Meter {
    /// All channels together.
    window: usize,
    seen: usize,
    peak: f32,
    squares: f64,
}

impl Meter {
    /// For stretches of `samples`, all channels together.
    pub fn new(samples: usize) -> Self {
        Self { window: samples.max(1), seen: 0, peak: 0.0, squares: 0.0 }
    }

    /// Takes samples; the level of the last stretch that they complete, if they do.
    pub fn add(&mut self, samples: &[f32]) -> Option<Level> {
        let mut complete = None;
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.window - self.seen));
            rest = later;
            for &sample in now {
                self.peak = self.peak.max(sample.abs());
                self.squares += f64::from(sample) * f64::from(sample);
            }
            self.seen += now.len();
            if self.seen == self.window {
                let rms = (self.squares / self.window as f64).sqrt() as f32;
                complete = Some(Level { peak_dbfs: dbfs(self.peak), rms_dbfs: dbfs(rms) });
                *self = Self::new(self.window);
            }
        }
        complete
    }
}

fn dbfs(amplitude: f32) -> f32 {
    (20.0 * amplitude.log10()).clamp(FLOOR_DBFS, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_scale_sine_peaks_at_zero_and_has_its_rms_three_below() {
        let sine: Vec<f32> =
            (0..4_800).map(|i| (i as f32 * std::f32::consts::TAU / 48.0).sin()).collect();
        let level = Meter::new(4_800).add(&sine).expect("a whole stretch");
        assert!(level.peak_dbfs.abs() < 0.01 && (level.rms_dbfs + 3.01).abs() < 0.01, "{level:?}");
        let quiet: Vec<f32> = sine.iter().map(|sample| sample / 10.0).collect();
        let level = Meter::new(4_800).add(&quiet).expect("a whole stretch");
        assert!((level.peak_dbfs + 20.0).abs() < 0.01 && (level.rms_dbfs + 23.01).abs() < 0.01);
    }

    #[test]
    fn silence_has_a_floor_and_stretches_do_not_mix() {
        let mut meter = Meter::new(4);
        assert_eq!(meter.add(&[1.0, 1.0, 1.0]), None);
        let loud = Level { peak_dbfs: 0.0, rms_dbfs: 0.0 };
        assert_eq!(meter.add(&[1.0, 0.0, 0.0]), Some(loud));
        assert_eq!(meter.add(&[0.0, 0.0]), Some(Level::default()));
    }
}
