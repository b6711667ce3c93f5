//! Collects what a session is made of and checks it together.

use std::sync::Arc;

use onair_engine::flv::MetaData;
use onair_engine::publish::{Alignment, Delivery};
use onair_engine::reconnect::Policy;
use onair_engine::url::{StreamUrl, UrlError};
use onair_media::encode::{AudioEncoder, EncodeError, VideoEncoder};
use onair_types::{AudioConfig, MediaTime, VideoConfig};

use crate::{Clock, Connector, Error, Session};

/// In which form a track is pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Source {
    /// Pictures or PCM; the session encodes.
    #[default]
    Raw,
    /// Access units; the app encodes.
    Encoded,
}

/// Where to publish: from a `&str`, a `String` or a [`StreamUrl`].
#[derive(Clone, Debug)]
pub struct Destination(pub(crate) Result<StreamUrl, UrlError>);

impl From<StreamUrl> for Destination {
    fn from(url: StreamUrl) -> Self {
        Self(Ok(url))
    }
}

impl From<&str> for Destination {
    fn from(url: &str) -> Self {
        Self(StreamUrl::parse(url))
    }
}

impl From<&String> for Destination {
    fn from(url: &String) -> Self {
        Self::from(url.as_str())
    }
}

/// Makes a video encoder for each start.
pub type VideoEncoderFactory =
    Box<dyn FnMut(&VideoConfig) -> Result<Box<dyn VideoEncoder>, EncodeError> + Send>;

/// Makes an audio encoder for each start.
pub type AudioEncoderFactory =
    Box<dyn FnMut(&AudioConfig) -> Result<Box<dyn AudioEncoder>, EncodeError> + Send>;

/// See [`Session::builder`].
#[must_use]
pub struct SessionBuilder {
    pub(crate) audio: Option<AudioConfig>,
    pub(crate) video: Option<VideoConfig>,
    pub(crate) audio_source: Option<Source>,
    pub(crate) video_source: Option<Source>,
    pub(crate) audio_encoder: Option<AudioEncoderFactory>,
    pub(crate) video_encoder: Option<VideoEncoderFactory>,
    pub(crate) metadata: Option<MetaData>,
    pub(crate) alignment: Alignment,
    pub(crate) delivery: Delivery,
    pub(crate) reconnect: Policy,
    pub(crate) first_timestamp: MediaTime,
    pub(crate) event_capacity: usize,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) connector: Option<Arc<dyn Connector>>,
    pub(crate) seed: Option<u64>,
}

impl SessionBuilder {
    pub(crate) fn new(audio: Option<AudioConfig>, video: Option<VideoConfig>) -> Self {
        Self {
            audio,
            video,
            audio_source: None,
            video_source: None,
            audio_encoder: None,
            video_encoder: None,
            metadata: None,
            alignment: Alignment::default(),
            delivery: Delivery::default(),
            reconnect: Policy::default(),
            first_timestamp: MediaTime::ZERO,
            event_capacity: 32,
            clock: None,
            connector: None,
            seed: None,
        }
    }

    /// How sound is pushed; raw unless said.
    pub fn audio_source(mut self, source: Source) -> Self {
        self.audio_source = Some(source);
        self
    }

    /// How pictures are pushed; raw unless said.
    pub fn video_source(mut self, source: Source) -> Self {
        self.video_source = Some(source);
        self
    }

    /// The app's own AAC encoder; software when not given. Called on `onair-audio`.
    pub fn audio_encoder(mut self, factory: AudioEncoderFactory) -> Self {
        self.audio_encoder = Some(factory);
        self
    }

    /// The app's own H.264 encoder; software when not given. Called on `onair-video`.
    pub fn video_encoder(mut self, factory: VideoEncoderFactory) -> Self {
        self.video_encoder = Some(factory);
        self
    }

    /// What onMetaData says, instead of what the configurations say; for files.
    pub fn metadata(mut self, metadata: MetaData) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// How the first frames are chosen: [`Alignment::FirstKeyframe`] unless said.
    pub fn alignment(mut self, alignment: Alignment) -> Self {
        self.alignment = alignment;
        self
    }

    /// What happens when the network or the encoder is slower than the app. [`Delivery::Live`]
    /// unless said: the newest counts. With [`Delivery::Complete`] nothing is dropped and **pushes
    /// block** until there is room: for files, never for cameras.
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// How often and how long to try again.
    pub fn reconnect(mut self, policy: Policy) -> Self {
        self.reconnect = policy;
        self
    }

    /// The wire time of the first frame; zero unless said.
    pub fn first_timestamp(mut self, time: MediaTime) -> Self {
        self.first_timestamp = time;
        self
    }

    /// How many events wait for the app, 8..=1,024; 32 unless said.
    pub fn event_capacity(mut self, events: usize) -> Self {
        self.event_capacity = events;
        self
    }

    /// Another clock; for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Another way to the network; for tests and proxies.
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// Makes handshake bytes and back-off jitter repeatable; for tests.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The session, [`crate::State::Ready`].
    ///
    /// # Errors
    /// [`Error::Config`] when there is no track, a source is set for a track without configuration,
    /// or the event capacity is out of range; [`Error::Encoder`] when a raw track has no encoder in
    /// this build.
    pub fn build(self) -> Result<Session, Error> {
        todo!("session")
    }
}
