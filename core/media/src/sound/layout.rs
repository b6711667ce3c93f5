//! Any number of channels → one or two (ITU-R BS.775-3 annex 4: the centre and each surround at
//! −3 dB, without the low-frequency channel), scaled so that full scale everywhere stays full scale.

use std::ops::Range;

use super::samples::Sound;

/// Writes the sample frames `frames` of `sound`, which was checked, into `out` as `channels` (1 or
/// 2) interleaved channels; what `out` held is gone.
pub fn map_into(sound: &Sound<'_>, frames: Range<usize>, channels: u8, out: &mut Vec<f32>) {
    out.clear();
    match (sound.channels, channels) {
        (1, 1) => out.extend(frames.map(|frame| sound.at(frame, 0))),
        (1, _) => {
            for frame in frames {
                out.extend([sound.at(frame, 0); 2]);
            }
        }
        (2, 2) => {
            for frame in frames {
                out.extend([sound.at(frame, 0), sound.at(frame, 1)]);
            }
        }
        (given, _) => {
            let places = places(given);
            let mix = |frame: usize, side: usize| -> f32 {
                let weigh = |(channel, weights): (usize, &[f32; 2])| {
                    if weights[side] == 0.0 {
                        0.0
                    } else {
                        sound.at(frame, channel) * weights[side]
                    }
                };
                places.iter().enumerate().map(weigh).sum::<f32>() / total(places, side)
            };
            for frame in frames {
                let (left, right) = (mix(frame, 0), mix(frame, 1));
                match channels {
                    1 => out.push((left + right) / 2.0),
                    _ => out.extend([left, right]),
                }
            }
        }
    }
}

fn total(places: &[[f32; 2]], side: usize) -> f32 {
    places.iter().map(|weights| weights[side]).sum()
}

/// How loud each channel of so many sounds on the left and on the right.
fn places(channels: u8) -> &'static [[f32; 2]] {
    match channels {
        1 => &[CENTRE],
        2 => &[LEFT, RIGHT],
        3 => &[LEFT, RIGHT, CENTRE],
        4 => &[LEFT, RIGHT, BACK_LEFT, BACK_RIGHT],
        5 => &[LEFT, RIGHT, CENTRE, BACK_LEFT, BACK_RIGHT],
        6 => &[LEFT, RIGHT, CENTRE, NOWHERE, BACK_LEFT, BACK_RIGHT],
        7 => &[LEFT, RIGHT, CENTRE, NOWHERE, BACK_CENTRE, BACK_LEFT, BACK_RIGHT],
        _ => &[LEFT, RIGHT, CENTRE, NOWHERE, BACK_LEFT, BACK_RIGHT, BACK_LEFT, BACK_RIGHT],
    }
}

const DOWN_3_DB: f32 = std::f32::consts::FRAC_1_SQRT_2;
const LEFT: [f32; 2] = [1.0, 0.0];
const RIGHT: [f32; 2] = [0.0, 1.0];
const CENTRE: [f32; 2] = [DOWN_3_DB, DOWN_3_DB];
const BACK_LEFT: [f32; 2] = [DOWN_3_DB, 0.0];
const BACK_RIGHT: [f32; 2] = [0.0, DOWN_3_DB];
const BACK_CENTRE: [f32; 2] = [0.5, 0.5];
const NOWHERE: [f32; 2] = [0.0, 0.0];

#[cfg(test)]
mod tests {
    use super::super::Samples;
    use super::*;

    fn mapped(samples: &[f32], channels: u8, to: u8) -> Vec<f32> {
        let sound = Sound { samples: Samples::F32(samples), sample_rate_hz: 48_000, channels };
        let frames = sound.frames().expect("whole frames");
        let mut out = vec![9.0; 3];
        map_into(&sound, 0..frames, to, &mut out);
        out
    }

    #[test]
    fn mono_goes_to_both_sides_and_two_sides_meet_in_the_middle() {
        assert_eq!(mapped(&[0.25, -0.5], 1, 2), [0.25, 0.25, -0.5, -0.5]);
        assert_eq!(mapped(&[0.25, -0.5], 1, 1), [0.25, -0.5]);
        assert_eq!(mapped(&[0.25, -0.5], 2, 2), [0.25, -0.5]);
        assert_eq!(mapped(&[0.5, 0.25], 2, 1), [0.375]);
    }

    #[test]
    fn surround_keeps_the_ratios_of_the_standard_and_leaves_the_bass_box_out() {
        let sum = 1.0 + 2.0 * DOWN_3_DB;
        for (channel, weights) in
            [LEFT, RIGHT, CENTRE, NOWHERE, BACK_LEFT, BACK_RIGHT].iter().enumerate()
        {
            let mut frame = [0.0; 6];
            frame[channel] = 1.0;
            let got = mapped(&frame, 6, 2);
            for side in 0..2 {
                assert!((got[side] - weights[side] / sum).abs() < 1e-6, "{channel}: {got:?}");
            }
        }
    }

    #[test]
    fn full_scale_in_all_channels_stays_full_scale() {
        for channels in 1..=8 {
            for to in [1, 2] {
                for value in [1.0, -1.0] {
                    for got in mapped(&vec![value; channels.into()], channels, to) {
                        assert!((got - value).abs() < 1e-6, "{channels} → {to}: {got}");
                    }
                }
            }
        }
    }
}
