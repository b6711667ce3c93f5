//! Where to: the address from the command line, the key from there, `--key` or the environment.

use onair::StreamUrl;

use crate::exit::Failure;

/// The variable that keeps a stream key out of the process list.
const KEY_VARIABLE: &str = "ONAIR_STREAM_KEY";

/// The address to publish to. With a key given apart, `address` ends with the app.
///
/// # Errors
/// What is wrong with it, without repeating it.
pub(crate) fn stream_url(address: &str, key: Option<&str>) -> Result<StreamUrl, Failure> {
    let from_environment = match key {
        Some(_) => None,
        None => std::env::var(KEY_VARIABLE).ok(),
    };
    join(address, key.or(from_environment.as_deref()))
}

fn join(address: &str, key: Option<&str>) -> Result<StreamUrl, Failure> {
    let parsed = match key {
        Some(key) => StreamUrl::with_key(address, None, key),
        None => StreamUrl::parse(address),
    };
    parsed.map_err(|error| Failure::usage(format!("URL: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_its_own_follows_the_app() {
        for address in ["rtmp://localhost/live", "rtmp://localhost/live/"] {
            let url = join(address, Some("canary?a=b")).expect("url");
            assert_eq!((url.app(), url.key().expose()), ("live", "canary?a=b"));
        }
        let url = join("rtmp://localhost/live/canary", None).expect("url");
        assert_eq!((url.app(), url.key().expose()), ("live", "canary"));
    }

    #[test]
    fn s01_what_is_wrong_is_said_without_the_address() {
        for (address, key) in [
            ("http://localhost/live/canary", None),
            ("rtmp://localhost/canary", None),
            ("rtmp:///live/canary", None),
            ("rtmp://localhost:99999/live/canary", None),
            ("rtmp://localhost/live", Some("can\u{7}ary")),
            ("canary", None),
            ("rtmp://localhost/live", Some("")),
        ] {
            let error = join(address, key).expect_err(address);
            assert_eq!(error.exit, crate::exit::Exit::Usage);
            assert!(!error.message.contains("canary") && !error.message.is_empty(), "{error}");
        }
    }
}
