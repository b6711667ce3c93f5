//! The built `onair` across a bottleneck between two real kernels, against real nginx-rtmp: rows A11 to A13, R03 to R06
//! and R11 of the test plan, several destinations, and the look before. Longer ones run from `scripts/nightly`.

mod check;
mod congestion;
mod destinations;
mod dip;
mod faults;
mod link;
