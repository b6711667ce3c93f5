//! Rows of class N on real kernels: minutes to hours each. `scripts/nightly` runs them, `cargo test` does not.

mod disks;
mod soak;
mod sound;
mod traces;
