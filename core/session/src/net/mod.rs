//! `onair-net`: the only thread that knows sockets. It feeds the engines, does what they
//! say, and tells the app. Never encodes, never calls the app.

mod addresses;
mod bell;
mod connect;
mod driver;
mod lane;
mod link;
mod lull;
mod passing;
pub(crate) mod preflight;
pub(crate) mod resolve;
mod show;
mod sockopt;
mod steering;
pub(crate) mod tcp;
mod timer;
#[cfg(feature = "tls")]
pub(crate) mod tls;
mod wake;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use onair_engine::publish::Publish;
use tokio::runtime::{Builder, Runtime};

use crate::destination::Places;
use crate::run::Run;
use crate::{Error, State};

pub(crate) use wake::Wake;

/// From `stop` to the last socket closed, at most.
pub(crate) const STOP_WITHIN: Duration = Duration::from_millis(200);

/// How long a name lookup that cannot be cancelled may hold up the end.
const LOOKUP_GRACE: Duration = Duration::from_millis(10);

/// The runtime `onair-net` will run on. Name lookups use threads of it, since the system's
/// resolver cannot wait otherwise, and more while some hang: enough for each destination.
pub(crate) fn runtime(destinations: usize) -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        // One more reads certificates.
        .max_blocking_threads(resolve::most_threads(destinations) + 1)
        .thread_keep_alive(Duration::from_millis(100))
        .thread_name("onair-dns")
        .build()
}

/// Runs the broadcast to its end; the body of `onair-net`.
pub(crate) fn run(runtime: Runtime, places: Places, engines: Vec<Publish>, run: &Arc<Run>) {
    let driven = catch_unwind(AssertUnwindSafe(|| {
        let run = Arc::clone(run);
        runtime.block_on(async { driver::Driver::new(places, engines, run).run().await })
    }));
    // A hanging lookup is left behind; it holds no socket and ends when the resolver gives up.
    runtime.shutdown_timeout(LOOKUP_GRACE);
    let end = driven.unwrap_or_else(|_| {
        run.status.set_error(Some(Error::System("run the broadcast: internal error".to_owned())));
        State::Failed
    });
    run.end_looks();
    run.status.recorder.close();
    // Before the state: who sees it may start again at once.
    run.stop();
    // What an app's own encoder got was mixed in the app's threads, which are not told of the end.
    run.status.sound.silence();
    run.status.set_state(end);
}
