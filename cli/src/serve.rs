//! `onair serve`: the embedded server until Ctrl-C.

use onair_server::{Config, RunningServer, Server, ServerError};

use crate::args::ServeArgs;
use crate::context::Context;
use crate::event::Event;
use crate::exit::{Exit, Failure};

/// Serves until somebody stops it.
///
/// # Errors
/// When an address cannot be listened on or the folder cannot be written.
pub(crate) fn run(args: &ServeArgs, context: &Context) -> Result<Exit, Failure> {
    let config = Config {
        rtmp: args.rtmp,
        http: args.http,
        record_dir: args.record.clone(),
        ..Config::default()
    };
    let server = start(config)?;
    context.output.event(&listening(&server, None));
    context.output.words(&format!(
        "push to {} and watch at {}",
        server.rtmp_url("live", "NAME"),
        server.watch_url("live", "NAME"),
    ));
    context.stop_signal.wait_for_ever();
    server.stop();
    Ok(Exit::Ok)
}

/// A server, or the exit code that its absence deserves.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn start(config: Config) -> Result<RunningServer, Failure> {
    Server::start(config).map_err(|error| {
        let exit = match &error {
            ServerError::RecordDir { .. } => Exit::Usage,
            ServerError::InUse { .. } | ServerError::Bind { .. } => Exit::Connect,
            _ => Exit::Local,
        };
        Failure::new(exit, error)
    })
}

/// What a server that runs is announced with.
pub(crate) fn listening(server: &RunningServer, watch_url: Option<String>) -> Event {
    Event::Listening {
        rtmp: server.rtmp_addr().to_string(),
        http: server.http_addr().to_string(),
        watch_url,
    }
}
