//! Vectors through C: a program is written from them, compiled, and run.

use std::fmt::Write as _;
use std::process::Command;

use onair_e2e::tools::{Tool, are_missing};
use serde_json::{Value, json};

use crate::support;
use crate::vectors::{Outcome, PACES, STATES, bytes, is_set, number, text};

/// The code of each; `None` where there is no compiler.
pub(crate) fn configurations(vectors: &[Value]) -> Option<Vec<Value>> {
    let mut body = String::new();
    for vector in vectors {
        body += "  {\n";
        body += &configuration(vector.get("audio"), vector.get("video"));
        body += "    onair_session session;\n";
        body += "    onair_status status = onair_session_create(&config, &session);\n";
        body += "    if (status == ONAIR_OK) onair_session_free(session);\n";
        body += "    printf(\"%d\\n\", (int)status);\n  }\n";
    }
    let output = run(&program(&body))?;
    Some(output.lines().map(|line| json!(line.parse::<u64>().expect("a code"))).collect())
}

/// What each script ends in; `None` where there is no compiler.
pub(crate) fn sessions(scripts: &[Value]) -> Option<Vec<Outcome>> {
    scripts
        .iter()
        .map(|script| run(&program(&session(script))).map(|said| outcome(&said)))
        .collect()
}

fn session(script: &Value) -> String {
    let options = &script["options"];
    let given = |name: &str| Some(&options[name]).filter(|value| !value.is_null());
    let mut body = configuration(given("audio"), given("video"));
    let source = |name: &str| u32::from(text(options, name) == "Encoded");
    let _ = write!(
        body,
        "    config.audio_source = {};\n    config.video_source = {};\n    config.max_retries = {};\n    \
         config.fixed_delay_ms = {};\n    config.allow_plaintext = {};\n    \
         {}    config.metadata = fields;\n    config.metadata_count = {};\n    onair_rehearsal_begin({});\n    onair_session session;\n    \
         if (onair_session_create(&config, &session)) return 1;\n    onair_rehearsal_end();\n",
        source("audio_source"),
        source("video_source"),
        number(options, "max_retries", -1),
        number(options, "fixed_delay_ms", -1),
        u32::from(options["allow_plaintext"] == true),
        fields(&options["metadata"]).0,
        fields(&options["metadata"]).1,
        number(script, "seed", 0),
    );
    for step in script["steps"].as_array().expect("steps") {
        body += &play(step);
    }
    body + "    end(session);\n"
}

/// `fields`, and how many there are.
fn fields(list: &Value) -> (String, usize) {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    let field = |field: &Value| {
        let name = quoted(text(field, "name"));
        match (field["text"].as_str(), field["flag"].as_bool()) {
            (Some(said), _) => format!("{{{name}, ONAIR_FIELD_TEXT, {}, 0}}", quoted(said)),
            (None, Some(flag)) => format!("{{{name}, ONAIR_FIELD_FLAG, 0, {}}}", u32::from(flag)),
            _ => format!("{{{name}, ONAIR_FIELD_NUMBER, 0, {}}}", field["number"]),
        }
    };
    let all: Vec<String> = list.iter().map(field).collect();
    let none = "{0, 0, 0, 0}".to_owned();
    let shown = if all.is_empty() { none } else { all.join(", ") };
    (format!("    onair_field fields[] = {{{shown}}};\n"), all.len())
}

/// Whether a start that says this needs more than an address.
fn is_apart(name: &str) -> bool {
    ["backup_url", "key", "app", "backup_key", "backup_after_ms"].contains(&name)
}

fn play(step: &Value) -> String {
    let expected = number(step, "expect_code", 0);
    match text(step, "do") {
        "start" if step.as_object().is_some_and(|step| step.keys().any(|key| is_apart(key))) => {
            let mut place = String::new();
            for name in ["url", "backup_url", "key", "app", "backup_key"] {
                if let Some(value) = step[name].as_str() {
                    let _ = write!(place, ".{name} = {}, ", quoted(value));
                }
            }
            let after = number(step, "backup_after_ms", 0);
            format!(
                "    {{\n    onair_destination to = {{{place}.backup_after_ms = {after}}};\n    \
                 expect(onair_session_start(session, &to, 1, ONAIR_SHARED_FIRST), {expected});\n    }}\n"
            )
        }
        "start" => format!(
            "    expect(onair_session_start_url(session, {}), {expected});\n",
            quoted(text(step, "url"))
        ),
        "await" => {
            let state = STATES.iter().position(|state| *state == text(step, "state"));
            format!("    await_state(session, {});\n", state.expect("a state"))
        }
        "video" => format!(
            "    push_video(session, {}, {}, {}, {}, {}LL, {}LL, {expected});\n",
            u32::from(text(step, "layout") == "start_codes"),
            u32::from(is_set(step, "is_key")),
            literal(&bytes(step, "header")),
            literal(&bytes(step, "payload")),
            number(step, "pts_us", 0),
            number(step, "dts_us", 0),
        ),
        "audio" => format!(
            "    push_audio(session, {}, {}, {}LL, {expected});\n",
            literal(&bytes(step, "header")),
            literal(&bytes(step, "payload")),
            number(step, "pts_us", 0),
        ),
        "cue" => {
            let kind = ["text", "point", "data"].iter().position(|it| *it == text(step, "kind"));
            let (fields, count) = fields(&step["fields"]);
            format!(
                "    {{\n{fields}    expect(onair_session_send_cue(session, {}, {}, fields, {count}, {}LL), {expected});\n    }}\n",
                kind.expect("a kind"),
                quoted(text(step, "words")),
                number(step, "time_us", 0),
            )
        }
        "settle" => "    settle(session);\n".to_owned(),
        "pass" => {
            format!("    expect(onair_rehearsal_pass(session, {}), 0);\n", number(step, "us", 0))
        }
        "limit" => {
            format!("    expect(onair_rehearsal_limit(session, {}u), 0);\n", number(step, "bps", 0))
        }
        "stream" => {
            let [frames, interval, size, every] =
                ["frames", "interval_us", "size", "key_every"].map(|name| number(step, name, 1));
            let header = literal(&bytes(step, "header"));
            format!("    stream(session, {header}, {frames}, {interval}, {size}, {every});\n")
        }
        "cut" => "    expect(onair_rehearsal_cut(session), 0);\n".to_owned(),
        "refuse" => format!(
            "    expect(onair_rehearsal_refuse(session, {}), 0);\n",
            number(step, "attempts", 0)
        ),
        "finish" => "    finish(session);\n".to_owned(),
        "stop" => "    expect(onair_session_stop(session), 0);\n".to_owned(),
        other => panic!("no step {other}"),
    }
}

/// `config`, with the tracks that are there.
fn configuration(audio: Option<&Value>, video: Option<&Value>) -> String {
    let mut code = "    onair_audio_config audio;\n    onair_video_config video;\n    \
                    onair_session_config config;\n    onair_audio_preset(2, &audio);\n    \
                    onair_video_preset(1, 0, &video);\n    onair_session_config_init(&config);\n"
        .to_owned();
    for (name, track) in [("audio", audio), ("video", video)] {
        let Some(fields) = track.and_then(Value::as_object) else { continue };
        for (field, value) in fields {
            let value = match value.as_str() {
                Some(profile) => u64::from(profile == "Main"),
                None => value.as_u64().expect("a number"),
            };
            let _ = writeln!(code, "    {name}.{field} = {value}u;");
        }
        let _ = writeln!(code, "    config.{name} = &{name};");
    }
    code + "    (void)audio, (void)video;\n"
}

/// Bytes and their number as two arguments.
pub(crate) fn literal(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "NULL, 0".to_owned();
    }
    let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
    format!("(const uint8_t[]){{{}}}, {}", list.join(","), bytes.len())
}

fn program(body: &str) -> String {
    format!("{PRELUDE}\nint main(void) {{\n{body}  return 0;\n}}\n")
}

/// A text as C writes it: octal, since a hexadecimal escape has no end there.
pub(crate) fn quoted(text: &str) -> String {
    text.bytes().fold("\"".to_owned(), |code, byte| format!("{code}\\{byte:03o}")) + "\""
}

/// What a program of this source says, [`HEAD`] before it; `None` where there is no compiler.
pub(crate) fn run(source: &str) -> Option<String> {
    if are_missing(&[Tool::Compiler]) {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let file = folder.path().join("vector.c");
    std::fs::write(&file, format!("{HEAD}\n{source}")).expect("a temporary file");
    let flags = ["-Wno-unused-function", "-fsanitize=address,undefined", "-DONAIR_REHEARSAL"];
    let program = support::build(&file, &flags);
    Some(support::run(&mut Command::new(program.path)).stdout)
}

fn outcome(said: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for line in said.lines() {
        let (word, rest) = line.split_once(' ').expect("a word and a value");
        match word {
            "state" => {
                outcome.states.push(STATES[rest.parse::<usize>().expect("a state")].to_owned());
            }
            "lost" => outcome.lost.push(rest.parse().expect("a code")),
            "bitrate" => outcome.decisions.push(line.to_owned()),
            "pace" => {
                let (pace, reason) = rest.split_once(' ').expect("a pace and a reason");
                let pace = PACES[pace.parse::<usize>().expect("a pace")];
                outcome.decisions.push(format!("pace {pace} {reason}"));
            }
            "wire" => outcome.wire.push(rest.to_owned()),
            other => panic!("no word {other}"),
        }
    }
    outcome
}

/// What every program begins with.
const HEAD: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "onair.h"

static void expect(onair_status status, onair_status expected) {
  if (status == expected) return;
  char reason[256];
  onair_last_error(reason, sizeof reason);
  fprintf(stderr, "%d instead of %d: %s\n", (int)status, (int)expected, reason);
  exit(1);
}
"#;

const PRELUDE: &str = r#"
static uint64_t pushed;
static uint32_t state = 99;

static void note(const onair_event *event) {
  if (event->kind == ONAIR_EVENT_STATE) printf("state %u\n", state = event->state);
  if (event->kind == ONAIR_EVENT_LOST) printf("lost %u\n", event->code);
  if (event->kind == ONAIR_EVENT_BITRATE) printf("bitrate %u %u %s\n", event->from_bps, event->to_bps, event->text);
  if (event->kind == ONAIR_EVENT_PACE) printf("pace %u %s\n", event->pace, event->text);
}

static void await_state(onair_session session, uint32_t wanted) {
  while (state != wanted) {
    onair_event event;
    expect(onair_session_next_event(session, 30000, &event), ONAIR_OK);
    note(&event);
  }
}

static void push_video(onair_session session, uint32_t layout, uint32_t is_key, const uint8_t *header,
                       size_t header_size, const uint8_t *payload, size_t payload_size, int64_t pts_us,
                       int64_t dts_us, onair_status expected) {
  onair_video_unit unit = {layout, is_key, header, header_size, payload, payload_size, pts_us, dts_us};
  expect(onair_session_push_encoded_video(session, &unit), expected);
  pushed += expected == 0;
}

static void push_audio(onair_session session, const uint8_t *header, size_t header_size, const uint8_t *payload,
                       size_t payload_size, int64_t pts_us, onair_status expected) {
  onair_audio_unit unit = {header, header_size, payload, payload_size, pts_us};
  expect(onair_session_push_encoded_audio(session, &unit), expected);
  pushed += expected == 0;
}

static void settle(onair_session session) {
  onair_figures seen;
  expect(onair_rehearsal_pass(session, 0), 0);
  expect(onair_session_figures(session, &seen), 0);
  if (seen.frames_sent + seen.audio_frames_sent + seen.frames_dropped + seen.audio_frames_dropped == pushed) return;
  fprintf(stderr, "not sent\n");
  exit(1);
}

static void stream(onair_session session, const uint8_t *header, size_t header_size, int frames, uint32_t interval_us,
                   size_t size, int key_every) {
  static int64_t number;
  uint8_t *payload = malloc(size);
  for (; frames; frames--, number++) {
    int is_key = number % key_every == 0;
    size_t nal_size = size - 4;
    for (size_t at = 0; at < size; at++) payload[at] = 0x55;
    for (int at = 0; at < 4; at++) payload[at] = (uint8_t)(nal_size >> (24 - 8 * at));
    payload[4] = is_key ? 0x65 : 0x41;
    expect(onair_rehearsal_pass(session, interval_us), 0);
    push_video(session, 0, (uint32_t)is_key, is_key ? header : NULL, is_key ? header_size : 0, payload, size,
               number * interval_us, number * interval_us, 0);
  }
  free(payload);
}

static void finish(onair_session session) {
  uint32_t sent;
  expect(onair_session_finish(session, 5000, &sent), 0);
  if (!sent) exit(1);
}

static void end(onair_session session) {
  onair_event event;
  onair_session_cancel_events(session);
  while (onair_session_next_event(session, 0, &event) == ONAIR_OK) note(&event);
  for (uint32_t connection = 0;; connection++) {
    size_t size;
    expect(onair_rehearsal_wire(session, connection, NULL, 0, &size), 0);
    if (!size) break;
    uint8_t *wire = malloc(size);
    expect(onair_rehearsal_wire(session, connection, wire, size, &size), 0);
    printf("wire ");
    for (size_t at = 0; at < size; at++) printf("%02x", wire[at]);
    printf("\n");
    free(wire);
  }
  expect(onair_session_free(session), 0);
}
"#;
