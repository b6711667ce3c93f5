//! A drawn face with skin that a beauty filter can be seen on: freckles and grain over soft shade.
//! Nobody's portrait: ellipses, each over the ones before it.

use crate::convert::color;

/// Something oval: middle and radii, in parts of the head's half width, and its colour.
struct Oval {
    at: [f32; 2],
    radii: [f32; 2],
    rgb: [f32; 3],
    /// Whether it is skin, with all that skin has.
    is_skin: bool,
}

const fn oval(at: [f32; 2], radii: [f32; 2], rgb: [f32; 3]) -> Oval {
    Oval { at, radii, rgb, is_skin: false }
}

const fn skin(at: [f32; 2], radii: [f32; 2], rgb: [f32; 3]) -> Oval {
    Oval { at, radii, rgb, is_skin: true }
}

const HAIR: [f32; 3] = [62.0, 40.0, 28.0];
const SKIN: [f32; 3] = [214.0, 160.0, 128.0];
const EYE: [f32; 3] = [236.0, 232.0, 226.0];
const IRIS: [f32; 3] = [70.0, 104.0, 96.0];
const PUPIL: [f32; 3] = [20.0, 18.0, 18.0];
const LIP: [f32; 3] = [176.0, 76.0, 78.0];

const OVALS: [Oval; 22] = [
    oval([0.0, -0.15], [1.25, 1.5], HAIR),
    oval([0.0, 2.75], [2.1, 1.2], [52.0, 84.0, 122.0]),
    skin([0.0, 1.35], [0.45, 0.6], [196.0, 142.0, 112.0]),
    skin([-1.0, 0.1], [0.16, 0.28], SKIN),
    skin([1.0, 0.1], [0.16, 0.28], SKIN),
    skin([0.0, 0.0], [1.0, 1.32], SKIN),
    skin([-0.52, 0.42], [0.28, 0.22], [222.0, 146.0, 122.0]),
    skin([0.52, 0.42], [0.28, 0.22], [222.0, 146.0, 122.0]),
    oval([0.0, -1.12], [0.86, 0.34], HAIR),
    oval([-0.4, -0.1], [0.21, 0.115], EYE),
    oval([0.4, -0.1], [0.21, 0.115], EYE),
    oval([-0.39, -0.1], [0.1, 0.1], IRIS),
    oval([0.41, -0.1], [0.1, 0.1], IRIS),
    oval([-0.39, -0.1], [0.05, 0.05], PUPIL),
    oval([0.41, -0.1], [0.05, 0.05], PUPIL),
    oval([-0.42, -0.36], [0.27, 0.045], HAIR),
    oval([0.42, -0.36], [0.27, 0.045], HAIR),
    skin([0.0, 0.32], [0.15, 0.12], [198.0, 138.0, 108.0]),
    skin([-0.02, 0.27], [0.13, 0.13], SKIN),
    oval([0.0, 0.76], [0.36, 0.13], LIP),
    oval([0.0, 0.7], [0.28, 0.05], [232.0, 224.0, 216.0]),
    skin([0.0, 0.6], [0.42, 0.09], SKIN),
];

/// The largest radii, to leave most of a picture alone.
const REACH: f32 = 2.2;

/// The colour at `x`, `y` of a picture whose head has its middle and half width as `head` says;
/// none where something else shows.
pub(super) fn at(x: usize, y: usize, head: [f32; 3]) -> Option<[u8; 3]> {
    let [u, v] = [(x as f32 - head[0]) / head[2], (y as f32 - head[1]) / head[2]];
    if u.abs() > REACH {
        return None;
    }
    let mut found: Option<&Oval> = None;
    for oval in &OVALS {
        let [across, down] = [(u - oval.at[0]) / oval.radii[0], (v - oval.at[1]) / oval.radii[1]];
        if across * across + down * down <= 1.0 {
            found = Some(oval);
        }
    }
    let oval = found?;
    let mut light = 1.0 - 0.12 * u - 0.05 * v;
    if oval.is_skin {
        light *= grain(x, y);
    }
    let [r, g, b] = oval.rgb.map(|part| (part * light).clamp(0.0, 255.0) as u8);
    Some(color(r, g, b))
}

/// Pores pixel by pixel, and freckles.
fn grain(x: usize, y: usize) -> f32 {
    let pore = (hash(x, y) % 256) as f32 / 256.0 - 0.5;
    let freckle = if hash(x / 4, y / 4).is_multiple_of(61) { 0.86 } else { 1.0 };
    (1.0 + 0.12 * pore) * freckle
}

fn hash(x: usize, y: usize) -> u32 {
    let mut mixed = (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77);
    mixed ^= mixed >> 15;
    mixed = mixed.wrapping_mul(0x2C1B_3C6D);
    mixed ^ (mixed >> 13)
}
