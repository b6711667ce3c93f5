//! Runs the built command with a bound on every wait, and an `onair serve` beside it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;
use socket2::{Domain, Socket, Type};

/// Far more than anything takes, on a machine that has other things to do.
pub(crate) const LONG: Duration = Duration::from_secs(90);
/// A stream that goes on says something each second.
const MOST_LINES: u32 = 200;

/// A port of this machine on which nobody listens and that nobody else is given; a server told to
/// may take it.
pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    /// Bound, and not listening.
    _socket: Socket,
}

impl Port {
    pub(crate) fn reserve() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        // As servers do: both may then be bound.
        socket.set_reuse_address(true).expect("a socket option");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
        let address = socket.local_addr().ok().and_then(|address| address.as_socket());
        Self { address: address.expect("an address"), _socket: socket }
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Every line of stdout as JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"))
        };
        self.stdout.lines().map(parse).collect()
    }

    /// The last line, which is the summary of `push` and `demo` and the report of `probe`.
    pub(crate) fn last(&self) -> Value {
        self.json().pop().unwrap_or_else(|| panic!("nothing on stdout: {self:?}"))
    }

    pub(crate) fn assert_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        self
    }

    pub(crate) fn assert_without(self, secret: &str) -> Self {
        let all = format!("{}{}", self.stdout, self.stderr);
        assert!(!all.contains(secret), "{secret:?} is in {self:?}");
        self
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onair"));
    command.args(arguments).env_remove("ONAIR_STREAM_KEY").env_remove("RUST_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs to the end.
pub(crate) fn onair(arguments: &[&str]) -> Ended {
    Running::start(arguments).end()
}

/// A command that runs; killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    seen: String,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(command(arguments))
    }

    pub(crate) fn start_with_env(arguments: &[&str], variable: (&str, &str)) -> Self {
        let mut command = command(arguments);
        command.env(variable.0, variable.1);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().expect("start onair");
        let stdout = lines(child.stdout.take().expect("stdout"));
        let stderr = lines(child.stderr.take().expect("stderr"));
        Self { child, stdout, stderr, seen: String::new() }
    }

    /// The next line of stdout.
    pub(crate) fn line(&mut self) -> Option<String> {
        match self.stdout.recv_timeout(LONG) {
            Ok(line) => {
                self.seen.push_str(&line);
                Some(line)
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("nothing for {LONG:?}: {}", self.seen),
        }
    }

    /// Reads up to the JSON line that `is_it` says yes to.
    pub(crate) fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..MOST_LINES {
            let Some(line) = self.line() else { break };
            let value: Value = serde_json::from_str(&line).expect("a JSON line");
            if is_it(&value) {
                return value;
            }
        }
        // Its end is the end of its stderr.
        let _ = self.child.kill();
        let stderr: String = self.stderr.iter().collect();
        panic!("that did not come: {}{stderr}", self.seen);
    }

    /// Reads up to the state `state`.
    pub(crate) fn until_state(&mut self, state: &str) -> Value {
        self.until(|line| line["event"] == "state" && line["state"] == state)
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([name, &pid]).status().expect("kill");
        assert!(status.success());
    }

    /// Closes our end of its stdout.
    pub(crate) fn hang_up(&mut self) {
        self.stdout = mpsc::channel().1;
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        while self.line().is_some() {}
        let mut stderr = String::new();
        loop {
            match self.stderr.recv_timeout(LONG) {
                Ok(line) => stderr.push_str(&line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("no end: {}{stderr}", self.seen),
            }
        }
        // Both pipes are closed: it has ended or is about to.
        let code = self.child.wait().expect("wait").code();
        Ended { code, stdout: std::mem::take(&mut self.seen), stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines as they come; disconnected at the end. A receiver that is gone closes the pipe.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = String::new();
        while pipe.read_line(&mut line).is_ok_and(|count| count > 0) {
            if sender.send(std::mem::take(&mut line)).is_err() {
                break;
            }
        }
    });
    receiver
}

/// What the HTTP server at `address` answers to whoever calls it `host`.
pub(crate) fn get_as(address: &str, host: &str, path: &str) -> String {
    let mut socket = TcpStream::connect(address).expect("connect");
    write!(socket, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        .expect("ask");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("answer");
    String::from_utf8_lossy(&answer).into_owned()
}

/// `onair serve` on free ports of this machine.
pub(crate) struct Serve {
    running: Running,
    rtmp: String,
    http: String,
    records: tempfile::TempDir,
}

impl Serve {
    pub(crate) fn start() -> Self {
        let records = tempfile::tempdir().expect("folder");
        let record = records.path().to_str().expect("path").to_owned();
        let mut running = Running::start(&[
            "serve",
            "--json",
            "--rtmp",
            "127.0.0.1:0",
            "--http",
            "127.0.0.1:0",
            "--record",
            &record,
        ]);
        let listening = running.until(|line| line["event"] == "listening");
        let address = |key: &str| listening[key].as_str().expect("address").to_owned();
        let (rtmp, http) = (address("rtmp"), address("http"));
        Self { running, rtmp, http, records }
    }

    pub(crate) fn rtmp_url(&self, name: &str) -> String {
        format!("rtmp://{}/live/{name}", self.rtmp)
    }

    pub(crate) fn flv_url(&self, name: &str) -> String {
        format!("http://{}/live/{name}.flv", self.http)
    }

    /// Stops the server, so that recordings are whole, and returns the only one whose name holds
    /// `name`.
    pub(crate) fn recording(self, name: &str) -> Recording {
        let Self { running, records, .. } = self;
        running.signal("-INT");
        running.end().assert_code(0);
        let mut found = files(records.path());
        found.retain(|path| path.to_string_lossy().contains(name));
        assert_eq!(found.len(), 1, "{found:?}");
        Recording { path: found.remove(0), _folder: records }
    }
}

/// A file that lives as long as this.
pub(crate) struct Recording {
    pub(crate) path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Recording {
    pub(crate) fn path(&self) -> &str {
        self.path.to_str().expect("path")
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry"));
    entries
        .flat_map(|entry| match entry.path() {
            path if path.is_dir() => files(&path),
            path => vec![path],
        })
        .collect()
}
