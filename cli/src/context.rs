//! What every command is given.

use crate::clock::{Clock, StopHandle, StopSignal};
use crate::output::{self, Output};

/// The process' clock, its stop and its output.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) clock: Clock,
    pub(crate) stop: StopHandle,
    pub(crate) stop_signal: StopSignal,
    pub(crate) output: Output,
}

impl Context {
    /// `clock` began when the process did.
    pub(crate) fn new(clock: Clock, json: bool) -> Self {
        let (stop, stop_signal) = StopSignal::new();
        Self { clock, output: Output::new(json, stop.clone()), stop, stop_signal }
    }

    /// The first Ctrl-C (or termination) stops cleanly, the second ends the process.
    pub(crate) fn stop_on_ctrl_c(&self) {
        let stop = self.stop.clone();
        let mut is_second = false;
        let set = ctrlc::set_handler(move || {
            output::clear_live_line();
            if std::mem::replace(&mut is_second, true) {
                std::process::exit(crate::exit::Exit::Interrupted.code().into());
            }
            stop.stop();
        });
        if let Err(error) = set {
            log::warn!("Ctrl-C will end the command at once: {error}");
        }
    }

    /// Since the process began.
    pub(crate) fn seconds(&self) -> f64 {
        self.clock.now().as_micros() as f64 / 1e6
    }
}
