//! What a look takes and what it refuses.

use super::*;

#[test]
fn levels_outside_their_range_are_named() {
    for (level, is_taken) in
        [(0.0, true), (1.0, true), (-0.1, false), (1.1, false), (f32::NAN, false)]
    {
        let beauty = Beauty { level, ..Beauty::default() };
        assert_eq!(Look { beauty, ..Look::default() }.check().is_ok(), is_taken, "{level}");
    }
    let beauty = Beauty { tone: 2.0, ..Beauty::default() };
    let refused = Look { beauty, ..Look::default() }.check().unwrap_err();
    assert_eq!(refused.to_string(), "look: the tone level is 2; use a number from 0 to 1");
}

#[test]
fn the_default_look_can_be_used() {
    assert_eq!(Look::default().check(), Ok(()));
}
