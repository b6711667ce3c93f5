//! Pixels, samples and codecs as functions of their input. Knows nothing of networks.

pub mod encode;
pub mod frame;
