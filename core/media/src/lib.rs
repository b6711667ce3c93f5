//! Pixels, samples and codecs as functions of their input. Knows nothing of networks, threads or
//! clocks.
//!
//! The way of the data: [`frame`] → [`look`] → [`convert`] → [`encode`] for pictures, [`sound`] →
//! [`pcm`] → [`encode`] for samples. Beside it: [`decode`], [`pattern`] and [`mod@file`], for the CLI
//! and for tests, and [`capture`], behind which these and devices live.
//!
//! The C libraries are behind the features `openh264` and `fdk-aac`, one import site each; without
//! them the crate builds without a C compiler and [`encode::h264`] and its kin say what is missing.

pub mod frame;

pub mod target;

pub mod convert;

pub mod effect;

pub mod overlay;

pub mod look;

mod scale;

mod simd;

mod turn;

pub mod sound;

pub mod still;

pub mod pcm;

pub mod encode;

pub mod decode;

pub mod pattern;

pub mod file;

pub mod capture;

#[cfg(feature = "fdk-aac")]
mod fdk_aac;
#[cfg(feature = "openh264")]
mod openh264;
