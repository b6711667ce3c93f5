//! LFLiveKit's send buffer, state detector and bitrate rule (`spec lflivekit-and-friends`
//! 2.1–2.3), with adaptation switched on.

use std::time::Duration;

use super::queue::drop_message;
use super::{Kind, Message, Policy, Queue};
use crate::broadcaster::Host;

const SORT_WINDOW: usize = 5;
const LIST_CAP: usize = 600;
const VERDICT_SAMPLES: usize = 5;
const UP_BPS: u32 = 50_000;
const DOWN_BPS: u32 = 100_000;

/// Five samples of the queue's length give a verdict.
#[derive(Debug)]
pub(crate) struct LfLiveKit {
    min_bps: u32,
    max_bps: u32,
    current_bps: u32,
    sorting: Vec<Message>,
    samples: Vec<usize>,
}

impl LfLiveKit {
    /// Between `min_bps` and `max_bps`, starting in between as its presets do.
    pub(crate) fn new(min_bps: u32, start_bps: u32, max_bps: u32) -> Self {
        Self { min_bps, max_bps, current_bps: start_bps, sorting: Vec::new(), samples: Vec::new() }
    }

    /// The list is full: the first run of pictures that are not IDR goes, else the first IDR,
    /// else everything.
    fn make_room(queue: &mut Queue, host: &mut Host<'_>) {
        let is_inter = |message: &Message| matches!(message.kind, Kind::Inter(_));
        let is_idr = |message: &Message| matches!(message.kind, Kind::Idr(_));
        if let Some(first) = queue.messages.iter().position(is_inter) {
            let run = queue.messages.iter().skip(first);
            let end = run.clone().position(is_idr).map_or(queue.messages.len(), |n| first + n);
            let mut index = 0;
            queue.retain(host, |message| {
                index += 1;
                !(is_inter(message) && (first + 1..=end).contains(&index))
            });
        } else if let Some(idr) = queue.messages.iter().position(is_idr) {
            if let Some(message) = queue.messages.remove(idr) {
                drop_message(&message, host);
            }
        } else {
            queue.retain(host, |_| false);
        }
    }

    fn verdict(samples: &[usize]) -> Option<bool> {
        let mut previous = 0;
        let mut rising = 0;
        for sample in samples {
            rising += usize::from(*sample > previous);
            previous = *sample;
        }
        match rising {
            VERDICT_SAMPLES => Some(true),
            0 => Some(false),
            _ => None,
        }
    }
}

impl Policy for LfLiveKit {
    const CHUNK_BYTES: u32 = 128;
    const TICK: Duration = Duration::from_secs(1);

    fn start_bps(&self) -> u32 {
        self.current_bps
    }

    fn push(&mut self, message: Message, queue: &mut Queue, host: &mut Host<'_>) {
        self.sorting.push(message);
        if self.sorting.len() > SORT_WINDOW {
            self.sorting.sort_by_key(|message| message.captured);
            if queue.messages.len() >= LIST_CAP {
                Self::make_room(queue, host);
            }
            queue.push(self.sorting.remove(0));
        }
    }

    fn tick(&mut self, queue: &mut Queue, host: &mut Host<'_>) {
        self.samples.push(queue.messages.len());
        if self.samples.len() < VERDICT_SAMPLES {
            return;
        }
        let before = self.current_bps;
        match Self::verdict(&std::mem::take(&mut self.samples)) {
            Some(true) if before > self.min_bps => {
                self.current_bps = before.saturating_sub(DOWN_BPS);
            }
            Some(false) if before < self.max_bps => self.current_bps = before + UP_BPS,
            _ => return,
        }
        if self.current_bps != before {
            host.set_bitrate(self.current_bps);
        }
    }

    fn set_max_bitrate(&mut self, bps: u32) {
        self.max_bps = bps;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lf26_only_strict_growth_and_true_emptiness_are_verdicts() {
        assert_eq!(LfLiveKit::verdict(&[0, 0, 0, 0, 0]), Some(false));
        assert_eq!(LfLiveKit::verdict(&[1, 2, 3, 4, 5]), Some(true));
        assert_eq!(LfLiveKit::verdict(&[0, 1, 2, 3, 4]), None);
        assert_eq!(LfLiveKit::verdict(&[600; 5]), None);
        assert_eq!(LfLiveKit::verdict(&[3, 0, 0, 0, 0]), None);
    }
}
