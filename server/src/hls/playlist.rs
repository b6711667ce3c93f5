//! The media playlist (RFC 8216 4.3).

use std::fmt::Write as _;

use super::Segment;

/// The playlist of `segments`; `target_seconds` is the longest of the session, rounded.
pub(super) fn write(segments: &[&Segment], target_seconds: i64, ended: bool) -> String {
    let mut text = String::with_capacity(512);
    let Some(first) = segments.first() else { return text };
    let head = write!(
        text,
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{target_seconds}\n\
         #EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-DISCONTINUITY-SEQUENCE:{}\n\
         #EXT-X-INDEPENDENT-SEGMENTS\n",
        first.number, first.discontinuity
    );
    debug_assert!(head.is_ok(), "writing to a string cannot fail");
    let (mut init, mut discontinuity) = (None, first.discontinuity);
    for segment in segments {
        if segment.discontinuity != discontinuity {
            text.push_str("#EXT-X-DISCONTINUITY\n");
            discontinuity = segment.discontinuity;
        }
        let session = segment.session;
        if init != Some(segment.init.id) {
            init = Some(segment.init.id);
            text.push_str(&format!("#EXT-X-MAP:URI=\"s{session}-i{}.mp4\"\n", segment.init.id));
        }
        let (seconds, millis) = (segment.duration_ms / 1_000, segment.duration_ms % 1_000);
        let number = segment.number;
        text.push_str(&format!("#EXTINF:{seconds}.{millis:03},\ns{session}-{number}.m4s\n"));
    }
    if ended {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    text
}
