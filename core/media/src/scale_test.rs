//! Flat stays flat, ramps stay ramps, and weights always sum to one.

use proptest::prelude::*;

use super::*;

fn span(start: f64, length: f64, out: u32) -> Span {
    Span { start, length, out }
}

fn scaled(from: &[u8], width: usize, across: Axis, down: Axis) -> Vec<u8> {
    let (columns, rows) = (across.starts.len(), down.starts.len());
    let mut out = vec![0; columns * rows];
    let plane = Plane { data: from, stride_bytes: width };
    scale::<1>(plane, [&across, &down], &mut out, columns, &mut Vec::new());
    out
}

#[test]
fn a_ramp_is_drawn_finer_and_coarser() {
    let ramp: Vec<u8> = (0..16).map(|x| x * 16).collect();
    let finer =
        scaled(&ramp, 16, Axis::new(16, span(0.0, 16.0, 32)), Axis::new(1, span(0.0, 1.0, 1)));
    assert_eq!(finer[8..12], [60, 68, 76, 84]);
    let coarser =
        scaled(&ramp, 16, Axis::new(16, span(0.0, 16.0, 8)), Axis::new(1, span(0.0, 1.0, 1)));
    assert_eq!(coarser[2..6], [72, 104, 136, 168]);
}

#[test]
fn a_fine_pattern_becomes_its_mean() {
    let stripes: Vec<u8> = (0..64 * 64).map(|i| if i % 2 == 0 { 0 } else { 200 }).collect();
    let axis = || Axis::new(64, span(0.0, 64.0, 16));
    let out = scaled(&stripes, 64, axis(), axis());
    // Beyond an edge is the edge's colour.
    let inner = out.chunks(16).flat_map(|row| &row[1..15]);
    assert!(inner.clone().all(|&value| value == 100), "{out:?}");
    assert!(out.iter().all(|&value| value.abs_diff(100) < 20), "{out:?}");
}

proptest! {
    #[test]
    fn weights_sum_to_one_and_stay_inside(
        whole in 8..2_000usize, out in 1..2_000u32, part in 0.05..1.0f64, at in 0.0..1.0f64,
    ) {
        let length = part * whole as f64;
        let axis = Axis::new(whole, span(at * (whole as f64 - length), length, out));
        for index in 0..out as usize {
            let (start, weights) = axis.made_of(index);
            prop_assert!(start + weights.len() <= whole);
            prop_assert_eq!(weights.iter().map(|&w| i32::from(w)).sum::<i32>(), ONE);
            prop_assert!(weights.iter().all(|&w| w >= 0), "{:?}", weights);
        }
    }
}
