//! From a request for a WebSocket to the connection itself (RFC 6455 4.2.2): for rooms, and for streams as FLV.

use std::future::Future;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::downcast;
use sha1::{Digest, Sha1};
use tokio::net::TcpStream;

use super::listener::Watched;
use crate::limit::Slot;

/// What the key in a request is hashed with (RFC 6455 1.3).
const ACCEPT: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A connection that was HTTP.
pub(crate) struct Upgraded {
    pub(crate) stream: TcpStream,
    /// Its place among the connections.
    pub(crate) slot: Slot,
    /// Came right behind the request.
    pub(crate) early: Bytes,
}

/// Whether a WebSocket is asked for, rightly or not.
pub(crate) fn is_asked_for(headers: &HeaderMap) -> bool {
    has(headers, &header::UPGRADE, "websocket")
}

/// Answers a request for a WebSocket, and goes on with the connection in a task of its own.
pub(crate) fn switch<F, T>(mut request: Request, go_on: F) -> Response
where
    F: FnOnce(Upgraded) -> T + Send + 'static,
    T: Future<Output = ()> + Send,
{
    let Some(accept) = accept_key(request.headers()) else {
        let why = "a WebSocket is asked for with Upgrade, Sec-WebSocket-Key and version 13";
        return (StatusCode::BAD_REQUEST, why).into_response();
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    tokio::spawn(async move {
        match upgraded(upgrade).await {
            Ok(upgraded) => go_on(upgraded).await,
            Err(error) => log::debug!("a WebSocket did not come about: {error}"),
        }
    });
    let headers = [
        (header::CONNECTION, "Upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

async fn upgraded(upgrade: OnUpgrade) -> Result<Upgraded, String> {
    let upgraded = upgrade.await.map_err(|error| error.to_string())?;
    let parts = downcast::<TokioIo<Watched>>(upgraded)
        .map_err(|_| "the connection is of another kind".to_owned())?;
    let taken = parts.io.into_inner().into_parts();
    let (stream, slot) = taken.ok_or_else(|| "the connection is in an answer".to_owned())?;
    Ok(Upgraded { stream, slot, early: parts.read_buf })
}

/// The answer's proof that the question was understood (RFC 6455 4.2.2).
fn accept_key(headers: &HeaderMap) -> Option<String> {
    let is_asked = is_asked_for(headers) && has(headers, &header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_asked)?;
    let digest = Sha1::new().chain_update(key).chain_update(ACCEPT).finalize();
    Some(BASE64_STANDARD.encode(digest))
}

fn has(headers: &HeaderMap, name: &header::HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_gives_its_answer() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (header::UPGRADE, "WebSocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
            (header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="),
        ] {
            assert_eq!(accept_key(&headers), None, "before {name}");
            headers.insert(name, value.parse().unwrap());
        }
        // RFC 6455 1.3.
        assert_eq!(accept_key(&headers).as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }
}
