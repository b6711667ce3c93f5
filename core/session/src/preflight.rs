//! A look before going live: name, connection, TLS, handshake, app, user and stream, each with its
//! time, and where it is allowed a short upload; within five seconds, in words, with a quality that
//! fits. Without permission nothing is published.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use onair_types::config::Orientation;
use onair_types::{VideoConfig, VideoQuality};

#[cfg(feature = "tls")]
use crate::Trust;
use crate::destination::is_private;
use crate::net::preflight;
use crate::{Connector, Error, StreamUrl};

/// What is looked at, and how far.
#[must_use]
pub struct Preflight {
    pub(crate) url: StreamUrl,
    pub(crate) uploads: bool,
    pub(crate) connector: Option<Arc<dyn Connector>>,
    is_plain_ok: bool,
    #[cfg(feature = "tls")]
    pub(crate) trust: Trust,
}

/// One step of the way to a live stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// The host's name is looked up.
    Resolve,
    /// TCP.
    Connect,
    /// TLS, with the certificate verified.
    Secure,
    /// RTMP's handshake.
    Handshake,
    /// The server takes the app, or asks who publishes.
    App,
    /// It takes user and password.
    Authenticate,
    /// It is ready for a stream.
    Stream,
    /// It takes the stream key; only with permission.
    Publish,
    /// Test pictures go up; only with permission.
    Upload,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Findings {
    /// The steps that succeeded, in order, and how long each took.
    pub steps: Vec<(Step, Duration)>,
    /// The step that did not, and why.
    pub failure: Option<(Step, Error)>,
    /// What the network carried to the server, bit/s; with permission only.
    pub upload_bps: Option<u64>,
    /// The best quality that this carries with a third in reserve; `None` without an upload, or
    /// when not even the lowest fits.
    pub quality: Option<VideoQuality>,
    /// All of it took so long.
    pub took: Duration,
}

impl Preflight {
    /// Looks at the server and the app of `url`; the stream key is not said.
    pub fn new(url: StreamUrl) -> Self {
        Self {
            url,
            uploads: false,
            connector: None,
            is_plain_ok: false,
            #[cfg(feature = "tls")]
            trust: Trust::default(),
        }
    }

    /// Publishes as well, for about a second and a half and at most 4 MiB: black pictures under the
    /// stream key of the address, which viewers may see. For keys that are there to be tested with.
    pub fn with_upload(mut self) -> Self {
        self.uploads = true;
        self
    }

    /// As [`crate::SessionBuilder::allow_plaintext`]: where a broadcast would not start, neither
    /// does the look.
    pub fn allow_plaintext(mut self, allow: bool) -> Self {
        self.is_plain_ok = allow;
        self
    }

    /// Whom to believe with an `rtmps://` address.
    #[cfg(feature = "tls")]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Connects in another way than the system's.
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// Looks, on a thread of its own, and returns within five seconds and a little.
    ///
    /// # Errors
    /// [`Error::System`] when there is no thread to be had. What is wrong with the server or the
    /// way there is no error of this call: it is in the findings.
    pub fn run(self) -> Result<Findings, Error> {
        if !self.is_plain_ok && !is_private(&self.url) {
            let error = Error::Plaintext(self.url.host().to_owned());
            return Ok(Findings {
                steps: Vec::new(),
                failure: Some((Step::Secure, error)),
                upload_bps: None,
                quality: None,
                took: Duration::ZERO,
            });
        }
        let no_thread = |error| Error::System(format!("start the check's thread: {error}"));
        let thread = std::thread::Builder::new().name("onair-check".to_owned());
        let thread = thread.spawn(move || preflight::run(self)).map_err(no_thread)?;
        let internal = |_| Error::System("check the server: internal error".to_owned());
        thread.join().map_err(internal)?
    }
}

impl Findings {
    /// Whether everything that was allowed succeeded.
    pub fn is_ready(&self) -> bool {
        self.failure.is_none()
    }

    /// The best quality whose pictures and sound need at most two thirds of `upload_bps`.
    pub(crate) fn advise(upload_bps: u64) -> Option<VideoQuality> {
        let fits = |quality: &VideoQuality| {
            let video = VideoConfig::preset(*quality, Orientation::Portrait).bitrate_bps();
            u64::from(video + SOUND_BPS) * 3 <= upload_bps * 2
        };
        let needs = |quality: &VideoQuality| {
            VideoConfig::preset(*quality, Orientation::Portrait).bitrate_bps()
        };
        VideoQuality::ALL.into_iter().filter(fits).max_by_key(needs)
    }
}

impl fmt::Display for Findings {
    /// The verdict, in a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.failure, self.upload_bps, self.quality) {
            (Some((step, error)), ..) => {
                write!(f, "not ready, {}: {error}; {}", step.phrase(), error.advice())
            }
            (None, None, _) => f.write_str(
                "ready as far as was allowed: the server takes this app; the stream key was not said",
            ),
            (None, Some(bps), Some(quality)) => write!(
                f,
                "ready: the server takes the stream, the network carries {}; advised quality: {} ({})",
                Rate(bps),
                quality.name(),
                quality.size_and_rate(),
            ),
            (None, Some(bps), None) => write!(
                f,
                "the server takes the stream, but the network carries only {}: too little for the \
                 lowest quality",
                Rate(bps),
            ),
        }
    }
}

impl Step {
    /// A word for it, stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Secure => "secure",
            Self::Handshake => "handshake",
            Self::App => "app",
            Self::Authenticate => "authenticate",
            Self::Stream => "stream",
            Self::Publish => "publish",
            Self::Upload => "upload",
        }
    }

    fn phrase(self) -> &'static str {
        match self {
            Self::Resolve => "the host's name leads nowhere",
            Self::Connect => "there is no connection to the server",
            Self::Secure => "the connection is not secure",
            Self::Handshake => "this is not an RTMP server",
            Self::App => "the server does not take this app",
            Self::Authenticate => "the server does not take this user",
            Self::Stream => "the server gives no stream",
            Self::Publish => "the server does not take this stream key",
            Self::Upload => "the upload broke",
        }
    }
}

struct Rate(u64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bps if bps < 1_000_000 => write!(f, "{} kbit/s", bps / 1_000),
            bps => write!(f, "{:.1} Mbit/s", bps as f64 / 1e6),
        }
    }
}

/// What sound needs at its best.
const SOUND_BPS: u32 = 128_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_leaves_a_third_and_grows_with_the_network() {
        assert_eq!(Findings::advise(100_000), None);
        assert_eq!(Findings::advise(900_000), None, "the lowest quality has 500 kbit/s");
        let advised: Vec<_> = [1_000_000, 2_000_000, 20_000_000].map(Findings::advise).into();
        let bitrate = |quality: &Option<VideoQuality>| {
            quality.map(|q| VideoConfig::preset(q, Orientation::Portrait).bitrate_bps())
        };
        let bitrates: Vec<_> = advised.iter().map(bitrate).collect();
        assert!(bitrates.windows(2).all(|pair| pair[0] < pair[1]), "{advised:?}");
        for (upload, bitrate) in [1_000_000, 2_000_000, 20_000_000].into_iter().zip(bitrates) {
            assert!(bitrate.expect("one fits") + SOUND_BPS <= upload * 2 / 3);
        }
    }
}
