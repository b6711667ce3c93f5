//! Stream addresses: what is taken keeps its parts and never shows its secrets, in itself, in errors
//! or in a text that repeats them; a move never leads out of TLS or to another's host.

use onair_engine::url::StreamUrl;

/// An address and a text that somebody says about it, apart by a zero byte.
pub(crate) fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (address, said) = text.split_once('\0').unwrap_or((&text, ""));
    check_parts(address, said);
    let Ok(url) = StreamUrl::parse(address) else { return };
    check_url(&url, said);
    check_moves(&url, said);
}

/// Base and key given apart.
fn check_parts(base: &str, key: &str) {
    if let Ok(url) = StreamUrl::with_key(base, None, key) {
        assert_eq!(url.key().expose(), key);
        check_url(&url, key);
    }
    if let Ok(url) = StreamUrl::with_key("rtmp://host", Some(base), key) {
        assert_eq!((url.key().expose(), url.app()), (key, base.trim_matches('/')));
    }
}

fn check_url(url: &StreamUrl, said: &str) {
    assert!(!url.host().is_empty() && url.port() > 0 && !url.app().is_empty());
    let key = url.key().expose();
    assert!(!key.chars().any(char::is_control), "nothing of a key breaks a line");
    let tc_url = url.tc_url();
    let again = StreamUrl::with_key(&tc_url, None, key).expect("its own address");
    let parts = |url: &StreamUrl| (url.is_tls(), url.port(), url.app().to_owned(), url.is_near());
    assert_eq!(parts(&again), parts(url), "{tc_url} leads to the same place");
    assert!(!tc_url.contains('@') || url.app().contains('@'), "no user on the wire");

    // Any words with the secrets among them.
    let password = url.credentials().map_or("", |(_, password)| password.expose());
    let words = format!("{said} {key} ({password}) {said}{key}{said}");
    let redacted = url.redact(&words);
    for secret in [key, password] {
        // A short one is struck only where it stands alone, and the mark itself cannot be.
        let is_plain = secret.len() >= 4 && !secret.contains('•');
        assert!(!is_plain || !redacted.contains(secret), "{redacted:?}");
    }
    // What is shown is the same whatever the secrets are; a zone is of this machine and stays.
    let other = StreamUrl::with_key(&tc_url, None, "another").expect("its own address");
    if !url.host().contains('%') {
        assert_eq!(shown(url), shown(&other));
    }
}

fn shown(url: &StreamUrl) -> String {
    format!("{url} {url:?} {:?} {}", url.key(), url.key())
}

fn check_moves(url: &StreamUrl, tc_url: &str) {
    let Ok(moved) = url.moved(tc_url, false) else { return };
    assert_eq!(moved.key(), url.key(), "the stream stays");
    assert!(moved.is_tls() || !url.is_tls(), "out of TLS");
    if !moved.host().eq_ignore_ascii_case(url.host()) {
        assert!(moved.credentials().is_none(), "a password for another host");
        let last = |host: &str| {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            host.rsplit('.').next().unwrap_or_default().to_owned()
        };
        assert_eq!(last(moved.host()), last(url.host()), "another's host");
    }
}
