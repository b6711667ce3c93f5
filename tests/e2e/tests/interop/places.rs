//! The servers, each with its name and version, where to publish, what it kept, and what it refuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use onair_e2e::nginx::Nginx;
use onair_e2e::process::{self, Running};
use onair_e2e::serve::Serve;
use onair_e2e::stunnel::Stunnel;
use onair_e2e::{clock, ffmpeg, free_port, is_listening, onair, tools};
use serde_json::json;
use tempfile::TempDir;

/// A server to publish to.
pub(crate) trait Place {
    /// With its version.
    fn name(&self) -> String;
    /// Where to publish.
    fn url(&self) -> String;
    /// More arguments of the push.
    fn more(&self) -> Vec<String> {
        Vec::new()
    }
    /// Makes sure that the next publisher is taken.
    fn listen(&mut self) {}
    /// What it kept of the last stream.
    fn recording(&mut self) -> Option<PathBuf>;
    /// An address that it refuses, and what the error must say.
    fn wrong(&self) -> Option<(String, &'static str)>;
}

const KEY: &str = "show";

/// What `scripts/interop` installed; otherwise the test is skipped with a word.
pub(crate) fn cached(path: &str) -> Option<PathBuf> {
    let program = onair::root().join(".cache/interop").join(path);
    if program.is_file() {
        return Some(program);
    }
    tools::say_skipped(&format!("run scripts/interop once, it installs {path}"));
    None
}

/// The first word of what a program says that looks like a version.
fn version(program: &mut Command) -> String {
    let said = process::run(program, Duration::from_secs(20)).output();
    let words = said.split(|c: char| c.is_whitespace() || c == '/');
    let mut versions =
        words.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
    versions.next().unwrap_or_default().to_owned()
}

/// The newest file in a folder, or below it.
fn newest(folder: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let age = |path: &PathBuf| {
        fs::metadata(path).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    files.filter(|path| path.extension().is_some_and(|end| end == "flv")).max_by_key(age)
}

/// A file once nobody writes to it any more.
fn settled(file: &Path) -> Vec<u8> {
    let mut last = Vec::new();
    for _ in 0..20 {
        let now = fs::read(file).unwrap_or_default();
        if !now.is_empty() && now == last {
            break;
        }
        last = now;
        clock::pause(Duration::from_millis(250));
    }
    last
}

pub(crate) struct NginxRtmp(Nginx);

impl NginxRtmp {
    pub(crate) fn start() -> Self {
        Self(Nginx::start())
    }
}

fn nginx_version() -> String {
    let nginx = tools::program("nginx").expect("the test asked for nginx");
    format!("nginx-rtmp (nginx {})", version(Command::new(nginx).arg("-v")))
}

impl Place for NginxRtmp {
    fn name(&self) -> String {
        nginx_version()
    }
    fn url(&self) -> String {
        self.0.url("live", KEY)
    }
    fn recording(&mut self) -> Option<PathBuf> {
        Some(self.0.recording(KEY))
    }
    fn wrong(&self) -> Option<(String, &'static str)> {
        Some((self.0.url("closed", KEY), "the app or the key may be wrong"))
    }
}

pub(crate) struct Secured(Nginx, Stunnel);

impl Secured {
    pub(crate) fn start() -> Self {
        let nginx = Nginx::start();
        let stunnel = Stunnel::start(nginx.rtmp_port());
        Self(nginx, stunnel)
    }
}

impl Place for Secured {
    fn name(&self) -> String {
        let stunnel = tools::stunnel().expect("the test asked for stunnel");
        let version = version(Command::new(stunnel).arg("-version"));
        format!("stunnel {version}, RTMPS, before {}", nginx_version())
    }
    fn url(&self) -> String {
        self.1.url("live", KEY)
    }
    fn more(&self) -> Vec<String> {
        vec!["--tls-ca".to_owned(), self.1.ca().to_string_lossy().into_owned()]
    }
    fn recording(&mut self) -> Option<PathBuf> {
        Some(self.0.recording(KEY))
    }
    fn wrong(&self) -> Option<(String, &'static str)> {
        Some((self.1.url("closed", KEY), "the app or the key may be wrong"))
    }
}

/// Takes one publisher and ends; another one is started for the next.
pub(crate) struct FfmpegListens {
    folder: TempDir,
    port: u16,
    streams: u32,
    running: Option<Running>,
}

impl FfmpegListens {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self { folder, port: free_port(), streams: 0, running: None }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(format!("{}.flv", self.streams))
    }
}

impl Place for FfmpegListens {
    fn name(&self) -> String {
        let ffmpeg = tools::program("ffmpeg").expect("the test asked for ffmpeg");
        format!("ffmpeg {} -listen 1", version(Command::new(ffmpeg).arg("-version")))
    }
    fn url(&self) -> String {
        format!("rtmp://127.0.0.1:{}/live/{KEY}", self.port)
    }
    fn listen(&mut self) {
        self.running = None;
        self.streams += 1;
        let (url, file) = (self.url(), self.file().to_string_lossy().into_owned());
        let arguments = ["-listen", "1", "-i", &url, "-c", "copy", "-f", "flv", &file];
        self.running = Some(ffmpeg::start(&arguments));
        assert!(is_listening(self.port), "ffmpeg listens");
    }
    fn recording(&mut self) -> Option<PathBuf> {
        // It completes the file once the publisher has gone.
        self.running.take()?.wait(Duration::from_secs(20));
        Some(self.file())
    }
    fn wrong(&self) -> Option<(String, &'static str)> {
        None
    }
}

pub(crate) struct Ours {
    folder: TempDir,
    serve: Serve,
}

impl Ours {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let serve = Serve::start(&["--record", &folder.path().to_string_lossy()]);
        Self { folder, serve }
    }
}

impl Place for Ours {
    fn name(&self) -> String {
        format!("onair serve {}", version(&mut onair::command(&["--version"])))
    }
    fn url(&self) -> String {
        self.serve.rtmp_url("live", KEY)
    }
    fn recording(&mut self) -> Option<PathBuf> {
        newest(self.folder.path())
    }
    fn wrong(&self) -> Option<(String, &'static str)> {
        let words = "NetConnection.Connect.InvalidApp";
        Some((self.serve.rtmp_url("api", KEY), words))
    }
}

/// With its own authentication: a signature in the key's query.
pub(crate) struct NodeMediaServer {
    folder: TempDir,
    port: u16,
    version: String,
    process: Running,
    /// A publisher that comes again soon goes on in the same file: where.
    goes_on_at: Option<(PathBuf, u64)>,
}

const SECRET: &str = "interop";
/// The year 2100.
const EXPIRES: &str = "4102444800";

impl NodeMediaServer {
    pub(crate) fn start(program: &Path) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let (port, http) = (free_port(), free_port());
        let inside = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let config = json!({
            "bind": "127.0.0.1",
            "rtmp": {"port": port},
            "http": {"port": http},
            "store": {"path": inside("data")},
            "record": {"path": inside("record"), "auto": true},
            "auth": {"publish": true, "play": false, "secret": SECRET,
                     "jwt": {"users": [], "secret": "none"}},
            "notify": {"url": ""},
            "webadmin": {"enable": false},
        });
        let file = folder.path().join("config.json");
        fs::write(&file, config.to_string()).expect("a file in a temporary folder");
        let node = tools::program("node").expect("scripts/interop wanted node");
        let process = Running::start(Command::new(node).arg(program).arg("--config").arg(file));
        assert!(is_listening(port), "{}\n{}", process.stdout(), process.stderr());
        let manifest = program.ancestors().nth(2).map(|folder| folder.join("package.json"));
        let manifest = manifest.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap_or_default();
        let version = manifest["version"].as_str().unwrap_or_default().to_owned();
        Self { folder, port, version, process, goes_on_at: None }
    }

    fn newest(&self) -> Option<PathBuf> {
        newest(&self.folder.path().join("record/live").join(KEY))
    }

    fn signed(&self, secret: &str) -> String {
        let text = format!("/live/{KEY}-{EXPIRES}-{secret}");
        let line = format!("printf %s {text} | md5sum");
        let ended = process::run(Command::new("sh").args(["-c", &line]), Duration::from_secs(5));
        let hash = ended.stdout.split_whitespace().next().unwrap_or_default().to_owned();
        format!("rtmp://127.0.0.1:{}/live/{KEY}?sign={EXPIRES}-{hash}", self.port)
    }
}

impl Place for NodeMediaServer {
    fn name(&self) -> String {
        format!("node-media-server {}", self.version)
    }
    fn url(&self) -> String {
        self.signed(SECRET)
    }
    fn listen(&mut self) {
        assert!(self.process.is_alive(), "{}", self.process.stderr());
        self.goes_on_at = self.newest().map(|file| {
            let size = fs::metadata(&file).map_or(0, |file| file.len());
            (file, size)
        });
    }
    fn recording(&mut self) -> Option<PathBuf> {
        let file = self.newest()?;
        let at = self.goes_on_at.as_ref().filter(|(before, _)| *before == file);
        let bytes = settled(&file);
        let mut stream = b"FLV\x01\x05\0\0\0\x09\0\0\0\0".to_vec();
        stream.extend(bytes.get(at.map_or(stream.len(), |(_, at)| *at as usize)..)?);
        let copy = self.folder.path().join("newest.flv");
        fs::write(&copy, stream).ok()?;
        Some(copy)
    }
    fn wrong(&self) -> Option<(String, &'static str)> {
        Some((self.signed("guessed"), "the app or the key may be wrong"))
    }
}

/// On `oxideav-rtmp`; see tests/e2e/stranger.
pub(crate) struct Stranger {
    folder: TempDir,
    port: u16,
    process: Running,
}

impl Stranger {
    pub(crate) fn start(program: &Path) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let port = free_port();
        let address = format!("127.0.0.1:{port}");
        let process = Running::start(Command::new(program).arg(address).arg(folder.path()));
        assert!(is_listening(port), "{}", process.stderr());
        Self { folder, port, process }
    }
}

impl Place for Stranger {
    fn name(&self) -> String {
        let manifest = include_str!("../../stranger/Cargo.toml");
        let version = manifest.split("oxideav-rtmp = \"=").nth(1).unwrap_or_default();
        format!("oxideav-rtmp {}", version.split('"').next().unwrap_or_default())
    }
    fn url(&self) -> String {
        format!("rtmp://127.0.0.1:{}/live/{KEY}", self.port)
    }
    fn listen(&mut self) {
        assert!(self.process.is_alive(), "{}", self.process.stderr());
    }
    fn recording(&mut self) -> Option<PathBuf> {
        Some(self.folder.path().join(format!("{KEY}.flv")))
    }
    fn wrong(&self) -> Option<(String, &'static str)> {
        let url = format!("rtmp://127.0.0.1:{}/live/wrong", self.port);
        Some((url, "this key may not publish here"))
    }
}
