//! The broadcaster's side panel: its page, and the state and commands behind it. Only loopback reaches
//! them, or who has the rooms' host token; a page of another site does not (see `guard`).

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::serve::IncomingStream;

use super::listener::Limited;
use super::{Site, assets, uncached};
use crate::studio::Studio;

/// Most bytes of a command.
pub(super) const MOST_BYTES: usize = 4 << 10;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(SocketAddr);

impl Connected<IncomingStream<'_, Limited>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Limited>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// `/studio`
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Response {
    match studio(&site, peer, &headers) {
        Ok(_) => assets::page("studio.html", &headers),
        Err(refused) => refused.into_response(),
    }
}

/// `GET /api/studio`
pub(super) async fn state(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Response {
    match studio(&site, peer, &headers) {
        Ok(studio) => uncached("application/json", studio.state()),
        Err(refused) => refused.into_response(),
    }
}

/// `POST /api/studio`
pub(super) async fn command(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let studio = match studio(&site, peer, &headers) {
        Ok(studio) => studio,
        Err(refused) => return refused.into_response(),
    };
    // A form of another site cannot say that it is JSON.
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        let why = "a command is JSON: Content-Type: application/json";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, why).into_response();
    }
    match studio.command(&body) {
        Ok(()) => uncached("application/json", studio.state()),
        Err(why) => (StatusCode::BAD_REQUEST, why).into_response(),
    }
}

/// Why somebody does not get in.
type Refused = (StatusCode, &'static str);

/// The panel, for those who may have it.
fn studio(site: &Site, Peer(peer): Peer, headers: &HeaderMap) -> Result<Arc<dyn Studio>, Refused> {
    let nothing = (StatusCode::NOT_FOUND, "there is no such page");
    let studio = site.studio.as_ref().ok_or(nothing)?;
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let has_token = site.host_token.as_ref().zip(token).is_some_and(|(ours, it)| ours.is(it));
    if peer.ip().to_canonical().is_loopback() || has_token {
        return Ok(Arc::clone(studio));
    }
    let why = "only the broadcaster's own computer, or who has the host token, gets in here";
    Err((StatusCode::FORBIDDEN, why))
}
