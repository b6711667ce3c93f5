//! The media playlist. RFC 8216bis 4.4.

use std::fmt::{self, Write as _};

use super::part::Part;
use super::{PART_MS, Segment, Segmenter};

/// Segments in the playlist.
pub(super) const LISTED: usize = 6;
/// Of so many complete segments the parts are listed too.
const WITH_PARTS: usize = 2;
/// Players stay so many parts behind the newest one.
const HOLD_BACK_PARTS: i64 = 3;

/// The playlist; `None` before the first segment is complete.
pub(super) fn write(hls: &Segmenter) -> Option<String> {
    let skipped = hls.segments.len().saturating_sub(LISTED);
    let first = hls.segments.get(skipped)?;
    let mut text = String::with_capacity(4_096);
    let written = head(&mut text, hls, first).and_then(|()| {
        let mut before = None;
        let with_parts = hls.segments.len().saturating_sub(WITH_PARTS);
        for (place, segment) in hls.segments.iter().enumerate().skip(skipped) {
            begin(&mut text, segment, before.unwrap_or(first.as_ref()), before.is_none())?;
            before = Some(segment.as_ref());
            if place >= with_parts {
                parts(&mut text, segment.session, &segment.parts)?;
            }
            let (session, number) = (segment.session, segment.number);
            writeln!(text, "#EXTINF:{},\ns{session}-{number}.m4s", Seconds(segment.duration_ms))?;
        }
        tail(&mut text, hls)
    });
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
    Some(text)
}

fn head(text: &mut String, hls: &Segmenter, first: &Segment) -> fmt::Result {
    let target_seconds = hls.longest_ms.max(1_000).saturating_add(500) / 1_000;
    // Of what is kept: one pause of the publisher does not keep everybody back for ever.
    let parts = hls.segments.iter().flat_map(|segment| &segment.parts);
    let longest = parts.chain(hls.open_parts()).map(|part| part.duration_ms).max();
    let part_ms = longest.unwrap_or(0).max(PART_MS);
    writeln!(text, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{target_seconds}")?;
    let hold_back = Seconds(HOLD_BACK_PARTS * part_ms);
    writeln!(
        text,
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={hold_back}\n\
         #EXT-X-PART-INF:PART-TARGET={}\n#EXT-X-MEDIA-SEQUENCE:{}\n\
         #EXT-X-DISCONTINUITY-SEQUENCE:{}\n#EXT-X-INDEPENDENT-SEGMENTS",
        Seconds(part_ms),
        first.number,
        first.discontinuity
    )
}

/// What has changed since the segment before.
fn begin(text: &mut String, segment: &Segment, before: &Segment, is_first: bool) -> fmt::Result {
    if segment.discontinuity != before.discontinuity {
        text.push_str("#EXT-X-DISCONTINUITY\n");
    }
    map(text, segment.session, segment.init.id, (!is_first).then_some(before.init.id))
}

fn map(text: &mut String, session: u64, id: u64, before: Option<u64>) -> fmt::Result {
    if before == Some(id) {
        return Ok(());
    }
    writeln!(text, "#EXT-X-MAP:URI=\"s{session}-i{id}.mp4\"")
}

fn parts<'a>(
    text: &mut String,
    session: u64,
    parts: impl IntoIterator<Item = &'a std::sync::Arc<Part>>,
) -> fmt::Result {
    for part in parts {
        let (duration, number) = (Seconds(part.duration_ms), part.number);
        let independent = if part.is_independent { ",INDEPENDENT=YES" } else { "" };
        writeln!(
            text,
            "#EXT-X-PART:DURATION={duration},URI=\"s{session}-p{number}.m4s\"{independent}"
        )?;
    }
    Ok(())
}

/// The parts of the segment that is not complete yet, and the name of the next one: parts are
/// counted through, so it has that name in whichever segment it comes.
fn tail(text: &mut String, hls: &Segmenter) -> fmt::Result {
    if hls.ended {
        text.push_str("#EXT-X-ENDLIST\n");
        return Ok(());
    }
    let session = hls.session;
    if let (Some(init), Some(last)) = (&hls.init, hls.segments.back())
        && !hls.open_parts().is_empty()
    {
        if hls.broken {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        map(text, session, init.id, Some(last.init.id))?;
        parts(text, session, hls.open_parts())?;
    }
    writeln!(text, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"s{session}-p{}.m4s\"", hls.next_part)
}

/// Milliseconds as a decimal number of seconds.
struct Seconds(i64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}
