//! The vectors of tests/conformance, run natively and through C. Swift and Kotlin run the same files in their own tests.

mod c;
mod c_rooms;
mod looks;
mod native;
mod rooms;
#[path = "../support/mod.rs"]
mod support;
mod vectors;

use serde_json::{Value, json};
use vectors::{Outcome, expected, load, text};

#[test]
fn configurations_are_judged_alike() {
    let vectors = load("configurations.json");
    let native: Vec<Value> = vectors.iter().map(native::configuration).collect();
    let expected: Vec<&Value> = vectors.iter().map(|vector| &vector["code"]).collect();
    assert_eq!(native.iter().collect::<Vec<_>>(), expected, "natively");
    if let Some(codes) = c::configurations(&vectors) {
        assert_eq!(codes.iter().collect::<Vec<_>>(), expected, "through C");
    }
}

#[test]
fn addresses_are_taken_apart_alike() {
    for vector in load("addresses.json") {
        let mut expected = vector.clone();
        expected.as_object_mut().expect("a vector is an object").remove("url");
        let url = vector["url"].as_str().expect("an address");
        assert_eq!(native::address(url), expected, "{url}");
    }
}

/// The same pixels and the same words.
#[test]
fn lf82_looks_make_the_same_pixels_or_are_refused_with_the_same_words() {
    let vectors = load("looks.json");
    let native = looks::natively(&vectors);
    let expected = expected("looked.json", &json!(native));
    let expected = expected.as_array().expect("a list");
    assert_eq!(native.len(), expected.len());
    let through_c = looks::through_c(&vectors);
    for (index, vector) in vectors.iter().enumerate() {
        assert_eq!(native[index], expected[index], "natively: {}", vector["name"]);
        if let Some(ends) = &through_c {
            assert_eq!(ends[index], expected[index], "through C: {}", vector["name"]);
        }
    }
}

#[test]
fn sessions_put_the_same_bytes_on_the_wire() {
    let scripts = load("sessions.json");
    let mut native = serde_json::Map::new();
    for script in &scripts {
        native.insert(
            script["name"].as_str().expect("a name").to_owned(),
            native::session(script).json(),
        );
    }
    let native = Value::Object(native);
    let expected = expected("outcomes.json", &native);
    for script in &scripts {
        let name = script["name"].as_str().expect("a name");
        assert_eq!(native[name], expected[name], "natively: {name}");
    }
    assert_eq!(native, expected, "an outcome without a script");
    if let Some(outcomes) = c::sessions(&scripts) {
        for (script, outcome) in scripts.iter().zip(outcomes) {
            let name = script["name"].as_str().expect("a name");
            assert_eq!(outcome.json(), expected[name], "through C: {name}");
        }
    }
}

/// A link that becomes narrow and wide again: bitrate and pace follow at the same moments, for the same reasons in the
/// same words.
#[test]
fn networks_lead_to_the_same_decisions() {
    let traces = load("adaptation.json");
    let decided =
        |outcome: Outcome| json!({ "states": outcome.states, "decisions": outcome.decisions });
    let native: serde_json::Map<String, Value> = traces
        .iter()
        .map(|trace| (text(trace, "name").to_owned(), decided(native::session(trace))))
        .collect();
    let native = Value::Object(native);
    let expected = expected("decisions.json", &native);
    assert_eq!(native, expected, "natively");
    if let Some(outcomes) = c::sessions(&traces) {
        for (trace, outcome) in traces.iter().zip(outcomes) {
            let name = text(trace, "name");
            assert_eq!(decided(outcome), expected[name], "through C: {name}");
        }
    }
}

#[test]
fn rooms_say_the_same_and_tell_the_same() {
    let scripts = load("rooms.json");
    let name = |script: &Value| script["name"].as_str().expect("a name").to_owned();
    let native: serde_json::Map<String, Value> =
        scripts.iter().map(|script| (name(script), rooms::native(script).json())).collect();
    let native = Value::Object(native);
    let expected = expected("rooms-outcomes.json", &native);
    assert_eq!(native, expected, "natively");
    if let Some(outcomes) = c_rooms::play(&scripts) {
        assert_eq!(outcomes.len(), scripts.len());
        for (script, played) in scripts.iter().zip(outcomes) {
            assert_eq!(played.json(), expected[name(script)], "through C: {}", name(script));
        }
    }
}

impl Outcome {
    fn json(&self) -> Value {
        json!({ "states": self.states, "lost": self.lost, "wire": self.wire })
    }
}
