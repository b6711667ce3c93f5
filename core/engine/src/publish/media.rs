//! From pushed access units to media messages: holds units while nobody takes them, aligns each
//! connection, and turns units into messages only while little waits for the socket, so that the
//! send buffer stays the real queue. Headers go before the first unit that needs them.

mod cueing;
mod further;
mod headers;
mod in_flight;
mod pace;
mod shipping;
mod switch;

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::{AccessUnit, AudioHeader, FrameKind, Now, Track};

use further::Further;
use headers::SentHeaders;
use in_flight::InFlight;

use super::cue::Cues;
use super::link::Link;
use super::ordered::Ordered;
use super::{Alignment, Config, Delivery, EncoderCommand, Event, Output};
use crate::align::{Aligner, Verdict};
use crate::flv::{MetaData, Prefix, TagType};
use crate::rate::Adaptation;
use crate::record::{Buffer, Recorder};
use crate::rtmp::chunk_writer::{MessageTooLarge, Outgoing, Written};
use crate::send_buffer::{Dropped, Queued, SendBuffer};
use switch::Fresh;

/// The media half of a publish; lives through all its connections.
#[derive(Debug)]
pub(super) struct Media {
    metadata: MetaData,
    alignment: Alignment,
    delivery: Delivery,
    /// More than this waiting for the socket, and nothing is serialised.
    credit_bytes: usize,
    buffer: Buffer,
    further: Vec<Further>,
    /// Where units wait instead while a connection takes them, in LFLiveKit's way.
    ordered: Option<Box<Ordered>>,
    aligner: Aligner,
    /// What was serialised and not yet taken completely, in order.
    in_flight: InFlight,
    sent: SentHeaders,
    cues: Cues,
    /// How to decode the newest sound pushed.
    latest_audio: Option<AudioHeader>,
    /// The next IDR is for another connection.
    stops_at_idr: bool,
    /// An IDR was asked for, and an older one does only when this time has come.
    fresh: Option<Fresh>,
    /// What the app knows of drops, and since when.
    reported: Dropped,
    reported_at: Option<Now>,
    /// The link carries no pictures at all: none is taken.
    is_sound_alone: bool,
    units_in: [u64; 2],
    units_sent: [u64; 2],
    scratch: Vec<u8>,
}

impl Media {
    pub(super) fn new(config: &Config, recorder: Recorder) -> Self {
        let (has_video, has_audio) =
            (config.metadata.video.is_some(), config.metadata.audio.is_some());
        let begins_at_idr = config.alignment == Alignment::FirstKeyframe;
        Self {
            metadata: config.metadata.clone(),
            alignment: config.alignment,
            delivery: config.delivery,
            credit_bytes: match config.delivery {
                Delivery::Live => LIVE_CREDIT_BYTES,
                Delivery::Complete => COMPLETE_CREDIT_BYTES,
            },
            buffer: Buffer::new(SendBuffer::new(config.delivery, begins_at_idr), recorder),
            further: Further::all(&config.metadata, config.delivery, begins_at_idr),
            ordered: (config.adaptation == Adaptation::LfLiveKit
                && config.delivery == Delivery::Live)
                .then(|| Box::new(Ordered::new())),
            aligner: Aligner::new(config.alignment, has_video, has_audio, config.first_timestamp),
            in_flight: InFlight::new(config.delivery),
            sent: SentHeaders::default(),
            cues: Cues::new(config.delivery),
            latest_audio: None,
            stops_at_idr: false,
            fresh: None,
            reported: Dropped::default(),
            reported_at: None,
            is_sound_alone: false,
            units_in: [0; 2],
            units_sent: [0; 2],
            scratch: Vec::new(),
        }
    }

    /// Takes a unit. While no connection takes units (`is_live` false), only what is worth
    /// replaying stays.
    pub(super) fn handle_unit(&mut self, unit: AccessUnit, is_live: bool, now: Now) {
        let track = unit.track();
        self.units_in[track as usize] += 1;
        if let AccessUnit::Audio(unit) = &unit {
            self.latest_audio = Some(unit.config);
        }
        let is_unwanted = !self.takes(&unit)
            || (track == Track::Video && self.is_sound_alone)
            || (track == Track::Audio && self.aligner.is_before_epoch(unit.dts()));
        if is_unwanted {
            self.buffer.count_dropped(track);
            self.reported.count(track); // no news for the app: nothing is wrong with the network
            return;
        }
        if let Some(ordered) = &mut self.ordered
            && is_live
            && self.aligner.is_aligned()
        {
            return ordered.push(unit, &mut self.buffer, now);
        }
        self.buffer.push(unit, now);
        if !is_live {
            self.buffer.hold(now);
        }
    }

    /// The socket took messages completely.
    pub(super) fn handle_written(&mut self, written: Written) {
        let taken = self.in_flight.handle_written(written);
        for (sent, taken) in self.units_sent.iter_mut().zip(taken) {
            *sent += u64::from(taken);
        }
    }

    /// While live: aligns, drops, asks for an IDR and fills `outgoing`. With `is_flushing`
    /// everything goes, however young.
    pub(super) fn pump(
        &mut self,
        link: &mut Link<'_>,
        outputs: &mut VecDeque<Output>,
        is_flushing: bool,
        now: Now,
    ) {
        let verdict = self.align(now);
        if verdict == Verdict::Aligned {
            self.buffer.shed(|bytes| link.rate.transit(bytes), link.rate.dead_time(), now);
            if let Some(ordered) = &mut self.ordered {
                ordered.flush(is_flushing, &mut self.buffer, now);
            }
            self.settle_further(link, now);
            // Once something goes, all sound goes with it.
            let is_ready = is_flushing || self.is_ready(now);
            while is_ready && self.has_credit(link.outgoing) && link.gate_is_open() {
                if let Some(ordered) = &mut self.ordered {
                    ordered.refill(&mut self.buffer);
                }
                if self.stops_at_idr && self.is_idr_next() {
                    break;
                }
                if self.write_further(link) {
                    continue;
                }
                let Some(queued) = self.buffer.pop(self.is_sound_first(now)) else { break };
                self.write_queued(queued, link, now);
            }
            self.report_drops(outputs, now);
        }
        let is_jammed = self.head(verdict).is_some_and(|at| now.since(at) >= JAMMED);
        if !is_flushing && !is_jammed && self.asks_for_further_key(now) {
            outputs.push_back(Output::Encoder(EncoderCommand::RequestIdr));
        }
        if !is_flushing && self.lacks_idr(verdict) {
            let head = self.head(verdict);
            if self.buffer.ask_for_idr(head, now) {
                outputs.push_back(Output::Encoder(EncoderCommand::RequestIdr));
            }
        }
    }

    /// When [`Media::pump`] has something to do if nothing comes in until then, on a link that was
    /// dead for so long.
    pub(super) fn deadline(
        &self,
        link_has_credit: bool,
        dead_time: Duration,
        now: Now,
    ) -> Option<Now> {
        if !self.aligner.is_aligned() {
            return self.fresh.map(|fresh| fresh.ends);
        }
        let riding = self.riding().filter(|_| link_has_credit && !self.is_ready(now));
        let lacks_idr = self.lacks_idr(Verdict::Aligned);
        let head = self.head(Verdict::Aligned);
        [
            riding.map(|since| since + RIDE_ALONG),
            self.buffer.next_shed(dead_time),
            self.ordered.as_ref().and_then(|ordered| ordered.quiet_at()),
            self.buffer.next_idr_request(head, now).filter(|_| lacks_idr),
            self.next_report().filter(|_| self.unreported().is_some()),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether `outgoing` may take another unit.
    #[inline]
    pub(super) fn has_credit(&self, outgoing: &Outgoing) -> bool {
        outgoing.len() < self.credit_bytes
    }

    /// Whether a unit pushed now does nothing but queue up: a file's reader is ahead of the socket.
    #[inline]
    pub(super) fn only_queues(&self, outgoing: &Outgoing) -> bool {
        self.delivery == Delivery::Complete
            && self.aligner.is_aligned()
            && !self.has_credit(outgoing)
    }

    /// Whether every unit taken was handed to the socket.
    pub(super) fn is_drained(&self) -> bool {
        let is_empty =
            self.buffer.is_empty() && self.further_units() == 0 && self.ordered_units() == (0, 0);
        is_empty || !self.aligner.is_aligned()
    }

    /// Whether a producer that can wait should go on.
    #[inline]
    pub(super) fn wants_units(&self, is_live: bool) -> bool {
        let lacks_a_track = is_live && !self.aligner.is_aligned();
        let is_full = self.buffer.is_full() || self.has_full_further();
        self.delivery == Delivery::Live || !is_full || lacks_a_track
    }

    /// Drops what waits: nobody will take it.
    pub(super) fn clear(&mut self) {
        self.drop_in_flight();
        if let Some(ordered) = &mut self.ordered {
            ordered.give_back(&mut self.buffer);
        }
        self.buffer.clear();
        self.clear_further();
    }

    /// What was serialised is gone with its connection.
    fn drop_in_flight(&mut self) {
        for (track, units) in self.in_flight.take() {
            (0..units).for_each(|_| self.buffer.count_dropped(track));
        }
    }

    /// What waits, and is on record.
    pub(super) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    pub(super) fn units_in(&self, track: Track) -> u64 {
        self.units_in[track as usize]
    }

    pub(super) fn units_sent(&self, track: Track) -> u64 {
        self.units_sent[track as usize]
    }

    pub(super) fn dropped(&self) -> Dropped {
        self.all_dropped()
    }

    /// Units that wait, serialised ones too.
    pub(super) fn queue_units(&self) -> usize {
        let (sendable, held_back) = self.ordered_units();
        self.buffer.len() + sendable + held_back + self.in_flight.len() + self.further_units()
    }

    /// Units that could be serialised if there were room.
    pub(super) fn sendable_units(&self) -> usize {
        self.buffer.len() + self.ordered_units().0
    }

    /// Whether the connection's first units are chosen.
    pub(super) fn is_aligned(&self) -> bool {
        self.aligner.is_aligned()
    }

    /// Bytes that wait and are not serialised.
    pub(super) fn queue_bytes(&self) -> usize {
        self.buffer.size_bytes()
            + self.further_bytes()
            + self.ordered.as_ref().map_or(0, |o| o.size_bytes())
    }

    /// When the oldest unit that can still be dropped was pushed.
    pub(super) fn oldest_droppable(&self) -> Option<Now> {
        let ordered = self.ordered.as_ref().and_then(|ordered| ordered.oldest());
        self.buffer.oldest().into_iter().chain(ordered).min()
    }

    /// Units that LFLiveKit's queue could let go, and those it holds back.
    fn ordered_units(&self) -> (usize, usize) {
        self.ordered.as_ref().map_or((0, 0), |ordered| ordered.len())
    }

    fn has_track(&self, track: Track) -> bool {
        match track {
            Track::Video => self.metadata.video.is_some(),
            Track::Audio => self.metadata.audio.is_some(),
        }
    }

    fn align(&mut self, now: Now) -> Verdict {
        if self.aligner.is_aligned() {
            return Verdict::Aligned;
        }
        self.buffer.hold(now);
        self.hold_further(now);
        if self.waits_for_fresh(now) {
            return Verdict::NeedsIdr;
        }
        loop {
            let first_audio = self.buffer.first_audio().map(|queued| queued.unit.dts());
            let first_idr = self.buffer.first_idr();
            let is_idr_early = first_idr.is_some();
            match self.aligner.align(first_idr, first_audio) {
                Verdict::NeedsIdr if is_idr_early => self.buffer.skip_gop(),
                verdict => {
                    let Self { buffer, aligner, .. } = self;
                    buffer.drop_audio_while(|pts| aligner.is_before_epoch(pts));
                    self.reported = self.all_dropped();
                    return verdict;
                }
            }
        }
    }

    /// Sound and further tracks ride along with the next picture unless that is long in coming: one
    /// write a picture.
    fn is_ready(&self, now: Now) -> bool {
        self.buffer.has_video()
            || self.metadata.video.is_none()
            || self.ordered.as_ref().is_some_and(|ordered| ordered.is_ready())
            || self.riding().is_some_and(|since| now >= since + RIDE_ALONG)
    }

    /// Since when something waits to ride along.
    fn riding(&self) -> Option<Now> {
        let sound = self.buffer.first_audio().map(|audio| audio.pushed_at);
        sound.into_iter().chain(self.further_since()).min()
    }

    /// Whether pictures are refused for want of an IDR that an encoder could make.
    fn lacks_idr(&self, verdict: Verdict) -> bool {
        // An encoder begins with an IDR unasked.
        let has_begun = self.units_in[Track::Video as usize] > 0;
        self.alignment == Alignment::FirstKeyframe
            && verdict != Verdict::NeedsAudio
            && has_begun
            && !self.is_sound_alone
            && (self.buffer.awaits_idr()
                || self.ordered.as_ref().is_some_and(|ordered| ordered.awaits_idr()))
    }

    /// When the oldest unit that waits for the network was pushed.
    fn head(&self, verdict: Verdict) -> Option<Now> {
        // What is held for alignment does not wait for the network.
        let waiting = self.oldest_droppable().filter(|_| verdict == Verdict::Aligned);
        self.in_flight.oldest().into_iter().chain(waiting).min()
    }

    fn unreported(&self) -> Option<Dropped> {
        let dropped = self.all_dropped();
        let video = dropped.video - self.reported.video;
        let audio = dropped.audio - self.reported.audio;
        (video + audio > 0).then_some(Dropped { video, audio })
    }

    fn next_report(&self) -> Option<Now> {
        self.reported_at.map(|at| at + REPORT_SPACING)
    }

    fn report_drops(&mut self, outputs: &mut VecDeque<Output>, now: Now) {
        if let Some(Dropped { video, audio }) = self.unreported()
            && self.next_report().is_none_or(|due| now >= due)
        {
            self.reported = self.all_dropped();
            self.reported_at = Some(now);
            let saturated = |count| u32::try_from(count).unwrap_or(u32::MAX);
            outputs.push_back(Output::Event(Event::Dropped {
                video: saturated(video),
                audio: saturated(audio),
            }));
        }
    }

    /// Serialises a unit of the send buffer, and the cues before it.
    fn write_queued(&mut self, queued: Queued, link: &mut Link<'_>, now: Now) {
        let Queued { unit, pushed_at, .. } = queued;
        let (track, dts) = (unit.track(), unit.dts());
        self.write_cues(dts, link, now);
        match self.write(unit, link) {
            Ok(()) => {
                self.cues.handle_sent(dts);
                self.in_flight.push(track, pushed_at);
                link.rate.handle_unit(link.outgoing.total_bytes(), pushed_at);
            }
            // The buffer takes no unit of half that size.
            Err(MessageTooLarge { .. }) => self.buffer.count_dropped(track),
        }
    }

    #[inline]
    fn write(&mut self, unit: AccessUnit, link: &mut Link<'_>) -> Result<(), MessageTooLarge> {
        let timestamp_ms = self.aligner.wire_ms(unit.dts());
        if !self.sent.has_headers_of(&unit) {
            self.write_headers(&unit, timestamp_ms, link)?;
        }
        self.serialise(unit, timestamp_ms, link)
    }

    /// What [`Media::write`] does once the headers are there.
    #[inline(always)]
    fn serialise(
        &mut self,
        unit: AccessUnit,
        timestamp_ms: u32,
        link: &mut Link<'_>,
    ) -> Result<(), MessageTooLarge> {
        self.sent.last_ms = timestamp_ms;
        match unit {
            AccessUnit::Video(unit) => {
                let is_idr = unit.kind == FrameKind::Idr;
                let composition_ms = self.aligner.composition_ms(&unit);
                let prefix = Prefix::video(unit.config.codec(), is_idr, composition_ms);
                link.media(TagType::Video, timestamp_ms, prefix, unit.payload)
            }
            AccessUnit::Audio(unit) => {
                let prefix = Prefix::audio(unit.config.codec());
                link.media(TagType::Audio, timestamp_ms, prefix, unit.payload)
            }
        }
    }
}

/// What may wait for the socket before another unit is serialised: it can no longer be dropped.
const LIVE_CREDIT_BYTES: usize = 4 << 10;
/// Where nothing is dropped anyway, larger writes cost less.
const COMPLETE_CREDIT_BYTES: usize = 256 << 10;
/// How long sound waits for a picture to go out with.
const RIDE_ALONG: Duration = Duration::from_millis(60);
/// A key frame asked for now would only lengthen the queue.
const JAMMED: Duration = Duration::from_millis(300);
/// Between two reports of drops.
const REPORT_SPACING: Duration = Duration::from_secs(1);
