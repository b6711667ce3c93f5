//! Camera → `onair-video`: at most two pictures wait, the newest win, the others are counted.
//! The buffers go round, so a push costs one copy and no allocation.

use onair_media::frame::{FrameView, PixelFormat};
use onair_types::CaptureTime;

use super::{Next, Waiting};
use crate::PushError;
use crate::sync::{Ordering, Receiver, SendTimeoutError, Sender, TrySendError, bounded};

/// A picture in its own packed buffer.
#[derive(Debug)]
pub(crate) struct RawFrame {
    pub(crate) format: PixelFormat,
    /// Width and height, pixels.
    pub(crate) size: [u32; 2],
    pub(crate) captured: CaptureTime,
    pub(crate) data: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct VideoEdge {
    frames: Sender<RawFrame>,
    waiting: Receiver<RawFrame>,
    free: (Sender<Vec<u8>>, Receiver<Vec<u8>>),
    /// What the encoder had last. The lock is held to change it or to copy it, no longer.
    last: std::sync::Mutex<Option<RawFrame>>,
}

/// Pictures that wait for the encoder.
const FRAMES: usize = 2;
/// Buffers that go round: those that wait, one in the encoder, the one before, one in a push.
const BUFFERS: usize = FRAMES + 3;

impl VideoEdge {
    pub(crate) fn new() -> Self {
        let (frames, waiting) = bounded(FRAMES);
        Self { frames, waiting, free: bounded(BUFFERS), last: std::sync::Mutex::new(None) }
    }

    /// Takes a copy of `frame`; when two wait, the oldest makes room.
    pub(crate) fn push_newest(
        &self,
        frame: &FrameView<'_>,
        at: CaptureTime,
        on: &Waiting<'_>,
    ) -> Result<(), PushError> {
        self.hand_over(self.copy(frame, at, on)?, on);
        Ok(())
    }

    /// Takes another copy of the picture that the encoder had last; nothing before there was one.
    pub(crate) fn push_last(&self, at: CaptureTime, on: &Waiting<'_>) -> Result<(), PushError> {
        let copy = {
            let last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let Some(RawFrame { format, size: [width, height], data, .. }) = last.as_ref() else {
                return Ok(());
            };
            self.copy(&FrameView::packed(*format, *width, *height, data)?, at, on)?
        };
        self.hand_over(copy, on);
        Ok(())
    }

    fn hand_over(&self, mut frame: RawFrame, on: &Waiting<'_>) {
        while let Err(TrySendError::Full(refused)) = self.frames.try_send(frame) {
            if let Ok(oldest) = self.waiting.try_recv() {
                on.counters.frames_skipped.fetch_add(1, Ordering::Relaxed);
                self.recycle(oldest.data);
            }
            frame = refused;
        }
    }

    /// Takes a copy of `frame`; when two wait, waits itself.
    pub(crate) fn push_when_free(
        &self,
        frame: &FrameView<'_>,
        at: CaptureTime,
        on: &Waiting<'_>,
    ) -> Result<(), PushError> {
        let mut frame = self.copy(frame, at, on)?;
        loop {
            match self.frames.send_timeout(frame, on.patience) {
                Ok(()) => return Ok(()),
                Err(SendTimeoutError::Timeout(refused)) if !on.is_stopping() => frame = refused,
                Err(_) => return Err(PushError::NotRunning),
            }
        }
    }

    /// The oldest picture that waits; waits for one.
    pub(crate) fn next(&self, on: &Waiting<'_>) -> Next<RawFrame> {
        on.next(&self.waiting)
    }

    /// Gives a picture back, which stays as the last one.
    pub(crate) fn release(&self, frame: RawFrame) {
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = last.replace(frame);
        drop(last);
        if let Some(before) = before {
            self.recycle(before.data);
        }
    }

    fn recycle(&self, data: Vec<u8>) {
        // A full ring means that more buffers go round than were planned: this one goes.
        let _ = self.free.0.try_send(data);
    }

    /// Without memory for it the picture is skipped, and the app is told.
    fn copy(
        &self,
        frame: &FrameView<'_>,
        captured: CaptureTime,
        on: &Waiting<'_>,
    ) -> Result<RawFrame, PushError> {
        let mut data = self.free.1.try_recv().unwrap_or_default();
        frame.pack_into(&mut data).inspect_err(|_| {
            on.counters.frames_skipped.fetch_add(1, Ordering::Relaxed);
        })?;
        let size = [frame.width(), frame.height()];
        Ok(RawFrame { format: frame.format(), size, captured, data })
    }
}

#[cfg(test)]
#[path = "video_test.rs"]
mod tests;
