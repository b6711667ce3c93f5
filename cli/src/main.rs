//! `onair`: go live from a desk. To be written.
fn main() {}
