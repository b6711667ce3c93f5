//! HLS over HTTP: playlist, initialisation segments and segments of a stream.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::{Site, not_found, uncached};
use crate::name::StreamName;
use crate::stream::Stream;

/// Who asks for the playlist of a stream that has just begun waits so long for its first segment.
const FIRST_SEGMENT: Duration = Duration::from_secs(10);

/// `/{app}/{name}/{file}`
pub(super) async fn file(
    State(site): State<Arc<Site>>,
    Path((app, name, file)): Path<(String, String, String)>,
) -> Response {
    let stream = StreamName::parse(&app, &name).ok().and_then(|name| site.hub.find(&name));
    let Some(stream) = stream else { return not_found("nobody publishes that stream now") };
    if file == "index.m3u8" {
        return match timeout(FIRST_SEGMENT, playlist(&stream)).await {
            Ok(Some(text)) => uncached("application/vnd.apple.mpegurl", text),
            Ok(None) => not_found("nobody publishes that stream now"),
            Err(_) => {
                let retry = [(header::RETRY_AFTER, "2")];
                let why = "the stream has had no key frame that ends a segment yet";
                (StatusCode::SERVICE_UNAVAILABLE, retry, why).into_response()
            }
        };
    }
    let bytes = match Part::parse(&file) {
        Some(Part::Segment { session, number }) => {
            let segment = stream.lock().hls.segment(session, number);
            segment.and_then(|segment| segment.bytes())
        }
        Some(Part::Init { session, id }) => {
            let init = stream.lock().hls.init(session, id);
            init.and_then(|init| init.bytes())
        }
        None => None,
    };
    bytes.map_or_else(
        || not_found("that part of the stream is not kept any more"),
        |bytes| uncached("video/mp4", bytes),
    )
}

/// The playlist as soon as there is one; `None` when the stream ends before that.
async fn playlist(stream: &Stream) -> Option<String> {
    loop {
        let mut changed = std::pin::pin!(stream.segments_changed.notified());
        // Registered before looking: what happens in between is not missed.
        changed.as_mut().enable();
        {
            let state = stream.lock();
            if let Some(text) = state.hls.playlist() {
                return Some(text);
            }
            if !state.is_live() {
                return None;
            }
        }
        changed.await;
    }
}

/// The names that the playlist gives to its parts.
#[derive(Debug, PartialEq)]
enum Part {
    /// `s3-17.m4s`
    Segment { session: u64, number: u64 },
    /// `s3-i2.mp4`
    Init { session: u64, id: u64 },
}

impl Part {
    fn parse(file: &str) -> Option<Self> {
        let (stem, extension) = file.strip_prefix('s')?.split_once('.')?;
        let (session, rest) = stem.split_once('-')?;
        let session = session.parse().ok()?;
        match extension {
            "m4s" => Some(Self::Segment { session, number: rest.parse().ok()? }),
            "mp4" => Some(Self::Init { session, id: rest.strip_prefix('i')?.parse().ok()? }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_exactly_the_names_of_the_playlist() {
        assert_eq!(Part::parse("s3-17.m4s"), Some(Part::Segment { session: 3, number: 17 }));
        assert_eq!(Part::parse("s3-i2.mp4"), Some(Part::Init { session: 3, id: 2 }));
        for file in [
            "",
            "s",
            "s3.m4s",
            "s3-.m4s",
            "s3-x.m4s",
            "3-17.m4s",
            "s3-2.mp4",
            "s3-17.m4s.x",
            "s-1-2.m4s",
            "s3-99999999999999999999.m4s",
        ] {
            assert_eq!(Part::parse(file), None, "{file}");
        }
    }
}
