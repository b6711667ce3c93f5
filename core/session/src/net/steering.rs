//! One video encoder, several engines that each want something of it: what it is told. Pure; the
//! policy is the app's.
//!
//! Those count that are live; while nobody is, everybody who may become so. One destination
//! alone gets all it wants, unless nobody is to be followed.

use std::time::Duration;

use onair_engine::publish::EncoderCommand;
use onair_engine::rate::{Range, VideoPace};
use onair_types::Now;

use crate::{BitratePolicy, State};

/// See the module's text.
#[derive(Debug)]
pub(super) struct Steering {
    policy: BitratePolicy,
    wishes: Vec<Wish>,
    /// What [`BitratePolicy::Fixed`] stays at, bit/s.
    fixed_bps: u32,
    /// What the encoders were opened with or last told.
    told: Told,
    idr_asked: Option<Now>,
}

/// What one engine wants.
#[derive(Clone, Copy, Debug)]
struct Wish {
    state: State,
    bitrate_bps: u32,
    audio_bps: Option<u32>,
    pace: VideoPace,
    /// It waits for an IDR since then.
    idr: Option<Now>,
    /// Its last request that was passed on.
    idr_asked: Option<Now>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    bitrate_bps: u32,
    audio_bps: Option<u32>,
    pace: VideoPace,
}

/// Between two requests, whoever they come from.
const IDR_SPACING: Duration = Duration::from_millis(500);
/// Between two of a destination that the encoder does not follow: its drops must not cost the
/// others their quality, and the encoder makes an IDR by itself soon.
const FOLLOWER_IDR_SPACING: Duration = Duration::from_secs(2);

impl Steering {
    /// The encoders start with `start_bps`.
    pub(super) fn new(policy: BitratePolicy, destinations: usize, start_bps: u32) -> Self {
        let wish = Wish {
            state: State::Pending,
            bitrate_bps: start_bps,
            audio_bps: None,
            pace: VideoPace::Full,
            idr: None,
            idr_asked: None,
        };
        Self {
            policy,
            wishes: vec![wish; destinations],
            fixed_bps: start_bps,
            told: Told { bitrate_bps: start_bps, audio_bps: None, pace: VideoPace::Full },
            idr_asked: None,
        }
    }

    // --- in ---

    /// An engine wants something.
    pub(super) fn handle_command(&mut self, index: usize, command: EncoderCommand, now: Now) {
        let Some(wish) = self.wishes.get_mut(index) else { return };
        match command {
            EncoderCommand::RequestIdr => {
                wish.idr.get_or_insert(now);
            }
            EncoderCommand::SetVideoBitrate(bps) => wish.bitrate_bps = bps,
            EncoderCommand::SetAudioBitrate(bps) => wish.audio_bps = Some(bps),
            EncoderCommand::SetVideoPace(pace) => wish.pace = pace,
            other => log::debug!("the engine wants {other:?}, which this session cannot"),
        }
    }

    /// A destination is in this state now.
    pub(super) fn handle_state(&mut self, index: usize, state: State) {
        let Some(wish) = self.wishes.get_mut(index) else { return };
        if state == State::Live && wish.state != State::Live {
            wish.idr_asked = None; // its viewers wait
        }
        wish.state = state;
    }

    /// A destination begins anew, with an engine that wants what every new one wants.
    pub(super) fn handle_restart(&mut self, index: usize, start_bps: u32) {
        if let Some(wish) = self.wishes.get_mut(index) {
            let fresh = Wish { bitrate_bps: start_bps, pace: VideoPace::Full, ..*wish };
            *wish = Wish { audio_bps: None, idr: None, idr_asked: None, ..fresh };
        }
    }

    /// The app allows other bitrates; the engines will want what fits, and where none is followed
    /// the bitrate is brought into the range here.
    pub(super) fn handle_range(&mut self, range: Range) {
        self.fixed_bps = self.fixed_bps.clamp(range.min_bps(), range.max_bps());
    }

    /// An IDR was made and everybody has it.
    pub(super) fn handle_idr(&mut self) {
        self.wishes.iter_mut().for_each(|wish| wish.idr = None);
    }

    // --- out ---

    /// What the encoders must be told, one thing after the other until there is nothing.
    pub(super) fn poll_command(&mut self, now: Now) -> Option<EncoderCommand> {
        let wanted = self.wanted();
        if wanted.bitrate_bps != self.told.bitrate_bps {
            self.told.bitrate_bps = wanted.bitrate_bps;
            return Some(EncoderCommand::SetVideoBitrate(wanted.bitrate_bps));
        }
        if wanted.pace != self.told.pace {
            self.told.pace = wanted.pace;
            return Some(EncoderCommand::SetVideoPace(wanted.pace));
        }
        if let Some(bps) = wanted.audio_bps.filter(|_| wanted.audio_bps != self.told.audio_bps) {
            self.told.audio_bps = Some(bps);
            return Some(EncoderCommand::SetAudioBitrate(bps));
        }
        self.poll_idr(now)
    }

    /// When there may be something to say without anything coming in.
    pub(super) fn deadline(&self) -> Option<Now> {
        (0..self.wishes.len()).filter_map(|index| self.idr_due(index)).min()
    }

    /// What the video encoder aims at, bit/s.
    pub(super) fn bitrate_bps(&self) -> u32 {
        self.told.bitrate_bps
    }

    /// Whether the encoder's bitrate is what this destination wants.
    pub(super) fn leads(&self, index: usize) -> bool {
        match self.policy {
            BitratePolicy::First => self.leader() == Some(index),
            BitratePolicy::Weakest => {
                let lowest = self.counting().min_by_key(|(_, wish)| wish.bitrate_bps);
                lowest.is_some_and(|(lowest, _)| lowest == index)
            }
            BitratePolicy::Fixed => false,
        }
    }

    /// Whether what the encoder does fits this destination's pace.
    pub(super) fn is_paced(&self, index: usize) -> bool {
        self.wishes.get(index).is_some_and(|wish| wish.pace == self.told.pace)
    }

    fn wanted(&self) -> Told {
        let Some(leader) = self.leader() else { return self.told };
        let led = &self.wishes[leader];
        let bitrate_bps = match self.policy {
            BitratePolicy::First => led.bitrate_bps,
            BitratePolicy::Weakest => {
                self.counting().map(|(_, wish)| wish.bitrate_bps).min().unwrap_or(led.bitrate_bps)
            }
            BitratePolicy::Fixed => self.fixed_bps,
        };
        let audio_bps = match self.policy {
            BitratePolicy::First => led.audio_bps,
            BitratePolicy::Weakest => self.counting().filter_map(|(_, wish)| wish.audio_bps).min(),
            BitratePolicy::Fixed => None,
        };
        Told { bitrate_bps, audio_bps, pace: self.wanted_pace(led.pace) }
    }

    /// Who can carry sound alone drops the pictures by itself: the others need not lose them.
    fn wanted_pace(&self, led: VideoPace) -> VideoPace {
        let slowest = self.counting().map(|(_, wish)| wish.pace).max().unwrap_or(led);
        let fastest = self.counting().map(|(_, wish)| wish.pace).min().unwrap_or(led);
        if fastest == VideoPace::None {
            return VideoPace::None;
        }
        let followed = match self.policy {
            BitratePolicy::First => led,
            BitratePolicy::Weakest => slowest,
            BitratePolicy::Fixed => VideoPace::Full,
        };
        followed.min(VideoPace::Half)
    }

    fn poll_idr(&mut self, now: Now) -> Option<EncoderCommand> {
        let due = (0..self.wishes.len())
            .find(|&index| self.idr_due(index).is_some_and(|due| due <= now))?;
        self.wishes[due].idr_asked = Some(now);
        self.handle_idr();
        self.idr_asked = Some(now);
        Some(EncoderCommand::RequestIdr)
    }

    /// When the request of this destination may be passed on.
    fn idr_due(&self, index: usize) -> Option<Now> {
        let wish = self.wishes.get(index)?;
        let since = wish.idr?;
        let spaced = self.idr_asked.map(|at| at + IDR_SPACING);
        let own = wish.idr_asked.map(|at| at + FOLLOWER_IDR_SPACING);
        let own = own.filter(|_| !self.is_followed(index));
        Some([spaced, own].into_iter().flatten().fold(since, Now::max))
    }

    /// Whether the encoder follows this destination's network, and therefore should serve it.
    fn is_followed(&self, index: usize) -> bool {
        match self.policy {
            _ if self.wishes.len() == 1 => true,
            BitratePolicy::First => self.leader() == Some(index),
            BitratePolicy::Weakest => true,
            BitratePolicy::Fixed => false,
        }
    }

    fn leader(&self) -> Option<usize> {
        self.counting().next().map(|(index, _)| index)
    }

    fn counting(&self) -> impl Iterator<Item = (usize, &Wish)> {
        let any_live = self.wishes.iter().any(|wish| wish.state == State::Live);
        self.wishes.iter().enumerate().filter(move |(_, wish)| match any_live {
            true => wish.state == State::Live,
            false => wish.state.is_running(),
        })
    }
}

#[cfg(test)]
#[path = "steering_test.rs"]
mod tests;
