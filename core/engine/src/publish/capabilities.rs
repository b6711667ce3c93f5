//! Enhanced RTMP v2: what `connect` offers, what the server's answer means for the codecs of this
//! stream, and what follows when a server cannot stand the offer. Some servers close, or answer
//! `_error`, at properties they do not know; what a host took is remembered.
//!
//! ```text
//!  Full: fourCcList, info maps, capsEx ──refused──→ FourCc: fourCcList ──refused──→ Plain: nothing
//! ```
//!
//! A stream of H.264 and AAC alone passes over the middle: a list of codecs that it does not send
//! gains it nothing, and a wrong app that is answered by a close costs one connection more, not two.

use std::collections::VecDeque;

use onair_types::{AudioCodec, VideoCodec};

use super::PublishError;
use crate::amf0::Value;
use crate::flv::MetaData;
use crate::url::StreamUrl;

/// How much of Enhanced RTMP `connect` speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Offer {
    /// Nothing: `connect` as before 2023.
    Plain,
    /// `fourCcList`, as in v1.
    FourCc,
    /// `fourCcList`, `videoFourCcInfoMap`, `audioFourCcInfoMap` and `capsEx`, as in v2.
    #[default]
    Full,
}

impl Offer {
    /// Appends the properties of `connect`'s object.
    pub(super) fn write(self, object: &mut Vec<(String, Value)>) {
        let video = VideoCodec::ALL.map(|codec| text(codec.four_cc()));
        let audio = AudioCodec::ALL.map(|codec| text(codec.four_cc()));
        let map = |four_ccs: &[String]| {
            let pairs = four_ccs.iter().map(|four_cc| (four_cc.clone(), FORWARD.into()));
            Value::Object(pairs.collect())
        };
        let mut put = |key: &str, value| object.push((key.to_owned(), value));
        if self >= Self::FourCc {
            let list = video.iter().chain(&audio).cloned().map(Value::String);
            put(LIST, Value::StrictArray(list.collect()));
        }
        if self >= Self::Full {
            put(VIDEO_MAP, map(&video));
            put(AUDIO_MAP, map(&audio));
            put("capsEx", f64::from(RECONNECT | MULTITRACK).into());
        }
    }
}

/// What of a stream needs Enhanced RTMP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    video: Vec<VideoCodec>,
    audio: Vec<AudioCodec>,
    is_multitrack: bool,
}

impl Needs {
    pub(super) fn of(metadata: &MetaData) -> Self {
        let first = metadata.video.iter().map(|video| video.codec);
        let further = metadata.further_video.iter().map(|(_, video)| video.codec);
        let video = first.filter(|codec| codec.is_enhanced()).chain(further).collect();
        let first = metadata.audio.iter().map(|audio| audio.codec);
        let further = metadata.further_audio.iter().map(|(_, audio)| audio.codec);
        let audio = first.filter(|codec| codec.is_enhanced()).chain(further).collect();
        let is_multitrack = metadata.further_video.len() + metadata.further_audio.len() > 0;
        Self { video, audio, is_multitrack }
    }

    pub(super) fn any(&self) -> bool {
        !self.video.is_empty() || !self.audio.is_empty()
    }

    /// Whether the server takes the stream after `offer`, by the `arguments` of its answer. Servers
    /// say little: many of those that take every codec answer without a list.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn judge(
        &self,
        offer: Offer,
        arguments: &[Value],
        url: &StreamUrl,
    ) -> Result<(), PublishError> {
        let server = || url.host().to_owned();
        let caps = arguments.iter().find_map(|value| value.get("capsEx")?.as_number());
        let has_tracks = caps.map_or(offer > Offer::Plain, |caps| caps as u32 & MULTITRACK != 0);
        if self.is_multitrack && !has_tracks {
            return Err(PublishError::TracksNotTaken { server: server() });
        }
        let video = self.video.iter();
        let video = video.map(|it| (it.name(), it.four_cc(), VIDEO_MAP, it.is_enhanced()));
        let audio = self.audio.iter();
        let audio = audio.map(|it| (it.name(), it.four_cc(), AUDIO_MAP, it.is_enhanced()));
        for (codec, four_cc, map, is_enhanced) in video.chain(audio) {
            let takes = says(arguments, &text(four_cc), map).unwrap_or(offer > Offer::Plain);
            if !takes {
                let server = server();
                // Every server takes H.264 and AAC, some only in legacy tags, which have one track.
                return Err(match is_enhanced {
                    true => PublishError::CodecNotTaken { codec, server },
                    false => PublishError::TracksNotTaken { server },
                });
            }
        }
        Ok(())
    }
}

/// What an answer says of a codec, if it says something of any.
fn says(arguments: &[Value], four_cc: &str, map: &str) -> Option<bool> {
    let list = arguments.iter().find_map(|value| match value.get(LIST)? {
        Value::StrictArray(codecs) => Some(codecs),
        _ => None,
    });
    let is_listed = list.map(|codecs| {
        codecs.iter().filter_map(Value::as_str).any(|name| name == four_cc || name == "*")
    });
    let map = arguments.iter().find_map(|value| value.get(map));
    let is_mapped = map.map(|map| {
        let flags = ["*", four_cc].into_iter().filter_map(|key| map.get(key)?.as_number());
        flags.into_iter().any(|flags| flags > 0.0)
    });
    match (is_listed, is_mapped) {
        (None, None) => None,
        (listed, mapped) => Some(listed.unwrap_or_default() || mapped.unwrap_or_default()),
    }
}

/// What servers took of Enhanced RTMP, so that the next connection begins there; for one publish
/// after the other, and for several at once. At most 32 hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownHosts(VecDeque<Host>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Host {
    /// Name and port.
    name: String,
    /// Nothing above it is worth offering.
    most: Offer,
    /// What it took last.
    took: Offer,
    /// It goes live in turn only.
    in_turn: bool,
    /// It once took too long to let somebody publish.
    is_slow: bool,
}

impl KnownHosts {
    /// Takes over what `other` knows; it is newer.
    pub fn learn(&mut self, other: &Self) {
        for host in &other.0 {
            self.put(host.clone());
        }
    }

    /// What the server at `url` took last.
    pub fn took(&self, url: &StreamUrl) -> Option<Offer> {
        self.host(&name(url)).map(|host| host.took)
    }

    /// Whether the server at `url` goes live in turn only.
    pub(super) fn is_in_turn(&self, url: &StreamUrl) -> bool {
        self.host(&name(url)).is_some_and(|host| host.in_turn)
    }

    /// Whether the server at `url` may take longer to let somebody publish.
    pub(super) fn is_slow(&self, url: &StreamUrl) -> bool {
        self.host(&name(url)).is_some_and(|host| host.is_slow)
    }

    fn host(&self, name: &str) -> Option<&Host> {
        self.0.iter().find(|host| host.name == name)
    }

    /// The newest last; the oldest is forgotten.
    fn put(&mut self, host: Host) {
        self.0.retain(|known| known.name != host.name);
        if self.0.len() == MOST_HOSTS {
            self.0.pop_front();
        }
        self.0.push_back(host);
    }
}

/// Chooses the offers of one publish.
#[derive(Debug)]
pub(super) struct Offers {
    needs: Needs,
    known: KnownHosts,
}

impl Offers {
    pub(super) fn new(needs: Needs, known: KnownHosts) -> Self {
        Self { needs, known }
    }

    pub(super) fn needs(&self) -> Needs {
        self.needs.clone()
    }

    pub(super) fn known(&self) -> &KnownHosts {
        &self.known
    }

    /// What an attempt at `url` begins with.
    pub(super) fn first(&self, url: &StreamUrl) -> Offer {
        let most = self.known.host(&name(url)).map_or(Offer::Full, |host| host.most);
        if most == Offer::Full || self.needs.any() { most } else { Offer::Plain }
    }

    /// The server at `url` said yes to `offer`.
    pub(super) fn handle_taken(&mut self, url: &StreamUrl, offer: Offer) {
        let name = name(url);
        let known = self.known.host(&name);
        // One that passed over the middle does not know whether that would do.
        let most = match offer {
            Offer::Plain if !self.needs.any() => {
                known.map_or(Offer::FourCc, |host| host.most.min(Offer::FourCc))
            }
            offer => offer,
        };
        let in_turn = known.is_some_and(|host| host.in_turn);
        let is_slow = known.is_some_and(|host| host.is_slow);
        self.known.put(Host { name, most, took: offer, in_turn, is_slow });
    }

    /// The server at `url`, which took the offer, did not stand everything at once.
    pub(super) fn note_in_turn(&mut self, url: &StreamUrl) {
        if let Some(host) = self.known.host(&name(url)).cloned() {
            self.known.put(Host { in_turn: true, ..host });
        }
    }

    /// The server at `url`, which took the offer, said nothing to a publish for all its time.
    pub(super) fn note_slow(&mut self, url: &StreamUrl) {
        if let Some(host) = self.known.host(&name(url)).cloned() {
            self.known.put(Host { is_slow: true, ..host });
        }
    }

    /// What to offer next within the same attempt, after `offer` ended in `error`; `None` when the
    /// offer is not to blame.
    pub(super) fn below(
        &self,
        url: &StreamUrl,
        offer: Offer,
        error: &PublishError,
    ) -> Option<Offer> {
        // A server that took it before has another reason: it restarts, or has enough.
        let took_it = self.known.took(url).is_some_and(|took| took >= offer);
        if took_it || !may_be_the_offer(error) {
            return None;
        }
        match offer {
            Offer::Full if self.needs.any() => Some(Offer::FourCc),
            Offer::Full | Offer::FourCc => Some(Offer::Plain),
            Offer::Plain => None,
        }
    }
}

/// Whether the server may have choked on properties of `connect`: it closed there, or said no
/// without a word of the app, of who may publish, or of itself. Silence is not among it: it comes
/// from networks far more often than from servers, and would double the wait for them.
fn may_be_the_offer(error: &PublishError) -> bool {
    match error {
        PublishError::ClosedEarly { during, .. } => *during == CONNECT,
        PublishError::AppRejected { code, description } => {
            let description = description.to_lowercase();
            !OTHER_CODES.iter().any(|end| code.ends_with(end))
                && !OTHER_WORDS.iter().any(|word| description.contains(word))
        }
        _ => false,
    }
}

fn name(url: &StreamUrl) -> String {
    format!("{}:{}", url.host(), url.port())
}

fn text(four_cc: [u8; 4]) -> String {
    String::from_utf8_lossy(&four_cc).into_owned()
}

/// The step's name in errors.
pub(super) const CONNECT: &str = "connect command";
const LIST: &str = "fourCcList";
const VIDEO_MAP: &str = "videoFourCcInfoMap";
const AUDIO_MAP: &str = "audioFourCcInfoMap";
/// An app's encoder makes these codecs; we pass them on.
const FORWARD: f64 = 4.0;
/// Flags of `capsEx`: what of E-RTMP v2 we do.
const RECONNECT: u32 = 1;
const MULTITRACK: u32 = 2;
/// More hosts than an app streams to.
const MOST_HOSTS: usize = 32;
const OTHER_CODES: [&str; 3] = [".InvalidApp", ".AppShutdown", ".Closed"];
const OTHER_WORDS: [&str; 12] = [
    "app", "auth", "403", "key", "token", "stream", "denied", "permi", "allow", "limit", "found",
    "redirect",
];

#[cfg(test)]
#[path = "capabilities_test.rs"]
mod tests;
