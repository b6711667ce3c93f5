//! What the app is told of its room.

use std::time::Duration;

use onair_types::MediaTime;
use thiserror::Error;

use super::lost::Lost;
use crate::secret::Secret;

/// How it stands with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Asking where to go, connecting, or waiting to connect again.
    Connecting,
    /// The server has let the client in.
    Online,
    /// Nothing more will happen: stopped, refused or thrown out.
    Ended,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The connection's state changed.
    State(State),
    /// An attempt failed or the connection was lost.
    Lost {
        /// Why.
        reason: Lost,
        /// When the next attempt begins; `None` when there is none: see [`Lost::is_final`].
        retry_in: Option<Duration>,
    },
    /// In the room: for the first time, or again after the connection was lost.
    Joined(RoomSnapshot),
    /// What was asked of the server it does not do. After [`Command::Create`] and [`Command::Join`]
    /// the client is in no room.
    Refused {
        /// What was asked.
        command: Command,
        /// Why not.
        refusal: Refusal,
    },
    /// Somebody said or gave something.
    Said(Said),
    /// Hearts.
    Likes {
        /// Since the last such event.
        new: u64,
        /// Since the room began, when the server counts.
        total: Option<u64>,
    },
    /// So many people are in the room.
    Viewers(u64),
    /// The room's stream began or stopped.
    Live(bool),
    /// The host took a comment away; its id.
    CommentRemoved(String),
    /// For the host: somebody thinks that this comment must not stand.
    Reported {
        /// Of the comment.
        id: String,
        /// In the viewer's words.
        reason: String,
    },
    /// So many comments were missed while offline: more than the server keeps.
    Missed(u64),
    /// A comment or gift of one's own is with the server.
    Delivered(String),
    /// A comment or gift of one's own is not, and will not be.
    NotDelivered {
        /// Of the comment.
        id: String,
        /// Why not.
        refusal: Refusal,
    },
    /// The room is over; why, in the server's word: `closed`, `owner_lost`.
    Closed(String),
    /// The server answers nothing, as the first ones did: everybody may close any room there, and
    /// nobody owns one. Told once.
    OldServer,
}

/// What the server knows of a room when one comes in.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RoomSnapshot {
    /// Its public name.
    pub key: String,
    /// What it is about; may be empty.
    pub title: String,
    /// Since it began.
    pub likes: u64,
    /// Now, the host among them.
    pub viewers: u64,
    /// Whether the stream runs.
    pub is_live: bool,
    /// Whether it is one's own.
    pub is_host: bool,
    /// Whether one had been in it before.
    pub is_resumed: bool,
    /// For the host: proves later that the room is one's own.
    pub token: Option<Secret>,
    /// For the host: the name to publish the stream under, where the server gives one.
    pub publish_key: Option<Secret>,
}

/// A comment or a gift.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Said {
    /// Of the message: shown once, named in reports. Empty on servers that give none.
    pub id: String,
    /// Of the one who said it: the same in all their messages, to be muted or blocked by. Empty on
    /// servers that give none.
    pub sender: String,
    /// What they call themselves; may be empty.
    pub name: String,
    /// The comment; empty for a gift.
    pub text: String,
    /// Which gift and how many.
    pub gift: Option<Gift>,
    /// The moment of the picture that it belongs to.
    pub at: Option<MediaTime>,
    /// Whether it is one's own.
    pub is_own: bool,
    /// Whether it was said before one came.
    pub is_history: bool,
}

/// A gift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gift {
    /// The giver's number, random in each start of an app.
    pub sender_id: u32,
    /// Which.
    pub gift_id: u32,
    /// How many, 1 to 1,000.
    pub count: u32,
}

/// What is asked of a server and may be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Command {
    /// Open a room of one's own.
    Create,
    /// Go into a room.
    Join,
    /// Leave it.
    Leave,
    /// Close it.
    Close,
    /// Report a comment.
    Report,
    /// Take a comment away.
    RemoveComment,
    /// Have somebody's comments be shown to nobody.
    Mute,
    /// Keep somebody out.
    Block,
}

/// Why the server does not do it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The request is not understood.
    #[error("the server does not understand the request")]
    BadRequest,
    /// The room's key is none.
    #[error("a room's key is 1 to 64 letters, digits, '-' and '_'")]
    BadKey,
    /// Too long, or empty.
    #[error("the text is empty or too long")]
    BadLength,
    /// Somebody else's room is called so.
    #[error("a room of that name belongs to somebody else; choose another key")]
    Taken,
    /// Only the host may.
    #[error("only the room's host may do that")]
    NotOwner,
    /// There is none.
    #[error("there is no such room")]
    NoSuchRoom,
    /// First join.
    #[error("one must join the room first")]
    NotInRoom,
    /// Too much at once.
    #[error("too much at once; wait {} s", .retry_in.as_secs_f32().ceil())]
    RateLimited {
        /// When it may be tried again.
        retry_in: Duration,
    },
    /// No more rooms or members.
    #[error("the server or the room is full")]
    ServerFull,
    /// The host does not want one here.
    #[error("the host does not let this viewer in, or hear")]
    Blocked,
    /// The connection went before there was an answer.
    #[error("the connection was lost before the server answered")]
    Lost,
    /// In the server's own word.
    #[error("the server refuses: {0}")]
    Other(String),
}
