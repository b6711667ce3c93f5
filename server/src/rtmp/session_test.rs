//! A session against scripted clients, without sockets; time is made up.

use std::io::IoSlice;

use onair_engine::amf0;
use onair_types::Payload;
use proptest::prelude::*;

use super::*;
use crate::sample;
use crate::unit::Kind;

/// Writes what a client sends and reads what it gets.
struct Client {
    handshake: handshake::Client,
    writer: CommandWriter,
    out: Outgoing,
    reader: ChunkReader,
    handshake_done: bool,
}

/// A command or control message that the server sent.
#[derive(Debug, PartialEq)]
enum Got {
    Status(String),
    Result(f64, Vec<Value>),
    Error(f64, String),
    Control(u16),
    Ack(u32),
    Data(Vec<Value>),
    Media(Message),
    Other,
}

impl Client {
    fn new() -> Self {
        let (mut out, mut hello) = (Outgoing::new(), Vec::new());
        let handshake = handshake::Client::start(7, &mut hello);
        out.push_bytes(&hello);
        Self {
            handshake,
            writer: CommandWriter::new(),
            out,
            reader: ChunkReader::new(Limits::PLAYER),
            handshake_done: false,
        }
    }

    fn command(&mut self, stream_id: u32, name: &str, transaction: f64, arguments: &[Value]) {
        self.writer.command(stream_id, name, transaction, arguments, &mut self.out);
    }

    fn connect(&mut self, app: &str) {
        let object = Value::Object(vec![("app".to_owned(), text(app))]);
        self.command(0, "connect", 1.0, &[object]);
    }

    fn media(&mut self, tag_type: TagType, ms: u32, body: Vec<u8>) {
        let body = Payload::from_vec(body);
        self.out.push_media(tag_type, 1, ms, &[], &body).unwrap();
    }

    /// What is to be sent, all of it.
    fn take(&mut self) -> Vec<u8> {
        take(&mut self.out)
    }

    /// Reads what the session has to say.
    fn receive(&mut self, session: &mut Session) -> Vec<Got> {
        let bytes = take(session.output());
        let mut bytes = bytes.as_slice();
        if !self.handshake_done {
            let mut answer = Vec::new();
            let (used, done) = self.handshake.handle(bytes, &mut answer).unwrap();
            self.out.push_bytes(&answer);
            (bytes, self.handshake_done) = (&bytes[used..], done);
        }
        let mut got = Vec::new();
        let on_message = &mut |message: Message| got.push(understand(message));
        self.reader.push(bytes, on_message).unwrap();
        got.retain(|got| *got != Got::Other);
        got
    }
}

fn take(out: &mut Outgoing) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !out.is_empty() {
        let mut slices = [IoSlice::new(&[]); 16];
        let filled = out.io_slices(&mut slices);
        let before = bytes.len();
        slices[..filled].iter().for_each(|slice| bytes.extend_from_slice(slice));
        out.advance(bytes.len() - before);
    }
    bytes
}

fn understand(message: Message) -> Got {
    match Incoming::parse(message).unwrap() {
        Incoming::Command { name, transaction, arguments, .. } => {
            let code = arguments.get(1).and_then(|info| info.get("code"));
            let code = code.and_then(Value::as_str).unwrap_or_default().to_owned();
            match name.as_str() {
                "onStatus" => Got::Status(code),
                "_result" => Got::Result(transaction, arguments),
                "_error" => Got::Error(transaction, code),
                other => panic!("{other}"),
            }
        }
        Incoming::UserControl { event_type, .. } => Got::Control(event_type),
        Incoming::Acknowledgement(bytes) => Got::Ack(bytes),
        Incoming::Data { values, .. } => Got::Data(values),
        Incoming::Media(message) => Got::Media(message),
        _ => Got::Other,
    }
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn at(ms: i64) -> Now {
    Now::from_millis(ms)
}

fn events(session: &mut Session) -> Vec<Event> {
    std::iter::from_fn(|| session.poll_event()).collect()
}

fn test_stream() -> StreamName {
    StreamName::parse("live", "test").unwrap()
}

fn wants_to_publish() -> Event {
    Event::Publish { name: test_stream(), token: None }
}

/// A client and a session after the handshake and `connect`.
fn connected() -> (Client, Session) {
    let (mut client, mut session) = (Client::new(), Session::new(9));
    session.handle_input(&client.take(), at(0)).unwrap();
    client.receive(&mut session);
    client.connect("live");
    session.handle_input(&client.take(), at(0)).unwrap();
    let got = client.receive(&mut session);
    assert!(matches!(&got[..], [Got::Result(1.0, _)]), "{got:?}");
    (client, session)
}

#[test]
fn a_client_that_speaks_enhanced_rtmp_is_told_what_is_taken_and_another_is_not() {
    let answer = |properties: Vec<(String, Value)>| {
        let (mut client, mut session) = (Client::new(), Session::new(9));
        session.handle_input(&client.take(), at(0)).unwrap();
        client.receive(&mut session);
        let app = ("app".to_owned(), text("live"));
        let object = Value::Object(std::iter::once(app).chain(properties).collect());
        client.command(0, "connect", 1.0, &[object]);
        session.handle_input(&client.take(), at(0)).unwrap();
        let got = client.receive(&mut session);
        let [Got::Result(_, arguments)] = &got[..] else { panic!("{got:?}") };
        arguments[0].clone()
    };
    let list = Value::StrictArray(vec![text("hvc1")]);
    let told = answer(vec![("fourCcList".to_owned(), list)]);
    let taken = ["avc1", "hvc1", "av01", "mp4a", "Opus"].map(text).to_vec();
    assert_eq!(told.get("fourCcList"), Some(&Value::StrictArray(taken)));
    let hevc = told.get("videoFourCcInfoMap").and_then(|map| map.get("hvc1")?.as_number());
    assert_eq!(hevc, Some(4.0));
    assert_eq!(answer(Vec::new()).get("fourCcList"), None);
}

/// Sends what the client wrote and returns what it gets and what the session wants.
fn exchange(client: &mut Client, session: &mut Session, now: Now) -> (Vec<Got>, Vec<Event>) {
    session.handle_input(&client.take(), now).unwrap();
    (client.receive(session), events(session))
}

/// All that a publisher says after C0 C1, in one flight (performance.md, "What decides it").
fn publish_flight(client: &mut Client) {
    client.writer.set_chunk_size(4_096, &mut client.out);
    client.connect("live");
    client.command(0, "releaseStream", 2.0, &[Value::Null, text("test")]);
    client.command(0, "FCPublish", 3.0, &[Value::Null, text("test")]);
    client.command(0, "createStream", 4.0, &[Value::Null]);
    client.command(1, "publish", 5.0, &[Value::Null, text("test"), text("live")]);
    let mut metadata = Vec::new();
    amf0::write(&mut metadata, &text("@setDataFrame"));
    amf0::write(&mut metadata, &text("onMetaData"));
    amf0::write(&mut metadata, &Value::EcmaArray(vec![("width".to_owned(), Value::Number(2.0))]));
    client.writer.data(1, 0, &metadata, &mut client.out);
    client.media(TagType::Video, 0, sample::avc_header());
    client.media(TagType::Audio, 0, sample::aac_header());
    client.media(TagType::Video, 0, sample::key(1_500));
}

#[test]
fn a_publisher_may_send_everything_in_one_flight() {
    let (mut client, mut session) = (Client::new(), Session::new(9));
    session.handle_input(&client.take(), at(0)).unwrap();
    assert_eq!(client.receive(&mut session), []);
    publish_flight(&mut client);
    session.handle_input(&client.take(), at(10)).unwrap();

    assert_eq!(session.poll_event(), Some(wants_to_publish()));
    session.accept_publish();
    let rest = events(&mut session);
    assert!(matches!(&rest[0], Event::MetaData(values) if values.len() == 1));
    let bodies: Vec<_> = rest[1..]
        .iter()
        .map(|event| match event {
            Event::Media { body, .. } => body.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(bodies, [sample::avc_header(), sample::aac_header(), sample::key(1_500)]);

    let got = client.receive(&mut session);
    assert!(
        matches!(&got[..], [
        Got::Result(1.0, _), Got::Result(2.0, _), Got::Result(3.0, _), Got::Result(4.0, created),
        Got::Control(0), Got::Status(status),
    ] if created[1] == Value::Number(1.0) && status == "NetStream.Publish.Start"),
        "{got:?}"
    );
}

#[test]
fn p12_every_split_of_a_flight_means_the_same() {
    let mut whole = Client::new();
    let mut bytes = whole.take();
    bytes.extend([0; 1_536]); // any C2 will do
    publish_flight(&mut whole);
    bytes.extend(whole.take());
    let outcome = |pieces: &[&[u8]]| {
        let mut session = Session::new(9);
        for piece in pieces {
            session.handle_input(piece, at(0)).unwrap();
        }
        let events = events(&mut session);
        session.accept_publish();
        (events, take(session.output()))
    };
    let expected = outcome(&[&bytes]);
    for at in 0..bytes.len() {
        assert_eq!(outcome(&[&bytes[..at], &bytes[at..]]), expected, "split at {at}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(outcome(&single), expected);
}

#[test]
fn any_message_stream_may_publish() {
    let (mut client, mut session) = connected();
    client.command(5, "publish", 3.0, &[Value::Null, text("test?token=x"), text("live")]);
    let (_, asked) = exchange(&mut client, &mut session, at(0));
    let token = Some(Secret::new("x"));
    assert_eq!(asked, [Event::Publish { name: test_stream(), token }]);
    session.accept_publish();
    assert!(client.receive(&mut session).contains(&Got::Status("NetStream.Publish.Start".into())));
}

#[test]
fn p20_a_refused_publisher_hears_why_and_its_media_goes_nowhere() {
    let (mut client, mut session) = connected();
    client.command(1, "publish", 3.0, &[Value::Null, text("test"), text("live")]);
    client.media(TagType::Video, 0, sample::avc_header());
    session.handle_input(&client.take(), at(0)).unwrap();
    assert_eq!(session.poll_event(), Some(wants_to_publish()));
    session.refuse("NetStream.Publish.BadName", "taken");
    client.media(TagType::Video, 40, sample::key(100));
    session.handle_input(&client.take(), at(0)).unwrap();
    assert_eq!(client.receive(&mut session), [Got::Status("NetStream.Publish.BadName".into())]);
    let rest = events(&mut session);
    assert_eq!(rest.last(), Some(&Event::Close));
    assert_eq!(rest.len(), 2, "what came with publish, and the end: {rest:?}");
}

#[test]
fn names_that_cannot_be_served_are_refused() {
    for (command, code) in
        [("publish", "NetStream.Publish.BadName"), ("play", "NetStream.Play.StreamNotFound")]
    {
        for bad in ["", "../etc", "a b"] {
            let (mut client, mut session) = connected();
            client.command(1, command, 3.0, &[Value::Null, text(bad)]);
            let (got, asked) = exchange(&mut client, &mut session, at(0));
            assert_eq!(got, [Got::Status(code.to_owned())]);
            assert_eq!(asked, [Event::Close]);
        }
    }
}

#[test]
fn an_app_that_cannot_be_served_is_refused_at_connect() {
    for bad in ["", "api", "a/b"] {
        let (mut client, mut session) = (Client::new(), Session::new(9));
        session.handle_input(&client.take(), at(0)).unwrap();
        client.receive(&mut session);
        client.connect(bad);
        let (got, asked) = exchange(&mut client, &mut session, at(0));
        assert_eq!(got, [Got::Error(1.0, "NetConnection.Connect.InvalidApp".to_owned())]);
        assert_eq!(asked, [Event::Close]);
    }
}

#[test]
fn stopping_is_confirmed_and_another_stream_may_follow() {
    for stop in ["FCUnpublish", "deleteStream", "closeStream"] {
        let (mut client, mut session) = connected();
        client.command(1, "publish", 3.0, &[Value::Null, text("test")]);
        session.handle_input(&client.take(), at(0)).unwrap();
        assert_eq!(session.poll_event(), Some(wants_to_publish()));
        session.accept_publish();
        client.receive(&mut session);

        client.command(0, stop, 6.0, &[Value::Null, Value::Number(1.0)]);
        client.media(TagType::Video, 40, sample::key(100));
        let (got, asked) = exchange(&mut client, &mut session, at(0));
        assert!(got.contains(&Got::Status("NetStream.Unpublish.Success".into())), "{got:?}");
        assert_eq!(asked, [Event::Stop], "{stop}: what comes later is nobody's");

        client.command(2, "publish", 7.0, &[Value::Null, text("other")]);
        let (_, asked) = exchange(&mut client, &mut session, at(0));
        assert!(matches!(asked[..], [Event::Publish { .. }]));
    }
}

#[test]
fn a_player_is_answered_in_order_and_then_fed() {
    let (mut client, mut session) = connected();
    client.command(0, "createStream", 2.0, &[Value::Null]);
    client.command(0, "getStreamLength", 3.0, &[Value::Null, text("test")]);
    client.command(1, "play", 4.0, &[Value::Null, text("test"), Value::Number(-2_000.0)]);
    session.handle_input(&client.take(), at(0)).unwrap();
    assert_eq!(session.poll_event(), Some(Event::Play(test_stream())));
    session.accept_play();
    let unit = Unit::new(Kind::Key, TagType::Video, 70_000_000, sample::key(70_000));
    session.send_unit(&unit);
    session.announce_end();
    session.announce_publisher();

    let got = client.receive(&mut session);
    let status = |code: &str| Got::Status(format!("NetStream.Play.{code}"));
    assert_eq!(got[2..5], [Got::Control(0), status("Reset"), status("Start")]);
    assert!(matches!(&got[5], Got::Data(values) if values[0] == text("|RtmpSampleAccess")));
    match &got[6] {
        Got::Media(message) => {
            assert_eq!((message.timestamp_ms, message.stream_id), (70_000_000, 1));
            assert_eq!(message.body, sample::key(70_000));
        }
        other => panic!("{other:?}"),
    }
    let rest =
        [Got::Control(1), status("UnpublishNotify"), Got::Control(0), status("PublishNotify")];
    assert_eq!(got[7..], rest);
}

#[test]
fn what_a_player_sends_as_media_is_ignored() {
    let (mut client, mut session) = connected();
    client.command(1, "play", 4.0, &[Value::Null, text("test")]);
    session.handle_input(&client.take(), at(0)).unwrap();
    session.poll_event();
    session.accept_play();
    client.media(TagType::Video, 0, sample::key(10));
    session.handle_input(&client.take(), at(0)).unwrap();
    assert_eq!(session.poll_event(), None);
}

#[test]
fn breaches_of_the_order_end_the_connection() {
    let mut session = Session::new(9);
    let mut client = Client::new();
    session.handle_input(&client.take(), at(0)).unwrap();
    client.receive(&mut session);
    client.command(0, "createStream", 1.0, &[Value::Null]);
    let early = session.handle_input(&client.take(), at(0));
    assert_eq!(early, Err(SessionError::Protocol("a command before connect")));

    let (mut client, mut session) = connected();
    client.connect("live");
    assert!(session.handle_input(&client.take(), at(0)).is_err());

    let (mut client, mut session) = connected();
    client.command(1, "publish", 2.0, &[Value::Null, text("test")]);
    client.command(1, "play", 3.0, &[Value::Null, text("test")]);
    assert!(session.handle_input(&client.take(), at(0)).is_err());

    let (mut client, mut session) = connected();
    for _ in 0..=MAX_MESSAGE_STREAMS {
        client.command(0, "createStream", 2.0, &[Value::Null]);
    }
    assert!(session.handle_input(&client.take(), at(0)).is_err());

    let http = Session::new(9).handle_input(b"GET / HTTP/1.1\r\n\r\n", at(0));
    assert!(matches!(http, Err(SessionError::Handshake(_))));
}

#[test]
fn p10_received_bytes_are_acknowledged_as_a_running_total_but_not_in_a_storm() {
    let (mut client, mut session) = connected();
    client.writer.window_ack_size(1, &mut client.out);
    let mut acks = Vec::new();
    for n in 0..1_000 {
        client.command(0, "nothing", 0.0, &[Value::Null]);
        for got in exchange(&mut client, &mut session, at(n)).0 {
            match got {
                Got::Ack(total) => acks.push(total),
                other => panic!("{other:?}"),
            }
        }
    }
    assert!((9..=10).contains(&acks.len()), "{acks:?} in a second");
    assert!(acks.is_sorted() && u64::from(acks[9]) > session.reader.received_bytes() / 2);
}

#[test]
fn bytes_are_acknowledged_without_being_asked() {
    let (mut client, mut session) = connected();
    client.writer.set_chunk_size(65_536, &mut client.out);
    client.command(1, "publish", 2.0, &[Value::Null, text("test")]);
    for n in 0..6 {
        client.media(TagType::Video, n, sample::key(500_000));
    }
    let (got, _) = exchange(&mut client, &mut session, at(0));
    assert!(matches!(got[..], [Got::Ack(total)] if total > WINDOW_BYTES), "{got:?}");
}

#[test]
fn p08_pings_are_answered_ten_times_a_second_at_most() {
    let (mut client, mut session) = connected();
    let mut pongs = 0;
    for n in 0..2_000 {
        client.writer.user_control(control::PING_REQUEST, &[1, 2, 3, 4], &mut client.out);
        let (got, _) = exchange(&mut client, &mut session, at(n));
        pongs += got.iter().filter(|got| **got == Got::Control(control::PING_RESPONSE)).count();
    }
    assert_eq!(pongs, 20);
}

proptest! {
    #[test]
    fn p18_no_bytes_make_a_session_panic(
        after in 0usize..3, bytes in prop::collection::vec(any::<u8>(), 0..2_000)
    ) {
        let mut session = match after {
            0 => Session::new(1),
            1 => connected().1,
            _ => {
                let (mut client, mut session) = connected();
                client.command(1, "publish", 3.0, &[Value::Null, text("test")]);
                session.handle_input(&client.take(), at(0)).unwrap();
                session.poll_event();
                session.accept_publish();
                session
            }
        };
        let _ = session.handle_input(&bytes, at(1));
        while session.poll_event().is_some() {}
    }
}
