//! From one connection to the next: after a loss, or without one, when the old connection ends before
//! an IDR and the new one begins with it.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::{Now, Track};

use super::Media;
use super::headers::SentHeaders;
use crate::publish::{Alignment, Delivery, EncoderCommand, Output};
use crate::rate::Controller;

impl Media {
    /// The connection is gone, and with it what it had not taken completely.
    pub(in crate::publish) fn handle_lost(&mut self, now: Now) {
        if let Some(ordered) = &mut self.ordered {
            ordered.give_back(&mut self.buffer);
        }
        let began = self.sent.metadata;
        self.drop_in_flight();
        if began {
            self.buffer.restart_at_idr();
        }
        self.sent = SentHeaders::default();
        self.cues.restart();
        self.aligner.reset();
        self.restart_further();
        self.hold_further(now);
        self.buffer.hold(now);
        self.buffer.forget_idr_request();
        self.stops_at_idr = false;
        self.reported = self.all_dropped();
    }

    /// A connection stands after a long loss: an IDR made now is better than one that is held.
    pub(in crate::publish) fn want_fresh(&mut self, outputs: &mut VecDeque<Output>, now: Now) {
        let has_begun = self.units_in[Track::Video as usize] > 0;
        let is_steered =
            self.alignment == Alignment::FirstKeyframe && self.delivery == Delivery::Live;
        if has_begun && is_steered && !self.is_sound_alone && self.buffer.ask_for_idr(None, now) {
            self.fresh = Some(Fresh { asked_at: now, ends: now + FRESH_TIME });
            outputs.push_back(Output::Encoder(EncoderCommand::RequestIdr));
        }
    }

    /// Whether the IDR asked for may still come before it is too late for it.
    pub(super) fn waits_for_fresh(&mut self, now: Now) -> bool {
        let is_here = |fresh: &Fresh| {
            self.buffer.video_since().is_some_and(|pushed_at| pushed_at >= fresh.asked_at)
        };
        self.fresh = self.fresh.filter(|fresh| now < fresh.ends && !is_here(fresh));
        self.fresh.is_some()
    }

    /// The server may have dropped all pictures so far: they begin anew, behind their headers.
    pub(in crate::publish) fn begin_again(&mut self, outputs: &mut VecDeque<Output>, now: Now) {
        self.sent = SentHeaders::default();
        self.buffer.restart_at_idr();
        self.buffer.forget_idr_request();
        if self.has_track(Track::Video)
            && self.buffer.awaits_idr()
            && self.buffer.ask_for_idr(None, now)
        {
            outputs.push_back(Output::Encoder(EncoderCommand::RequestIdr));
        }
    }

    /// Another connection is ready: from the next IDR on, units wait for it.
    pub(in crate::publish) fn stop_at_idr(&mut self, outputs: &mut VecDeque<Output>) {
        self.stops_at_idr = true;
        let is_steered = self.alignment == Alignment::FirstKeyframe;
        if is_steered && self.has_track(Track::Video) && self.buffer.first_idr().is_none() {
            outputs.push_back(Output::Encoder(EncoderCommand::RequestIdr));
        }
    }

    /// There will be no other connection after all.
    pub(in crate::publish) fn go_on(&mut self) {
        self.stops_at_idr = false;
    }

    /// Whether everything before the IDR is with the old connection. Sound comes out of its encoder
    /// later than the pictures of its time: it is waited for.
    pub(in crate::publish) fn is_at_switch(&self, now: Now) -> bool {
        if !self.has_track(Track::Video) {
            return true;
        }
        let has_sound = !self.has_track(Track::Audio)
            || self.buffer.first_audio().is_some()
            || self.buffer.oldest().is_some_and(|at| now.since(at) >= SOUND_DELAY);
        self.is_idr_next() && has_sound
    }

    /// Another connection takes the units: its time begins with the IDR that waits.
    pub(in crate::publish) fn switch(&mut self) {
        self.drop_in_flight();
        self.sent = SentHeaders::default();
        self.cues.restart();
        self.stops_at_idr = false;
        self.restart_further();
        let first = match self.has_track(Track::Video) {
            true => self.buffer.first_idr().map(|idr| idr.dts),
            false => self.buffer.first_audio().map(|queued| queued.unit.dts()),
        };
        self.aligner.restart(first);
    }

    /// Until the other connection takes units: drops what is too old, as while live.
    pub(in crate::publish) fn shed(&mut self, rate: &Controller, now: Now) {
        self.buffer.shed(|bytes| rate.transit(bytes), rate.dead_time(), now);
    }

    /// Whether the unit that would go next is an IDR, or sound where there are no pictures.
    pub(super) fn is_idr_next(&self) -> bool {
        let Some(idr) = self.buffer.first_idr() else { return !self.has_track(Track::Video) };
        self.buffer.first_audio().is_none_or(|sound| sound.unit.dts() >= idr.dts)
    }
}

/// An IDR asked for at a new connection, and how long it is waited for.
#[derive(Clone, Copy, Debug)]
pub(in crate::publish) struct Fresh {
    asked_at: Now,
    pub(super) ends: Now,
}

/// For the camera's next picture and its encoder.
const FRESH_TIME: Duration = Duration::from_millis(150);
/// Longer than any AAC encoder holds sound back.
const SOUND_DELAY: Duration = Duration::from_millis(300);
