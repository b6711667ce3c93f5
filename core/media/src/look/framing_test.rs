//! Where pixels go: statements 7, 88 and 93.

use proptest::prelude::*;

use super::*;

fn framing(fit: Fit, zoom: f32) -> Framing {
    Framing { fit, zoom, ..Framing::default() }
}

#[test]
fn lf07_a_four_to_three_camera_is_cut_to_the_middle_of_its_width() {
    let place = Framing::default().place([480, 640], [360, 640]);
    // 0.125 of 480, as many pixels as before.
    assert_eq!(place.window[0], Span { start: 60.0, length: 360.0, out: 360 });
    assert_eq!(place.window[1], Span { start: 0.0, length: 640.0, out: 640 });
    assert_eq!((place.size, place.at), ([360, 640], [0, 0]));
}

#[test]
fn lf93_fit_and_fill_scale_by_the_smaller_and_the_larger_factor() {
    let (source, target) = ([640.0, 480.0], [360.0, 640.0]);
    assert_eq!(framing(Fit::Fit, 1.0).scale(source, target), [0.5625; 2]);
    assert_eq!(framing(Fit::Fill, 1.0).scale(source, target), [640.0 / 480.0; 2]);
    assert_eq!(framing(Fit::Stretch, 1.0).scale(source, target), [0.5625, 640.0 / 480.0]);

    let fit = framing(Fit::Fit, 1.0).place([640, 480], [360, 640]);
    assert_eq!((fit.size, fit.at), ([360, 270], [0, 184]));
    let fill = framing(Fit::Fill, 1.0).place([640, 480], [360, 640]);
    assert_eq!((fill.size, fill.at), ([360, 640], [0, 0]));
    assert_eq!(fill.window[0], Span { start: 185.0, length: 270.0, out: 360 });
}

#[test]
fn lf88_zoom_is_clamped() {
    let place = |zoom| framing(Fit::Fill, zoom).place([640, 480], [640, 480]);
    for (asked, done) in [(0.0, 1.0), (-3.0, 1.0), (0.9, 1.0), (100.0, 8.0), (f32::INFINITY, 8.0)] {
        assert_eq!(place(asked), place(done), "{asked}");
        assert_eq!(framing(Fit::Fill, asked).check(), Ok(()));
    }
    assert_eq!(place(2.0).window[0], Span { start: 160.0, length: 320.0, out: 640 });
    assert!(framing(Fit::Fill, f32::NAN).check().is_err());
}

#[test]
fn a_quarter_turn_swaps_the_axes_of_the_window() {
    let framing = Framing { rotation: Rotation::Quarter, ..Framing::default() };
    let place = framing.place([640, 480], [360, 640]);
    assert_eq!(place.window[0], Span { start: 0.0, length: 640.0, out: 640 });
    assert_eq!(place.window[1], Span { start: 60.0, length: 360.0, out: 360 });
    assert_eq!(place.size, [360, 640]);
}

#[test]
fn degrees_are_turns() {
    assert_eq!(Rotation::from_degrees(-90), Some(Rotation::ThreeQuarters));
    assert_eq!(Rotation::from_degrees(450), Some(Rotation::Quarter));
    assert_eq!(Rotation::from_degrees(45), None);
}

fn side() -> impl Strategy<Value = u32> {
    (8..1_920u32).prop_map(|half| half * 2)
}

pub(crate) fn any_framing() -> impl Strategy<Value = Framing> {
    let fit = prop_oneof![Just(Fit::Fill), Just(Fit::Fit), Just(Fit::Stretch)];
    let turns = (0..4).prop_map(|turns| Rotation::from_degrees(turns * 90).unwrap());
    (fit, turns, any::<bool>(), 0.5f32..10.0).prop_map(|(fit, rotation, mirror, zoom)| Framing {
        fit,
        rotation,
        mirror,
        zoom,
    })
}

proptest! {
    #[test]
    fn nothing_is_read_outside_the_source_or_drawn_outside_the_target(
        framing in any_framing(), source in [side(), side()], target in [side(), side()],
    ) {
        let place = framing.place(source, target);
        for axis in 0..2 {
            let span = place.window[axis];
            prop_assert!(span.start >= 0.0 && span.length > 0.0);
            prop_assert!(span.start + span.length <= f64::from(source[axis]) + 1e-6);
            prop_assert!(place.at[axis] + place.size[axis] <= target[axis]);
            prop_assert!(place.size[axis].is_multiple_of(2) && place.at[axis].is_multiple_of(2));
        }
        let upended = framing.rotation.is_upended();
        let outs = place.window.map(|span| span.out);
        prop_assert_eq!(place.size, if upended { [outs[1], outs[0]] } else { outs });
    }
}
