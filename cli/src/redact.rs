//! Usage errors without secrets: clap repeats what it does not understand, and that may be a
//! stream address or a key.

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::exit::Exit;
use crate::output::complain;

/// Prints what clap has to say about `arguments` (help and version are such things too).
pub(crate) fn report(error: &clap::Error, arguments: impl Iterator<Item = OsString>) -> Exit {
    let is_error = error.use_stderr();
    let arguments: Vec<String> =
        arguments.skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let secrets = secrets(error.kind(), &arguments);
    if is_error && !secrets.is_empty() {
        complain(strike(&error.to_string(), &secrets).trim_end());
    } else {
        // A reader that has gone needs no help.
        let _ = error.print();
    }
    if is_error { Exit::Usage } else { Exit::Ok }
}

/// Arguments, or parts behind `=`, that may hold a key.
fn secrets(kind: ErrorKind, arguments: &[String]) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_key = false;
    for argument in arguments {
        let value = match argument.split_once('=') {
            Some((option, value)) if option.starts_with('-') => {
                is_key |= option.starts_with("--k");
                value
            }
            _ => argument,
        };
        // One word too many may be a key whose option was forgotten.
        let is_stray = kind == ErrorKind::UnknownArgument && !argument.starts_with('-');
        let is_address = value.contains("://") || value.starts_with("rtmp");
        if (is_key && !value.starts_with("--")) || is_address || is_stray {
            found.push(value);
        }
        is_key = argument.starts_with("--k") && !argument.contains('=');
    }
    found.retain(|secret| !secret.is_empty());
    found
}

fn strike(text: &str, secrets: &[&str]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        // Quoted as clap quotes it, so that a short key does not strike out words; then what is
        // long enough to be nothing else.
        let quoted = text.replace(&format!("'{secret}'"), "'•••'");
        if secret.len() >= 6 { quoted.replace(secret, "•••") } else { quoted }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn message(arguments: &[&str]) -> String {
        let all = std::iter::once("onair").chain(arguments.iter().copied());
        let error = crate::args::Cli::try_parse_from(all).expect_err("a usage error");
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        strike(&error.to_string(), &secrets(error.kind(), &arguments))
    }

    #[test]
    fn s01_usage_errors_do_not_repeat_addresses_and_keys() {
        let url = "rtmp://host/live/canary";
        for arguments in [
            &["push", url, "rtmp://host/live/canary2", "--fps=x"][..],
            &["push", url, "--backup", "rtmp://host/live/canary2", "--policy", url],
            &["push", "--size", url],
            &["push", &format!("--size={url}")],
            &["push", "--duration", url, url],
            &["push", url, "--key=canary", "--fps=x"],
            &["push", url, "--keyy", "canary"],
            &["push", url, "--keyy=canary"],
            &["probe", "rtmp://host/live", "canary"],
            &["push", "--fps", "rtmp:/host/live/canary"],
            &["publish", url],
            &[url],
        ] {
            let message = message(arguments);
            assert!(!message.contains("canary"), "{arguments:?}: {message}");
            assert!(message.contains("error:"), "{message}");
        }
    }

    #[test]
    fn a_short_key_does_not_strike_out_the_words_around_it() {
        let message = message(&["push", "rtmp://host/live", "--key", "e", "--fps", "x"]);
        assert!(message.contains("--fps"), "{message}");
    }
}
