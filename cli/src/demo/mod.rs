//! `onair demo`: the embedded server, and a pattern through the whole real pipeline into it over
//! loopback RTMP.

mod show;
mod studio;
mod throttle;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use onair::rooms::{RoomConfig, Secret};
use onair::{AudioConfig, Look, Session, StreamUrl, VideoConfig};
use onair_server::{Config, PublicUrl, RoomsConfig, RunningServer, Studio};
use onair_types::config::Orientation;

use crate::args::{DemoArgs, Pattern};
use crate::broadcast::{self, Broadcast};
use crate::context::Context;
use crate::embedded::{self, all_like, lan, qr, token};
use crate::exit::{Exit, Failure};
use crate::room::beside::{Beside, audience};
use crate::source::pictures::Pictures;
use crate::source::raw::RawSource;
use crate::source::sound::Sound;
use studio::{On, Panel};
use throttle::Throttle;

/// Where the page is when it can be.
const USUAL_PORT: u16 = 8080;
const APP: &str = "live";
const NAME: &str = "demo";
const TITLE: &str = "The demo";

/// Streams to itself until the duration is over or somebody stops it.
///
/// # Errors
/// With the exit code: what the user can do about it is in the message.
pub(crate) fn run(args: &DemoArgs, context: &Context) -> Result<Exit, Failure> {
    let address = match args.lan {
        true => Some(lan::address().map_err(Failure::connect)?),
        false => None,
    };
    let orientation = if args.landscape { Orientation::Landscape } else { Orientation::Portrait };
    let video = VideoConfig::preset(args.quality, orientation);
    // Who joins by HLS begins at a key frame.
    let video = video.to_builder().keyframe_interval_frames(video.fps()).build();
    let video = video.map_err(Failure::local)?;
    let audio = AudioConfig::default();
    let height = video.height();
    let pictures = Pictures::pattern(Pattern::Face, video.width(), video.height(), video.fps())?;
    let sound = Sound::tone(audio.sample_rate_hz(), audio.channels());
    let source = RawSource::new(Some(pictures), Some(sound), args.duration);
    let session = Session::builder(Some(audio), Some(video))
        .build()
        .map_err(|error| broadcast::failure(&error, false))?;
    let session = Arc::new(session);
    let throttle = Throttle::default();
    let whole = args.look.on(show::look(height), height)?;
    let is_beauty_on = args.look.on(Look::default(), height)?.beauty.is_on || !args.plain;
    let on = On { beauty: is_beauty_on, overlay: !args.plain, text: !args.plain };
    let panel = Panel {
        session: Arc::clone(&session),
        throttle: throttle.clone(),
        journal: context.output.journal(),
        whole,
        on: Mutex::new(on),
        watch: format!("/watch/{APP}/{NAME}"),
    };
    session.set_look(panel.look(on)).map_err(Failure::usage)?;

    let host_token = token();
    let place = Place { port: args.port, lan: address, public_url: args.public_url.clone() };
    let server = server(&place, &host_token, Arc::new(panel))?;
    let http = format!("http://{}", loopback(&server));
    let host = RoomConfig::server(&http).auth_token(host_token.expose());
    let room = Beside::open(host, NAME, TITLE)?;
    announce(&server, &place, &host_token, context);
    let name = room.publish_key().map_or(NAME, Secret::expose);
    let relay = throttle.relay(server.rtmp_addr(), context.stop_signal.clone());
    let relay = relay.map_err(|error| Failure::local(format!("relay the stream: {error}")))?;
    let url = StreamUrl::parse(&format!("rtmp://{relay}/{APP}/{name}")).map_err(Failure::local)?;
    let audience = match args.no_audience {
        true => None,
        false => Some(audience(&http, NAME, context.stop_signal.clone())?),
    };
    let source = Box::new(source);
    let broadcast = Broadcast {
        session,
        destinations: url.into(),
        source,
        from_start: false,
        go_live_within: None,
        snapshots: args.snapshot.clone(),
        record: None,
        flight_record: None,
    };
    let ended = broadcast::run(broadcast, context);
    context.stop.stop();
    if let Some(audience) = audience {
        // A panic of theirs was printed, and harms nobody.
        let _ = audience.join();
    }
    room.close();
    server.stop();
    ended
}

/// Where the page is to be had.
struct Place {
    port: Option<u16>,
    lan: Option<IpAddr>,
    public_url: Option<PublicUrl>,
}

/// RTMP on loopback only, on any port; the page where it was asked for, or near there. With a
/// `lan` address it listens on all addresses of that kind.
fn server(place: &Place, host_token: &Secret, panel: Arc<Panel>) -> Result<RunningServer, Failure> {
    let ip = place.lan.map_or(Ipv4Addr::LOCALHOST.into(), all_like);
    let config = |port| Config {
        rtmp: (Ipv4Addr::LOCALHOST, 0).into(),
        http: (ip, port).into(),
        rooms: RoomsConfig { host_token: Some(host_token.clone()), ..RoomsConfig::default() },
        share_host: place.lan,
        public_url: place.public_url.clone(),
        studio: Some(Arc::clone(&panel) as Arc<dyn Studio>),
        ..Config::default()
    };
    match place.port {
        Some(port) => embedded::start(config(port)),
        None => embedded::start(config(USUAL_PORT)).or_else(|_| embedded::start(config(0))),
    }
}

/// Where this machine reaches the server.
fn loopback(server: &RunningServer) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, server.http_addr().port()).into()
}

fn announce(server: &RunningServer, place: &Place, token: &Secret, context: &Context) {
    let watch_url = embedded::watch_url(server, place.lan, place.public_url.as_ref(), [APP, NAME]);
    context.output.event(&embedded::listening(server, Some(watch_url.clone())));
    if place.lan.is_some() {
        match qr::code(&watch_url) {
            Ok(code) => context.output.words(&code),
            Err(error) => log::warn!("draw the QR code: {error}"),
        }
    }
    // Behind the # no server and no proxy on the way sees it.
    let studio = format!("http://{}/studio#token={}", loopback(server), token.expose());
    context.output.words(&format!("studio  {studio}"));
    context.output.words("Ctrl-C stops it.");
}
