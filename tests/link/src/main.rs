//! The link for scripts: `onair-link run … -- COMMAND` makes one and runs a command on its near side; the far side is
//! entered through the command in `ONAIR_LINK_FAR`. `onair-link meter` notes when RTMP messages arrive.

use std::fs::File;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use onair_link::meter::{Notes, relay};
use onair_link::{FAR, FAR_V6, Line, Link, NEAR, Queue, Schedule, Setup};

/// A bottleneck between two network namespaces, for tests on real kernels.
#[derive(Parser)]
#[command(name = "onair-link")]
struct Cli {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a link, run a command on its near side (10.77.0.1), and end the link with it
    ///
    /// The environment of the command names a prefix for commands on the far side (10.77.0.2) in ONAIR_LINK_FAR.
    Run(Run),
    /// Relay RTMP publishers to a server and note when each message was whole
    Meter(Meter),
}

#[derive(Args)]
struct Run {
    /// kbit/s to the server, SECONDS:KBIT,…, counted from the first connection
    #[arg(long, value_name = "STEPS", value_parser = Schedule::parse)]
    up: Option<Schedule>,
    /// kbit/s from the server
    #[arg(long, value_name = "STEPS", value_parser = Schedule::parse)]
    down: Option<Schedule>,
    /// The rate to the server from a file: mahimahi's, or Mbit/s a line and second
    #[arg(long, value_name = "FILE", conflicts_with = "up")]
    trace: Option<PathBuf>,
    /// One way, e.g. 30ms
    #[arg(long, value_name = "TIME", value_parser = milliseconds, default_value = "0ms")]
    delay: Duration,
    /// What may wait to the server: 200 (packets) or 60kB
    #[arg(long, value_name = "SIZE", value_parser = queue, default_value = "200")]
    queue: Queue,
    /// Probability that a packet to the server is lost
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    loss: f64,
    /// Probability that a packet to the server arrives damaged
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    damage: f64,
    /// The congestion control of all connections across the link, e.g. cubic
    #[arg(long, value_name = "NAME")]
    congestion: Option<String>,
    /// What chance begins with
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// What to run
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

#[derive(Args)]
struct Meter {
    /// Where publishers come
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// The server
    #[arg(long, value_name = "ADDR")]
    to: SocketAddr,
    /// Write the media here, as FLV whose times are those of arrival
    #[arg(long, value_name = "FILE")]
    flv: Option<PathBuf>,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Action::Run(options) => run(options),
        Action::Meter(options) => meter(&options).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("onair-link: {error}");
        ExitCode::FAILURE
    })
}

type Failure = Box<dyn std::error::Error>;

fn run(options: Run) -> Result<ExitCode, Failure> {
    become_root_inside()?;
    let rate = match (&options.trace, options.up) {
        (Some(file), _) => Schedule::trace(&std::fs::read_to_string(file)?)?,
        (None, up) => up.unwrap_or_else(Schedule::unlimited),
    };
    let setup = Setup {
        up: Line {
            rate,
            delay: options.delay,
            queue: options.queue,
            loss: options.loss,
            damage: options.damage,
        },
        down: Line {
            rate: options.down.unwrap_or_else(Schedule::unlimited),
            delay: options.delay,
            ..Line::default()
        },
        seed: options.seed,
        congestion: options.congestion,
    };
    let link = Link::start(&setup)?;
    let mut command = Command::new(&options.command[0]);
    command
        .args(&options.command[1..])
        .stdin(Stdio::null())
        .env("ONAIR_LINK_FAR", format!("nsenter --net={}", link.far().path()))
        .env("ONAIR_LINK_NEAR_ADDRESS", NEAR.to_string())
        .env("ONAIR_LINK_FAR_ADDRESS", FAR.to_string())
        .env("ONAIR_LINK_FAR_ADDRESS_V6", FAR_V6.to_string());
    link.near().host(&mut command);
    // Ctrl-C reaches the command too; the link ends after it.
    ctrlc::set_handler(|| {})?;
    let status = command.status()?;
    let figures = [("up", link.up_traffic()), ("down", link.down_traffic())];
    for (direction, traffic) in figures {
        eprintln!("onair-link: {direction}: {traffic:?}");
    }
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// Starts again as root of a user namespace where this is not root, so that commands can enter both sides.
fn become_root_inside() -> Result<(), Failure> {
    if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
        return Ok(());
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user"]).arg(std::env::current_exe()?);
    Err(command.args(std::env::args_os().skip(1)).exec().into())
}

fn meter(options: &Meter) -> Result<(), Failure> {
    let listener = TcpListener::bind(options.listen)?;
    let flv = options.flv.as_ref().map(File::create).transpose()?;
    let flv = flv.map(|file| Box::new(file) as Box<dyn Write + Send>);
    let notes = Notes::new(Box::new(io::stdout()), flv)?;
    Ok(relay(&listener, options.to, notes)?)
}

fn milliseconds(words: &str) -> Result<Duration, String> {
    let number = words.strip_suffix("ms").unwrap_or(words).parse();
    number.map(Duration::from_millis).map_err(|_| "a time in milliseconds, such as 30ms".to_owned())
}

fn queue(words: &str) -> Result<Queue, String> {
    let wrong = |_| "packets, such as 200, or bytes, such as 60kB".to_owned();
    match words.strip_suffix("kB") {
        Some(number) => number.parse().map(|kilo: usize| Queue::Bytes(kilo * 1_000)).map_err(wrong),
        None => words.parse().map(Queue::Packets).map_err(wrong),
    }
}
