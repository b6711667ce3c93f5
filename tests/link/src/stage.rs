//! What the rows share: nginx-rtmp at the far end of a link, `onair push` at the near end, and what can be seen of them
//! from outside: the push's JSON lines, the kernel's figures by `ss`, the link's counts.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use onair_e2e::nginx::Nginx;
use onair_e2e::process::{self, Ended, Running};
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, onair};

use serde_json::{Value, json};

use crate::{FAR, Link, Setup, start_or_skip};

/// The key of every stream here.
pub const KEY: &str = "link";

/// Prints a row of the test plan as one JSON line, which `scripts/nightly` collects, and fails when it does not pass.
#[track_caller]
pub fn judge(id: &str, what: &str, value: f64, limit: RangeInclusive<f64>) {
    let pass = limit.contains(&value);
    let bounds = [*limit.start(), *limit.end()].map(|bound| bound.is_finite().then_some(bound));
    let row = json!({ "id": id, "what": what, "value": value, "limit": bounds, "pass": pass });
    println!("{row}");
    assert!(pass, "{row}");
}

/// As much as wanted, but not more than this.
pub fn at_most(limit: f64) -> RangeInclusive<f64> {
    f64::NEG_INFINITY..=limit
}

/// Not less than this.
pub fn at_least(limit: f64) -> RangeInclusive<f64> {
    limit..=f64::INFINITY
}

/// A link with a server at its end.
pub struct Stage {
    /// The server.
    pub nginx: Nginx,
    /// What lies between.
    pub link: Link,
}

/// A broadcaster at the near end.
pub struct Push {
    running: Running,
    /// When it was started, on the link's clock.
    pub began: Duration,
}

/// What the near kernel knows of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// On the link's clock.
    pub at: Duration,
    /// Smoothed round trip.
    pub rtt_ms: f64,
    /// Written and not acknowledged, sent or not: what `SIOCOUTQ` says.
    pub unacked_bytes: u64,
}

impl Stage {
    /// Sets it, or says why this test is skipped.
    pub fn set(setup: &Setup) -> Option<Self> {
        Self::set_with(setup, "")
    }

    /// The same, with more directives for nginx-rtmp's server.
    pub fn set_with(setup: &Setup, directives: &str) -> Option<Self> {
        if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
            return None;
        }
        let link = start_or_skip(setup)?;
        let far = link.far().clone();
        let nginx = Nginx::start_at(FAR, directives, move |command| far.host(command));
        Some(Self { nginx, link })
    }

    /// Starts `onair push` to the app with these arguments.
    pub fn push(&self, app: &str, arguments: &[&str]) -> Push {
        self.push_to(&self.nginx.url(app, KEY), arguments, |command| self.link.near().host(command))
    }

    /// The same, to any address, with `host` to bring the command to its place.
    pub fn push_to(&self, url: &str, arguments: &[&str], host: impl FnOnce(&mut Command)) -> Push {
        let mut command = onair::command(&[&["push", url, "--json"], arguments].concat());
        host(&mut command);
        let began = self.link.now();
        Push { running: Running::start(&mut command), began }
    }

    /// The far end's recording as it is now, to be read while it grows.
    pub fn recording(&self) -> PathBuf {
        self.nginx.recording(KEY)
    }

    /// What `ss` says of the connection to the server; none while there is none.
    pub fn kernel(&self) -> Option<Kernel> {
        let mut command = Command::new("ss");
        self.link.near().host(command.args(["-tinH", "state", "established"]));
        let ended = process::run(&mut command, Duration::from_secs(5));
        let text = ended.stdout;
        let mut columns = text.split_whitespace();
        let unacked_bytes = columns.nth(1)?.parse().ok()?;
        let rtt = columns.find_map(|word| word.strip_prefix("rtt:"))?;
        let rtt_ms = rtt.split('/').next()?.parse().ok()?;
        Some(Kernel { at: self.link.now(), rtt_ms, unacked_bytes })
    }

    /// Looks at the kernel every 100 ms for `duration`.
    pub fn watch(&self, duration: Duration) -> Vec<Kernel> {
        let end = self.link.now() + duration;
        let mut seen = Vec::new();
        while self.link.now() < end {
            seen.extend(self.kernel());
            clock::pause(Duration::from_millis(100));
        }
        seen
    }

    /// Bits a second that reached the server, in windows of `step` for `duration`.
    pub fn rates(&self, step: Duration, duration: Duration) -> Vec<f64> {
        let end = self.link.now() + duration;
        let mut rates = Vec::new();
        let (mut before, mut since) = (self.link.up_traffic().bytes, self.link.now());
        while self.link.now() < end {
            clock::pause(step);
            let (bytes, now) = (self.link.up_traffic().bytes, self.link.now());
            rates.push((bytes - before) as f64 * 8.0 / (now - since).as_secs_f64());
            (before, since) = (bytes, now);
        }
        rates
    }

    /// Waits until the server has taken nothing for 500 ms; since when.
    pub fn wait_for_standstill(&self) -> Duration {
        let mut since = self.link.now();
        let mut before = self.link.up_traffic().bytes;
        clock::until(Duration::from_secs(20), || {
            let bytes = self.link.up_traffic().bytes;
            // Probes of a closed window are packets without payload to speak of.
            if bytes > before + 400 {
                (before, since) = (bytes, self.link.now());
            }
            (self.link.now() > since + Duration::from_millis(500)).then_some(since)
        })
        .expect("it comes to a stand")
    }
}

impl Push {
    /// The JSON lines so far.
    pub fn lines(&self) -> Vec<Value> {
        let text = self.running.stdout();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Waits until a line is as wanted; when it was told, on the link's clock.
    ///
    /// # Panics
    /// With all lines when it does not come within `limit`.
    #[track_caller]
    pub fn wait_for(
        &mut self,
        what: &str,
        limit: Duration,
        is_it: impl Fn(&Value) -> bool,
    ) -> Duration {
        let found = clock::until(limit, || {
            let found = self.lines().into_iter().find(|line| is_it(line));
            // What it said before its end counts too.
            if found.is_none() && !self.running.is_alive() { Some(None) } else { found.map(Some) }
        });
        let Some(Some(line)) = found else {
            panic!("never {what}:\n{}\n{}", self.running.stdout(), self.running.stderr());
        };
        self.began + Duration::from_secs_f64(line["seconds"].as_f64().unwrap_or_default())
    }

    /// Waits until it is in this state, counting from line `from`.
    #[track_caller]
    pub fn wait_for_state(&mut self, state: &str, after: Duration, limit: Duration) -> Duration {
        let after = after.saturating_sub(self.began).as_secs_f64();
        self.wait_for(state, limit, |line| {
            line["event"] == "state"
                && line["state"] == state
                && line["seconds"].as_f64().is_some_and(|at| at >= after)
        })
    }

    /// Waits until the first picture has surely left: live, and media for a while.
    #[track_caller]
    pub fn wait_until_live(&mut self) -> Duration {
        let limit = Duration::from_secs(20);
        self.wait_for("pictures sent", limit, |line| {
            line["event"] == "stats" && line["frames_sent"].as_u64() > Some(30)
        })
    }

    /// Memory of the process that is in use, KiB.
    ///
    /// # Panics
    /// When it has ended.
    #[track_caller]
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.running.id()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let figure = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        figure.expect("a process has memory")
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(self) -> Ended {
        self.running.wait(onair::PATIENCE)
    }

    /// Stops it as Ctrl-C does, and waits.
    #[track_caller]
    pub fn stop(self) -> Ended {
        self.running.signal("INT");
        self.wait()
    }
}
