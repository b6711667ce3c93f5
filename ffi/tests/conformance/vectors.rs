//! The vectors as JSON, and what a script ends in.

use std::path::PathBuf;

use serde_json::Value;

/// What a session's script ends in.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// In order.
    pub(crate) states: Vec<String>,
    /// The code of each loss.
    pub(crate) lost: Vec<u64>,
    /// What was decided of bitrate and pace, with the reasons, in order.
    pub(crate) decisions: Vec<String>,
    /// What each connection carried, hexadecimal.
    pub(crate) wire: Vec<String>,
}

/// As C counts them.
pub(crate) const PACES: [&str; 3] = ["Full", "Half", "None"];
pub(crate) const STATES: [&str; 6] =
    ["Ready", "Pending", "Live", "Stopped", "Failed", "Reconnecting"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance")
}

pub(crate) fn load(name: &str) -> Vec<Value> {
    let text = std::fs::read(folder().join(name)).expect("a vector file");
    serde_json::from_slice(&text).expect("a list in JSON")
}

/// What the vectors end in, as it was written down. With `ONAIR_BLESS` set, `native` is written down first; people read
/// it before it is committed.
pub(crate) fn expected(name: &str, native: &Value) -> Value {
    let path = folder().join(name);
    if std::env::var_os("ONAIR_BLESS").is_some() {
        let text = serde_json::to_string_pretty(native).expect("JSON");
        std::fs::write(&path, text + "\n").expect("a folder of ours");
    }
    serde_json::from_slice(&std::fs::read(path).expect("what they end in")).expect("JSON")
}

pub(crate) fn is_set(value: &Value, name: &str) -> bool {
    value.get(name) == Some(&Value::Bool(true))
}

/// A whole number, or what stands for it where there is none.
pub(crate) fn number(value: &Value, name: &str, usual: i64) -> i64 {
    value.get(name).map_or(usual, |value| value.as_i64().expect("a whole number"))
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

pub(crate) fn bytes(value: &Value, name: &str) -> Vec<u8> {
    let hex = text(value, name).as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("hexadecimal") as u8;
    hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
