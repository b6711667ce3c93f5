//! A sum of sources that exceeds full scale is bent, not cut.
//!
//! Below the knee a sum is exact, so two quiet sources do not modulate each other (VideoCore's rule,
//! a + b − ab for equal signs, bends every sum); above it, it nears full scale and never reaches it.

/// Where bending begins: −3 dBFS.
const KNEE: f32 = 0.707_945_8;

/// Bends what lies above the knee. Continuous, with a continuous slope; odd; monotonous.
pub fn limit(samples: &mut [f32]) {
    for sample in samples {
        let size = sample.abs();
        if size > KNEE {
            const ROOM: f32 = 1.0 - KNEE;
            let over = (size - KNEE) / ROOM;
            *sample = (KNEE + ROOM * over / (1.0 + over)).copysign(*sample);
        }
    }
}

/// −1.0..=1.0 → 16 bit, appended to `out`; saturates. Undoes the way from 16 bit exactly.
pub fn to_i16(samples: &[f32], out: &mut Vec<i16>) {
    // `as` saturates, and makes 0 of what is no number.
    out.extend(samples.iter().map(|sample| (sample * 32_768.0).round() as i16));
}

#[cfg(test)]
mod tests {
    use super::super::samples::from_i16;
    use super::*;

    fn limited(sample: f32) -> f32 {
        let mut one = [sample];
        limit(&mut one);
        one[0]
    }

    #[test]
    fn quiet_sums_are_exact_and_loud_ones_stay_below_full_scale() {
        for step in -700..=700 {
            let sample = step as f32 / 1_000.0;
            assert_eq!(limited(sample), sample);
        }
        let mut last = limited(-16.0);
        assert!(last > -1.0);
        for step in -15_999..=16_000 {
            let now = limited(step as f32 / 1_000.0);
            assert!(now >= last && now < 1.0, "at {step}: {now} after {last}");
            assert!(now - last <= 0.001_001, "a step of {} at {step}", now - last);
            last = now;
        }
    }

    #[test]
    fn every_16_bit_sample_comes_back_as_itself() {
        let all: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        let floats: Vec<f32> = all.iter().copied().map(from_i16).collect();
        let mut back = Vec::new();
        to_i16(&floats, &mut back);
        assert_eq!(back, all);
        back.clear();
        to_i16(&[2.0, -2.0, f32::NAN], &mut back);
        assert_eq!(back, [i16::MAX, i16::MIN, 0]);
    }
}
