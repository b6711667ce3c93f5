//! HLS over HTTP: playlist, initialisation segments, segments and parts of a stream. Who asks for
//! what comes next gets it as soon as it is there (RFC 8216bis 6.2.5).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::timeout;

use super::{Site, not_found, uncached};
use crate::hls::{Reached, Wanted};
use crate::name::StreamName;
use crate::stream::{State as StreamState, Stream};

/// Who asks for what comes next waits so long for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// `/{app}/{name}/{file}`
pub(super) async fn file(
    State(site): State<Arc<Site>>,
    Path((app, name, file)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let stream = StreamName::parse(&app, &name).ok().and_then(|name| site.hub.find(&name));
    let Some(stream) = stream else { return not_found("nobody publishes that stream now") };
    if file == "index.m3u8" {
        return playlist(&stream, query.as_deref().unwrap_or_default()).await;
    }
    let bytes = match Name::parse(&file) {
        Some(Name::Segment { session, number }) => {
            let segment = stream.lock().hls.segment(session, number);
            segment.and_then(|segment| segment.bytes())
        }
        Some(Name::Part { session, number }) => {
            let found = |state: &StreamState| match state.hls.part(session, number) {
                Err(Reached::Later) => None,
                found => Some(found.ok()),
            };
            let part = timeout(PATIENCE, when(&stream, found)).await;
            part.ok().flatten().and_then(|part| part.bytes()).map(|bytes| vec![bytes])
        }
        Some(Name::Init { session, id }) => {
            let init = stream.lock().hls.init(session, id);
            init.and_then(|init| init.bytes()).map(|bytes| vec![bytes])
        }
        None => None,
    };
    bytes.map_or_else(
        || not_found("that part of the stream is not kept any more"),
        |bytes| uncached("video/mp4", Body::new(Pieces(bytes.into()))),
    )
}

/// As soon as it holds what the query wants.
async fn playlist(stream: &Stream, query: &str) -> Response {
    let Some(wanted) = wanted(query) else {
        let why = "_HLS_msn and _HLS_part are numbers, and the second one needs the first";
        return (StatusCode::BAD_REQUEST, why).into_response();
    };
    let answer = |state: &StreamState| match state.hls.playlist() {
        None => (!state.is_live()).then(|| not_found("nobody publishes that stream now")),
        Some(text) => match state.hls.reached(wanted) {
            Reached::Yes => Some(uncached("application/vnd.apple.mpegurl", text)),
            Reached::Later => None,
            Reached::TooFar => {
                let why = "that is further ahead than the playlist can be";
                Some((StatusCode::BAD_REQUEST, why).into_response())
            }
        },
    };
    timeout(PATIENCE, when(stream, answer)).await.unwrap_or_else(|_| {
        let retry = [(header::RETRY_AFTER, "2")];
        let why = "the stream has had no key frame or no picture for a while";
        (StatusCode::SERVICE_UNAVAILABLE, retry, why).into_response()
    })
}

/// What `look` finds, as soon as it finds something.
async fn when<T>(stream: &Stream, look: impl Fn(&StreamState) -> Option<T>) -> T {
    loop {
        let mut changed = pin!(stream.parts_changed.notified());
        // Registered before looking: what happens in between is not missed.
        changed.as_mut().enable();
        let found = look(&stream.lock());
        match found {
            Some(found) => return found,
            None => changed.await,
        }
    }
}

/// What a query asks to wait for; `None` when it cannot be understood. What else it says is others'
/// business.
fn wanted(query: &str) -> Option<Wanted> {
    let value = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
        values.next().map(|value| value.parse().ok())
    };
    match (value("_HLS_msn"), value("_HLS_part")) {
        (None, None) => Some(Wanted::Now),
        (Some(segment), part) => {
            let part = match part {
                None => None,
                Some(part) => Some(part?),
            };
            Some(Wanted::Place { segment: segment?, part })
        }
        (None, Some(_)) => None,
    }
}

/// The names that the playlist gives to what it lists.
#[derive(Debug, PartialEq)]
enum Name {
    /// `s3-17.m4s`
    Segment { session: u64, number: u64 },
    /// `s3-p120.m4s`
    Part { session: u64, number: u64 },
    /// `s3-i2.mp4`
    Init { session: u64, id: u64 },
}

impl Name {
    fn parse(file: &str) -> Option<Self> {
        let (stem, extension) = file.strip_prefix('s')?.split_once('.')?;
        let (session, rest) = stem.split_once('-')?;
        let session = session.parse().ok()?;
        match (extension, rest.strip_prefix('p')) {
            ("m4s", Some(part)) => Some(Self::Part { session, number: part.parse().ok()? }),
            ("m4s", None) => Some(Self::Segment { session, number: rest.parse().ok()? }),
            ("mp4", _) => Some(Self::Init { session, id: rest.strip_prefix('i')?.parse().ok()? }),
            _ => None,
        }
    }
}

/// A body of shared pieces, whose length is known: nothing is copied to put them together.
struct Pieces(VecDeque<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_exactly_the_names_of_the_playlist() {
        assert_eq!(Name::parse("s3-17.m4s"), Some(Name::Segment { session: 3, number: 17 }));
        assert_eq!(Name::parse("s3-p120.m4s"), Some(Name::Part { session: 3, number: 120 }));
        assert_eq!(Name::parse("s3-i2.mp4"), Some(Name::Init { session: 3, id: 2 }));
        for file in [
            "",
            "s",
            "s3.m4s",
            "s3-.m4s",
            "s3-x.m4s",
            "3-17.m4s",
            "s3-p.m4s",
            "s3-p1.mp4",
            "s3-2.mp4",
            "s3-17.m4s.x",
            "s-1-2.m4s",
            "s3-99999999999999999999.m4s",
        ] {
            assert_eq!(Name::parse(file), None, "{file}");
        }
    }

    #[test]
    fn only_whole_questions_are_understood() {
        let place = |segment, part| Some(Wanted::Place { segment, part });
        assert_eq!(wanted(""), Some(Wanted::Now));
        assert_eq!(wanted("t=1&_HLS_skip=YES"), Some(Wanted::Now));
        assert_eq!(wanted("_HLS_msn=7"), place(7, None));
        assert_eq!(wanted("_HLS_part=2&_HLS_msn=7"), place(7, Some(2)));
        for odd in ["_HLS_part=2", "_HLS_msn=", "_HLS_msn=-1", "_HLS_msn=7&_HLS_part=x"] {
            assert_eq!(wanted(odd), None, "{odd}");
        }
    }
}
