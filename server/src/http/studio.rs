//! The broadcaster's side panel: its page, and the state and commands behind it, for who has the rooms' host token.
//! Where a request comes from says nothing: a proxy on this machine, or a browser that another site drives, comes
//! from loopback too. A page of another site is refused besides (see `guard`).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Site, assets, uncached};
use crate::studio::Studio;

/// Most bytes of a command.
pub(super) const MOST_BYTES: usize = 4 << 10;

/// `/studio`
pub(super) async fn page(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    // The page itself tells nothing; it asks for the token.
    match &site.studio {
        Some(_) => assets::page("studio.html", &headers),
        None => NOTHING.into_response(),
    }
}

/// `GET /api/studio`
pub(super) async fn state(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    match studio(&site, &headers) {
        Ok(studio) => uncached("application/json", studio.state()),
        Err(refused) => refused.into_response(),
    }
}

/// `POST /api/studio`
pub(super) async fn command(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let studio = match studio(&site, &headers) {
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

const NOTHING: Refused = (StatusCode::NOT_FOUND, "there is no such page");

/// The panel, for those who may have it.
fn studio(site: &Site, headers: &HeaderMap) -> Result<Arc<dyn Studio>, Refused> {
    let studio = site.studio.as_ref().ok_or(NOTHING)?;
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
    match site.host_token.as_ref().zip(token) {
        Some((ours, token)) if ours.is(token) => Ok(Arc::clone(studio)),
        _ => Err((StatusCode::FORBIDDEN, "this needs the host token, as Authorization: Bearer")),
    }
}
