//! Programs under guard: their output is kept, every wait is bounded, and whoever drops the guard ends the program
//! with all its children.

use std::collections::HashSet;
use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::clock::{self, Stopwatch};

/// A program that runs.
pub struct Running {
    child: Child,
    what: String,
    since: Stopwatch,
    folder: TempDir,
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// From start to end.
    pub took: Duration,
}

impl Ended {
    /// Both outputs, to look for what must or must not be there.
    pub fn output(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Fails unless the program ended with this code.
    ///
    /// # Panics
    /// With everything the program said.
    #[track_caller]
    pub fn expect_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

impl Running {
    /// Starts the program in a process group of its own.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let file = |name: &str| File::create(folder.path().join(name)).expect("a temporary file");
        let what = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {what}: {error}"));
        Self { child, what, since: Stopwatch::start(), folder }
    }

    /// Its process id, which is its group's too.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard output so far.
    pub fn stdout(&self) -> String {
        self.read("stdout")
    }

    /// What it has written to standard error so far.
    pub fn stderr(&self) -> String {
        self.read("stderr")
    }

    /// Since its start.
    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Whether it has not ended.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it has not ended by itself after `limit`: it hangs. It is killed then.
    #[track_caller]
    pub fn wait(mut self, limit: Duration) -> Ended {
        let Some(status) = clock::until(limit, || self.child.try_wait().ok().flatten()) else {
            let (stdout, stderr) = (self.stdout(), self.stderr());
            panic!("{} hangs after {limit:?}; stdout:\n{stdout}\nstderr:\n{stderr}", self.what);
        };
        self.ended(status)
    }

    /// Waits until standard output or error holds `text`.
    ///
    /// # Panics
    /// When it does not within `limit`, or the program ends before.
    #[track_caller]
    pub fn wait_for_output(&mut self, text: &str, limit: Duration) {
        let has_said =
            |running: &Self| running.stdout().contains(text) || running.stderr().contains(text);
        let came = clock::until(limit, || {
            let is_over = !self.is_alive();
            if has_said(self) { Some(true) } else { is_over.then_some(false) }
        });
        assert!(
            came == Some(true),
            "{} never said {text:?}; stdout:\n{}\nstderr:\n{}",
            self.what,
            self.stdout(),
            self.stderr()
        );
    }

    /// Sends a signal to the program itself ("INT", "STOP", "CONT").
    ///
    /// # Panics
    /// When the program is gone.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        assert!(shell(&format!("kill -s {name} {}", self.child.id())), "{} is gone", self.what);
    }

    /// What it holds in memory now, in KiB.
    ///
    /// # Panics
    /// When it has ended.
    pub fn memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let words = line.and_then(|line| line.split_whitespace().next());
        words.and_then(|kib| kib.parse().ok()).expect("the system tells its size")
    }

    /// How long it has used a processor, to a hundredth of a second.
    ///
    /// # Panics
    /// When it has ended.
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).expect("it runs");
        // Behind the name, which may hold anything, stand the state and then numbers: utime and stime are the 14th and
        // 15th of all, in hundredths.
        let (_, rest) = stat.rsplit_once(") ").expect("a name in brackets");
        let hundredths: u64 =
            rest.split(' ').skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
        Duration::from_millis(10 * hundredths)
    }

    /// How long its threads waited for a processor that others had.
    ///
    /// # Panics
    /// When it has ended.
    pub fn withheld(&self) -> Duration {
        self.of_threads("schedstat")
            .filter_map(|file| file.split(' ').nth(1)?.parse().ok())
            .map(Duration::from_nanos)
            .sum()
    }

    /// How often its threads went to sleep since they began, which is how often they were woken. Of threads that are
    /// gone nothing is known.
    ///
    /// # Panics
    /// When it has ended.
    pub fn sleeps(&self) -> u64 {
        self.of_threads("status")
            .filter_map(|file| {
                let line =
                    file.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
                line?.trim().parse::<u64>().ok()
            })
            .sum()
    }

    /// What the system's file of that name says of each of its threads.
    fn of_threads(&self, name: &'static str) -> impl Iterator<Item = String> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.id())).expect("it runs");
        threads.filter_map(move |thread| fs::read_to_string(thread.ok()?.path().join(name)).ok())
    }

    /// The addresses on which it listens for TCP.
    ///
    /// # Panics
    /// When it has ended.
    pub fn listening(&self) -> Vec<SocketAddr> {
        let folder = fs::read_dir(format!("/proc/{}/fd", self.id())).expect("it runs");
        let links = folder.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        let own: HashSet<String> = links
            .filter_map(|link| {
                let link = link.to_string_lossy().into_owned();
                Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
            })
            .collect();
        let tables = ["tcp", "tcp6"].map(|table| format!("/proc/{}/net/{table}", self.id()));
        let lines = tables.iter().filter_map(|table| fs::read_to_string(table).ok());
        lines.flat_map(|table| listeners(&table, &own)).collect()
    }

    fn ended(&self, status: ExitStatus) -> Ended {
        assert!(
            !matches!(status.signal(), Some(4 | 6 | 7 | 8 | 11)),
            "{} crashed ({status}); stderr:\n{}",
            self.what,
            self.stderr()
        );
        Ended {
            code: status.code(),
            stdout: self.stdout(),
            stderr: self.stderr(),
            took: self.since.elapsed(),
        }
    }

    fn read(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        let bytes = fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_alive() {
            shell(&format!("kill -s KILL -- -{}", self.child.id()));
            // It was just killed; nothing is left to do when it is gone already.
            let _ = self.child.wait();
        }
    }
}

/// Runs a program to its end.
///
/// # Panics
/// When it hangs or cannot be started.
#[track_caller]
pub fn run(command: &mut Command, limit: Duration) -> Ended {
    Running::start(command).wait(limit)
}

/// The listening sockets of one of the system's tables whose inodes are among `own`.
fn listeners(table: &str, own: &HashSet<String>) -> Vec<SocketAddr> {
    const LISTEN: &str = "0A";
    let read = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let is_ours = columns.get(3) == Some(&LISTEN) && own.contains(*columns.get(9)?);
        let (ip, port) = columns.get(1)?.split_once(':')?;
        // Four bytes at a time, as this machine has them in memory.
        let words = ip.as_bytes().chunks(8).map(|word| {
            let word = std::str::from_utf8(word).ok()?;
            u32::from_str_radix(word, 16).ok().map(u32::to_ne_bytes)
        });
        let bytes = words.collect::<Option<Vec<_>>>()?.concat();
        let ip: IpAddr = match <[u8; 4]>::try_from(&bytes[..]) {
            Ok(bytes) => Ipv4Addr::from(bytes).into(),
            Err(_) => Ipv6Addr::from(<[u8; 16]>::try_from(&bytes[..]).ok()?).into(),
        };
        let port = u16::from_str_radix(port, 16).ok()?;
        is_ours.then(|| SocketAddr::new(ip, port))
    };
    table.lines().skip(1).filter_map(read).collect()
}

fn shell(line: &str) -> bool {
    let status = Command::new("sh").args(["-c", line]).stderr(Stdio::null()).status();
    status.expect("there is a shell").success()
}
