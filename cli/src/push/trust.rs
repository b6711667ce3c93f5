//! Whom `rtmps://` believes: `--tls-ca` and `--tls-pin`.

use onair::Trust;

use crate::args::TlsArgs;
use crate::exit::Failure;

/// What the device believes, and what the command line adds to it.
///
/// # Errors
/// Which file cannot be used, and why.
pub(crate) fn read(args: &TlsArgs) -> Result<Trust, Failure> {
    let mut trust = Trust::new();
    for path in &args.tls_ca {
        let refused = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("--tls-ca {}: {error}", path.display()))
        };
        let file = std::fs::read(path).map_err(|error| refused(&error))?;
        trust = trust.with_roots(&file).map_err(|error| refused(&error))?;
    }
    Ok(args.tls_pin.iter().fold(trust, |trust, pin| trust.with_pin(*pin)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn s04_a_file_that_is_no_certificate_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, "no certificate").expect("a file");
        for path in [file, folder.path().join("missing.pem")] {
            let args = TlsArgs { tls_ca: vec![path.clone()], ..TlsArgs::default() };
            let failure = read(&args).expect_err("no certificate");
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.message.contains(&path.display().to_string()), "{failure}");
        }
    }
}
