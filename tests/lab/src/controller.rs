//! Which broadcaster runs: the names of the command line.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::broadcaster::Broadcaster;
use crate::onair::OnAir;
use crate::peers::{
    Fixed, HaishinKit, LfLiveKit, Moblin, Obs, ObsDynamic, Peer, RootEncoder, StreamPack,
};
use crate::world::Scenario;

/// A sender's policy by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Controller {
    /// OnAir's engine, the code that ships.
    OnAir,
    /// LFLiveKit with `adaptiveBitrate`.
    LfLiveKit,
    /// HaishinKit.swift with its bitrate strategy.
    HaishinKit,
    /// RootEncoder with its bitrate adapter.
    RootEncoder,
    /// StreamPack 3 with its bitrate regulator.
    StreamPack,
    /// moblin on RTMP with adaptive bitrate.
    Moblin,
    /// OBS Studio at 2.5 Mbit/s, dropping frames.
    Obs,
    /// OBS Studio with dynamic bitrate.
    ObsDynamic,
    /// This bitrate, bit/s, and no rule at all.
    Fixed(u32),
}

/// OBS's usual bitrate, and where LFLiveKit starts below a maximum of 4 Mbit/s.
const USUAL_BPS: u32 = 2_500_000;

impl Controller {
    /// Every peer, in the order of tables.
    pub const PEERS: [Self; 8] = [
        Self::LfLiveKit,
        Self::HaishinKit,
        Self::RootEncoder,
        Self::StreamPack,
        Self::Moblin,
        Self::Obs,
        Self::ObsDynamic,
        Self::Fixed(USUAL_BPS),
    ];

    /// Ready to run in `scenario`.
    pub fn broadcaster(self, scenario: &Scenario) -> Box<dyn Broadcaster> {
        let max = scenario.max_bitrate_bps;
        let audio = scenario.microphone.bitrate_bps;
        match self {
            Self::OnAir => Box::new(OnAir::new(scenario)),
            Self::LfLiveKit => {
                let start = USUAL_BPS.min(max);
                Box::new(Peer::new(LfLiveKit::new(max / 8, start, max)))
            }
            Self::HaishinKit => Box::new(Peer::new(HaishinKit::new(max, audio))),
            Self::RootEncoder => Box::new(Peer::new(RootEncoder::new(max))),
            Self::StreamPack => Box::new(Peer::new(StreamPack::new(max))),
            Self::Moblin => Box::new(Peer::new(Moblin::new(max))),
            Self::Obs => Box::new(Peer::new(Obs::new(USUAL_BPS.min(max)))),
            Self::ObsDynamic => Box::new(Peer::new(ObsDynamic::new(max, audio))),
            Self::Fixed(bps) => Box::new(Peer::new(Fixed::new(bps))),
        }
    }
}

/// The name is not one of the controllers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{0:?} is no controller; there are onair, lflivekit, haishinkit, rootencoder, streampack, \
     moblin, obs, obs-dbr and fixed:RATE (fixed:2500k)"
)]
pub struct UnknownController(String);

impl FromStr for Controller {
    type Err = UnknownController;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name {
            "onair" => Self::OnAir,
            "lflivekit" => Self::LfLiveKit,
            "haishinkit" => Self::HaishinKit,
            "rootencoder" => Self::RootEncoder,
            "streampack" => Self::StreamPack,
            "moblin" => Self::Moblin,
            "obs" => Self::Obs,
            "obs-dbr" => Self::ObsDynamic,
            _ => name
                .strip_prefix("fixed:")
                .and_then(parse_bitrate)
                .map(Self::Fixed)
                .ok_or_else(|| UnknownController(name.into()))?,
        })
    }
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnAir => "onair",
            Self::LfLiveKit => "lflivekit",
            Self::HaishinKit => "haishinkit",
            Self::RootEncoder => "rootencoder",
            Self::StreamPack => "streampack",
            Self::Moblin => "moblin",
            Self::Obs => "obs",
            Self::ObsDynamic => "obs-dbr",
            Self::Fixed(bps) => return write!(f, "fixed:{}k", bps / 1_000),
        })
    }
}

/// `800000`, `2500k` or `4M` in bit/s, at least 1 and at most 1 Gbit/s.
pub fn parse_bitrate(text: &str) -> Option<u32> {
    let (digits, unit) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1e3),
        None => match text.strip_suffix(['m', 'M']) {
            Some(digits) => (digits, 1e6),
            None => (text, 1.0),
        },
    };
    let bps = digits.parse::<f64>().ok()? * unit;
    (1.0..=1e9).contains(&bps).then_some(bps as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_controller_reads_its_own_name() {
        for controller in Controller::PEERS.into_iter().chain([Controller::OnAir]) {
            assert_eq!(controller.to_string().parse(), Ok(controller));
        }
        assert_eq!("fixed:2.5M".parse(), Ok(Controller::Fixed(2_500_000)));
        for wrong in ["", "fixed", "fixed:", "fixed:-1", "fixed:1e99", "fixed:NaN", "vlc"] {
            assert!(wrong.parse::<Controller>().is_err(), "{wrong}");
        }
    }
}
