//! What happens by itself: likes and viewers told together, hosts that do not come back, streams that
//! begin and stop, lines that are pinged.

use std::sync::Arc;
use std::time::Duration;

use onair_types::Now;
use serde_json::json;
use socketioxide::SocketIo;
use tokio::time::sleep;

use super::Rooms;
use super::book::{Book, Effect, Position};

/// Likes are told at most so often, room by room.
const TICK: Duration = Duration::from_millis(100);
/// How many are there, at most so often.
const VIEWERS_EVERY: Duration = Duration::from_secs(1);

/// Runs until it is dropped.
pub(crate) async fn run(rooms: Arc<Rooms>, io: SocketIo) {
    loop {
        sleep(TICK).await;
        let effects = {
            let position = |key: &str| rooms.position(key);
            let mut book = rooms.book();
            let count = book.rooms.len();
            let effects = book.tick(rooms.clock.now(), &position);
            if book.rooms.len() != count {
                rooms.publish_keys(&book);
            }
            effects
        };
        rooms.carry_out(&io, effects).await;
        let now = rooms.now();
        rooms.present().lines.beat(now);
    }
}

impl Book {
    /// What has to be told now.
    pub(super) fn tick(&mut self, now: Now, position: Position<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut over = Vec::new();
        for (key, room) in &mut self.rooms {
            let all = |event, arguments| Effect::All { key: key.clone(), event, arguments };
            if room.owner_lost.is_some_and(|since| now.since(since) >= self.config.grace) {
                over.push(key.clone());
                continue;
            }
            if room.new_likes > 0 {
                let likes =
                    json!({ "key": key.as_str(), "n": room.new_likes, "total": room.likes });
                room.new_likes = 0;
                effects.push(all("upvote", vec![likes]));
            }
            let viewers = room.members.len();
            if room.told_viewers != Some(viewers) && room.viewers_due <= now {
                room.told_viewers = Some(viewers);
                room.viewers_due = now + VIEWERS_EVERY;
                effects.push(all("viewers", vec![json!(viewers), json!(key.as_str())]));
            }
            let is_live = position(key.as_str()).is_some();
            if room.is_live != is_live {
                room.is_live = is_live;
                effects.push(all("live", vec![json!({ "key": key.as_str(), "live": is_live })]));
            }
        }
        for key in over {
            self.end(&key, "owner_lost", &mut effects);
        }
        effects
    }
}
