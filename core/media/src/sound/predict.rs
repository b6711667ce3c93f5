//! What a sound would have gone on as: linear prediction (Burg's method) from its last samples. The
//! filters on both sides of a route change look past the end of the old sound; what they see there
//! decides whether the change clicks.

/// Past that is looked at, samples.
pub(super) const PAST: usize = 512;
/// Coefficients: enough for a dozen partials.
const ORDER: usize = 32;

/// Appends `count` samples that go on where `sound` ends.
pub(super) fn extend(sound: &mut Vec<f32>, count: usize) {
    let past = sound.len().min(PAST);
    let coefficients = burg(&sound[sound.len() - past..]);
    for _ in 0..count {
        let recent = sound.iter().rev();
        let next: f64 = coefficients.iter().zip(recent).map(|(c, x)| c * f64::from(*x)).sum();
        // A prediction that grows is none.
        sound.push(next.clamp(-1.0, 1.0) as f32);
    }
}

/// Coefficients that give each sample from those before it, newest first.
fn burg(sound: &[f32]) -> Vec<f64> {
    let order = ORDER.min(sound.len() / 3);
    let mut forward: Vec<f64> = sound.iter().map(|&x| f64::from(x)).collect();
    let mut backward = forward.clone();
    let mut filter = vec![1.0];
    for step in 0..order {
        let (mut both, mut power) = (0.0, 0.0);
        for at in step + 1..sound.len() {
            both += forward[at] * backward[at - 1];
            power += forward[at] * forward[at] + backward[at - 1] * backward[at - 1];
        }
        if power < 1e-12 {
            break;
        }
        let reflection = -2.0 * both / power;
        for at in (step + 1..sound.len()).rev() {
            let (ahead, behind) = (forward[at], backward[at - 1]);
            forward[at] = ahead + reflection * behind;
            backward[at] = behind + reflection * ahead;
        }
        let old = filter.clone();
        filter.push(0.0);
        for (at, value) in filter.iter_mut().enumerate().skip(1) {
            *value += reflection * old.get(step + 1 - at).copied().unwrap_or(0.0);
        }
    }
    filter[1..].iter().map(|value| -value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chord_goes_on() {
        let chord = |i: usize| {
            let i = i as f32;
            0.3 * (i * 0.13).sin() + 0.2 * (i * 0.41 + 1.0).sin() + 0.1 * (i * 0.9 + 2.0).cos()
        };
        let mut sound: Vec<f32> = (0..600).map(chord).collect();
        extend(&mut sound, 64);
        for (at, got) in sound.iter().enumerate().skip(600) {
            assert!((got - chord(at)).abs() < 2e-3, "sample {at}: {got}, {}", chord(at));
        }
    }

    #[test]
    fn silence_noise_and_nothing_go_on_quietly() {
        let mut silence = vec![0.0; 600];
        extend(&mut silence, 10);
        assert!(silence.iter().all(|&sample| sample == 0.0));
        let mut nothing = Vec::new();
        extend(&mut nothing, 10);
        assert_eq!(nothing, [0.0; 10]);
        let noise = |i: u32| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0;
        let mut sound: Vec<f32> = (0..600).map(noise).collect();
        extend(&mut sound, 500);
        assert!(sound[600..].iter().all(|sample| sample.abs() <= 1.0));
        assert!(sound[1_000..].iter().all(|sample| sample.abs() < 0.5), "it fades");
    }
}
