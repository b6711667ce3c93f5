//! A three-dimensional table of colours, read from a `.cube` file and interpolated tetrahedrally:
//! of the six tetrahedra of a cell, the four corners around the colour count.

use std::fmt;
use std::sync::Arc;

use super::cube::{self, CubeError};
use super::rgb::Rows;

/// A table of colours; copies share it.
#[derive(Clone)]
pub struct Lut {
    table: Arc<Table>,
}

pub(super) struct Table {
    /// Points along each side, [`Lut::SIZES`].
    pub(super) size: usize,
    /// What the first and the last point of each side stand for.
    pub(super) domain: [[f32; 2]; 3],
    /// Red changes fastest; each within 0..=1. The fourth is nothing: it makes an entry a vector.
    pub(super) entries: Vec<[f32; 4]>,
}

impl Lut {
    /// Points along a side that a table may have.
    pub const SIZES: std::ops::RangeInclusive<usize> = 2..=65;

    /// Reads a `.cube` file (Adobe's Cube LUT 1.0, and `LUT_3D_INPUT_RANGE`).
    ///
    /// # Errors
    /// [`CubeError`], with the line; no bytes make it panic.
    pub fn from_cube(file: &[u8]) -> Result<Self, CubeError> {
        Ok(Self { table: Arc::new(cube::parse(file)?) })
    }

    /// Points along each side.
    pub fn size(&self) -> usize {
        self.table.size
    }

    pub(super) fn apply(&self, rows: &mut Rows) {
        let Table { size, domain, entries } = &*self.table;
        let last = (size - 1) as f32;
        let scale = domain.map(|[min, max]| (min, last / (max - min)));
        let colours = rows.r.iter_mut().zip(rows.g.iter_mut().zip(&mut rows.b));
        for (r, (g, b)) in colours {
            let mut corner = 0;
            let mut stride = 1;
            // The way to the next point on each axis, and how far along it the colour lies.
            let ways = [(*r, scale[0]), (*g, scale[1]), (*b, scale[2])].map(|(c, (min, by))| {
                let at = ((c - min) * by).clamp(0.0, last);
                let whole = (at as usize).min(size - 2);
                corner += whole * stride;
                let way = (at - whole as f32, stride);
                stride *= size;
                way
            });
            let [first, second, third] = descending(ways);
            let corners = [
                (corner, 1.0 - first.0),
                (corner + first.1, first.0 - second.0),
                (corner + first.1 + second.1, second.0 - third.0),
                (corner + first.1 + second.1 + third.1, third.0),
            ];
            let mut sum = [0.0; 4];
            for (corner, weight) in corners {
                for (sum, entry) in sum.iter_mut().zip(entries[corner]) {
                    *sum += entry * weight;
                }
            }
            (*r, *g, *b) = (sum[0].min(1.0), sum[1].min(1.0), sum[2].min(1.0));
        }
    }
}

/// Sorted by the first of each, the largest first.
fn descending([a, b, c]: [(f32, usize); 3]) -> [(f32, usize); 3] {
    let (a, b) = if a.0 >= b.0 { (a, b) } else { (b, a) };
    let (b, c) = if b.0 >= c.0 { (b, c) } else { (c, b) };
    let (a, b) = if a.0 >= b.0 { (a, b) } else { (b, a) };
    [a, b, c]
}

impl PartialEq for Lut {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&*self.table, &*other.table);
        Arc::ptr_eq(&self.table, &other.table)
            || (a.size == b.size && a.domain == b.domain && a.entries == b.entries)
    }
}

impl fmt::Debug for Lut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lut({0}x{0}x{0})", self.table.size)
    }
}
