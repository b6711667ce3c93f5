//! Who is connected, how each is reached, and who of them is in which room.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use onair_rooms::RoomKey;
use socketioxide::socket::Sid;

use super::Way;
use super::line::{LineId, Lines};
use super::room::MemberId;

#[derive(Debug, Default)]
pub(super) struct Present {
    pub(super) lines: Lines,
    ways: HashMap<MemberId, Way>,
    rooms: HashMap<RoomKey, Inside>,
}

/// Who is in a room.
#[derive(Debug, Default)]
struct Inside {
    /// In the order in which they connected, which is that of their sockets in memory: a room is told in one walk.
    lines: Vec<(MemberId, LineId)>,
    /// By way of socketioxide.
    others: BTreeSet<MemberId>,
}

impl Present {
    pub(super) fn connect(&mut self, member: MemberId, way: Way) {
        self.ways.insert(member, way);
    }

    pub(super) fn disconnect(&mut self, member: MemberId) {
        self.ways.remove(&member);
        self.rooms.retain(|_, inside| {
            inside.remove(member);
            !inside.is_empty()
        });
    }

    pub(super) fn way(&self, member: MemberId) -> Option<Way> {
        self.ways.get(&member).copied()
    }

    /// The member's session in socketioxide, which has to be told too.
    pub(super) fn enter(&mut self, member: MemberId, key: &RoomKey) -> Option<Sid> {
        let way = self.way(member)?;
        self.rooms.entry(key.clone()).or_default().insert(member, way);
        sid(way)
    }

    /// The same.
    pub(super) fn leave(&mut self, member: MemberId, key: &RoomKey) -> Option<Sid> {
        let inside = self.rooms.get_mut(key)?;
        if !inside.remove(member) {
            return None;
        }
        if inside.is_empty() {
            self.rooms.remove(key);
        }
        self.way(member).and_then(sid)
    }

    /// Sends one frame to all lines in a room; whether socketioxide has others there.
    pub(super) fn tell(&mut self, key: &RoomKey, frame: impl FnOnce() -> Bytes) -> bool {
        let Some(inside) = self.rooms.get(key) else { return false };
        if !inside.lines.is_empty() {
            let frame = frame();
            for &(_, line) in &inside.lines {
                self.lines.send(line, &frame);
            }
        }
        !inside.others.is_empty()
    }
}

impl Inside {
    fn insert(&mut self, member: MemberId, way: Way) {
        match way {
            Way::Line(line) => {
                if let Err(at) = self.find(member) {
                    self.lines.insert(at, (member, line));
                }
            }
            Way::Engine(_) => {
                self.others.insert(member);
            }
        }
    }

    /// Whether it was there.
    fn remove(&mut self, member: MemberId) -> bool {
        let line = self.find(member).map(|at| self.lines.remove(at));
        line.is_ok() || self.others.remove(&member)
    }

    fn find(&self, member: MemberId) -> Result<usize, usize> {
        self.lines.binary_search_by_key(&member, |&(member, _)| member)
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.others.is_empty()
    }
}

fn sid(way: Way) -> Option<Sid> {
    match way {
        Way::Line(_) => None,
        Way::Engine(sid) => Some(sid),
    }
}
