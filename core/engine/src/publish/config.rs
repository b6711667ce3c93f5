//! What a publish is told before it starts.

use onair_types::MediaTime;

use super::capabilities::KnownHosts;
use crate::flv::MetaData;
use crate::rate;
use crate::reconnect::Policy;
use crate::url::StreamUrl;

/// What the engine needs to know before it starts. Made by [`Config::new`], then changed field by
/// field.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where to.
    pub url: StreamUrl,
    /// What onMetaData says; also which tracks there are.
    pub metadata: MetaData,
    /// What the video bitrate may be.
    pub video_bitrate: rate::Range,
    /// By which rule it follows the network.
    pub adaptation: rate::Adaptation,
    /// How the first frames are chosen.
    pub alignment: Alignment,
    /// What happens when the network is slower than the encoder.
    pub delivery: Delivery,
    /// How often and how long to try again.
    pub reconnect: Policy,
    /// The wire time of the first frame; zero but in tests and for resumed shows.
    pub first_timestamp: MediaTime,
    /// What servers took before, so that attempts begin there.
    pub known_hosts: KnownHosts,
    /// How soon the server is told what.
    pub go_live: GoLive,
    /// Chunk size we set before media, bytes.
    pub chunk_size_bytes: u32,
    /// Seed of handshake bytes and of back-off jitter.
    pub seed: u64,
}

impl Config {
    /// A live stream to `url` with the defaults for everything else; the bitrate is what
    /// `metadata` says and stays there. Give each publish its own `seed`.
    pub fn new(url: StreamUrl, metadata: MetaData) -> Self {
        let bitrate_bps = metadata.video.as_ref().map_or(0, |video| video.bitrate_bps);
        Self {
            url,
            metadata,
            video_bitrate: rate::Range::fixed(bitrate_bps),
            adaptation: rate::Adaptation::default(),
            alignment: Alignment::default(),
            delivery: Delivery::default(),
            reconnect: Policy::default(),
            first_timestamp: MediaTime::ZERO,
            known_hosts: KnownHosts::default(),
            go_live: GoLive::default(),
            chunk_size_bytes: 65_536,
            seed: 0,
        }
    }
}

/// How soon a server is told what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GoLive {
    /// Each command when the one before it was answered.
    #[default]
    InTurn,
    /// Everything at once, media too, and in turn where a server does not stand it.
    OneFlight,
}

/// How the first frames of a connection are chosen (statements 38–44).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alignment {
    /// Live capture: nothing until an audio frame and an IDR after it; that IDR is time zero.
    #[default]
    FirstKeyframe,
    /// An encoded file: every unit as it is, at its own time.
    AsIs,
}

/// What happens when the network is slower than the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Drop what is too old, video first, never a reference alone.
    #[default]
    Live,
    /// Drop nothing; [`super::Publish::wants_units`] tells the producer to wait.
    Complete,
}
