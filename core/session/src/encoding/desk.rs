//! The mixing desk of `onair-audio`: chunks of all sources → one row of blocks for the encoder. Pure;
//! `audio` feeds it.
//!
//! Each source is resampled, placed on the one grid by its own timeline (which corrects its clock),
//! and added. The mix goes on as far as every source has come that still speaks; one that is more
//! than 100 ms behind the furthest is not waited for. A single source is never waited for, and comes
//! out as it came in.

use onair_engine::timeline::{AudioTimeline, time_of_sample};
use onair_media::pcm::{Framer, PcmError};
use onair_media::sound::{Converter, Meter, Mixer, limit, to_i16};
use onair_types::{CaptureTime, MediaTime};

use crate::AudioSourceId;
use crate::edge::audio::{Chunk, SOURCES, micros};
use crate::sound::Controls;

pub(crate) struct Desk {
    channels: u8,
    rate_hz: u32,
    inputs: [Option<Input>; SOURCES],
    mixer: Mixer,
    framer: Framer,
    /// Number on the grid of the framer's sample 0.
    base: i64,
    gain: f32,
    meter: Meter,
    /// Samples a channel that came too late, or twice.
    left_out: u64,
    converted: Vec<f32>,
    mixed: Vec<f32>,
    samples: Vec<i16>,
}

struct Input {
    id: AudioSourceId,
    converter: Converter,
    timeline: AudioTimeline,
    rate_hz: u32,
    /// Number of the sample that should come next from the edge.
    next_sample: u64,
    /// Where on the grid the source has come to.
    end: Option<i64>,
    gain: f32,
    meter: Meter,
}

/// A block for the encoder, and when its first sample sounds.
pub(crate) type Out<'a> = &'a mut dyn FnMut(&[i16], MediaTime);

/// How far a source may be behind before the others go on, in parts of a second.
const HOLD: i64 = 10;
/// Silence fills gaps up to this; after a longer one the blocks' times jump.
const LONGEST_FILL_SECONDS: i64 = 1;
/// Samples that have room from the begin.
const ROOM: usize = 16_384;
/// Levels a second.
const LEVELS: usize = 10;

impl Desk {
    pub(crate) fn new(channels: u8, rate_hz: u32) -> Result<Self, PcmError> {
        Ok(Self {
            channels,
            rate_hz,
            inputs: Default::default(),
            mixer: Mixer::new(channels),
            framer: Framer::new(channels)?,
            base: 0,
            gain: 1.0,
            meter: meter(channels, rate_hz),
            left_out: 0,
            converted: Vec::with_capacity(ROOM),
            mixed: Vec::with_capacity(ROOM),
            samples: Vec::with_capacity(ROOM),
        })
    }

    /// Takes a chunk; `origin` is the capture time that is zero on the timeline.
    pub(crate) fn take(
        &mut self,
        chunk: &Chunk,
        origin: CaptureTime,
        controls: &Controls,
        is_muted: bool,
        out: Out<'_>,
    ) {
        let Some(id) = controls.source(chunk.source).id() else { return };
        let fresh = |input: &Input| input.id == id;
        let slot = &mut self.inputs[chunk.source];
        if !slot.as_ref().is_some_and(fresh) {
            *slot = Some(Input::new(id, self.channels, self.rate_hz, origin, chunk));
        }
        let Some(mut input) = slot.take() else { return };
        self.converted.clear();
        let place = input.hear(chunk, self.channels, &mut self.converted, controls);
        if let Some((first, repeated)) = place {
            let ends = self.inputs.iter().flatten().filter_map(|other| other.end);
            let furthest = ends.chain(input.end).chain(self.mixer.position()).max();
            let longest = LONGEST_FILL_SECONDS * i64::from(self.rate_hz);
            if let Some(furthest) = furthest.filter(|end| first.saturating_sub(*end) > longest) {
                self.mix(furthest, controls, is_muted, out);
                self.flush_framer(out);
                self.mixer.skip_to(first);
                self.base = first - self.framer.next_sample() as i64;
            }
            if furthest.is_none() {
                self.base = first;
            }
            let samples = &self.converted[repeated * usize::from(self.channels)..];
            self.left_out += (repeated + self.mixer.add(first, samples)) as u64;
            input.end = Some(first + (samples.len() / usize::from(self.channels)) as i64);
        }
        self.inputs[chunk.source] = Some(input);
        if let Some(end) = self.ready(controls) {
            self.mix(end, controls, is_muted, out);
        }
    }

    /// All sources have ended: hands out what is left, the last block filled up with silence.
    pub(super) fn finish(&mut self, controls: &Controls, is_muted: bool, out: Out<'_>) {
        let mut last = None;
        for input in self.inputs.iter_mut().flatten() {
            let Some(end) = input.end else { continue };
            self.converted.clear();
            let made = input.converter.finish(&mut self.converted);
            let channels = usize::from(self.channels);
            ramp(&mut self.converted, channels, input.gain, input.gain, self.rate_hz);
            self.mixer.add(end, &self.converted);
            last = last.max(Some(end + made.frames as i64));
        }
        let Some(end) = last else { return };
        self.mix(end, controls, is_muted, out);
        self.flush_framer(out);
    }

    /// Samples a channel that were left out since the last call, as they came too late or twice.
    pub(super) fn take_left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }

    /// How far the mix can go.
    fn ready(&mut self, controls: &Controls) -> Option<i64> {
        for (slot, input) in self.inputs.iter_mut().enumerate() {
            if input.as_ref().is_some_and(|input| controls.source(slot).id() != Some(input.id)) {
                *input = None;
            }
        }
        let ends = || self.inputs.iter().flatten().filter_map(|input| input.end);
        let furthest = ends().max()?;
        let waited_for = furthest - i64::from(self.rate_hz) / HOLD;
        ends().filter(|&end| end > waited_for).min()
    }

    fn mix(&mut self, end: i64, controls: &Controls, is_muted: bool, out: Out<'_>) {
        if self.mixer.take(end, &mut self.mixed).is_none() {
            return;
        }
        let target = controls.gain.read();
        let inputs = || self.inputs.iter().flatten();
        let may_exceed = inputs().count() > 1
            || self.gain.max(target) > 1.0
            || inputs().any(|input| input.gain > 1.0);
        let channels = usize::from(self.channels);
        self.gain = ramp(&mut self.mixed, channels, self.gain, target, self.rate_hz);
        if is_muted {
            self.mixed.fill(0.0);
        } else if may_exceed {
            limit(&mut self.mixed);
        }
        if let Some(level) = self.meter.add(&self.mixed) {
            controls.show_output(level);
        }
        self.samples.clear();
        to_i16(&self.mixed, &mut self.samples);
        let (base, rate_hz) = (self.base, self.rate_hz);
        let framed = self.framer.push(&self.samples, |block| {
            out(block.pcm, time_of_sample(base + block.first_sample as i64, rate_hz));
        });
        debug_assert!(framed.is_ok(), "the mixer gives whole sample frames");
    }

    fn flush_framer(&mut self, out: Out<'_>) {
        let (base, rate_hz) = (self.base, self.rate_hz);
        self.framer.flush(|block| {
            out(block.pcm, time_of_sample(base + block.first_sample as i64, rate_hz));
        });
    }
}

/// Samples of silence that a source makes up for at a time, all channels.
static SILENCE: [f32; 2_048] = [0.0; 2_048];

impl Input {
    fn new(
        id: AudioSourceId,
        channels: u8,
        rate_hz: u32,
        origin: CaptureTime,
        first: &Chunk,
    ) -> Self {
        Self {
            id,
            converter: Converter::new(channels, rate_hz),
            timeline: AudioTimeline::new(origin, rate_hz),
            rate_hz,
            next_sample: first.first_sample,
            end: None,
            gain: 1.0,
            meter: meter(channels, rate_hz),
        }
    }

    /// Converts a chunk, and silence for what is missing before it, into `out`. Returns the place
    /// on the grid and how many samples of `out` must be left out; `None` when all must.
    fn hear(
        &mut self,
        chunk: &Chunk,
        channels: u8,
        out: &mut Vec<f32>,
        controls: &Controls,
    ) -> Option<(i64, usize)> {
        let channels = usize::from(channels);
        let missing = chunk.first_sample.saturating_sub(self.next_sample);
        let mut captured = chunk.captured.offset_micros(-micros(missing, chunk.rate_hz));
        let (mut left, mut lead) = (missing, None);
        while left > 0 {
            let samples = left.min((SILENCE.len() / channels) as u64);
            let silence = &SILENCE[..samples as usize * channels];
            lead.get_or_insert(self.converter.push(silence, chunk.rate_hz, out).lead_micros);
            left -= samples;
        }
        let made = self.converter.push(&chunk.pcm, chunk.rate_hz, out);
        captured = captured.offset_micros(*lead.get_or_insert(made.lead_micros));
        self.next_sample = chunk.first_sample + (chunk.pcm.len() / channels) as u64;
        if chunk.is_back {
            self.timeline.believe_next();
        }

        let controls = controls.source(chunk.source);
        if let Some(level) = self.meter.add(out) {
            controls.level.show(level);
        }
        let is_muted = controls.muted.load(std::sync::atomic::Ordering::Acquire);
        self.gain = ramp(out, channels, self.gain, controls.gain.read(), self.rate_hz);
        if is_muted {
            out.fill(0.0);
        }
        let frames = u32::try_from(out.len() / channels).unwrap_or(u32::MAX);
        if frames == 0 {
            return None;
        }
        let Some(place) = self.timeline.place(captured, frames) else {
            out.clear();
            return None;
        };
        self.converter.set_stretch(self.timeline.stretch_ppm());
        Some((place.first, place.repeated as usize))
    }
}

/// Multiplies by a gain that goes from `from` to `to` within 10 ms; returns where it has come to.
fn ramp(samples: &mut [f32], channels: usize, from: f32, to: f32, rate_hz: u32) -> f32 {
    if from == 1.0 && to == 1.0 {
        return to;
    }
    let step = 100.0 / rate_hz as f32;
    let mut gain = from;
    for frame in samples.chunks_mut(channels) {
        gain += (to - gain).clamp(-step, step);
        frame.iter_mut().for_each(|sample| *sample *= gain);
    }
    gain
}

fn meter(channels: u8, rate_hz: u32) -> Meter {
    Meter::new(rate_hz as usize * usize::from(channels) / LEVELS)
}

#[cfg(test)]
#[path = "desk_test.rs"]
mod tests;
