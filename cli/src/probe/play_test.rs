use super::*;
use onair_engine::rtmp::handshake::Server;

const URL: &str = "rtmp://localhost:1935/live/canary?token=1";

/// The other end: a scripted server that answers as real ones do.
struct Peer {
    handshake: Server,
    is_shaken: bool,
    reader: ChunkReader,
    writer: CommandWriter,
    out: Outgoing,
    /// Commands it heard, with the string arguments behind the command object.
    heard: Vec<(String, Vec<String>)>,
    acknowledged: Vec<u32>,
    pongs: Vec<Vec<u8>>,
}

impl Peer {
    fn new() -> Self {
        Self {
            handshake: Server::new(7),
            is_shaken: false,
            reader: ChunkReader::new(Limits::SERVER),
            writer: CommandWriter::new(),
            out: Outgoing::new(),
            heard: Vec::new(),
            acknowledged: Vec::new(),
            pongs: Vec::new(),
        }
    }

    /// Takes the player's bytes and answers connect and createStream.
    fn hear(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if !self.is_shaken {
            let mut answer = Vec::new();
            let (used, is_done) = self.handshake.handle(rest, &mut answer).expect("handshake");
            self.out.push_bytes(&answer);
            (rest, self.is_shaken) = (&rest[used..], is_done);
        }
        let mut messages = Vec::new();
        self.reader.push(rest, &mut |message| messages.push(message)).expect("chunks");
        for message in messages {
            match Incoming::parse(message).expect("message") {
                Incoming::Command { name, arguments, transaction, .. } => {
                    self.command(name, transaction, &arguments);
                }
                Incoming::Acknowledgement(bytes) => self.acknowledged.push(bytes),
                Incoming::UserControl { event_type: PING_RESPONSE, data } => self.pongs.push(data),
                _ => {}
            }
        }
    }

    fn command(&mut self, name: String, transaction: f64, arguments: &[Value]) {
        let answer = match &*name {
            "connect" => vec![Value::Null, Value::Object(vec![])],
            "createStream" => vec![Value::Null, Value::Number(5.0)],
            _ => vec![],
        };
        if !answer.is_empty() {
            self.writer.command(0, "_result", transaction, &answer, &mut self.out);
        }
        let strings = arguments.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        self.heard.push((name, strings));
    }

    fn status(&mut self, level: &str, code: &str, description: &str) {
        let text = |text: &str| Value::String(text.to_owned());
        let info = Value::Object(vec![
            ("level".into(), text(level)),
            ("code".into(), text(code)),
            ("description".into(), text(description)),
        ]);
        self.writer.command(5, "onStatus", 0.0, &[Value::Null, info], &mut self.out);
    }

    fn media(&mut self, tag: &Tag) {
        self.out.push_copied(tag.tag_type, 5, tag.timestamp_ms, &[&tag.body]).expect("small");
    }
}

fn take(out: &mut Outgoing) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !out.is_empty() {
        let mut slices = [std::io::IoSlice::new(&[]); 8];
        let filled = out.io_slices(&mut slices);
        let before = bytes.len();
        slices[..filled].iter().for_each(|slice| bytes.extend_from_slice(slice));
        out.advance(bytes.len() - before);
    }
    bytes
}

/// Passes bytes both ways, `piece` at a time towards the player, until nobody has any more.
fn talk(play: &mut Play, peer: &mut Peer, piece: usize) -> (Vec<Tag>, Result<(), PlayError>) {
    let mut tags = Vec::new();
    loop {
        let to_peer = take(play.outgoing());
        peer.hear(&to_peer);
        let to_player = take(&mut peer.out);
        if to_peer.is_empty() && to_player.is_empty() {
            return (tags, Ok(()));
        }
        for bytes in to_player.chunks(piece) {
            if let Err(error) = play.handle(bytes, &mut |tag| tags.push(tag)) {
                return (tags, Err(error));
            }
        }
    }
}

fn playing(piece: usize) -> (Play, Peer) {
    let mut play = Play::start(StreamUrl::parse(URL).expect("url"), 1);
    let mut peer = Peer::new();
    let (tags, result) = talk(&mut play, &mut peer, piece);
    assert!(tags.is_empty() && result.is_ok());
    (play, peer)
}

#[test]
fn it_connects_asks_for_the_stream_and_hands_out_its_media() {
    // Whole reads and single bytes come to the same.
    for piece in [usize::MAX, 1] {
        let (mut play, mut peer) = playing(piece);
        let names: Vec<&str> = peer.heard.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["connect", "createStream", "play"]);
        assert_eq!(peer.heard[2].1, ["canary?token=1"]);

        peer.status("status", "NetStream.Play.Start", "go");
        let tags = crate::testing::stream(0, 5);
        tags.iter().for_each(|tag| peer.media(tag));
        let (heard, result) = talk(&mut play, &mut peer, piece);
        assert_eq!((heard, result), (tags, Ok(())));
        assert!(!play.is_over());
    }
}

#[test]
fn it_answers_pings_and_acknowledges_what_it_read() {
    let (mut play, mut peer) = playing(4_096);
    peer.writer.user_control(PING_REQUEST, &[1, 2, 3, 4], &mut peer.out);
    peer.writer.window_ack_size(2_000, &mut peer.out);
    for n in 0..20 {
        let body = vec![0x41; 500].into();
        peer.media(&Tag { tag_type: TagType::Video, timestamp_ms: n * 33, body });
    }
    let (_, result) = talk(&mut play, &mut peer, 512);
    assert!(result.is_ok());
    assert_eq!(peer.pongs, [vec![1, 2, 3, 4]]);
    assert!((5..=20).contains(&peer.acknowledged.len()), "{:?}", peer.acknowledged);
    assert!(peer.acknowledged.is_sorted(), "a running total");
}

#[test]
fn the_end_of_the_stream_is_not_an_error() {
    for end in ["NetStream.Play.UnpublishNotify", "NetStream.Play.Stop"] {
        let (mut play, mut peer) = playing(4_096);
        peer.status("status", end, "over");
        assert!(talk(&mut play, &mut peer, 4_096).1.is_ok() && play.is_over());
    }
    let (mut play, mut peer) = playing(4_096);
    peer.writer.user_control(STREAM_EOF, &5u32.to_be_bytes(), &mut peer.out);
    assert!(talk(&mut play, &mut peer, 4_096).1.is_ok() && play.is_over());
}

#[test]
fn s01_a_refusal_is_told_without_the_stream_s_name() {
    let (mut play, mut peer) = playing(4_096);
    peer.status("error", "NetStream.Play.StreamNotFound", "no stream canary?token=1 here");
    let error = talk(&mut play, &mut peer, 4_096).1.expect_err("refused").to_string();
    assert!(error.contains("StreamNotFound") && !error.contains("canary"), "{error}");
}

#[test]
fn what_is_not_rtmp_is_an_error() {
    let mut play = Play::start(StreamUrl::parse(URL).expect("url"), 1);
    let error = play.handle(b"HTTP/1.1 400 Bad Request\r\n\r\n", &mut |_| {}).expect_err("http");
    assert!(matches!(error, PlayError::Handshake(_)), "{error}");
}
