//! The cells of a row: what is done, and what must come of it.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use onair_e2e::process::{self, Ended};
use onair_e2e::{clock, ffmpeg, onair, pattern};
use serde_json::{Value, json};

use crate::places::Place;

/// 640×360 at 30 pictures a second for five seconds.
const PICTURES: u32 = 150;

/// One server's row, and what went wrong so far.
pub(crate) struct Row<'a> {
    place: &'a mut dyn Place,
    failed: Vec<String>,
}

impl<'a> Row<'a> {
    pub(crate) fn of(place: &'a mut dyn Place) -> Self {
        Self { place, failed: Vec::new() }
    }

    /// A whole short stream arrives, and what the server kept decodes without a word.
    pub(crate) fn publish(&mut self) {
        self.stream("publish", "decode");
    }

    /// The same name once more, at once.
    pub(crate) fn publish_again(&mut self) {
        self.stream("again", "decode again");
    }

    fn stream(&mut self, cell: &str, decoded: &str) {
        self.place.listen();
        let ended = onair::run(&self.push(&["--duration", "5s"]));
        self.tell(cell, is_whole(&ended, PICTURES));
        let kept = self.place.recording().ok_or_else(|| "nothing was kept".to_owned());
        self.tell(decoded, kept.and_then(|file| decodes(&file, PICTURES)));
    }

    /// Interrupted while live: a goodbye, a quick end, and nothing of what was sent is missing.
    pub(crate) fn stop_in_the_middle(&mut self) {
        self.place.listen();
        let push = onair::start(&self.push(&["--duration", "60s"]));
        let is_live = || push.stdout().contains("\"live\"").then_some(());
        if clock::until(Duration::from_secs(15), is_live).is_none() {
            let why = format!("never live: {}", push.stderr());
            return self.tell("stop", Err::<String, _>(why));
        }
        clock::pause(Duration::from_secs(2));
        let asked = clock::Stopwatch::start();
        push.signal("INT");
        let ended = push.wait(onair::PATIENCE);
        let took = asked.elapsed();
        let sent = onair::summary(&ended)["frames_sent"].as_u64().unwrap_or_default();
        let result = is_whole(&ended, sent as u32).and_then(|_| {
            if took > Duration::from_secs(1) {
                return Err(format!("it took {took:?}"));
            }
            let kept = self.place.recording().ok_or_else(|| "nothing was kept".to_owned())?;
            decodes(&kept, sent as u32).map(|_| format!("{} ms", took.as_millis()))
        });
        self.tell("stop", result);
    }

    /// Refused, with an error that says by what.
    pub(crate) fn wrong(&mut self) {
        let Some((url, words)) = self.place.wrong() else {
            return self.line("wrong key", "none", "it takes every name");
        };
        self.place.listen();
        let mut push = vec!["push".to_owned(), url];
        push.extend(self.place.more());
        push.extend(["--duration", "5s", "--json"].map(str::to_owned));
        let push: Vec<&str> = push.iter().map(String::as_str).collect();
        let ended = process::run(&mut onair::command(&push), onair::PATIENCE);
        let message = ended.stderr.lines().rfind(|line| line.starts_with("onair: "));
        let message = message.unwrap_or_default().trim_start_matches("onair: ");
        let is_right = ended.code == Some(3) && message.contains(words);
        let result = if is_right { Ok(words.to_owned()) } else { Err(said(&ended)) };
        self.tell("wrong key", result);
    }

    #[track_caller]
    pub(crate) fn conclude(self) {
        assert!(self.failed.is_empty(), "{}:\n{}", self.place.name(), self.failed.join("\n"));
    }

    fn push(&self, more: &[&str]) -> Vec<&'static str> {
        let mut push = vec!["push".to_owned(), self.place.url()];
        push.extend(self.place.more());
        push.extend(["--quality", "low3", "--json"].map(str::to_owned));
        push.extend(more.iter().map(|argument| (*argument).to_owned()));
        // A handful for each test.
        push.into_iter().map(|argument| &*argument.leak()).collect()
    }

    fn tell(&mut self, cell: &str, result: Result<impl Display, String>) {
        match result {
            Ok(note) => self.line(cell, "yes", &note.to_string()),
            Err(why) => {
                self.line(cell, "no", &why);
                self.failed.push(format!("{cell}: {why}"));
            }
        }
    }

    fn line(&self, cell: &str, result: &str, note: &str) {
        let server = self.place.name();
        println!("{}", json!({"server": server, "cell": cell, "result": result, "note": note}));
    }
}

/// Everything was sent, over one connection.
fn is_whole(ended: &Ended, pictures: u32) -> Result<String, String> {
    if ended.code != Some(0) {
        return Err(said(ended));
    }
    let summary = onair::summary(ended);
    let number = |name: &str| summary[name].as_u64().unwrap_or(u64::MAX);
    let is_right = number("frames_sent") == u64::from(pictures)
        && number("frames_dropped") == 0
        && number("reconnects") == 0;
    if is_right { Ok(format!("{pictures} pictures")) } else { Err(summary.to_string()) }
}

/// The newest `pictures` of the file are those that were sent, and ffmpeg has nothing to say about any of it. A server
/// may still be writing.
fn decodes(file: &Path, pictures: u32) -> Result<String, String> {
    let sent: Vec<Option<u32>> = (0..pictures).map(Some).collect();
    let mut numbers = Vec::new();
    let is_there = clock::until(Duration::from_secs(5), || {
        numbers = pattern::frame_numbers(file, 360, 640);
        numbers.ends_with(&sent).then_some(())
    });
    if is_there.is_none() {
        let newest = &numbers[numbers.len().saturating_sub(pictures as usize + 3)..];
        return Err(format!("{} pictures, the newest {newest:?}", numbers.len()));
    }
    let name = file.to_string_lossy();
    let ended = ffmpeg::run(&["-xerror", "-err_detect", "explode", "-i", &name, "-f", "null", "-"]);
    let is_clean = ended.code == Some(0) && ended.stderr.is_empty();
    if is_clean { Ok(format!("{pictures} pictures")) } else { Err(ended.stderr) }
}

fn said(ended: &Ended) -> String {
    let last: Value =
        serde_json::from_str(ended.stdout.lines().last().unwrap_or_default()).unwrap_or_default();
    format!("exit {:?}, {}, {last}", ended.code, ended.stderr.trim())
}
