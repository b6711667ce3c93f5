use super::*;

fn at(millis: i64) -> MediaTime {
    MediaTime::from_millis(millis)
}

fn cue(text: &str) -> Cue {
    Cue::text(text).expect("small")
}

fn values(cue: &Cue, timestamp_ms: u32) -> Vec<Value> {
    let mut body = Vec::new();
    cue.write(timestamp_ms, &mut body);
    amf0::read_all(&body).expect("AMF0")
}

#[test]
fn a_text_and_a_cue_point_say_what_players_look_for() {
    let text = values(&cue("hello"), 40);
    assert_eq!(text[0].as_str(), Some("onTextData"));
    assert_eq!(text[1].get("text").and_then(Value::as_str), Some("hello"));

    let parameters = [("id".to_owned(), Value::Number(7.0))];
    let point = values(&Cue::point("quiz", parameters).expect("small"), 1_500);
    assert_eq!(point[0].as_str(), Some("onCuePoint"));
    assert_eq!(point[1].get("name").and_then(Value::as_str), Some("quiz"));
    assert_eq!(point[1].get("time").and_then(Value::as_number), Some(1.5));
    assert_eq!(point[1].get("type").and_then(Value::as_str), Some("event"));
    let id = point[1].get("parameters").and_then(|parameters| parameters.get("id"));
    assert_eq!(id.and_then(Value::as_number), Some(7.0));
}

#[test]
fn what_is_no_cue_is_refused() {
    let nested = (0..20).fold(Value::Null, |inner, _| Value::StrictArray(vec![inner]));
    let flat = || Value::StrictArray(vec![Value::Null; 2_000]);
    let data = |handler: &str, value: Value| Cue::data(handler, [value]).map(|_| ());
    assert_eq!(data("", Value::Null), Err(CueError::Name));
    assert_eq!(data("a\r\nb", Value::Null), Err(CueError::Name));
    for handler in ["@setDataFrame", "@clearDataFrame", "onMetaData", "onmetadata"] {
        assert_eq!(data(handler, Value::Null), Err(CueError::Reserved(handler.to_owned())));
    }
    assert_eq!(data("x", nested.clone()), Err(CueError::TooLarge));
    assert_eq!(data("x", flat()), Err(CueError::TooLarge));
    assert_eq!(data("x", Value::String("t".repeat(17_000))), Err(CueError::TooLarge));
    assert_eq!(Cue::text("t".repeat(17_000)), Err(CueError::TooLarge));
    assert_eq!(Cue::point(" ", []), Err(CueError::Name));
    assert_eq!(Cue::point("x", [("y".to_owned(), nested)]), Err(CueError::TooLarge));
}

#[test]
fn cues_leave_in_the_order_of_their_times_and_never_go_back() {
    let mut cues = Cues::new(Delivery::Live);
    for (text, millis) in [("c", 300), ("a", 100), ("b", 100), ("d", 900)] {
        cues.push(at(millis), cue(text), Now::ZERO);
    }
    assert_eq!(cues.next_before(at(500), Now::ZERO), None, "headers go first");
    cues.handle_sent(at(200));
    let mut sent = Vec::new();
    while let Some(next) = cues.next_before(at(500), Now::ZERO) {
        sent.push(next);
    }
    assert_eq!(sent, [(at(200), cue("a")), (at(200), cue("b")), (at(300), cue("c"))]);
}

#[test]
fn cues_are_bounded_in_number_and_live_ones_in_age() {
    let mut cues = Cues::new(Delivery::Live);
    for index in 0..100 {
        cues.push(at(index), cue(&index.to_string()), Now::ZERO);
    }
    assert_eq!(cues.waiting.len(), MOST_WAITING);
    cues.handle_sent(at(0));
    assert_eq!(cues.next_before(at(99), Now::ZERO), Some((at(36), cue("36"))), "the newest stay");
    assert_eq!(cues.next_before(at(99), Now::from_millis(10_001)), None, "all are old");

    let mut cues = Cues::new(Delivery::Complete);
    cues.push(at(1), cue("x"), Now::ZERO);
    cues.handle_sent(at(0));
    assert!(cues.next_before(at(1), Now::from_millis(60_000)).is_some(), "a file waits");
}
