//! What stores demand of rooms: report a comment, take it away, have somebody be silent or out.

use onair_rooms::{RoomKey, limits};
use serde_json::json;

use super::book::{Answered, Book, Effect};
use super::request::{Arguments, Refused};
use super::room::MemberId;

/// Viewers that a host keeps out of one room.
const MOST_KEPT_OUT: usize = 1_000;

impl Book {
    /// What stores demand of rooms: report, mute, block, remove.
    pub(super) fn moderate(
        &mut self,
        id: MemberId,
        event: &str,
        arguments: Arguments<'_>,
        effects: &mut Vec<Effect>,
    ) -> Answered {
        let is_known = matches!(event, "report" | "mute" | "block" | "remove_comment");
        if !is_known {
            return Err(Refused::BadRequest);
        }
        let body = arguments.body()?;
        let key = body.key("roomKey")?;
        let reason = body.label("reason", limits::REASON_CHARS)?;
        let room = self.room_of(id, &key)?;
        let is_owner = room.owner == Some(id);
        match event {
            "report" => {
                let message = body.string("id").ok_or(Refused::BadRequest)?;
                if room.has(message)
                    && let Some(owner) = room.owner
                {
                    let argument = json!({ "key": key.as_str(), "id": message, "reason": reason });
                    effects.push(Effect::One { member: owner, event: "reported", argument });
                }
            }
            _ if !is_owner => return Err(Refused::NotOwner),
            "remove_comment" => {
                let message = body.string("id").ok_or(Refused::BadRequest)?;
                if room.remove(message) {
                    let argument = json!({ "key": key.as_str(), "id": message });
                    let event = "comment_removed";
                    effects.push(Effect::All { key, event, arguments: vec![argument] });
                }
            }
            _ => {
                let sender = body.string("sender").ok_or(Refused::BadRequest)?;
                if sender.len() > limits::NAME_BYTES || room.muted.len() >= MOST_KEPT_OUT {
                    return Err(Refused::BadRequest);
                }
                room.muted.insert(sender.to_owned());
                if event == "block" {
                    room.blocked.insert(sender.to_owned());
                    self.put_out(&key, sender, id, effects);
                }
            }
        }
        Ok(json!({ "ok": true }))
    }

    fn put_out(&mut self, key: &RoomKey, mark: &str, host: MemberId, effects: &mut Vec<Effect>) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        let inside: Vec<MemberId> = room.members.iter().copied().filter(|id| *id != host).collect();
        for id in inside {
            let Some(member) = self.members.get_mut(&id).filter(|it| it.mark == mark) else {
                continue;
            };
            member.rooms.remove(key);
            room.members.remove(&id);
            let argument = json!({ "key": key.as_str(), "reason": "blocked" });
            effects.push(Effect::One { member: id, event: "room_closed", argument });
            effects.push(Effect::Leave { member: id, key: key.clone() });
        }
    }
}
