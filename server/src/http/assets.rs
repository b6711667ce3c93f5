//! The pages and what they are made of, embedded in the binary: nothing is fetched from elsewhere.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::not_found;

/// An embedded file.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    /// Pre-compressed. Every browser takes that; who does not say so gets it all the same
    /// (RFC 9110 12.5.3).
    gzip: bool,
    bytes: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $type:literal) => {
        Asset {
            name: $name,
            content_type: $type,
            gzip: false,
            bytes: include_bytes!(concat!("../../web/", $name)),
        }
    };
    ($name:literal, $type:literal, $gz:literal) => {
        Asset {
            name: $name,
            content_type: $type,
            gzip: true,
            bytes: include_bytes!(concat!("../../web/vendor/", $gz)),
        }
    };
}

const PAGES: [Asset; 3] = [
    asset!("index.html", "text/html; charset=utf-8"),
    asset!("watch.html", "text/html; charset=utf-8"),
    asset!("studio.html", "text/html; charset=utf-8"),
];

const ASSETS: [Asset; 14] = [
    asset!("style.css", "text/css; charset=utf-8"),
    asset!("common.js", "text/javascript; charset=utf-8"),
    asset!("home.js", "text/javascript; charset=utf-8"),
    asset!("low-latency.js", "text/javascript; charset=utf-8"),
    asset!("pace.js", "text/javascript; charset=utf-8"),
    asset!("player.js", "text/javascript; charset=utf-8"),
    asset!("room.js", "text/javascript; charset=utf-8"),
    asset!("studio.js", "text/javascript; charset=utf-8"),
    asset!("watch.js", "text/javascript; charset=utf-8"),
    asset!("icons.svg", "image/svg+xml"),
    asset!("favicon.svg", "image/svg+xml"),
    asset!("mpegts.js", "text/javascript; charset=utf-8", "mpegts.js.gz"),
    asset!("hls.js", "text/javascript; charset=utf-8", "hls.light.min.js.gz"),
    asset!("socket.io.js", "text/javascript; charset=utf-8", "socket.io.esm.min.js.gz"),
];

/// One of the pages.
pub(super) fn page(name: &str, request: &HeaderMap) -> Response {
    send(&PAGES, name, request)
}

/// `/assets/{name}`
pub(super) fn asset(name: &str, request: &HeaderMap) -> Response {
    send(&ASSETS, name, request)
}

fn send(assets: &[Asset], name: &str, request: &HeaderMap) -> Response {
    let Some(asset) = assets.iter().find(|asset| asset.name == name) else {
        return not_found("there is no such file");
    };
    let tag = format!("\"{:016x}\"", fingerprint(asset.bytes));
    let known = request.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Bytes::from_static(asset.bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    // Asked for again each time, and answered in a few bytes when nothing changed.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if asset.gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// FNV-1a: tells versions of a file apart, no more.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
