//! What rustls and the verifiers say → the engine's names for it.

use std::io;

use onair_engine::publish::TlsError;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use super::trust::UnknownKey;

/// Names an error of the handshake; `had_answer` when the server has spoken TLS before it.
pub(super) fn tls_error(error: &Error, had_answer: bool) -> TlsError {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::NoCertificatesPresented => TlsError::Certificate("there is none".to_owned()),
        Error::PeerIncompatible(_) | Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            TlsError::Version
        }
        Error::AlertReceived(alert) => TlsError::Alert(presentable(&format!("{alert:?}"))),
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload,
        ) if !had_answer => TlsError::NotTls,
        other => TlsError::Protocol(presentable(&other.to_string())),
    }
}

/// An error of a connection that was secure.
pub(super) fn broken(error: &Error) -> io::Error {
    let said = presentable(&error.to_string());
    io::Error::new(io::ErrorKind::InvalidData, format!("the secure connection broke: {said}"))
}

fn certificate(error: &CertificateError) -> TlsError {
    match error {
        CertificateError::UnknownIssuer => TlsError::UnknownIssuer,
        CertificateError::Expired => TlsError::Expired { days: 0 },
        CertificateError::ExpiredContext { time, not_after } => {
            TlsError::Expired { days: days(*not_after, *time) }
        }
        CertificateError::NotValidYet => TlsError::NotYetValid { days: 0 },
        CertificateError::NotValidYetContext { time, not_before } => {
            TlsError::NotYetValid { days: days(*time, *not_before) }
        }
        CertificateError::BadSignature => {
            TlsError::Certificate("somebody signed who is not whom it names".to_owned())
        }
        CertificateError::Revoked => TlsError::Revoked,
        CertificateError::NotValidForName => {
            let host = "this one".to_owned();
            TlsError::WrongHost { host, presented: "another host".to_owned() }
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let host = presentable(&expected.to_str());
            TlsError::WrongHost { host, presented: names(presented) }
        }
        CertificateError::Other(other) => match other.0.downcast_ref::<UnknownKey>() {
            Some(UnknownKey(found)) => TlsError::PinMismatch { found: found.to_string() },
            None => TlsError::Certificate(in_words(&other.0.to_string())),
        },
        other => TlsError::Certificate(presentable(&other.to_string())),
    }
}

/// The commonest of webpki's own errors: what `openssl req -x509` makes unless told otherwise.
fn in_words(text: &str) -> String {
    match text {
        "CaUsedAsEndEntity" => {
            "it is an authority's own; make one for the server (CA:FALSE)".to_owned()
        }
        other => presentable(other),
    }
}

fn days(from: UnixTime, to: UnixTime) -> u64 {
    const DAY_SECS: u64 = 24 * 60 * 60;
    to.as_secs().saturating_sub(from.as_secs()) / DAY_SECS
}

/// The first names that a certificate is for; webpki writes `DnsName("a.example")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        presentable(inner.unwrap_or(name).trim_matches('"'))
    };
    let mut shown: Vec<String> = presented.iter().take(MAX_NAMES).map(bare).collect();
    if presented.len() > MAX_NAMES {
        shown.push("others".to_owned());
    }
    if shown.is_empty() { "no host".to_owned() } else { shown.join(", ") }
}

/// Text that the server had a hand in, made fit to be shown.
fn presentable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(MAX_TEXT_CHARS).collect()
}

const MAX_NAMES: usize = 3;
const MAX_TEXT_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::ServerName;

    #[test]
    fn names_of_a_certificate_are_few_and_clean() {
        let presented =
            ["DnsName(\"a.example\")", "IpAddress(127.0.0.1)", "DnsName(\"\u{1b}[2J\")", "x", "y"];
        let error = CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("b.example").expect("a name"),
            presented: presented.map(str::to_owned).to_vec(),
        };
        let TlsError::WrongHost { host, presented } = certificate(&error) else {
            panic!("{error:?}");
        };
        assert_eq!(
            (host.as_str(), presented.as_str()),
            ("b.example", "a.example, 127.0.0.1, [2J, others")
        );
    }

    #[test]
    fn words_that_are_no_tls_count_only_before_there_was_any() {
        let error = Error::InvalidMessage(InvalidMessage::InvalidContentType);
        assert_eq!(tls_error(&error, false), TlsError::NotTls);
        assert!(matches!(tls_error(&error, true), TlsError::Protocol(_)));
    }
}
