//! Starts `onair-net`, `onair-video` and `onair-audio`, and sees them off.

use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use onair_engine::publish::Publish;
use onair_types::Track;

use super::Run;
use crate::destination::Places;
use crate::{Error, Source, encoding, hold, net};

/// The threads of one broadcast.
pub(crate) struct Threads {
    net: Option<Thread>,
    encoders: Vec<Thread>,
    is_holding: bool,
}

struct Thread {
    handle: JoinHandle<()>,
    /// Disconnected when the thread's work is over.
    gone: Receiver<Infallible>,
}

/// How long encoders may take to return when the broadcast is stopped; `onair-net` needs less than
/// `net::STOP_WITHIN`, and both run at the same time.
const ENCODERS_WITHIN: Duration = Duration::from_millis(40);

impl Threads {
    /// Starts all threads of `run`, with an engine for each place; when one cannot be started, none
    /// stays.
    pub(crate) fn start(
        run: &Arc<Run>,
        places: Places,
        engines: Vec<Publish>,
    ) -> Result<Self, Error> {
        let runtime = net::runtime(engines.len()).map_err(|e| refused(&e))?;
        let mut threads = Self { net: None, encoders: Vec::new(), is_holding: false };
        let started = threads.start_encoders(run).and_then(|()| {
            let shared = Arc::clone(run);
            Thread::start("onair-net", move || net::run(runtime, places, engines, &shared))
        });
        match started {
            Ok(net) => {
                threads.net = Some(net);
                Ok(threads)
            }
            Err(error) => {
                run.stop();
                threads.join();
                Err(refused(&error))
            }
        }
    }

    fn start_encoders(&mut self, run: &Arc<Run>) -> io::Result<()> {
        let is_raw = |track| run.plan.source(track) == Some(Source::Raw);
        if is_raw(Track::Video) {
            self.start_encoder("onair-video", run, encoding::video::run)?;
        }
        if is_raw(Track::Audio) {
            self.start_encoder("onair-audio", run, encoding::audio::run)?;
        }
        Ok(())
    }

    fn start_encoder(
        &mut self,
        name: &str,
        run: &Arc<Run>,
        work: impl FnOnce(&Run) + Send + 'static,
    ) -> io::Result<()> {
        let shared = Arc::clone(run);
        // Counted before the thread runs: it must not look finished before it began.
        run.encoder_begins();
        let thread = Thread::start(name, move || {
            if catch_unwind(AssertUnwindSafe(|| work(&shared))).is_err() {
                shared.fail(Error::System("encode: internal error".to_owned()));
            }
            shared.encoder_ends();
        });
        self.encoders.push(thread?);
        Ok(())
    }

    /// Starts the thread that stands in for devices, once.
    pub(crate) fn start_holding(&mut self, run: &Arc<Run>) -> Result<(), Error> {
        if !self.is_holding {
            let shared = Arc::clone(run);
            let thread = Thread::start("onair-hold", move || hold::run(&shared));
            self.encoders.push(thread.map_err(|error| refused(&error))?);
            self.is_holding = true;
        }
        Ok(())
    }

    /// Ready once `onair-net` is gone.
    pub(crate) fn net_gone(&self) -> Option<Receiver<Infallible>> {
        self.net.as_ref().map(|thread| thread.gone.clone())
    }

    /// Waits for the threads to end; the run must have been told to stop. An encoder that does not
    /// return in time is left behind and ends by itself.
    pub(crate) fn join(self) {
        if let Some(net) = self.net {
            // Bounded by its own deadline; sockets and timers are gone with it.
            let _ = net.handle.join();
        }
        for encoder in self.encoders {
            if encoder.gone.recv_timeout(ENCODERS_WITHIN) == Err(RecvTimeoutError::Disconnected) {
                let _ = encoder.handle.join();
            } else {
                log::warn!("an encoder does not return; its thread is left behind");
            }
        }
    }
}

impl Thread {
    fn start(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (here, gone): (Sender<Infallible>, _) = bounded(0);
        let handle = Builder::new().name(name.to_owned()).spawn(move || {
            let _here = here;
            work();
        })?;
        Ok(Self { handle, gone })
    }
}

fn refused(error: &io::Error) -> Error {
    Error::System(format!("start the session's threads: {error}"))
}
