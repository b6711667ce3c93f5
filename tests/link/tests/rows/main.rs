//! The built `onair` across a bottleneck between two real kernels, against real nginx-rtmp: rows A11 to A13, R03 to R06
//! and R11 of the test plan, and several destinations. Longer ones run from `scripts/nightly`.

mod congestion;
mod destinations;
mod dip;
mod faults;
mod link;
