//! `onair serve`: the embedded server until Ctrl-C.

use std::net::{IpAddr, SocketAddr};

use onair::rooms::Secret;
use onair_server::{Config, RunningServer};

use crate::args::ServeArgs;
use crate::context::Context;
use crate::embedded::{self, TOKEN, all_like, lan, listening, qr, watch_url};
use crate::exit::{Exit, Failure};

/// Serves until somebody stops it.
///
/// # Errors
/// When an address cannot be listened on or the folder cannot be written.
pub(crate) fn run(args: &ServeArgs, context: &Context) -> Result<Exit, Failure> {
    let lan = match args.lan {
        true => Some(lan::address().map_err(Failure::connect)?),
        false => None,
    };
    let at = |address: SocketAddr| match lan {
        Some(ip) => SocketAddr::new(all_like(ip), address.port()),
        None => address,
    };
    // A drawn one is no use to who reads JSON and is not told.
    let drawn = || (args.lan && !args.json).then(embedded::token);
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
    let server = embedded::start(config)?;
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
    match qr::code(&format!("{watch}#token={token}")) {
        Ok(code) => context.output.words(&code),
        Err(error) => log::warn!("draw the QR code: {error}"),
    }
    context.output.words("The code is for those who may publish: it holds the token.");
    context.output.words("Ctrl-C stops it.");
}
