use super::*;
use std::cell::Cell;

/// Where a stream that runs stands.
const HERE_MS: u32 = 61_500;

fn at(ms: i64) -> Now {
    Now::from_millis(ms)
}

fn demo() -> RoomKey {
    "demo".parse().unwrap()
}

/// Rooms, and what their members are told.
struct Hall {
    book: Book,
    drawn: u128,
    is_live: Cell<bool>,
    told: Vec<(String, Value)>,
}

impl Hall {
    fn new() -> Self {
        Self::with(RoomsConfig::default())
    }

    fn with(config: RoomsConfig) -> Self {
        Self {
            book: Book::new(config),
            drawn: 0xfeed << 100,
            is_live: Cell::new(false),
            told: Vec::new(),
        }
    }

    fn connect(&mut self, auth: Value, ms: i64) -> MemberId {
        let drawn = &mut self.drawn;
        self.book.connect(&auth, at(ms), &mut || {
            *drawn += 1;
            *drawn
        })
    }

    fn ask(&mut self, id: MemberId, event: &str, arguments: &[Value], ms: i64) -> Value {
        let drawn = &mut self.drawn;
        let mut random = || {
            *drawn += 1;
            *drawn
        };
        let position = |_: &str| self.is_live.get().then_some(HERE_MS);
        let arguments = Arguments(arguments);
        let (answer, effects) =
            self.book.handle(id, event, arguments, at(ms), &mut random, &position);
        self.note(effects);
        answer
    }

    fn tick(&mut self, ms: i64) {
        let live = self.is_live.get();
        let effects = self.book.tick(at(ms), &|_| live.then_some(HERE_MS));
        self.note(effects);
    }

    fn note(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::All { event, arguments, .. } => {
                    self.told.push((event.to_owned(), arguments[0].clone()));
                }
                Effect::One { event, argument, .. } => self.told.push((event.to_owned(), argument)),
                Effect::Enter { .. } | Effect::Leave { .. } => {}
            }
        }
    }

    fn told(&self, event: &str) -> Vec<&Value> {
        self.told.iter().filter(|(name, _)| name == event).map(|(_, value)| value).collect()
    }

    /// A host with a room, and a viewer in it.
    fn open(&mut self) -> (MemberId, MemberId, String) {
        let (host, viewer) = (self.connect(json!(null), 0), self.connect(json!(null), 0));
        let created = self.ask(host, "create_room", &[json!({ "key": "demo", "title": "T" })], 0);
        assert_eq!(created["ok"], true, "{created}");
        assert_eq!(self.ask(viewer, "join_room", &[json!("demo")], 0)["ok"], true);
        (host, viewer, created["token"].as_str().unwrap().to_owned())
    }
}

fn session(mark: &str, secret: char) -> Value {
    json!({ "onair": { "mark": mark, "secret": secret.to_string().repeat(32) } })
}

fn comment(text: &str) -> Value {
    json!({ "roomKey": "demo", "text": text })
}

#[test]
fn rw03_lf105_a_key_is_taken_but_for_the_one_with_its_token() {
    let mut hall = Hall::new();
    let (_, viewer, token) = hall.open();
    let ask = |token: Value| json!({ "key": "demo", "title": "Mine", "token": token });
    for wrong in [json!(null), json!(""), json!("0".repeat(32)), json!(7)] {
        assert_eq!(hall.ask(viewer, "create_room", &[ask(wrong)], 1)["error"], "taken");
    }
    let again = hall.ask(viewer, "create_room", &[ask(json!(token))], 2);
    assert_eq!((&again["resumed"], &again["token"]), (&json!(true), &json!(token)));
}

#[test]
fn rw04_s05_lf104_nobody_but_the_host_closes_or_changes_a_room() {
    let mut hall = Hall::new();
    let (host, viewer, token) = hall.open();
    let forged = json!({ "token": "f".repeat(32) });
    for proof in [json!(null), forged, json!({ "token": "" }), json!({ "token": [] })] {
        let answer = hall.ask(viewer, "close_room", &[json!("demo"), proof], 1);
        assert_eq!(answer["error"], "not_owner");
    }
    let update = |title: &str| json!({ "key": "demo", "title": title, "token": "f" });
    assert_eq!(hall.ask(viewer, "update_room", &[update("Mine")], 1)["error"], "not_owner");
    assert_eq!(hall.ask(host, "update_room", &[update("New")], 1)["ok"], true);
    assert_eq!(hall.book.rooms[&demo()].title, "New");
    assert_eq!(hall.ask(host, "close_room", &[json!("demo")], 2)["ok"], true);
    assert_eq!(hall.told("room_closed")[0]["reason"], "closed");
    // A token of a room that is gone opens nothing but a room of that token's own.
    let replayed = json!({ "token": token });
    let answer = hall.ask(viewer, "close_room", &[json!("demo"), replayed], 3);
    assert_eq!(answer["error"], "no_such_room");
}

#[test]
fn rw05_rw06_a_room_waits_for_its_host_and_then_closes() {
    let mut hall = Hall::new();
    let (host, viewer, token) = hall.open();
    hall.is_live.set(true);
    hall.tick(100);
    hall.ask(viewer, "comment", &[comment("before")], 200);
    hall.book.disconnect(host, at(1_000));
    hall.is_live.set(false);
    hall.tick(1_100);
    let live: Vec<&Value> = hall.told("live").into_iter().map(|it| &it["live"]).collect();
    assert_eq!(live, [&json!(true), &json!(false)], "told within a tick");
    let back = hall.connect(json!(null), 6_000);
    let again = json!({ "key": "demo", "title": "", "token": token });
    let answer = hall.ask(back, "create_room", &[again], 6_000);
    assert_eq!((&answer["resumed"], &answer["title"]), (&json!(true), &json!("T")));
    assert_eq!(answer["comments"][0]["text"], "before");
    hall.tick(40_000);
    assert!(hall.book.rooms.contains_key(&demo()));
    hall.book.disconnect(back, at(50_000));
    hall.tick(79_900);
    assert!(hall.told("room_closed").is_empty());
    hall.tick(80_000);
    assert_eq!(hall.told("room_closed")[0]["reason"], "owner_lost");
    assert!(hall.book.rooms.is_empty());
}

#[test]
fn rw07_hostile_arguments_get_an_answer_and_change_nothing() {
    let mut hall = Hall::new();
    let (_, viewer, _) = hall.open();
    let events = [
        "create_room",
        "join_room",
        "leave_room",
        "close_room",
        "update_room",
        "history",
        "upvote",
        "comment",
        "gift",
        "report",
        "mute",
        "block",
        "remove_comment",
        "__proto__",
        "disconnect",
        "",
    ];
    let values = [
        json!(null),
        json!({}),
        json!([]),
        json!(7),
        json!(-1.5e300),
        json!(true),
        json!("__proto__"),
        json!({ "__proto__": 1, "key": "__proto__" }),
        json!({ "roomKey": {} }),
        json!("../x"),
        json!({ "key": "x".repeat(10_000) }),
    ];
    let before = format!("{:?}", hall.book.rooms[&demo()].title);
    let mut ms = 1_000;
    for event in events {
        for value in &values {
            ms += 1_000;
            let many = vec![value.clone(); 4];
            for arguments in [&[][..], &many[..1], &many] {
                let answer = hall.ask(viewer, event, arguments, ms);
                assert!(answer["ok"].is_boolean(), "{event} {value}: {answer}");
            }
        }
    }
    assert_eq!(format!("{:?}", hall.book.rooms[&demo()].title), before);
    assert!(hall.told("comment").is_empty() && hall.told("room_closed").is_empty());
}

#[test]
fn s06_keys_that_are_none_and_rooms_beyond_the_limit_are_refused() {
    let mut hall = Hall::with(RoomsConfig { max_rooms: 3, ..RoomsConfig::default() });
    let host = hall.connect(json!(null), 0);
    for key in ["", "🎈", "a b", "../x", "<b>", &"k".repeat(1 << 20)] {
        let answer = hall.ask(host, "create_room", &[json!({ "key": key })], 0);
        assert_eq!(answer["error"], "bad_key", "{}", &key[..key.len().min(8)]);
    }
    for (key, expected) in [("__proto__", true), ("b", true), ("c", true), ("d", false)] {
        let answer = hall.ask(host, "create_room", &[json!({ "key": key })], 1_000);
        assert_eq!(answer["ok"], expected, "{key}: {answer}");
    }
}

#[test]
fn s07_rw12_no_secret_is_in_what_members_are_told() {
    let mut hall = Hall::new();
    let (host, viewer, token) = hall.open();
    let created = hall.ask(host, "create_room", &[json!({ "key": "demo", "token": token })], 1);
    let publish_key = created["publish_key"].as_str().unwrap().to_owned();
    assert!(publish_key.starts_with("pk-") && publish_key.len() == 35 && publish_key != "demo");
    let joined = hall.ask(viewer, "join_room", &[json!("demo")], 1);
    hall.ask(viewer, "comment", &[comment("hi")], 1);
    hall.ask(viewer, "upvote", &[json!("demo")], 1);
    hall.tick(100);
    let all = format!("{joined} {:?}", hall.told);
    assert!(!all.contains(&token) && !all.contains(&publish_key), "{all}");
    assert!(!format!("{:?}", hall.book).contains(&token), "nor in what is logged");
}

#[test]
fn rw08_s09_comments_are_measured_and_cleaned() {
    let mut hall = Hall::new();
    let (_, viewer, _) = hall.open();
    for (text, error) in [
        ("x".repeat(201), "bad_length"),
        ("🎈".repeat(201), "bad_length"),
        (" \u{202e} ".to_owned(), "bad_length"),
    ] {
        assert_eq!(hall.ask(viewer, "comment", &[comment(&text)], 0)["error"], error);
    }
    assert_eq!(hall.ask(viewer, "comment", &[comment(&"🎈".repeat(200))], 0)["ok"], true);
    hall.ask(viewer, "comment", &[comment("a\0b\u{202e}c")], 0);
    assert_eq!(hall.told("comment")[1]["text"], "abc");
}

#[test]
fn rw09_a_flood_of_comments_is_told_to_its_sender_alone() {
    let mut hall = Hall::new();
    let (_, viewer, _) = hall.open();
    let answers: Vec<Value> =
        (0..1_000).map(|ms| hall.ask(viewer, "comment", &[comment("x")], ms)).collect();
    assert_eq!(hall.told("comment").len(), 5);
    let limited = answers.iter().filter(|answer| answer["error"] == "rate_limited").count();
    assert_eq!(limited, 995);
    // As the answer says.
    let wait = answers[999]["retry_ms"].as_i64().unwrap();
    assert_eq!(hall.ask(viewer, "comment", &[comment("x")], 999 + wait)["ok"], true);
}

#[test]
fn rw10_likes_are_told_together_ten_times_a_second_at_most() {
    let mut hall = Hall::new();
    let (_, viewer, _) = hall.open();
    for ms in 0..1_000 {
        hall.ask(viewer, "upvote", &[json!("demo")], ms);
        if ms % 100 == 99 {
            hall.tick(ms);
        }
    }
    let told = hall.told("upvote");
    let sum: u64 = told.iter().map(|likes| likes["n"].as_u64().unwrap()).sum();
    assert!(told.len() <= 10 && (20..=30).contains(&sum), "{} broadcasts of {sum}", told.len());
    assert_eq!(told.last().unwrap()["total"], sum);
}

#[test]
fn lf102_all_members_get_what_was_sent() {
    let mut hall = Hall::new();
    let (_, viewer, _) = hall.open();
    let gift = json!({ "roomKey": "demo", "senderId": 9, "giftId": 3, "giftCount": 1 });
    hall.ask(viewer, "gift", &[gift], 0);
    let told = hall.told("gift")[0];
    for (name, value) in [("senderId", 9), ("giftId", 3), ("giftCount", 1)] {
        assert_eq!(told[name], value);
    }
    let stranger = hall.connect(json!(null), 0);
    assert_eq!(hall.ask(stranger, "comment", &[comment("x")], 0)["error"], "not_in_room");
}

#[test]
fn a_message_that_comes_again_is_taken_once() {
    let mut hall = Hall::new();
    let (host, ..) = hall.open();
    let mark = "00000000000000aa";
    let said = |number: u32| json!({ "roomKey": "demo", "text": number.to_string(), "id": format!("{mark}-{number}") });
    let viewer = hall.connect(session(mark, 'a'), 0);
    hall.ask(viewer, "join_room", &[json!("demo")], 0);
    assert_eq!(hall.ask(viewer, "comment", &[said(1)], 0)["seq"], 1);
    hall.book.disconnect(viewer, at(1));
    let back = hall.connect(session(mark, 'a'), 2);
    hall.ask(back, "join_room", &[json!("demo")], 2);
    assert_eq!(hall.ask(back, "comment", &[said(1)], 2)["duplicate"], true);
    hall.ask(back, "comment", &[said(2)], 2);
    assert_eq!(hall.told("comment").len(), 2);
    // Somebody else cannot use the mark, nor keep its owner from being heard.
    let thief = hall.connect(session(mark, 'b'), 3);
    hall.ask(thief, "join_room", &[json!("demo")], 3);
    let stolen = hall.ask(thief, "comment", &[said(1_000)], 3);
    assert!(!stolen["id"].as_str().unwrap().starts_with(mark), "{stolen}");
    assert_eq!(hall.ask(back, "comment", &[said(3)], 3)["id"], format!("{mark}-3"));
    let page = hall.ask(host, "history", &[json!("demo"), json!({ "since": 2 })], 4);
    assert_eq!((&page["from"], &page["to"]), (&json!(3), &json!(4)));
}

#[test]
fn history_keeps_fifty_and_says_what_is_gone() {
    let rate = super::super::config::Rate { burst: 200, every: Duration::from_secs(1) };
    let mut hall = Hall::with(RoomsConfig { comments: rate, ..RoomsConfig::default() });
    let (host, viewer, _) = hall.open();
    for number in 0..120 {
        hall.ask(viewer, "comment", &[comment(&number.to_string())], 0);
    }
    let page = hall.ask(host, "history", &[json!("demo"), json!({ "since": 10 })], 0);
    assert_eq!((&page["from"], &page["to"]), (&json!(71), &json!(120)));
    assert_eq!(page["comments"].as_array().unwrap().len(), 50);
}

#[test]
fn a_host_removes_comments_and_keeps_people_out() {
    let mut hall = Hall::new();
    let (host, ..) = hall.open();
    let mark = "00000000000000bb";
    let pest = hall.connect(session(mark, 'b'), 0);
    hall.ask(pest, "join_room", &[json!("demo")], 0);
    let id = hall.ask(pest, "comment", &[comment("spam")], 0)["id"].clone();
    let about = [json!({ "roomKey": "demo", "id": id, "sender": mark, "reason": "spam" })];
    for event in ["remove_comment", "mute", "block"] {
        assert_eq!(hall.ask(pest, event, &about, 0)["error"], "not_owner");
    }
    hall.ask(pest, "report", &about, 0);
    assert_eq!(hall.told("reported")[0]["id"], id);
    assert_eq!(hall.ask(host, "remove_comment", &about, 1)["ok"], true);
    assert_eq!(hall.told("comment_removed")[0]["id"], id);
    let page = hall.ask(host, "history", &[json!("demo"), json!({ "since": 0 })], 1);
    assert_eq!((&page["comments"], &page["to"]), (&json!([]), &json!(1)));
    hall.ask(host, "mute", &about, 2);
    assert_eq!(hall.ask(pest, "comment", &[comment("more")], 2)["error"], "blocked");
    hall.ask(host, "block", &about, 3);
    assert_eq!(hall.told("room_closed")[0]["reason"], "blocked");
    assert_eq!(hall.ask(pest, "join_room", &[json!("demo")], 3)["error"], "blocked");
}

#[test]
fn only_who_knows_the_host_s_token_opens_rooms_where_there_is_one() {
    let config = RoomsConfig { host_token: Some(Secret::new("canary")), ..RoomsConfig::default() };
    let mut hall = Hall::with(config);
    for (auth, answer) in [
        (json!(null), json!(false)),
        (json!({ "token": "wrong" }), json!(false)),
        (json!({ "token": "canary" }), json!(true)),
    ] {
        let member = hall.connect(auth, 0);
        let created = hall.ask(member, "create_room", &[json!({ "key": "demo" })], 0);
        assert_eq!(created["ok"], answer, "{created}");
    }
}

#[test]
fn a_comment_carries_the_moment_it_belongs_to() {
    let mut hall = Hall::new();
    let (host, viewer, _) = hall.open();
    hall.ask(host, "comment", &[comment("before the stream")], 0);
    hall.is_live.set(true);
    let timed = json!({ "roomKey": "demo", "text": "seen a second later", "at": 60_250 });
    hall.ask(viewer, "comment", &[timed], 1);
    hall.ask(viewer, "comment", &[comment("nobody knows what it saw")], 2);
    hall.ask(host, "comment", &[comment("of the newest picture")], 3);
    let gift = json!({ "roomKey": "demo", "giftId": 3, "at": 61_000 });
    hall.ask(host, "gift", &[gift], 4);
    let moments: Vec<&Value> = hall.told("comment").into_iter().map(|it| &it["at"]).collect();
    assert_eq!(moments, [&json!(null), &json!(60_250), &json!(null), &json!(HERE_MS)]);
    assert_eq!(hall.told("gift")[0]["at"], 61_000, "what is said counts");
    let page = hall.ask(viewer, "history", &[json!("demo"), json!({ "since": 3 })], 5);
    assert_eq!(page["comments"][0]["at"], HERE_MS, "in the history too");
}
