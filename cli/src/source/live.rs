//! A camera and a microphone: each has a thread of its own, waits for what comes and pushes it with
//! its own stamp. Nothing is paced here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use onair::{Now, Pcm, PushError, Session};
use onair_media::capture::CaptureError;

use super::mix::Mix;
use super::pictures::Pictures;
use super::sound::Sound;
use super::{Ending, Source, ending};
use crate::context::Context;
use crate::exit::Failure;

/// Devices, at least one.
#[derive(Debug)]
pub(crate) struct LiveSource {
    camera: Option<Pictures>,
    microphone: Option<Microphone>,
    length: Option<Duration>,
}

/// One, and what is done to its sound.
#[derive(Debug)]
struct Microphone {
    sound: Sound,
    mix: Mix,
}

/// Blocks of a microphone a second.
const BLOCKS: u32 = 100;

impl LiveSource {
    /// For `length`, or until somebody stops it.
    pub(crate) fn new(
        camera: Option<Pictures>,
        microphone: Option<Sound>,
        mix: Mix,
        length: Option<Duration>,
    ) -> Self {
        let microphone = microphone.map(|sound| Microphone { sound, mix });
        Self { camera, microphone, length }
    }
}

impl Source for LiveSource {
    fn prepare(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn run(&mut self, session: &Session, context: &Context) -> Result<Ending, Failure> {
        let end = self.length.map(|length| context.clock.now() + length);
        let until = Until { context, end, is_over: AtomicBool::new(false) };
        let Self { camera, microphone, .. } = self;
        if let Some(microphone) = microphone {
            microphone.mix.begin(session)?;
        }
        thread::scope(|scope| {
            let sound = microphone
                .as_mut()
                .map(|microphone| scope.spawn(|| until.run(|| microphone.listen(session))));
            let pictures = camera.as_mut().map(|camera| until.run(|| look(camera, session)));
            let sound = sound.map(|thread| {
                let broken = |_| Err(Failure::local("the microphone's thread broke"));
                thread.join().unwrap_or_else(broken)
            });
            let endings = [pictures, sound].into_iter().flatten().collect::<Result<Vec<_>, _>>()?;
            let is_media = endings.iter().all(|ending| *ending == Ending::Media);
            Ok(if is_media { Ending::Media } else { Ending::Stopped })
        })
    }
}

/// How long both go on: one that ends ends the other.
struct Until<'a> {
    context: &'a Context,
    end: Option<Now>,
    is_over: AtomicBool,
}

impl Until<'_> {
    fn run(
        &self,
        mut step: impl FnMut() -> Result<Option<PushError>, Broken>,
    ) -> Result<Ending, Failure> {
        let ended = loop {
            if self.end.is_some_and(|end| self.context.clock.now() >= end) {
                break Ok(Ending::Media);
            }
            if self.context.stop_signal.wait(Duration::ZERO) || self.is_over.load(Ordering::Acquire)
            {
                break Ok(Ending::Stopped);
            }
            match step() {
                Ok(None) => {}
                Ok(Some(refused)) => break ending(&refused),
                // It may come back, and the stream goes on.
                Err(Broken::Device(late @ CaptureError::Late { .. })) => log::warn!("{late}"),
                Err(Broken::Device(error)) => break Err(Failure::local(error)),
                Err(Broken::Mix(failure)) => break Err(failure),
            }
        };
        self.is_over.store(true, Ordering::Release);
        ended
    }
}

/// Why there is no more of a device.
enum Broken {
    Device(CaptureError),
    /// A file beside it.
    Mix(Failure),
}

impl<E: Into<CaptureError>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Device(error.into())
    }
}

/// A picture; what the session said when it refused it.
fn look(camera: &mut Pictures, session: &Session) -> Result<Option<PushError>, Broken> {
    let Some(captured) = camera.read()? else { return Ok(Some(PushError::NotRunning)) };
    Ok(session.push_video(camera.frame()?, captured).err())
}

impl Microphone {
    /// A block; the same. The session puts silence where the stamps say that something was lost.
    fn listen(&mut self, session: &Session) -> Result<Option<PushError>, Broken> {
        let Self { sound, mix } = self;
        let frames = (sound.sample_rate_hz() / BLOCKS).max(1);
        let Some(block) = sound.read(frames)? else { return Ok(Some(PushError::NotRunning)) };
        if block.lost > 0 {
            log::warn!("the microphone ran over: {} samples are silence", block.lost);
        }
        let (sample_rate_hz, channels) = (sound.sample_rate_hz(), sound.channels());
        let at = block.captured;
        let origin = mix.begins_at(at);
        let samples = (sound.block().len() / usize::from(channels.max(1))) as u64;
        let end = at.since(origin) + sound.time_of(samples);
        if let Err(refused) = mix.push(session, at, end).map_err(Broken::Mix)? {
            return Ok(Some(refused));
        }
        let pcm = Pcm { samples: sound.block(), sample_rate_hz, channels };
        Ok(session.push_audio(pcm, at).err())
    }
}
