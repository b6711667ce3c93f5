//! Says at build time when the H.264 encoder will be slow: on x86 openh264 needs `nasm` and falls
//! back to plain C++ without a word.
//!
//! This looks for nasm as openh264-sys2 does (`NASM`, else `PATH`), which is a guess about another
//! build script that may have run long ago. The encoder asks the library itself at run time
//! (`EncoderInfo::warning`); that answer is exact.

use std::env;
use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for variable in ["NASM", "PATH", "OPENH264_NO_ASM"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let is_x86 = env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch.starts_with("x86"));
    let is_built = env::var_os("CARGO_FEATURE_OPENH264").is_some();
    if is_built && is_x86 && !has_nasm() {
        println!(
            "cargo::warning=THE H.264 ENCODER WILL BE 2.6 TIMES SLOWER: no usable `nasm`, so \
             openh264 is built without its assembly"
        );
        println!(
            "cargo::warning=install nasm, run `cargo clean -p openh264-sys2`, and \
             build again"
        );
    }
}

fn has_nasm() -> bool {
    let program = env::var_os("NASM").unwrap_or_else(|| "nasm".into());
    let version = Command::new(program).arg("-v").stdin(Stdio::null()).output();
    env::var_os("OPENH264_NO_ASM").is_none() && version.is_ok_and(|output| output.status.success())
}
