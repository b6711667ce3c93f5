//! A publisher that looks before it goes live: the same talk as a publish's, as far as createStream
//! and, where it is allowed, a publish with test pictures that fill the connection. One connection
//! after the other, as the server wants it; no retries, no media of the app's.
//!
//! Sans I/O: bytes in and out as with [`super::Publish`]; the caller connects and measures.

use std::io::IoSlice;
use std::time::Duration;

use onair_types::h264::AvcConfig;
use onair_types::{Now, Payload, VideoCodec};

use super::auth::Auth;
use super::capabilities::{CONNECT, KnownHosts, Needs, Offer, Offers};
use super::dialogue::{Dialogue, PUBLISH_NAME};
use super::patience::COMMAND_TIME;
use super::{Closed, Config, PublishError};
use crate::amf0;
use crate::flv::{self, MetaData, TagType, VideoMeta};
use crate::rtmp::chunk_writer::Outgoing;
use crate::url::StreamUrl;

/// How far the check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The connection or the handshake is being made.
    Handshake,
    /// `connect` is on its way.
    App,
    /// createStream is on its way.
    Stream,
    /// The server is ready for a publish.
    Ready,
    /// `publish` is on its way.
    Publish,
    /// The server takes media.
    Live,
}

/// What to do after bytes came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on.
    GoOn,
    /// Close and connect anew: the server wants to be told who publishes.
    Authenticate,
    /// Close and connect anew: the server may have choked on what was offered.
    OfferLess,
}

/// See the module's text.
#[derive(Debug)]
pub struct Check {
    config: Config,
    url: StreamUrl,
    auth: Auth,
    offers: Offers,
    offer: Offer,
    dialogue: Option<Dialogue>,
    outgoing: Outgoing,
    picture: Picture,
    seed: u64,
}

/// The test picture, and when the first one went.
#[derive(Debug)]
struct Picture {
    payload: Payload,
    began: Option<Now>,
    last_ms: u32,
}

impl Check {
    /// For the stream at `url`.
    pub fn new(url: StreamUrl, seed: u64) -> Self {
        let video =
            VideoMeta { codec: VideoCodec::H264, width: 64, height: 64, fps: 25.0, bitrate_bps: 0 };
        let encoder = concat!("OnAir check ", env!("CARGO_PKG_VERSION")).to_owned();
        let metadata = MetaData { video: Some(video), encoder, ..MetaData::default() };
        let offers = Offers::new(Needs::default(), KnownHosts::default());
        Self {
            offer: offers.first(&url),
            config: Config::new(url.clone(), metadata),
            url,
            auth: Auth::default(),
            offers,
            dialogue: None,
            outgoing: Outgoing::new(),
            picture: Picture { payload: picture(), began: None, last_ms: 0 },
            seed,
        }
    }

    /// A connection stands: the first, or another one that [`Next`] asked for.
    pub fn handle_connected(&mut self, now: Now) {
        self.outgoing.reset();
        self.seed = self.seed.wrapping_add(1);
        let terms = (self.offer, self.offers.needs());
        let ends = now + Duration::from_secs(15);
        let dialogue =
            Dialogue::start(&self.config, terms, self.seed, ends, &mut self.outgoing, now);
        self.dialogue = Some(dialogue.holding());
    }

    /// Bytes from the server.
    ///
    /// # Errors
    /// Why it will take no publish.
    pub fn handle_received(&mut self, bytes: &[u8], now: Now) -> Result<Next, PublishError> {
        let Some(dialogue) = &mut self.dialogue else { return Ok(Next::GoOn) };
        let Err(error) = dialogue.handle_received(bytes, &self.url, &mut self.outgoing, now) else {
            return Ok(Next::GoOn);
        };
        match dialogue.take_demand() {
            Some(demand) => {
                self.url = self.auth.handle_demand(&demand, &self.url, self.seed)?;
                self.dialogue = None;
                Ok(Next::Authenticate)
            }
            None => self.offer_less(error),
        }
    }

    /// The connection ended.
    ///
    /// # Errors
    /// What that means.
    pub fn handle_closed(&mut self, closed: Closed) -> Result<Next, PublishError> {
        let error = match &self.dialogue {
            Some(dialogue) => dialogue.closed(closed, false),
            None => PublishError::ClosedEarly { during: "connect", closed },
        };
        self.offer_less(error)
    }

    fn offer_less(&mut self, error: PublishError) -> Result<Next, PublishError> {
        match self.offers.below(&self.url, self.offer, &error) {
            Some(offer) => {
                self.offer = offer;
                self.dialogue = None;
                Ok(Next::OfferLess)
            }
            None => Err(error),
        }
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        match &self.dialogue {
            None => Stage::Handshake,
            Some(dialogue) if dialogue.live().is_some() => Stage::Live,
            Some(dialogue) if dialogue.is_held() => Stage::Ready,
            Some(dialogue) => match dialogue.step_name() {
                "handshake" => Stage::Handshake,
                CONNECT => Stage::App,
                PUBLISH_NAME => Stage::Publish,
                _ => Stage::Stream,
            },
        }
    }

    /// Publishes, at [`Stage::Ready`]: the name is taken from now on.
    pub fn publish(&mut self, now: Now) {
        if let Some(dialogue) = &mut self.dialogue
            && dialogue.is_held()
        {
            let ends = now + COMMAND_TIME;
            dialogue.release(&self.url, ends, &mut self.outgoing, now);
        }
    }

    /// At [`Stage::Live`]: appends test pictures until at least `bytes` wait for the socket.
    pub fn fill(&mut self, bytes: usize, now: Now) {
        let Some((_, stream_id)) = self.dialogue.as_ref().and_then(Dialogue::live) else { return };
        let Self { outgoing, picture, config, .. } = self;
        if picture.began.is_none() {
            let mut metadata = Vec::new();
            amf0::write_str(&mut metadata, "@setDataFrame");
            config.metadata.write(&mut metadata);
            let record = avc_config().map(|avc| avc.record().to_vec()).unwrap_or_default();
            let header = [&flv::AVC_HEADER_PREFIX[..], &record];
            // Both are smaller than any message may be.
            let _ = outgoing.push_copied(TagType::Script, stream_id, 0, &[&metadata]);
            let _ = outgoing.push_copied(TagType::Video, stream_id, 0, &header);
        }
        let began = *picture.began.get_or_insert(now);
        while outgoing.len() < bytes {
            let elapsed_ms = now.since(began).as_millis() as u32;
            picture.last_ms = elapsed_ms.max(picture.last_ms + 1);
            let prefix = flv::video_prefix(true, 0);
            let at_ms = picture.last_ms;
            let payload = &picture.payload;
            if outgoing.push_media(TagType::Video, stream_id, at_ms, &prefix, payload).is_err() {
                return;
            }
        }
    }

    /// Says FCUnpublish and deleteStream behind what waits, when the server knows of a publish.
    pub fn say_goodbye(&mut self) {
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.say_goodbye(&self.url, &mut self.outgoing);
        }
    }

    /// Fills `slices` with the bytes to write next; returns how many slices it filled.
    pub fn outgoing<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.outgoing.io_slices(slices)
    }

    /// The socket took `bytes` of [`Check::outgoing`].
    pub fn handle_written(&mut self, bytes: usize) {
        self.outgoing.advance(bytes.min(self.outgoing.len()));
    }
}

fn avc_config() -> Option<AvcConfig> {
    AvcConfig::from_parameter_sets(&SPS, &PPS).ok()
}

/// A black picture, made large with filler data (ISO/IEC 14496-10 7.3.2.7), which decoders skip.
fn picture() -> Payload {
    let mut filler = vec![0xFF; PICTURE_BYTES];
    (filler[0], filler[PICTURE_BYTES - 1]) = (FILLER_DATA, STOP_BIT);
    let mut payload = Vec::with_capacity(PICTURE_BYTES + IDR.len() + 8);
    for nal_unit in [&IDR[..], &filler] {
        payload.extend_from_slice(&(nal_unit.len() as u32).to_be_bytes());
        payload.extend_from_slice(nal_unit);
    }
    Payload::from_vec(payload)
}

const PICTURE_BYTES: usize = 16 << 10;
const FILLER_DATA: u8 = 12;
const STOP_BIT: u8 = 0x80;
/// 64 × 64 pixels, Constrained Baseline.
const SPS: [u8; 21] = [
    0x67, 0x42, 0xC0, 0x0A, 0xDC, 0x42, 0x6C, 0x04, 0x40, 0, 0, 3, 0, 0x40, 0, 0, 0x0C, 0x83, 0xC4,
    0x89, 0xE0,
];
const PPS: [u8; 5] = [0x68, 0xCE, 0x0F, 0x2C, 0x80];
const IDR: [u8; 23] = [
    0x65, 0x88, 0x84, 0x04, 0xBC, 0x98, 0xA0, 0x00, 0x38, 0xA3, 0x27, 0x27, 0x27, 0x5D, 0x75, 0xD7,
    0x5D, 0x75, 0xD7, 0x5D, 0x75, 0xD7, 0x80,
];
