//! `onair serve`: the embedded server until Ctrl-C.

use std::net::{IpAddr, SocketAddr};

use onair::rooms::Secret;
use onair_server::{Config, PublicUrl, RunningServer, Server, ServerError};

use crate::args::ServeArgs;
use crate::context::Context;
use crate::demo;
use crate::event::Event;
use crate::exit::{Exit, Failure};

/// What publishers need, where the environment says it.
const TOKEN: &str = "ONAIR_PUBLISH_TOKEN";

/// Serves until somebody stops it.
///
/// # Errors
/// When an address cannot be listened on or the folder cannot be written.
pub(crate) fn run(args: &ServeArgs, context: &Context) -> Result<Exit, Failure> {
    let lan = match args.lan {
        true => Some(demo::lan::address().map_err(Failure::connect)?),
        false => None,
    };
    let at = |address: SocketAddr| match lan {
        Some(ip) => SocketAddr::new(demo::all_like(ip), address.port()),
        None => address,
    };
    // A drawn one is no use to who reads JSON and is not told.
    let drawn = || (args.lan && !args.json).then(demo::token);
    // One that is no text is refused as any other that cannot be.
    let given = std::env::var_os(TOKEN).map(|token| Secret::new(token.to_string_lossy()));
    let token = given.or_else(drawn);
    let config = Config {
        rtmp: at(args.rtmp),
        http: at(args.http),
        record_dir: args.record.clone(),
        share_host: lan,
        public_url: args.public_url.clone(),
        publish_token: token.clone(),
        ..Config::default()
    };
    let server = start(config)?;
    context.output.event(&listening(&server, None));
    match lan {
        Some(ip) => announce(&server, ip, args, token.as_ref(), context),
        None => context.output.words(&format!(
            "push to {}{} and watch at {}",
            server.rtmp_url("live", "NAME"),
            if token.is_some() { "?token=…" } else { "" },
            server.watch_url("live", "NAME"),
        )),
    }
    context.stop_signal.wait_for_ever();
    server.stop();
    Ok(Exit::Ok)
}

/// What others on the network need: who may publish scans the code, whose page shows the address with the token.
fn announce(
    server: &RunningServer,
    ip: IpAddr,
    args: &ServeArgs,
    token: Option<&Secret>,
    context: &Context,
) {
    const NAME: &str = "show";
    let rtmp = SocketAddr::new(ip, server.rtmp_addr().port());
    let token = token.map_or("", Secret::expose);
    let watch = watch_url(server, Some(ip), args.public_url.as_ref(), ["live", NAME]);
    context.output.words(&format!("publish  rtmp://{rtmp}/live/{NAME}?token={token}"));
    context.output.words(&format!("watch    {watch}"));
    // Behind the # no server sees it.
    match demo::qr::code(&format!("{watch}#token={token}")) {
        Ok(code) => context.output.words(&code),
        Err(error) => log::warn!("draw the QR code: {error}"),
    }
    context.output.words("The code is for those who may publish: it holds the token.");
    context.output.words("Ctrl-C stops it.");
}

/// A server, or the exit code that its absence deserves.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn start(config: Config) -> Result<RunningServer, Failure> {
    Server::start(config).map_err(|error| match &error {
        ServerError::NoPublishToken { .. } | ServerError::PublishToken => {
            Failure::usage(format!("{error} ({TOKEN}, or --lan without --json, which draws one)"))
        }
        ServerError::RecordDir { .. } => Failure::usage(error),
        ServerError::InUse { .. } | ServerError::Bind { .. } => Failure::connect(error),
        _ => Failure::local(error),
    })
}

/// Where others watch a stream: below the public address, or at this machine's own one in its network.
pub(crate) fn watch_url(
    server: &RunningServer,
    lan: Option<IpAddr>,
    public_url: Option<&PublicUrl>,
    [app, name]: [&str; 2],
) -> String {
    match lan {
        Some(ip) if public_url.is_none() => {
            let address = SocketAddr::new(ip, server.http_addr().port());
            format!("http://{address}/watch/{app}/{name}")
        }
        _ => server.watch_url(app, name),
    }
}

/// What a server that runs is announced with.
pub(crate) fn listening(server: &RunningServer, watch_url: Option<String>) -> Event {
    Event::Listening {
        rtmp: server.rtmp_addr().to_string(),
        http: server.http_addr().to_string(),
        watch_url,
    }
}
