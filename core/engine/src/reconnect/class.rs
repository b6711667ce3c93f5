//! What a failure says about the next attempt (`spec network` 3, classes).

use crate::publish::{AuthError, ConnectError, PublishError};

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// May pass: soon, with full jitter.
    Retry,
    /// The name is taken, often by our own dead connection: slower, and not for ever.
    NameTaken,
    /// Somebody else answers in the server's place: when the way to the network changes.
    Portal,
    /// A refusal: one more attempt finds out whether the server meant it.
    Refused,
    /// Will be the same next time.
    Fatal,
}

/// `was_live`: this address took the stream before, so it is right in itself.
pub(super) fn classify(error: &PublishError, was_live: bool) -> Class {
    match error {
        PublishError::Connect(ConnectError::Tls(error)) => match error {
            error if error.may_pass() => Class::Retry,
            error if was_live && error.may_be_captive_portal() => Class::Portal,
            _ => Class::Fatal,
        },
        PublishError::Connect(ConnectError::UnknownHost) if !was_live => Class::Fatal,
        PublishError::Connect(_)
        | PublishError::Protocol(_)
        | PublishError::Amf0(_)
        | PublishError::Flood { .. }
        | PublishError::Timeout { .. }
        | PublishError::Slept(_)
        | PublishError::ClosedLive(_) => Class::Retry,
        // A server that restarts, or a proxy before one, closes early too; one that never took
        // this name means it.
        PublishError::ClosedEarly { .. } if was_live => Class::Retry,
        PublishError::ClosedEarly { .. } => Class::Refused,
        PublishError::Handshake(_) => Class::Portal,
        // A challenge may have been too old; a password does not become right.
        PublishError::Auth(AuthError::Refused) => Class::Refused,
        PublishError::Auth(_) => Class::Fatal,
        PublishError::NameInUse { .. } => Class::NameTaken,
        PublishError::AppRejected { code, description } => app_rejected(code, description),
        PublishError::PublishRejected { .. } => Class::Refused,
        PublishError::CodecNotTaken { .. } | PublishError::TracksNotTaken { .. } => Class::Fatal,
    }
}

/// Codes of NetConnection: what is not a plain no is a server in trouble.
fn app_rejected(code: &str, description: &str) -> Class {
    let is_no = [".Rejected", ".InvalidApp"].iter().any(|end| code.ends_with(end));
    let is_auth = ["auth", "code=403"].iter().any(|word| description.contains(word));
    match (is_no, is_auth) {
        (true, false) => Class::Fatal,
        (true, true) => Class::Refused,
        (false, _) => Class::Retry,
    }
}
