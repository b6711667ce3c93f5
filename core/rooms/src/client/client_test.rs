use super::*;
use crate::locator::Servers;

#[path = "client_test/herd.rs"]
mod herd;
#[path = "client_test/once.rs"]
mod once;

const GREETING: &str = r#"0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
const LET_IN: &str = r#"40{"sid":"s"}"#;
const SERVER: &str = "ws://127.0.0.1:3000";

fn identity() -> Identity {
    Identity { mark: 0xa, secret: 7, seed: 1 }
}

fn at(ms: i64) -> Now {
    Now::from_millis(ms)
}

fn key() -> RoomKey {
    "demo".parse().expect("a key")
}

/// A client with what it said and told so far.
struct Desk {
    client: Client,
    sent: Vec<String>,
    events: Vec<Event>,
    asked: Vec<String>,
    connects: usize,
    pings: usize,
    disconnects: usize,
}

impl Desk {
    fn new(config: Config) -> Self {
        let client = Client::new(config, identity(), at(0)).expect("a config");
        let mut desk = Self {
            client,
            sent: Vec::new(),
            events: Vec::new(),
            asked: Vec::new(),
            connects: 0,
            pings: 0,
            disconnects: 0,
        };
        desk.drain();
        desk
    }

    fn usual() -> Self {
        Self::new(Config::new(Servers::One(SERVER.parse().expect("an address"))))
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Locate { path, .. } => self.asked.push(path),
                Output::Connect { .. } => self.connects += 1,
                Output::Send(text) => self.sent.push(text),
                Output::Ping => self.pings += 1,
                Output::Disconnect => self.disconnects += 1,
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    fn hear(&mut self, frame: &str, now: i64) {
        self.client.handle_frame(frame, at(now));
        self.drain();
    }

    /// Lets the time pass, timer by timer.
    fn run_until(&mut self, end: i64) {
        while let Some(next) = self.client.wake_at().filter(|next| *next <= at(end)) {
            self.client.handle_timeout(next);
            self.drain();
        }
    }

    fn go_online(&mut self, now: i64) {
        self.client.handle_connected(at(now));
        self.hear(GREETING, now);
        self.hear(LET_IN, now);
    }

    /// In the room, with the server's answer to the newest request.
    fn join(&mut self, now: i64) {
        self.client.join(key(), at(now)).expect("no room yet");
        self.drain();
        self.answer(r#"{"ok":true,"title":"T","likes":1,"viewers":2,"live":true,"epoch":"e","seq":0,"comments":[]}"#, now);
    }

    /// Answers the newest request.
    fn answer(&mut self, answer: &str, now: i64) {
        let asked = self.sent.iter().rev().find_map(|frame| {
            let rest = frame.strip_prefix("42")?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            (!digits.is_empty()).then_some(digits)
        });
        let id = asked.expect("a request");
        self.hear(&format!("43{id}[{answer}]"), now);
    }

    fn said(&self) -> Vec<&str> {
        let said = self.events.iter().filter_map(|event| match event {
            Event::Said(said) => Some(said.text.as_str()),
            _ => None,
        });
        said.collect()
    }

    fn losses(&self) -> Vec<&Lost> {
        let losses = self.events.iter().filter_map(|event| match event {
            Event::Lost { reason, .. } => Some(reason),
            _ => None,
        });
        losses.collect()
    }
}

#[test]
fn nothing_is_said_before_the_server_has_let_the_client_in() {
    let mut desk = Desk::usual();
    desk.client.join(key(), at(0)).expect("a wish");
    desk.client.handle_connected(at(1));
    desk.hear(GREETING, 2);
    assert_eq!(desk.sent.len(), 1, "CONNECT alone: {:?}", desk.sent);
    assert!(desk.sent[0].starts_with("40{"), "{:?}", desk.sent);
    // A server that pings before its word is answered.
    desk.hear("2", 3);
    assert_eq!(desk.sent[1], "3");
    desk.hear(LET_IN, 4);
    assert_eq!(desk.sent[2], r#"421["join_room","demo",{}]"#);
}

#[test]
fn s01_secrets_are_on_the_wire_and_nowhere_else() {
    let mut config = Config::new(Servers::One(SERVER.parse().expect("an address")));
    config.auth = Some(Secret::new("canary"));
    config.room_token = Some(Secret::new("canary"));
    let mut desk = Desk::new(config);
    desk.go_online(1);
    desk.client.create(key(), "T", at(2)).expect("no room");
    desk.drain();
    assert!(desk.sent.iter().filter(|frame| frame.contains("canary")).count() == 2);
    desk.answer(r#"{"ok":true,"token":"canary","publish_key":"pk-canary"}"#, 3);
    assert!(!format!("{:?} {:?}", desk.events, desk.client).contains("canary"));
    let Some(Event::Joined(snapshot)) = desk.events.last() else { panic!("{:?}", desk.events) };
    assert_eq!(snapshot.token.as_ref().map(Secret::expose), Some("canary"));
}

#[test]
fn s01_a_server_that_repeats_a_secret_is_not_quoted() {
    let secrets = ["canary-auth", "canary-token", "pk-canary-key"];
    let desk = || {
        let mut config = Config::new(Servers::One(SERVER.parse().expect("an address")));
        config.auth = Some(Secret::new(secrets[0]));
        config.room_token = Some(Secret::new(secrets[1]));
        let mut desk = Desk::new(config);
        desk.client.handle_connected(at(1));
        desk.hear(GREETING, 1);
        desk
    };
    // At the door; also with controls in it, and where a long word is cut in the midst of it.
    let cut = format!("{}{}", "x".repeat(193), secrets[0]);
    for words in [secrets[0], "can\\u0007ary-auth", &cut] {
        let mut desk = desk();
        desk.hear(&format!(r#"44{{"message":"{words} is not known"}}"#), 2);
        let told = format!("{:?}", desk.events);
        assert!(told.contains("•••") && !told.contains("canary"), "{told}");
    }
    // In answers and in what it tells later.
    let mut desk = desk();
    desk.hear(LET_IN, 2);
    desk.client.create(key(), "T", at(2)).expect("no room");
    desk.drain();
    desk.answer(r#"{"ok":false,"error":"canary-token is wrong"}"#, 3);
    desk.client.create(key(), "T", at(4)).expect("no room");
    desk.drain();
    desk.answer(r#"{"ok":true,"title":"of canary-token","publish_key":"pk-canary-key"}"#, 5);
    for frame in [
        r#"42["comment",{"roomKey":"demo","text":"use pk-canary-key","name":"canary-auth"}]"#,
        r#"42["reported",{"key":"demo","id":"x-1","reason":"canary-token"}]"#,
        r#"42["room_closed",{"key":"demo","reason":"pk-canary-key"}]"#,
    ] {
        desk.hear(frame, 6);
    }
    let told = format!("{:?}", desk.events);
    assert_eq!(told.matches("•••").count(), 8, "two of them are secrets that print so: {told}");
    assert!(!told.contains("canary"), "{told}");
}

#[test]
fn rw17_a_silent_server_is_left_within_two_pings_of_ours() {
    let mut desk = Desk::usual();
    desk.go_online(0);
    desk.run_until(4_999);
    assert_eq!(desk.pings, 0);
    desk.run_until(5_000);
    assert_eq!(desk.pings, 1);
    desk.client.handle_pong();
    desk.run_until(14_999);
    assert_eq!((desk.pings, desk.losses().len()), (2, 0));
    desk.run_until(15_000);
    assert_eq!(desk.losses(), [&Lost::PongTimeout]);
}

#[test]
fn rw17_without_pings_of_ours_the_server_s_deadline_counts() {
    let mut config = Config::new(Servers::One(SERVER.parse().expect("an address")));
    config.ping_every = Duration::ZERO;
    let mut desk = Desk::new(config);
    desk.go_online(0);
    desk.hear("2", 20_000);
    desk.run_until(64_999);
    assert!(desk.losses().is_empty());
    desk.run_until(65_000);
    assert_eq!(desk.losses(), [&Lost::PingTimeout]);
}

#[test]
fn a_server_that_accepts_and_is_silent_is_left_after_five_seconds() {
    let mut desk = Desk::usual();
    desk.client.handle_connected(at(10));
    desk.run_until(4_999);
    assert!(desk.losses().is_empty());
    desk.run_until(5_000);
    assert_eq!(desk.losses(), [&Lost::ConnectTimeout]);
}

#[test]
fn the_end_comes_at_once_in_every_phase() {
    for phase in 0..4 {
        let mut desk = Desk::usual();
        match phase {
            0 => {}
            1 => desk.client.handle_connected(at(1)),
            2 => desk.go_online(1),
            _ => {
                desk.go_online(1);
                desk.join(2);
            }
        }
        desk.client.end();
        desk.drain();
        assert!(desk.client.is_ended() && desk.client.wake_at().is_none(), "phase {phase}");
        assert_eq!(desk.events.last(), Some(&Event::State(State::Ended)));
        desk.hear(GREETING, 3);
        desk.client.handle_lost(Lost::Closed, at(3));
        desk.drain();
        assert_eq!((desk.connects, desk.client.join(key(), at(4))), (1, Err(CommandError::Ended)));
    }
}

#[test]
fn rw18_a_locator_that_is_down_costs_two_seconds_and_no_busy_loop() {
    let servers = Servers::Locator("http://127.0.0.1:9000".parse().expect("an address"));
    let mut desk = Desk::new(Config::new(servers));
    assert_eq!(desk.asked, ["/servers/least-loaded"]);
    desk.run_until(1_999);
    assert!(desk.losses().is_empty());
    desk.run_until(2_000);
    assert_eq!(desk.losses(), [&Lost::NoServer]);
    desk.run_until(60_000);
    assert!(desk.asked.len() < 25, "asked {} times in a minute", desk.asked.len());
}

#[test]
fn rw18_a_dead_server_that_a_locator_names_is_named_back_to_it() {
    let servers = Servers::Locator("http://127.0.0.1:9000".parse().expect("an address"));
    let mut desk = Desk::new(Config::new(servers));
    desk.client.handle_located(Some(r#"{"url":"ws://127.0.0.1:1"}"#), at(10));
    desk.client.handle_lost(Lost::Closed, at(20));
    desk.drain();
    desk.run_until(1_000);
    assert_eq!(desk.asked[1], "/servers/least-loaded?not=ws%3A%2F%2F127.0.0.1%3A1");
    // No answer: what is known is tried again.
    assert_eq!(desk.connects, 1);
    desk.run_until(3_000);
    assert_eq!(desk.connects, 2);
}

#[test]
fn a_server_that_cannot_be_verified_is_told_once_and_left_alone() {
    let mut desk = Desk::usual();
    desk.client.handle_lost(Lost::Insecure("unknown".to_owned()), at(50));
    desk.drain();
    desk.run_until(600_000);
    assert_eq!((desk.connects, desk.losses().len()), (1, 1));
    assert!(desk.client.is_ended());
}

#[test]
fn rw22_a_refusal_is_told_once_and_not_tried_again() {
    let mut desk = Desk::usual();
    desk.client.handle_connected(at(1));
    desk.hear(GREETING, 2);
    desk.hear(r#"44{"message":"not authorized","data":{"code":7}}"#, 3);
    desk.run_until(600_000);
    assert_eq!(desk.losses(), [&Lost::Refused("not authorized".to_owned())]);
    assert_eq!((desk.connects, desk.client.is_ended()), (1, true));
}

#[test]
fn rw22_what_was_missed_comes_once_and_in_order_from_a_server_that_restores() {
    let mut desk = Desk::usual();
    desk.client.handle_connected(at(1));
    desk.hear(GREETING, 1);
    desk.hear(r#"40{"sid":"s","pid":"p"}"#, 1);
    desk.client.join(key(), at(1)).expect("no room");
    desk.drain();
    desk.answer(r#"{"ok":true}"#, 2);
    desk.hear(r#"42["comment",{"text":"1","id":"x-1"},"o1"]"#, 3);
    desk.client.handle_lost(Lost::Closed, at(4));
    desk.drain();
    desk.run_until(1_000);
    assert_eq!(desk.connects, 2);
    desk.sent.clear();
    desk.client.handle_connected(at(1_000));
    desk.hear(GREETING, 1_000);
    assert!(desk.sent[0].contains(r#""offset":"o1""#) && desk.sent[0].contains(r#""pid":"p""#));
    // Before its word, and the first one again.
    desk.hear(r#"42["comment",{"text":"1","id":"x-1"},"o1"]"#, 1_001);
    desk.hear(r#"42["comment",{"text":"2","id":"x-2"},"o2"]"#, 1_001);
    desk.hear(r#"42["comment",{"text":"3","id":"x-3"},"o3"]"#, 1_001);
    desk.hear(r#"40{"sid":"s","pid":"p"}"#, 1_002);
    assert_eq!(desk.said(), ["1", "2", "3"]);
}

#[test]
fn rw23_offline_likes_and_comments_fail_at_once_and_are_never_sent() {
    let mut desk = Desk::usual();
    desk.go_online(0);
    desk.join(1);
    desk.client.like(3, at(2)).expect("in the room");
    desk.client.handle_lost(Lost::Closed, at(3));
    desk.drain();
    assert_eq!(desk.client.like(1, at(4)), Err(CommandError::Offline));
    assert_eq!(desk.client.comment("hi", None, at(4)), Err(CommandError::Offline));
    desk.run_until(1_000);
    desk.sent.clear();
    desk.go_online(1_000);
    desk.answer(r#"{"ok":true}"#, 1_001);
    desk.run_until(4_000);
    assert!(!desk.sent.iter().any(|it| it.contains("upvote") || it.contains("\"comment\"")));
}

#[test]
fn rw23_comments_wait_when_the_app_asks_for_it_and_keep_their_order_under_a_rate_limit() {
    let mut config = Config::new(Servers::One(SERVER.parse().expect("an address")));
    config.queue_offline = true;
    let mut desk = Desk::new(config);
    desk.client.join(key(), at(0)).expect("no room");
    let media = MediaTime::from_millis(1_234);
    let first = desk.client.comment("one", Some(media), at(0)).expect("it waits");
    desk.client.comment("two", None, at(0)).expect("it waits");
    desk.go_online(10);
    desk.answer(r#"{"ok":true}"#, 11);
    let comments = |desk: &Desk| {
        desk.sent.iter().filter(|it| it.contains("\"comment\"")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(comments(&desk).len(), 1, "one under way");
    assert!(comments(&desk)[0].contains(r#""at":1234"#), "{:?}", comments(&desk));
    desk.answer(r#"{"ok":false,"error":"rate_limited","retry_ms":700}"#, 12);
    desk.run_until(711);
    assert_eq!(comments(&desk).len(), 1);
    desk.run_until(712);
    assert_eq!(comments(&desk).len(), 2);
    desk.answer(r#"{"ok":true}"#, 713);
    assert!(desk.events.contains(&Event::Delivered(first)));
    assert!(comments(&desk)[2].contains("two"));
    for number in 0..crate::limits::OUTBOX {
        let _ = desk.client.comment(&number.to_string(), None, at(714));
    }
    assert_eq!(desk.client.comment("too many", None, at(714)), Err(CommandError::Full));
}

#[test]
fn lf103_a_host_s_room_is_made_again_with_its_token_after_a_loss() {
    let mut desk = Desk::usual();
    desk.go_online(0);
    desk.client.create(key(), "A show", at(1)).expect("no room");
    desk.drain();
    desk.answer(r#"{"ok":true,"token":"t","publish_key":"pk-1","epoch":"e","seq":4}"#, 2);
    desk.client.handle_lost(Lost::Closed, at(3));
    desk.drain();
    desk.run_until(1_000);
    desk.sent.clear();
    desk.go_online(1_000);
    let again = &desk.sent[1];
    for part in [r#""token":"t""#, r#""publish_key":"pk-1""#, r#""since":4"#, r#""title":"A show""#]
    {
        assert!(again.contains(part), "{again}");
    }
    desk.answer(r#"{"ok":true,"resumed":true,"epoch":"e","seq":4,"from":5,"to":4}"#, 1_001);
    let joined = desk.events.iter().filter(|event| matches!(event, Event::Joined(_))).count();
    assert_eq!(joined, 2);
    assert!(matches!(desk.events.last(), Some(Event::Joined(it)) if it.is_resumed && it.is_host));
}

#[test]
fn rw24_a_server_that_answers_nothing_is_used_without_ownership_and_one_warning() {
    let mut desk = Desk::usual();
    desk.go_online(0);
    desk.client.create(key(), "T", at(0)).expect("no room");
    desk.drain();
    desk.run_until(3_999);
    assert_eq!(desk.client.comment("hi", None, at(3_999)), Err(CommandError::Offline));
    desk.run_until(4_000);
    let told = |desk: &Desk| desk.events.iter().filter(|it| **it == Event::OldServer).count();
    assert_eq!(told(&desk), 1);
    let id = desk.client.comment("hi", None, at(4_001)).expect("in the room");
    desk.client.comment("again", None, at(4_001)).expect("nothing is waited for");
    desk.drain();
    assert!(desk.events.contains(&Event::Delivered(id)));
    // Its events have no numbers, and likes no arguments.
    desk.hear(r#"42["comment",{"roomKey":"demo","text":"hello"}]"#, 4_100);
    desk.hear(r#"42["upvote"]"#, 4_100);
    assert_eq!(desk.said(), ["hello"]);
    assert_eq!(desk.events.last(), Some(&Event::Likes { new: 1, total: None }));
    desk.client.handle_lost(Lost::Closed, at(5_000));
    desk.drain();
    desk.run_until(6_000);
    desk.go_online(6_000);
    desk.client.comment("at once", None, at(6_001)).expect("it is known to be old");
    assert_eq!(told(&desk), 1);
}

#[test]
fn s13_a_hostile_server_is_left_and_asked_again_with_patience() {
    let deep = format!("42[\"comment\",{}{}]", "[".repeat(60), "]".repeat(60));
    let long = format!("42[\"comment\",{{\"text\":\"{}\"}}]", "x".repeat(limits::FRAME_BYTES));
    for frame in ["x", "451-[\"a\",{}]", "42[", "0{}", "4", &deep, &long] {
        let mut desk = Desk::usual();
        desk.go_online(0);
        desk.hear(frame, 1);
        assert!(
            matches!(desk.losses()[..], [Lost::Malformed(_)]),
            "{}",
            &frame[..frame.len().min(40)]
        );
        let Some(Event::Lost { retry_in: Some(wait), .. }) =
            desk.events.iter().find(|event| matches!(event, Event::Lost { .. }))
        else {
            panic!("{:?}", desk.events)
        };
        assert!(*wait <= Duration::from_secs(5));
    }
    // What is well-formed nonsense changes nothing.
    let mut desk = Desk::usual();
    desk.go_online(0);
    desk.join(1);
    let before = desk.events.len();
    for frame in [
        r#"42["comment"]"#,
        r#"42["comment",null]"#,
        r#"42["comment",{"text":{}}]"#,
        r#"42["comment",{"text":"   "}]"#,
        r#"42["gift",{"giftId":-1}]"#,
        r#"42["viewers","many"]"#,
        r#"42["room_closed",{"key":"another"}]"#,
        r#"42["__proto__",{}]"#,
        r#"4399[{"ok":true}]"#,
        r#"42/admin,["comment",{"text":"x"}]"#,
    ] {
        desk.hear(frame, 2);
    }
    assert_eq!(desk.events.len(), before, "{:?}", &desk.events[before..]);
}

#[test]
fn engine_io_3_is_pinged_by_the_client_and_asks_nobody_in() {
    let mut config = Config::new(Servers::One(SERVER.parse().expect("an address")));
    config.version = Version::V3;
    config.ping_every = Duration::ZERO;
    let mut desk = Desk::new(config);
    desk.client.handle_connected(at(0));
    desk.hear(GREETING, 0);
    desk.hear("40", 0);
    assert_eq!(desk.events.last(), Some(&Event::State(State::Online)));
    assert!(desk.sent.is_empty(), "{:?}", desk.sent);
    desk.run_until(25_000);
    assert_eq!(desk.sent, ["2"]);
    desk.hear("3", 25_001);
    desk.run_until(69_000);
    assert!(desk.losses().is_empty());
}
