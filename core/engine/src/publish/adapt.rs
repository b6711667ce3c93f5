//! The rate controller's place in a publish: when it is asked, and what follows from its answers.
//! What it decides, and on what grounds, is `rate`'s.

use onair_types::Now;

use super::steps::{Connection, Phase};
use super::{Delivery, EncoderCommand, Event, Output, Publish};
use crate::compat::{Rule, Waiting};
use crate::rate::{Backlog, Decision};

impl Publish {
    /// Bytes that the socket may be offered now.
    pub(super) fn allowance_bytes(&self) -> usize {
        let is_live = |connection: &Connection| connection.dialogue.carries().is_some();
        match &self.phase {
            Phase::Connected(connection) if self.is_gated() && is_live(connection) => {
                usize::try_from(self.rate.allowance_bytes()).unwrap_or(usize::MAX)
            }
            _ => usize::MAX,
        }
    }

    /// Whether what is in flight matters: nobody drops units of a file that is shipped whole.
    pub(super) fn is_gated(&self) -> bool {
        self.config.delivery == Delivery::Live
    }

    /// While live: asks the controller when its time has come.
    pub(super) fn adapt(&mut self, now: Now) {
        if !self.is_gated() {
            return;
        }
        if self.next_report().is_some_and(|at| at <= now) {
            self.rate.skip_report(now);
        }
        if self.rate.wants_ticks() && now >= self.rate.next_tick() {
            let decision = self.rate.handle_tick(self.backlog(), now);
            self.tell_bitrate(decision);
            self.tell_pace();
        }
        if self.rule.is_some() && self.media.is_aligned() {
            self.follow_rule(now);
        }
    }

    /// Lets the compatibility rule look, and does what it wants.
    fn follow_rule(&mut self, now: Now) {
        let backlog = self.backlog();
        let Some(rule) = &mut self.rule else { return };
        let waiting = Waiting { frames: self.media.sendable_units(), bytes: backlog.bytes };
        let (target_bps, range) = (self.rate.target_bps(), self.rate.range());
        if let Some(step) = rule.handle_time(waiting, target_bps, range, now) {
            let decision = self.rate.follow(step.video_bps, step.reason, backlog);
            self.tell_bitrate(decision);
            let audio = step.audio_bps.map(EncoderCommand::SetAudioBitrate);
            self.outputs.extend(audio.map(Output::Encoder));
        }
    }

    fn backlog(&self) -> Backlog {
        Backlog {
            bytes: (self.media.queue_bytes() + self.outgoing.len()) as u64,
            oldest: self.media.oldest_droppable(),
        }
    }

    pub(super) fn tell_bitrate(&mut self, decision: Option<Decision>) {
        if let Some(decision) = decision {
            let command = EncoderCommand::SetVideoBitrate(decision.to_bps);
            self.outputs.push_back(Output::Encoder(command));
            self.outputs.push_back(Output::Event(Event::Bitrate(decision)));
        }
    }

    pub(super) fn tell_pace(&mut self) {
        let pace = self.rate.pace();
        if pace == self.told_pace {
            return;
        }
        self.told_pace = pace;
        self.media.set_pace(pace);
        self.outputs.push_back(Output::Encoder(EncoderCommand::SetVideoPace(pace)));
        self.outputs
            .extend(self.rate.pace_change().map(|change| Output::Event(Event::Pace(change))));
    }

    /// When the controller, or news of what the peer has, is wanted while live.
    pub(super) fn next_look(&self) -> Option<Now> {
        if !self.is_gated() {
            return None;
        }
        let tick = Some(self.rate.next_tick()).filter(|_| self.rate.wants_ticks());
        let rule = self.rule.as_ref().filter(|_| self.media.is_aligned());
        let rule = rule.and_then(Rule::next_sample);
        [tick, self.next_report(), rule].into_iter().flatten().min()
    }

    fn next_report(&self) -> Option<Now> {
        let waits = self.outgoing.len() as u64 + self.media.queue_bytes() as u64;
        self.rate.next_report(waits > self.rate.allowance_bytes())
    }
}
