//! Takes requests for a WebSocket of Engine.IO 4 out of the way of HTTP. Polling, and what began by polling,
//! goes on to socketioxide.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::downcast;
use sha1::{Digest, Sha1};
use socketioxide::SocketIo;

use super::super::Rooms;
use super::{Line, task};
use crate::http::Watched;

/// What the kernel keeps for a member, before its frames wait here.
const KERNEL_BYTES: usize = 64 << 10;

/// What the key in a request is hashed with (RFC 6455 1.3).
const ACCEPT: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Where members come in.
#[derive(Clone)]
pub(crate) struct Entrance {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) io: SocketIo,
}

impl std::fmt::Debug for Entrance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entrance")
    }
}

/// The middleware.
pub(crate) async fn take(
    State(entrance): State<Entrance>,
    mut request: Request,
    next: Next,
) -> Response {
    if !is_for_us(&request) {
        return next.run(request).await;
    }
    let Some(accept) = accept_key(request.headers()) else {
        let why = "a WebSocket is asked for with Upgrade, Sec-WebSocket-Key and version 13";
        return (StatusCode::BAD_REQUEST, why).into_response();
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    tokio::spawn(async move {
        if let Err(error) = enter(entrance, upgrade).await {
            log::debug!("a WebSocket did not come about: {error}");
        }
    });
    let headers = [
        (header::CONNECTION, "Upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

async fn enter(entrance: Entrance, upgrade: OnUpgrade) -> Result<(), String> {
    let upgraded = upgrade.await.map_err(|error| error.to_string())?;
    let parts = downcast::<TokioIo<Watched>>(upgraded)
        .map_err(|_| "the connection is of another kind".to_owned())?;
    let (stream, slot) = parts.io.into_inner().into_parts();
    let socket = socket2::SockRef::from(&stream);
    if let Err(error) = socket.set_send_buffer_size(KERNEL_BYTES) {
        log::debug!("set options of a member's connection: {error}");
    }
    let early: Bytes = parts.read_buf;
    task::run(entrance, Arc::new(Line::new(stream)), &early).await;
    // One connection less.
    drop(slot);
    Ok(())
}

fn is_for_us(request: &Request) -> bool {
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    let has = |wanted: &str| query.split('&').any(|pair| pair == wanted);
    let is_new = !query.split('&').any(|pair| pair.starts_with("sid="));
    path.trim_end_matches('/') == "/socket.io"
        && has("transport=websocket")
        && has("EIO=4")
        && is_new
}

/// The answer's proof that the question was understood (RFC 6455 4.2.2).
fn accept_key(headers: &HeaderMap) -> Option<String> {
    let has = |name, wanted: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|word| word.trim().eq_ignore_ascii_case(wanted))
    };
    let is_asked = has(header::UPGRADE, "websocket") && has(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_asked)?;
    let digest = Sha1::new().chain_update(key).chain_update(ACCEPT).finalize();
    Some(BASE64_STANDARD.encode(digest))
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
