//! Where to: the address from the command line, the key from there, `--key` or the environment.

use onair::StreamUrl;

use crate::exit::Failure;

/// The variable that keeps a stream key out of the process list.
const KEY_VARIABLE: &str = "ONAIR_STREAM_KEY";

/// The address to publish to. With a key given apart, `address` ends with the app, or with the host
/// when the app is given apart too.
///
/// # Errors
/// What is wrong with it, without repeating it.
pub(crate) fn stream_url(
    address: &str,
    app: Option<&str>,
    key: Option<&str>,
) -> Result<StreamUrl, Failure> {
    let from_environment = match key {
        Some(_) => None,
        None => std::env::var(KEY_VARIABLE).ok(),
    };
    join(address, app, key.or(from_environment.as_deref()))
}

fn join(address: &str, app: Option<&str>, key: Option<&str>) -> Result<StreamUrl, Failure> {
    let parsed = match (app, key) {
        (app, Some(key)) => StreamUrl::with_key(address, app, key),
        (None, None) => StreamUrl::parse(address),
        (Some(_), None) => {
            let message = format!("--app needs the key apart too: --key or {KEY_VARIABLE}");
            return Err(Failure::usage(message));
        }
    };
    parsed.map_err(|error| Failure::usage(format!("URL: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_its_own_follows_the_app() {
        for address in ["rtmp://localhost/live", "rtmp://localhost/live/"] {
            let url = join(address, None, Some("canary?a=b")).expect("url");
            assert_eq!((url.app(), url.key().expose()), ("live", "canary?a=b"));
        }
        let url = join("rtmp://localhost/live/canary", None, None).expect("url");
        assert_eq!((url.app(), url.key().expose()), ("live", "canary"));
        let url = join("rtmp://localhost", Some("live/one"), Some("ca na/ry")).expect("url");
        assert_eq!((url.app(), url.key().expose()), ("live/one", "ca na/ry"));
    }

    #[test]
    fn s01_what_is_wrong_is_said_without_the_address() {
        for (app, key) in [(Some("app"), Some("canary")), (Some("canary"), None)] {
            let error = join("rtmp://localhost/live", app, key).expect_err("two apps, or no key");
            assert!(!error.message.contains("canary"), "{error}");
        }
        for (address, key) in [
            ("http://localhost/live/canary", None),
            ("rtmp://localhost/canary", None),
            ("rtmp:///live/canary", None),
            ("rtmp://localhost:99999/live/canary", None),
            ("rtmp://localhost/live", Some("can\u{7}ary")),
            ("canary", None),
            ("rtmp://localhost/live", Some("")),
        ] {
            let error = join(address, None, key).expect_err(address);
            assert_eq!(error.exit, crate::exit::Exit::Usage);
            assert!(!error.message.contains("canary") && !error.message.is_empty(), "{error}");
        }
    }
}
