//! Where to: the addresses from the command line, their keys from there, `--key` or the environment.

use onair::{BitratePolicy, Destination, Destinations, StreamUrl};

use crate::args::{Policy, PushArgs};
use crate::exit::Failure;
use crate::room::beside::Beside;

/// The variable that keeps a stream key out of the process list. With several addresses each has
/// one of its own: `_1`, `_2`, …
const KEY_VARIABLE: &str = "ONAIR_STREAM_KEY";
/// What a URL without backup has in the list of backups.
const NONE: &str = "none";

/// The addresses to publish to. With a key given apart, an address ends with the app, or with the
/// host when the app is given apart too.
///
/// # Errors
/// What is wrong with them, without repeating it.
pub(crate) fn destinations(args: &PushArgs) -> Result<Destinations, Failure> {
    if args.urls.is_empty() {
        return Ok(Destinations::none());
    }
    let list = list(args, |name| std::env::var(name).ok())?;
    let policy = match args.policy {
        Policy::Weakest => BitratePolicy::Weakest,
        Policy::First => BitratePolicy::First,
        Policy::Fixed => BitratePolicy::Fixed,
    };
    Ok(Destinations::new(list).bitrate_policy(policy).backup_after(args.backup_after))
}

/// One address, with the key from `--key` or the environment when it is given apart.
///
/// # Errors
/// What is wrong with it, without repeating it.
pub(crate) fn stream_url(
    address: &str,
    app: Option<&str>,
    key: Option<&str>,
) -> Result<StreamUrl, Failure> {
    let from_environment = std::env::var(KEY_VARIABLE).ok().filter(|_| key.is_none());
    join("URL", address, app, key.or(from_environment.as_deref()))
}

/// Where a room's own stream goes: the one URL with the room's publish key, when nothing else gives
/// a key.
pub(crate) fn of_room(args: &PushArgs, room: &Beside) -> Option<Result<StreamUrl, Failure>> {
    let key = room.publish_key()?.expose();
    let [url] = args.urls.as_slice() else { return None };
    let is_given = args.key.is_some() || std::env::var_os(KEY_VARIABLE).is_some();
    if is_given || StreamUrl::parse(url).is_ok() {
        return None;
    }
    Some(join("URL", url, args.app.as_deref(), Some(key)))
}

/// `variable` reads the environment.
fn list(
    args: &PushArgs,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Destination>, Failure> {
    let count = args.urls.len();
    if count > 1 && (args.key.is_some() || args.app.is_some()) {
        let message = "--key and --app are for one URL; give each of several its own key, in the \
                       URL or as ONAIR_STREAM_KEY_1, ONAIR_STREAM_KEY_2, …";
        return Err(Failure::usage(message));
    }
    if args.backup.len() > count {
        return Err(Failure::usage("--backup: there are more backups than URLs"));
    }
    let one = |(index, address): (usize, &String)| {
        let (number, suffix) = match count {
            1 => (String::new(), String::new()),
            _ => (format!(" {}", index + 1), format!("_{}", index + 1)),
        };
        let name = format!("{KEY_VARIABLE}{suffix}");
        let key = args.key.clone().or_else(|| variable(&name));
        let app = args.app.as_deref();
        let url = join(&format!("URL{number}"), address, app, key.as_deref())?;
        let mut destination = Destination::from(url);
        if let Some(backup) = args.backup.get(index).filter(|backup| *backup != NONE) {
            // Where the key is apart, it is the same for both unless said.
            let key = variable(&format!("{name}_BACKUP")).or(key);
            let app = app.filter(|_| key.is_some());
            let url = join(&format!("backup{number}"), backup, app, key.as_deref())?;
            destination = destination.backup(url);
        }
        Ok(destination)
    };
    args.urls.iter().enumerate().map(one).collect()
}

/// `what` names it in errors.
fn join(
    what: &str,
    address: &str,
    app: Option<&str>,
    key: Option<&str>,
) -> Result<StreamUrl, Failure> {
    let parsed = match (app, key) {
        (app, Some(key)) => StreamUrl::with_key(address, app, key),
        (None, None) => StreamUrl::parse(address),
        (Some(_), None) => {
            let message = format!("--app needs the key apart too: --key or {KEY_VARIABLE}");
            return Err(Failure::usage(message));
        }
    };
    parsed.map_err(|error| Failure::usage(format!("{what}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    use crate::args::{Cli, Command};

    fn args(options: &[&str]) -> PushArgs {
        let all = ["onair", "push"].iter().chain(options);
        match Cli::try_parse_from(all).expect("options").command {
            Command::Push(push) => *push,
            other => panic!("{other:?}"),
        }
    }

    /// What the environment has.
    fn known(name: &str) -> Option<String> {
        let known = [("ONAIR_STREAM_KEY", "one"), ("ONAIR_STREAM_KEY_2", "two")];
        known.iter().find(|(known, _)| *known == name).map(|(_, key)| (*key).to_owned())
    }

    #[test]
    fn each_of_several_has_a_key_of_its_own_and_a_backup_has_its_primary_s() {
        let one = args(&["rtmp://a/live", "--backup", "rtmp://b/live"]);
        assert_eq!(list(&one, known).expect("one").len(), 1);
        let two = args(&["rtmp://a/live/key", "rtmp://b/live", "--backup", "none"]);
        assert_eq!(list(&two, known).expect("two").len(), 2);
        let failure = list(&two, |_| None).expect_err("the second has no key");
        assert!(failure.message.starts_with("URL 2: "), "{failure}");
        let backed = args(&["rtmp://a/l/k", "rtmp://b/l", "--backup=none", "--backup=rtmp://c/l"]);
        assert_eq!(list(&backed, known).expect("two").len(), 2);
        let failure = list(&args(&["rtmp://a/l/k", "--backup", "rtmp://b/l"]), |_| None);
        assert!(failure.expect_err("no key").message.starts_with("backup: "));
    }

    #[test]
    fn what_is_for_one_url_is_refused_with_several() {
        for options in [
            &["rtmp://a/l/canary", "rtmp://b/l/canary", "--key", "canary"][..],
            &["rtmp://a/l/canary", "rtmp://b/l/canary", "--app", "canary"],
            &["rtmp://a/l/canary", "--backup=rtmp://b/l/canary", "--backup=rtmp://c/l/canary"],
        ] {
            let failure = list(&args(options), |_| None).expect_err("refused");
            assert_eq!(failure.exit, crate::exit::Exit::Usage);
            assert!(!failure.message.contains("canary"), "{failure}");
        }
    }

    #[test]
    fn a_key_of_its_own_follows_the_app() {
        for address in ["rtmp://localhost/live", "rtmp://localhost/live/"] {
            let url = join("URL", address, None, Some("canary?a=b")).expect("url");
            assert_eq!((url.app(), url.key().expose()), ("live", "canary?a=b"));
        }
        let url = join("URL", "rtmp://localhost/live/canary", None, None).expect("url");
        assert_eq!((url.app(), url.key().expose()), ("live", "canary"));
        let url = join("URL", "rtmp://localhost", Some("live/one"), Some("ca na/ry")).expect("url");
        assert_eq!((url.app(), url.key().expose()), ("live/one", "ca na/ry"));
    }

    #[test]
    fn s01_what_is_wrong_is_said_without_the_address() {
        for (app, key) in [(Some("app"), Some("canary")), (Some("canary"), None)] {
            let error =
                join("URL", "rtmp://localhost/live", app, key).expect_err("two apps, or no key");
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
            let error = join("URL", address, None, key).expect_err(address);
            assert_eq!(error.exit, crate::exit::Exit::Usage);
            assert!(!error.message.contains("canary") && !error.message.is_empty(), "{error}");
        }
    }
}
