//! The command line as types. Stream addresses stay strings here: clap repeats a value it cannot
//! parse, and an address holds a stream key.

pub(crate) mod sound;

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use onair_server::PublicUrl;
use onair_types::config::{Orientation, Profile};
use onair_types::{ConfigError, VideoConfig, VideoQuality};

use crate::examples::{CHECK_HELP, DEMO_HELP, PROBE_HELP, PUSH_HELP, RECOVER_HELP, SERVE_HELP};
use crate::exit::help;
use crate::filter::{self, FilterArgs};
use crate::lab::args::LabArgs;
use crate::look::place::Shot;
use crate::look::{self, LookArgs};
use crate::room::args::RoomArgs;
use crate::units::{self, Size, Split};

/// Go live from a desk: stream test patterns and files to RTMP servers, serve and check streams.
#[derive(Debug, Parser)]
#[command(name = "onair", version, after_help = help!(), max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Log more to stderr: -v what happens, -vv every step
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Stream a test pattern into an embedded server and watch it in a browser
    #[command(after_help = DEMO_HELP)]
    Demo(DemoArgs),
    /// Stream a test pattern or a file to an RTMP server
    #[command(after_help = PUSH_HELP)]
    Push(Box<PushArgs>),
    /// Look before going live: name, connection, TLS, app, user, and with --upload the network
    #[command(after_help = CHECK_HELP)]
    Check(CheckArgs),
    /// Run the embedded server: RTMP in; a watch page, HTTP-FLV, HLS and RTMP out
    #[command(after_help = SERVE_HELP)]
    Serve(ServeArgs),
    /// Pull a stream or read a file, and say what is in it and what is wrong with it
    #[command(after_help = PROBE_HELP)]
    Probe(ProbeArgs),
    /// Rooms beside streams: open one, go in, comment, like, watch what happens
    #[command(after_help = help!())]
    Room(RoomArgs),
    /// Complete a recording that a crash or a power cut ended
    #[command(after_help = RECOVER_HELP)]
    Recover(RecoverArgs),
    /// Do to one picture what a stream's look would do, and write it
    #[command(after_help = filter::HELP)]
    Filter(Box<FilterArgs>),
    /// Simulated networks: OnAir's engine beside models of other broadcasters
    #[command(after_help = help!())]
    Lab(LabArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Let other devices on this network watch; prints a QR code
    #[arg(long)]
    pub(crate) lan: bool,

    /// What people see in front of this server: https://host[:port], for links and rooms
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<PublicUrl>,

    /// Port of the watch page [default: 8080, or a free one if that is taken]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// Stop after so much media [default: until Ctrl-C]
    #[arg(long, value_name = "TIME", value_parser = units::positive_duration)]
    pub(crate) duration: Option<Duration>,

    /// Size, frame rate and bitrate
    #[arg(long, value_parser = QualityParser, default_value = "medium3")]
    pub(crate) quality: VideoQuality,

    /// Wider than tall
    #[arg(long)]
    pub(crate) landscape: bool,

    /// Nobody but real people in the room
    #[arg(long)]
    pub(crate) no_audience: bool,

    #[command(flatten)]
    pub(crate) look: LookArgs,

    /// The picture alone: no beauty, no badge, no text but what is asked for
    #[arg(long)]
    pub(crate) plain: bool,

    /// Write the picture of that time as the encoder gets it: FILE.png@5s; repeat it
    #[arg(long, value_name = "FILE@TIME", value_parser = look::place::shot)]
    pub(crate) snapshot: Vec<Shot>,

    /// One JSON object a line on stdout instead of words
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// rtmp[s]://host[:port]/app/key; without the key when --key or ONAIR_STREAM_KEY gives it. Up to
    /// eight, which get the same show; their keys may come as ONAIR_STREAM_KEY_1, _2, …
    #[arg(value_name = "URL", required_unless_present = "record")]
    pub(crate) urls: Vec<String>,

    /// Where the show goes when the first URL cannot be had. Once more for the next URL; `none` for
    /// one without
    #[arg(long, value_name = "URL")]
    pub(crate) backup: Vec<String>,

    /// How long an address may be without a live stream before the backup is taken
    #[arg(long, value_name = "TIME", value_parser = units::duration, default_value = "5s", requires = "backup")]
    pub(crate) backup_after: Duration,

    /// With several URLs: whose network decides the one video bitrate
    #[arg(long, value_enum, default_value = "first")]
    pub(crate) policy: Policy,

    /// Stream key; better given by the environment variable ONAIR_STREAM_KEY, where `ps` does
    /// not show it
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,

    /// The app with its instance, when URL ends at the host; the key must be given apart too
    #[arg(long, value_name = "APP")]
    pub(crate) app: Option<String>,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) sound: sound::SoundArgs,

    #[command(flatten)]
    pub(crate) format: FormatArgs,

    #[command(flatten)]
    pub(crate) look: LookArgs,

    /// Write the picture of that time as the encoder gets it: FILE.png@5s; repeat it
    #[arg(help_heading = SENDING, long, value_name = "FILE@TIME", value_parser = look::place::shot, conflicts_with = "flv")]
    pub(crate) snapshot: Vec<Shot>,

    /// Send rtmp:// beyond this machine and private networks, where everybody on the way reads the key
    #[arg(help_heading = SENDING, long)]
    pub(crate) allow_plaintext: bool,

    #[cfg(feature = "tls")]
    #[command(flatten)]
    pub(crate) tls: TlsArgs,

    /// Stop after so much media [default: until Ctrl-C or the file's end]
    #[arg(help_heading = SENDING, long, value_name = "TIME", value_parser = units::positive_duration)]
    pub(crate) duration: Option<Duration>,

    /// No picture
    #[arg(help_heading = SENDING, long, conflicts_with = "video_only")]
    pub(crate) audio_only: bool,

    /// No sound
    #[arg(help_heading = SENDING, long)]
    pub(crate) video_only: bool,

    /// Keep trying: when the first connection fails too, and without end
    #[arg(help_heading = SENDING, long)]
    pub(crate) retry: bool,

    /// With --flv: send as quickly as the socket takes it
    #[arg(help_heading = SENDING, long, requires = "flv")]
    pub(crate) fast: bool,
    /// Begin at once, as a camera does: the first picture goes with the first flight
    #[arg(help_heading = SENDING, long, conflicts_with = "flv")]
    pub(crate) from_start: bool,

    /// Add a field of your own to the stream's metadata: a number, true, false or a text; repeat it
    #[arg(help_heading = SENDING, long, value_name = "NAME=VALUE", value_parser = units::field)]
    pub(crate) metadata: Vec<(String, onair::DataValue)>,

    /// Write what is streamed into this new file too, through every reconnect: .mp4 or .flv
    #[arg(help_heading = SENDING, long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Begin another file of the recording, FILE-2 and so on, after so much: 60s, 10m or 100MB
    #[arg(help_heading = SENDING, long, value_name = "TIME|SIZE", requires = "record")]
    #[arg(value_parser = units::split)]
    pub(crate) record_split: Option<Split>,

    /// At the end, however it comes: write what decided in the last minutes, for `lab replay`
    #[arg(help_heading = SENDING, long, value_name = "FILE", conflicts_with = "flv")]
    pub(crate) flight_record: Option<PathBuf>,

    /// Open a room beside the stream on this server, and close it at the end. Where the room has a
    /// publish key and URL ends with the app, the stream is published with that key
    #[arg(help_heading = "A room beside it", long, value_name = "URL")]
    pub(crate) room: Option<String>,

    /// What the room is called in addresses: letters, digits, - and _
    #[arg(help_heading = "A room beside it", long, value_name = "KEY", default_value = "show")]
    pub(crate) room_key: String,

    /// What the show is about
    #[arg(
        help_heading = "A room beside it",
        long,
        value_name = "TITLE",
        default_value = "",
        requires = "room"
    )]
    pub(crate) title: String,

    /// Test aid: the first frame's time on the wire, e.g. 4h39m30s
    #[arg(help_heading = SENDING, long, value_name = "TIME", value_parser = units::duration, default_value = "0s", hide_default_value = true)]
    pub(crate) start_time: Duration,

    /// One JSON object a line on stdout instead of words
    #[arg(help_heading = SENDING, long)]
    pub(crate) json: bool,
}

#[cfg(feature = "tls")]
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "With an rtmps:// address")]
pub(crate) struct TlsArgs {
    /// Believe this certificate authority too (PEM or DER); for servers of your own
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Vec<PathBuf>,

    /// Talk only to a server with this key: sha256/ and the Base64 of its SHA-256; repeat it for
    /// keys in reserve. The certificate is verified all the same
    #[arg(long, value_name = "PIN")]
    pub(crate) tls_pin: Vec<onair::Pin>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What to send")]
pub(crate) struct SourceArgs {
    /// A test pattern with a beep each second [default: clock]
    #[arg(long, value_enum, conflicts_with_all = ["y4m", "wav", "flv"])]
    pub(crate) pattern: Option<Pattern>,

    /// Raw pictures (YUV4MPEG2, 4:2:0), to be encoded; without --wav there is no sound
    #[arg(long, value_name = "FILE", conflicts_with = "flv")]
    pub(crate) y4m: Option<PathBuf>,

    /// Raw sound (WAV, 16-bit PCM), to be encoded; without --y4m there is no picture
    #[arg(long, value_name = "FILE", conflicts_with = "flv")]
    pub(crate) wav: Option<PathBuf>,

    /// A camera: /dev/video0; without --mic there is no sound. In builds with the feature `camera`
    #[arg(long, value_name = "DEVICE", conflicts_with_all = ["pattern", "y4m", "wav", "flv"])]
    pub(crate) camera: Option<String>,

    /// A microphone, as ALSA calls it: default; without --camera there is no picture. In builds with
    /// the feature `mic`
    #[arg(long, value_name = "DEVICE", conflicts_with_all = ["pattern", "y4m", "wav", "flv"])]
    pub(crate) mic: Option<String>,

    /// An encoded file (H.264 and AAC in FLV), sent as it is
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "quality", "landscape", "size", "fps", "video_bitrate", "audio_bitrate", "keyint", "profile",
        "min_bitrate", "max_bitrate", "fixed", "adaptation",
    ])]
    pub(crate) flv: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "How to encode it")]
pub(crate) struct FormatArgs {
    /// Size, frame rate and bitrate to start from [default: low2]
    #[arg(long, value_parser = QualityParser)]
    pub(crate) quality: Option<VideoQuality>,

    /// Wider than tall
    #[arg(long, conflicts_with = "size")]
    pub(crate) landscape: bool,

    /// Picture size, even numbers of pixels
    #[arg(long, value_name = "WxH", value_parser = units::size, conflicts_with = "y4m")]
    pub(crate) size: Option<Size>,

    /// Frames a second
    #[arg(long, value_name = "N", conflicts_with = "y4m")]
    pub(crate) fps: Option<u32>,

    /// Bits a second to start with: 1200k, 1.2M
    #[arg(long, value_name = "RATE", value_parser = units::bitrate_bps)]
    pub(crate) video_bitrate: Option<u32>,

    /// The video bitrate follows the network down to this [default: 200k]
    #[arg(long, value_name = "RATE", value_parser = units::bitrate_bps)]
    pub(crate) min_bitrate: Option<u32>,

    /// The video bitrate follows the network up to this [default: 1.2 times where it starts]
    #[arg(long, value_name = "RATE", value_parser = units::bitrate_bps)]
    pub(crate) max_bitrate: Option<u32>,

    /// The video bitrate stays where it starts, whatever the network does
    #[arg(long, conflicts_with_all = ["min_bitrate", "max_bitrate", "adaptation"])]
    pub(crate) fixed: bool,

    /// By which rule it follows
    #[arg(long, value_enum, default_value = "lag")]
    pub(crate) adaptation: Rule,

    /// Bits a second: 96k
    #[arg(long, value_name = "RATE", value_parser = units::bitrate_bps)]
    pub(crate) audio_bitrate: Option<u32>,

    /// Time from one key frame to the next [default: 2s]
    #[arg(long, value_name = "TIME", value_parser = units::positive_duration)]
    pub(crate) keyint: Option<Duration>,

    /// H.264 profile, baseline or main; baseline is for old decoders [default: main]
    #[arg(long, value_parser = profile)]
    pub(crate) profile: Option<Profile>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// rtmp[s]://host[:port]/app/key; without the key when --key or ONAIR_STREAM_KEY gives it
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// Stream key; better given by the environment variable ONAIR_STREAM_KEY
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,

    /// The app with its instance, when URL ends at the host; the key must be given apart too
    #[arg(long, value_name = "APP")]
    pub(crate) app: Option<String>,

    /// Publish black pictures under this key for a second and a half, at most 4 MiB, and advise a
    /// quality; viewers may see it: use a key for tests
    #[arg(long)]
    pub(crate) upload: bool,

    /// Send rtmp:// beyond this machine and private networks, where everybody on the way reads the key
    #[arg(long)]
    pub(crate) allow_plaintext: bool,

    #[cfg(feature = "tls")]
    #[command(flatten)]
    pub(crate) tls: TlsArgs,

    /// One JSON object on stdout instead of words
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where publishers and RTMP players connect
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:1935")]
    pub(crate) rtmp: SocketAddr,

    /// Where browsers and HTTP players connect
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) http: SocketAddr,

    /// Listen on all addresses, at the same ports; publishers need the token of ONAIR_PUBLISH_TOKEN,
    /// or one that is drawn and printed
    #[arg(long)]
    pub(crate) lan: bool,

    /// What people see in front of this server: https://host[:port], for links and rooms
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<PublicUrl>,

    /// Keep a copy of each stream in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,

    /// One JSON object a line on stdout instead of words
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    /// The MP4 recording
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Write the complete file here, and leave FILE as it is; without it FILE itself is completed
    #[arg(value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,

    /// One JSON object on stdout instead of words
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// rtmp://…, http://….flv, an FLV file, or - for stdin
    #[arg(value_name = "URL|FILE")]
    pub(crate) target: String,

    /// How much of a live stream to look at; a file is read to its end unless this is given
    #[arg(long, value_name = "TIME", value_parser = units::positive_duration)]
    pub(crate) duration: Option<Duration>,

    /// One JSON object on stdout instead of words
    #[arg(long)]
    pub(crate) json: bool,
}

/// A quality by its name; the help says what each is. Also understands `720p30`.
#[derive(Clone, Copy, Debug)]
struct QualityParser;

impl TypedValueParser for QualityParser {
    type Value = VideoQuality;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<VideoQuality, clap::Error> {
        let parse = |name: &str| name.parse::<VideoQuality>();
        StringValueParser::new()
            .try_map(move |name| parse(&name))
            .parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(VideoQuality::ALL.into_iter().map(|quality| {
            let it = VideoConfig::preset(quality, Orientation::Portrait);
            let (width, height, fps) = (it.width(), it.height(), it.fps());
            let kbps = it.bitrate_bps() / 1_000;
            PossibleValue::new(quality.name())
                .help(format!("{width}x{height}, {fps} fps, {kbps} kbit/s"))
        })))
    }
}

fn profile(name: &str) -> Result<Profile, ConfigError> {
    name.parse()
}

/// What the pictures show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pattern {
    /// SMPTE bars
    Bars,
    /// Frame number and time, also for machines; something moves
    #[default]
    Clock,
    /// Noise: the hardest work for an encoder
    Noise,
    /// Much motion
    Motion,
    /// A drawn face that moves, to see filters on
    Face,
}

/// Whose network the video bitrate follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Policy {
    /// That of the live URL that carries least
    Weakest,
    /// That of the first live URL; the others drop pictures by themselves when they carry less
    #[default]
    First,
    /// Nobody's
    Fixed,
}

/// How the video bitrate follows the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rule {
    /// OnAir's: by the age of the oldest byte that the server does not have
    #[default]
    Lag,
    /// LFLiveKit's: by the length of its queue
    Lflivekit,
    /// VideoCore's ladder: by the bytes that wait
    Videocore,
}

/// Heading of the options of `push` that are about neither source nor format.
const SENDING: &str = "How to send it";
