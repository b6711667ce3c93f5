//! The built command `onair`, run as a user runs it.

#[cfg_attr(
    not(all(feature = "openh264", feature = "fdk-aac")),
    expect(dead_code, reason = "without codecs, fewer tests use it")
)]
#[cfg(all(feature = "openh264", feature = "fdk-aac"))]
mod adapting;
mod common;

#[cfg(all(feature = "openh264", feature = "fdk-aac"))]
mod demo;
#[cfg(all(feature = "openh264", feature = "fdk-aac"))]
mod destinations;
mod devices;
mod filter;
mod flv;
mod lab;
mod probe;
#[cfg(all(feature = "openh264", feature = "fdk-aac"))]
mod push;
#[cfg(all(feature = "openh264", feature = "fdk-aac"))]
mod record;
mod serve;
mod usage;
