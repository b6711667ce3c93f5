//! The options of `onair room`, as types.

use clap::{Args, Subcommand};

#[cfg(feature = "tls")]
use crate::args::TlsArgs;
use crate::exit::help;

#[derive(Debug, Args)]
pub(crate) struct RoomArgs {
    #[command(subcommand)]
    pub(crate) command: RoomCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoomCommand {
    /// Open a room, tell what happens in it, close it at the end
    #[command(after_help = CREATE_HELP)]
    Create(CreateArgs),
    /// Go into a room, tell what happens in it, say what comes on stdin line by line
    #[command(after_help = help!())]
    Join(PlaceArgs),
    /// Say one thing
    #[command(after_help = help!())]
    Comment(CommentArgs),
    /// Give hearts
    #[command(after_help = help!())]
    Like(LikeArgs),
    /// Tell what happens in a room
    #[command(after_help = help!())]
    Watch(PlaceArgs),
}

impl RoomCommand {
    pub(crate) fn place(&self) -> &PlaceArgs {
        match self {
            Self::Create(args) => &args.place,
            Self::Join(args) | Self::Watch(args) => args,
            Self::Comment(args) => &args.place,
            Self::Like(args) => &args.place,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// wss://host[:port] or https://…; ws:// and http:// on this machine and private networks
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// The room's key: letters, digits, - and _
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,

    /// URL is a locator's: it is asked for the server before each connection
    #[arg(long)]
    pub(crate) locator: bool,

    /// What others see beside the comments
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) name: String,

    /// Comments wait while there is no connection, instead of being refused
    #[arg(long)]
    pub(crate) queue: bool,

    /// Let everybody on the way read and change what is said
    #[arg(long)]
    pub(crate) allow_plaintext: bool,

    /// The server is of Socket.IO 1 or 2
    #[arg(long)]
    pub(crate) engine_io_3: bool,

    #[cfg(feature = "tls")]
    #[command(flatten)]
    pub(crate) tls: TlsArgs,

    /// One JSON object a line on stdout instead of words
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// What it is about
    #[arg(long, value_name = "TITLE", default_value = "")]
    pub(crate) title: String,

    /// Print the key to publish the room's stream with; whoever reads it can publish
    #[arg(long)]
    pub(crate) show_publish_key: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CommentArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// What to say, up to 200 characters
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
}

#[derive(Debug, Args)]
pub(crate) struct LikeArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// How many, 1 to 1000
    #[arg(value_name = "COUNT", default_value = "1")]
    pub(crate) count: u32,
}

const CREATE_HELP: &str = help!(
    "\
What the server wants to hear before it lets anybody in is read from ONAIR_ROOM_AUTH, and the token
that proves that a room is one's own from ONAIR_ROOM_TOKEN.

Examples:
  onair room create http://127.0.0.1:8080 demo --title 'A show'
  onair room watch http://127.0.0.1:8080 demo --json
  onair room comment http://127.0.0.1:8080 demo 'Good evening' --name Ada"
);
