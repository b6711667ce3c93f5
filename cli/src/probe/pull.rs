//! Tags from a file, from stdin, over HTTP or over RTMP. A thread of its own reads; the other end
//! is a bounded channel, so that waiting has an end.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use onair::StreamUrl;
use onair_engine::flv::Tag;

use super::play::Play;
use crate::exit::Failure;
use crate::tags::{TagError, TagReader};

/// Where a stream comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    File,
    Http,
    Rtmp,
}

impl Kind {
    /// Whether it goes on while one looks away.
    pub(crate) fn is_live(self) -> bool {
        !matches!(self, Self::File)
    }
}

/// What the other end hears before it hears that nothing follows.
pub(crate) enum Piece {
    Tag(Tag),
    /// The bytes end inside a tag.
    Truncated,
    /// The bytes are not what they should be.
    Broken(String),
    /// There is no stream to look at.
    Unreachable(Failure),
}

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Tags that wait to be looked at.
const AHEAD: usize = 64;

/// Begins to read `target`.
///
/// # Errors
/// When it cannot be what is meant, or the file cannot be opened.
pub(crate) fn open(target: &str) -> Result<(Kind, Receiver<Piece>), Failure> {
    let (sender, receiver) = bounded(AHEAD);
    let (kind, run): (_, Box<dyn FnOnce() + Send>) = match target.split_once("://") {
        Some(("rtmp", _)) => {
            let url = StreamUrl::parse(target).map_err(|e| Failure::usage(format!("URL: {e}")))?;
            (Kind::Rtmp, Box::new(move || finish(rtmp(url, &sender), &sender)))
        }
        Some(("http", _)) => {
            let url = target.to_owned();
            (Kind::Http, Box::new(move || finish(http(&url, &sender), &sender)))
        }
        Some((_, _)) => {
            return Err(Failure::usage(
                "probe reads rtmp:// and http:// addresses and files; not this kind of address",
            ));
        }
        None => {
            let input: Box<dyn Read + Send> = match target {
                "-" => Box::new(io::stdin()),
                // A mistyped address would end here: what was typed is not repeated.
                path => Box::new(File::open(path).map_err(|error| {
                    let hint = "a stream's address begins with rtmp:// or http://";
                    Failure::connect(format!("open the file: {error}; {hint}"))
                })?),
            };
            (Kind::File, Box::new(move || finish(tags(input, &sender), &sender)))
        }
    };
    std::thread::Builder::new()
        .name("onair-pull".into())
        .spawn(run)
        .map_err(|error| Failure::local(format!("start a thread: {error}")))?;
    Ok((kind, receiver))
}

/// Why reading ended before its end.
enum Trouble {
    Piece(Piece),
    /// Nobody listens any more.
    Unheard,
}

fn finish(result: Result<(), Trouble>, sender: &Sender<Piece>) {
    if let Err(Trouble::Piece(piece)) = result {
        // Unheard is as good as heard: the command is over.
        let _ = sender.send(piece);
    }
}

fn send(sender: &Sender<Piece>, tag: Tag) -> Result<(), Trouble> {
    sender.send(Piece::Tag(tag)).map_err(|_| Trouble::Unheard)
}

fn broken(error: impl std::fmt::Display) -> Trouble {
    Trouble::Piece(Piece::Broken(error.to_string()))
}

fn unreachable(error: impl std::fmt::Display) -> Trouble {
    Trouble::Piece(Piece::Unreachable(Failure::connect(error)))
}

fn tags(input: impl Read, sender: &Sender<Piece>) -> Result<(), Trouble> {
    let mut reader = TagReader::new(input);
    let mut is_first = true;
    loop {
        match reader.next_tag() {
            Ok(Some(tag)) => send(sender, tag)?,
            Ok(None) if reader.is_truncated() => return Err(Trouble::Piece(Piece::Truncated)),
            Ok(None) => return Ok(()),
            // A connection that is cut is an end like another; a disk that fails is not.
            Err(TagError::Io(error)) if is_first => return Err(unreachable(error)),
            Err(error) => return Err(broken(error)),
        }
        is_first = false;
    }
}

fn http(url: &str, sender: &Sender<Piece>) -> Result<(), Trouble> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT_WITHIN))
        .timeout_recv_response(Some(2 * CONNECT_WITHIN))
        .http_status_as_error(false)
        .build()
        .into();
    // The error could name the address, and an address may hold a stream name.
    let response = agent.get(url).call().map_err(|error| unreachable(http_error(&error)))?;
    if !response.status().is_success() {
        return Err(unreachable(format!("the server answered {}", response.status())));
    }
    tags(response.into_body().into_reader(), sender)
}

fn http_error(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => format!("connect: {error}"),
        ureq::Error::Timeout(_) => "connect: no answer in time".into(),
        ureq::Error::HostNotFound => "resolve the host: no such host".into(),
        ureq::Error::ConnectionFailed => "connect: the server refused the connection".into(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "the address cannot be used".into(),
        _ => "the server does not speak HTTP".into(),
    }
}

fn rtmp(url: StreamUrl, sender: &Sender<Piece>) -> Result<(), Trouble> {
    if url.is_tls() {
        return Err(unreachable("rtmps:// cannot be pulled yet; use rtmp://"));
    }
    let mut socket = connect(&url).map_err(unreachable)?;
    // Seeds only have to differ: the local port does from connection to connection.
    let seed = socket.local_addr().map_or(0, |address| address.port().into());
    let mut play = Play::start(url, seed);
    let mut piece = vec![0; 64 << 10];
    let mut has_media = false;
    loop {
        write_out(&mut socket, &mut play).map_err(|e| lost(&e, has_media))?;
        let count = match socket.read(&mut piece) {
            Ok(0) if has_media => return Ok(()),
            Ok(0) => return Err(unreachable("the server closed the connection before any media")),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(lost(&error, has_media)),
        };
        let mut heard = Ok(());
        let handled = play.handle(&piece[..count], &mut |tag| {
            has_media = true;
            if heard.is_ok() {
                heard = send(sender, tag);
            }
        });
        heard?;
        match handled {
            Ok(()) if play.is_over() => return Ok(()),
            Ok(()) => {}
            Err(error) if has_media => return Err(broken(error)),
            Err(error) => return Err(unreachable(error)),
        }
    }
}

fn connect(url: &StreamUrl) -> Result<TcpStream, String> {
    let addresses = (url.host(), url.port())
        .to_socket_addrs()
        .map_err(|error| format!("resolve the host: {error}"))?;
    let mut last = "resolve the host: it has no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECT_WITHIN) {
            Ok(socket) => {
                let _ = socket.set_nodelay(true);
                return Ok(socket);
            }
            Err(error) => last = format!("connect: {error}; is the server running?"),
        }
    }
    Err(last)
}

fn write_out(socket: &mut TcpStream, play: &mut Play) -> io::Result<()> {
    let out = play.outgoing();
    while !out.is_empty() {
        let mut slices = [io::IoSlice::new(&[]); 16];
        let filled = out.io_slices(&mut slices);
        let count = socket.write_vectored(&slices[..filled])?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        out.advance(count);
    }
    Ok(())
}

fn lost(error: &io::Error, has_media: bool) -> Trouble {
    let message = format!("the connection was lost: {error}");
    if has_media { broken(message) } else { unreachable(message) }
}
