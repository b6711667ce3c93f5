//! Who is connected, how each is reached, and who of them is in which room.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use onair_rooms::RoomKey;
use socketioxide::socket::Sid;

use super::Way;
use super::room::MemberId;

#[derive(Debug, Default)]
pub(super) struct Present {
    ways: HashMap<MemberId, Way>,
    /// In the order in which they came, which is that of their sockets in memory: a room is told in one walk.
    rooms: HashMap<RoomKey, BTreeMap<MemberId, Way>>,
}

impl Present {
    pub(super) fn connect(&mut self, member: MemberId, way: Way) {
        self.ways.insert(member, way);
    }

    pub(super) fn disconnect(&mut self, member: MemberId) {
        self.ways.remove(&member);
        self.rooms.retain(|_, members| {
            members.remove(&member);
            !members.is_empty()
        });
    }

    pub(super) fn way(&self, member: MemberId) -> Option<Way> {
        self.ways.get(&member).cloned()
    }

    /// The member's session in socketioxide, which has to be told too.
    pub(super) fn enter(&mut self, member: MemberId, key: &RoomKey) -> Option<Sid> {
        let way = self.way(member)?;
        let sid = sid(&way);
        self.rooms.entry(key.clone()).or_default().insert(member, way);
        sid
    }

    /// The same.
    pub(super) fn leave(&mut self, member: MemberId, key: &RoomKey) -> Option<Sid> {
        let members = self.rooms.get_mut(key)?;
        let way = members.remove(&member)?;
        if members.is_empty() {
            self.rooms.remove(key);
        }
        sid(&way)
    }

    /// Sends one frame to all lines in a room; whether socketioxide has others there.
    pub(super) fn tell(&self, key: &RoomKey, frame: impl FnOnce() -> Bytes) -> bool {
        let Some(members) = self.rooms.get(key) else { return false };
        let mut lines = members.values().filter_map(|way| match way {
            Way::Line(line) => Some(line),
            Way::Engine(_) => None,
        });
        let mut count = 0;
        if let Some(first) = lines.next() {
            let frame = frame();
            first.send(&frame);
            count = 1;
            for line in lines {
                line.send(&frame);
                count += 1;
            }
        }
        count < members.len()
    }
}

fn sid(way: &Way) -> Option<Sid> {
    match way {
        Way::Line(_) => None,
        Way::Engine(sid) => Some(*sid),
    }
}
