//! Scripts of rooms as programs in C.

use std::fmt::Write as _;

use serde_json::Value;

use crate::c::{quoted, run};
use crate::rooms::{Played, servers};
use crate::vectors::{number, text};

/// What each script ends in; `None` where there is no compiler.
pub(crate) fn play(scripts: &[Value]) -> Option<Vec<Played>> {
    let mut functions = String::new();
    let mut calls = String::new();
    for (index, script) in scripts.iter().enumerate() {
        let _ = writeln!(functions, "static void script_{index}(void) {{\n{}}}\n", body(script));
        let _ = writeln!(calls, "  puts(\"script\");\n  script_{index}();");
    }
    let said = run(&format!("{PRELUDE}\n{functions}int main(void) {{\n{calls}}}\n"))?;
    let parts = said.split("script\n").skip(1);
    Some(parts.map(played).collect())
}

fn played(said: &str) -> Played {
    let (log, events) = said.split_once("events\n").expect("a log and events");
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    Played { log: lines(log), events: lines(events) }
}

fn body(script: &Value) -> String {
    let options = &script["options"];
    let servers: Vec<String> = servers(options).iter().map(|url| quoted(url)).collect();
    let mut code = format!(
        "  const char *servers[] = {{{}}};\n  onair_room_config config;\n  onair_room room;\n  \
         onair_room_config_init(&config);\n",
        if servers.is_empty() { "NULL".to_owned() } else { servers.join(", ") },
    );
    let _ =
        writeln!(code, "  config.servers = servers;\n  config.server_count = {};", servers.len());
    for (field, value) in options.as_object().expect("options") {
        let value = match value {
            Value::String(text) => quoted(text),
            Value::Bool(flag) => u32::from(*flag).to_string(),
            Value::Number(number) => number.to_string(),
            _ => continue,
        };
        let _ = writeln!(code, "  config.{field} = {value};");
    }
    let _ = writeln!(
        code,
        "  onair_rehearsal_begin({});\n  expect(onair_room_create(&config, &room), 0);\n  \
         onair_rehearsal_end();",
        number(script, "seed", 0)
    );
    for step in script["steps"].as_array().expect("steps") {
        let _ = writeln!(code, "  expect({}, {});", call(step), number(step, "expect_code", 0));
    }
    code + "  end(room);\n"
}

fn call(step: &Value) -> String {
    let said =
        |name: &str| step.get(name).and_then(Value::as_str).map_or("NULL".to_owned(), quoted);
    let count = |name: &str| number(step, name, 0);
    let at = match step.get("at_ms") {
        None => "ONAIR_NO_TIME".to_owned(),
        Some(_) => format!("{}LL", number(step, "at_ms", 0)),
    };
    match text(step, "do") {
        "create" => format!("onair_room_open(room, {}, {})", said("key"), said("title")),
        "comment" => format!("onair_room_comment(room, {}, {at}, NULL, 0)", said("text")),
        "gift" => format!(
            "onair_room_gift(room, {}, {}, {}, {at}, NULL, 0)",
            count("sender_id"),
            count("gift_id"),
            count("count")
        ),
        "like" => format!("onair_room_like(room, {})", count("count")),
        "report" => format!("onair_room_report(room, {}, {})", said("id"), said("reason")),
        "join" => format!("onair_room_join(room, {})", said("key")),
        "remove_comment" => format!("onair_room_remove_comment(room, {})", said("id")),
        what @ ("mute" | "unmute" | "block") => {
            format!("onair_room_{what}(room, {})", said("sender"))
        }
        what @ ("leave" | "close" | "stop" | "network_is_back") => {
            format!("onair_room_{what}(room)")
        }
        "pass" => format!("onair_rehearsal_room_pass(room, {}u)", count("us")),
        "hear" => format!("onair_rehearsal_room_hear(room, {})", said("frame")),
        "locate" => format!("onair_rehearsal_room_locate(room, {})", said("body")),
        what @ ("open" | "cut" | "pong") => format!("onair_rehearsal_room_{what}(room)"),
        other => panic!("no step {other}"),
    }
}

const PRELUDE: &str = r#"
static void number(int64_t value, int64_t none) {
  if (value == none) printf("-");
  else printf("%lld", (long long)value);
}

static void refusal(const onair_room_event *event) {
  printf("%u|", event->refusal);
  number(event->retry_in_ms, ONAIR_UNLIMITED);
}

static int has(const onair_room_event *event, uint32_t flag) { return (event->flags & flag) != 0; }

static const char *or_none(const char *text) { return *text ? text : "-"; }

static void note(const onair_room_event *event) {
  switch (event->kind) {
    case ONAIR_ROOM_STATE: printf("state|%u", event->state); break;
    case ONAIR_ROOM_LOST:
      printf("lost|%u|", event->code);
      number(event->retry_in_ms, ONAIR_UNLIMITED);
      printf("|%s", event->text);
      break;
    case ONAIR_ROOM_JOINED:
      printf("joined|%s|%s|%lld|%llu|%d|%d|%d|%s|%s", event->key, event->text, (long long)event->total,
             (unsigned long long)event->count, has(event, ONAIR_ROOM_IS_LIVE), has(event, ONAIR_ROOM_IS_HOST),
             has(event, ONAIR_ROOM_IS_RESUMED), or_none(event->token), or_none(event->publish_key));
      break;
    case ONAIR_ROOM_REFUSED:
      printf("refused|%u|", event->command);
      refusal(event);
      break;
    case ONAIR_ROOM_COMMENT:
    case ONAIR_ROOM_GIFT:
      printf("said|%s|%s|%s|%s|", event->id, event->sender, event->name, event->text);
      if (event->kind == ONAIR_ROOM_COMMENT) printf("-|");
      else printf("%u/%u/%llu|", event->sender_id, event->gift_id, (unsigned long long)event->count);
      number(event->at_ms, ONAIR_NO_TIME);
      printf("|%d|%d", has(event, ONAIR_ROOM_IS_OWN), has(event, ONAIR_ROOM_IS_HISTORY));
      break;
    case ONAIR_ROOM_LIKES:
      printf("likes|%llu|", (unsigned long long)event->count);
      number(event->total, ONAIR_UNLIMITED);
      break;
    case ONAIR_ROOM_VIEWERS: printf("viewers|%llu", (unsigned long long)event->count); break;
    case ONAIR_ROOM_LIVE_CHANGED: printf("live|%d", has(event, ONAIR_ROOM_IS_LIVE)); break;
    case ONAIR_ROOM_COMMENT_REMOVED: printf("removed|%s", event->id); break;
    case ONAIR_ROOM_REPORTED: printf("reported|%s|%s", event->id, event->text); break;
    case ONAIR_ROOM_MISSED: printf("missed|%llu", (unsigned long long)event->count); break;
    case ONAIR_ROOM_DELIVERED: printf("delivered|%s", event->id); break;
    case ONAIR_ROOM_NOT_DELIVERED:
      printf("not_delivered|%s|", event->id);
      refusal(event);
      break;
    case ONAIR_ROOM_CLOSED: printf("closed|%s", event->text); break;
    case ONAIR_ROOM_OLD_SERVER: printf("old_server"); break;
    default: printf("other|%s", event->text);
  }
  printf("\n");
}

static void end(onair_room room) {
  onair_room_event event;
  size_t size;
  expect(onair_rehearsal_room_log(room, NULL, 0, &size), 0);
  char *log = malloc(size);
  expect(onair_rehearsal_room_log(room, log, size, &size), 0);
  printf("%sevents\n", log);
  free(log);
  onair_room_cancel_events(room);
  while (onair_room_next_event(room, 0, &event) == ONAIR_OK) note(&event);
  expect(onair_room_free(room), 0);
}
"#;
