//! One million messages through a server that duplicates, reorders, cuts and restarts, in virtual time:
//! none lost, none doubled, the order of each sender kept.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;
use crate::socket_io::{self, Kind};

const SENDERS: usize = 3;
const MESSAGES: usize = 1_000_000;

/// Keeps what was said through every restart, as a database would; everything else is lost with it.
#[derive(Default)]
struct Server {
    /// Sender and its number; the place is `seq`.
    log: Vec<(usize, u64)>,
    last: [u64; SENDERS],
}

struct Peer {
    client: Client,
    /// Counts connections; what was under way in another one is lost.
    connection: u32,
    sent: u64,
    is_in: bool,
}

/// Time, order, peer, connection, whether the server is to hear it, the frame.
type Flying = (Now, u64, usize, u32, bool, String);

struct World {
    now: Now,
    chance: Chance,
    server: Server,
    peers: Vec<Peer>,
    wire: BinaryHeap<Reverse<Flying>>,
    order: u64,
    shown: Vec<(usize, u64)>,
    next_shown: [u64; SENDERS],
    cuts: u32,
    missed: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let peer = |mark: u64| {
            let mut config = Config::new(Servers::One(SERVER.parse().expect("an address")));
            config.queue_offline = true;
            let identity = Identity { mark, secret: 1, seed: seed ^ mark };
            let mut client = Client::new(config, identity, at(0)).expect("a config");
            client.join(key(), at(0)).expect("no room");
            Peer { client, connection: 0, sent: 0, is_in: false }
        };
        let peers = (0..=SENDERS as u64).map(peer).collect();
        Self {
            now: at(0),
            chance: Chance::new(seed),
            server: Server::default(),
            peers,
            wire: BinaryHeap::new(),
            order: 0,
            shown: Vec::new(),
            next_shown: [1; SENDERS],
            cuts: 0,
            missed: 0,
        }
    }

    /// A frame on its way: later than others, or twice, when it is one that a bad server mixes up.
    fn send(&mut self, peer: usize, to_server: bool, frame: String) {
        let is_event = frame.starts_with("42") || frame.starts_with("43");
        let copies = 1 + u64::from(is_event && self.chance.below(20) == 0);
        let connection = self.peers[peer].connection;
        for _ in 0..copies {
            let late = if is_event { self.chance.below(30_000) } else { 0 };
            let arrives = self.now + Duration::from_micros(1_000 + late);
            self.order += 1;
            self.wire.push(Reverse((
                arrives,
                self.order,
                peer,
                connection,
                to_server,
                frame.clone(),
            )));
        }
    }

    fn obey(&mut self, peer: usize) {
        while let Some(output) = self.peers[peer].client.poll_output() {
            match output {
                Output::Connect { .. } => {
                    self.peers[peer].connection += 1;
                    self.peers[peer].client.handle_connected(self.now);
                    self.send(peer, false, GREETING.to_owned());
                }
                Output::Send(frame) => self.send(peer, true, frame),
                Output::Ping => self.peers[peer].client.handle_pong(),
                Output::Event(Event::Joined(_)) => self.peers[peer].is_in = true,
                Output::Event(Event::Said(said)) if peer == SENDERS => self.show(&said),
                Output::Event(Event::Missed(count)) if peer == SENDERS => self.missed += count,
                Output::Event(Event::NotDelivered { id, refusal }) => panic!("{id}: {refusal}"),
                Output::Disconnect | Output::Locate { .. } | Output::Event(_) => {}
            }
        }
    }

    fn show(&mut self, said: &Said) {
        let sender = usize::from_str_radix(&said.sender, 16).expect("a mark");
        let number: u64 = said.text.parse().expect("a number");
        assert_eq!(number, self.next_shown[sender], "of sender {sender}");
        self.next_shown[sender] += 1;
        self.shown.push((sender, number));
    }

    fn serve(&mut self, peer: usize, frame: &str) {
        let Some(message) = frame.strip_prefix('4') else { return };
        match socket_io::decode(message).expect("the client's packet").kind {
            Kind::Connect(_) => self.send(peer, false, LET_IN.to_owned()),
            Kind::Event { id, name, arguments } => {
                let answer = match name.as_str() {
                    "comment" => self.take(peer, &arguments[0]),
                    _ => self.page(peer, arguments.get(1)),
                };
                let id = id.expect("everything is answered");
                self.send(peer, false, format!("43{id}[{answer}]"));
            }
            other => panic!("{other:?}"),
        }
    }

    fn take(&mut self, peer: usize, body: &Value) -> String {
        let id = body["id"].as_str().expect("an id");
        let number: u64 = id[17..].parse().expect("a number");
        if number > self.server.last[peer] {
            self.server.last[peer] = number;
            self.server.log.push((peer, number));
            let seq = self.server.log.len();
            let comment = said(seq, peer, number);
            self.send(SENDERS, false, format!("42[\"comment\",{comment}]"));
        }
        "{\"ok\":true}".to_owned()
    }

    /// The answer to join and history; senders want to read nothing.
    fn page(&self, peer: usize, more: Option<&Value>) -> String {
        let seq = self.server.log.len();
        let since = more.and_then(|more| more["since"].as_u64());
        let since = usize::try_from(since.unwrap_or(0)).expect("small");
        let to = if peer == SENDERS { seq.min(since + limits::HISTORY) } else { seq };
        let kept = self.server.log.iter().enumerate().take(to).skip(since);
        let comments: Vec<String> = match peer {
            SENDERS => kept.map(|(at, (sender, number))| said(at + 1, *sender, *number)).collect(),
            _ => Vec::new(),
        };
        let (from, comments) = (since + 1, comments.join(","));
        format!(
            r#"{{"ok":true,"epoch":"e","from":{from},"to":{to},"seq":{seq},"comments":[{comments}]}}"#
        )
    }

    /// One connection goes, or with the server all.
    fn cut(&mut self) {
        let all = self.chance.below(4) == 0;
        let one = usize::try_from(self.chance.below(self.peers.len() as u64)).expect("small");
        for peer in 0..self.peers.len() {
            if (all || peer == one) && self.peers[peer].is_in {
                self.cuts += 1;
                self.peers[peer].is_in = false;
                self.peers[peer].connection += 1;
                self.peers[peer].client.handle_lost(Lost::Closed, self.now);
                self.obey(peer);
            }
        }
    }

    /// Senders say more as soon as they can.
    fn talk(&mut self, peer: usize, share: u64) {
        while peer < SENDERS && self.peers[peer].sent < share {
            let text = (self.peers[peer].sent + 1).to_string();
            if self.peers[peer].client.comment(&text, None, self.now).is_err() {
                break;
            }
            self.peers[peer].sent += 1;
        }
        self.obey(peer);
    }

    fn run(&mut self, messages: usize) {
        let share = messages.div_ceil(SENDERS) as u64;
        let all = usize::try_from(share).expect("small") * SENDERS;
        for peer in 0..self.peers.len() {
            self.obey(peer);
        }
        let mut turns = 0_u64;
        while self.shown.len() < all {
            turns += 1;
            let timer = (0..self.peers.len())
                .filter_map(|peer| self.peers[peer].client.wake_at().map(|at| (at, peer)));
            let timer = timer.min();
            let arrives = self.wire.peek().map(|Reverse((at, ..))| *at);
            if arrives.is_none_or(|arrives| timer.is_some_and(|(at, _)| at < arrives)) {
                let (at, peer) = timer.expect("something happens");
                self.now = self.now.max(at);
                self.peers[peer].client.handle_timeout(self.now);
                self.obey(peer);
                continue;
            }
            let Some(Reverse((at, _, peer, connection, to_server, frame))) = self.wire.pop() else {
                continue;
            };
            self.now = at;
            if self.peers[peer].connection != connection {
                continue;
            }
            if to_server {
                self.serve(peer, &frame);
            } else {
                self.peers[peer].client.handle_frame(&frame, at);
                self.talk(peer, share);
            }
            if turns.is_multiple_of(5_000) {
                self.cut();
            }
        }
    }
}

fn said(seq: usize, sender: usize, number: u64) -> String {
    format!(r#"{{"roomKey":"demo","text":"{number}","id":"{sender:016x}-{number}","seq":{seq}}}"#)
}

#[test]
fn a_million_messages_arrive_once_and_in_order_through_a_bad_server() {
    let mut world = World::new(11);
    world.run(MESSAGES);
    assert!(world.shown.len() >= MESSAGES && world.missed == 0);
    assert!(world.shown.iter().eq(&world.server.log), "in the room's own order");
    assert!(world.cuts > 500, "{} cuts", world.cuts);
    println!(
        "{{\"messages\":{},\"cuts\":{},\"virtual_s\":{}}}",
        world.shown.len(),
        world.cuts,
        world.now.as_micros() / 1_000_000
    );
}
