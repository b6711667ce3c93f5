//! A real nginx-rtmp in a folder of its own, on its defaults where a test does not say otherwise.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::process::Running;
use crate::{clock, free_port, listens_at, tools};

/// nginx-rtmp with the applications `live` (records), `hls` (2 s fragments), `idle` (drops a publisher that is silent
/// for 5 s) and `closed` (nobody may publish).
pub struct Nginx {
    address: Ipv4Addr,
    rtmp_port: u16,
    http_port: u16,
    folder: TempDir,
    host: Host,
    process: Running,
}

/// Has a command run where the server stands.
type Host = Box<dyn Fn(&mut Command)>;

impl Nginx {
    /// Starts it.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// Starts it with more directives in the RTMP server, such as a further application.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_with(directives: &str) -> Self {
        // A port that was free may be another's by the time nginx binds it.
        let started = (0..3).find_map(|_| {
            let ports = (free_port(), free_port());
            Self::try_start(Ipv4Addr::LOCALHOST, ports, directives, Box::new(|_| ()))
        });
        started.expect("nginx comes up; its error log is above")
    }

    /// Starts it at an address of its own, on ports 1935 and 8080, in the network namespace that `host` enters, with
    /// more directives. [`Self::get`] and what needs it do not reach there.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_at(
        address: Ipv4Addr,
        directives: &str,
        host: impl Fn(&mut Command) + 'static,
    ) -> Self {
        let started = Self::try_start(address, (1935, 8080), directives, Box::new(host));
        started.expect("nginx comes up; its error log is above")
    }

    fn try_start(
        address: Ipv4Addr,
        (rtmp_port, http_port): (u16, u16),
        directives: &str,
        host: Host,
    ) -> Option<Self> {
        let folder = TempDir::new().expect("a temporary folder");
        for name in ["record", "hls", "tmp"] {
            fs::create_dir(folder.path().join(name)).expect("a folder in a temporary folder");
        }
        let config = config(folder.path(), address, (rtmp_port, http_port), directives);
        fs::write(folder.path().join("nginx.conf"), config).expect("a file in a temporary folder");
        let process = launch(folder.path(), &host);
        let mut nginx = Self { address, rtmp_port, http_port, folder, host, process };
        let is_up = nginx.is_up();
        if !is_up {
            eprintln!("nginx: {}", nginx.error_log());
        }
        is_up.then_some(nginx)
    }

    /// Starts it again on the same ports, after [`Self::kill`].
    ///
    /// # Panics
    /// When it does not come up.
    pub fn restart(&mut self) {
        self.process = launch(self.folder.path(), &self.host);
        assert!(self.is_up(), "nginx does not come up again: {}", self.error_log());
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.process.signal("KILL");
        clock::until(Duration::from_secs(5), || (!self.process.is_alive()).then_some(()))
            .expect("nobody survives KILL");
    }

    /// Stops it ("STOP") or lets it go on ("CONT").
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    fn is_up(&mut self) -> bool {
        let process = self.process.id();
        let listens = |port| listens_at(process, self.address, port);
        listens(self.rtmp_port) && listens(self.http_port) && self.process.is_alive()
    }

    /// The port that takes RTMP.
    pub fn rtmp_port(&self) -> u16 {
        self.rtmp_port
    }

    /// Where to publish.
    pub fn url(&self, app: &str, key: &str) -> String {
        format!("rtmp://{}:{}/{app}/{key}", self.address, self.rtmp_port)
    }

    /// What the server wrote down of a stream in `live`.
    pub fn recording(&self, key: &str) -> PathBuf {
        self.folder.path().join(format!("record/{key}.flv"))
    }

    /// The playlist and fragments of a stream in `hls`.
    pub fn hls_folder(&self) -> PathBuf {
        self.folder.path().join("hls")
    }

    /// What it complained of.
    pub fn error_log(&self) -> String {
        fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }

    /// The statistics of one stream while it is published, as XML.
    pub fn stat(&self, key: &str) -> Option<String> {
        let all = self.get("/stat");
        let name = format!("<name>{key}</name>");
        let stream = all.split("<stream>").find(|stream| stream.contains(&name))?;
        let stream = stream.split("</stream>").next().unwrap_or_default();
        stream.contains("<publishing/>").then(|| stream.to_owned())
    }

    /// Cuts the publisher off, as an operator would.
    pub fn drop_publisher(&self, app: &str, key: &str) {
        let answer = self.get(&format!("/control/drop/publisher?app={app}&name={key}"));
        assert!(answer.trim_end().ends_with('1'), "nginx dropped no publisher: {answer}");
    }

    /// The body of an HTTP answer.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn get(&self, path: &str) -> String {
        let mut socket =
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.http_port)).expect("nginx listens");
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket takes a timeout");
        let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
        socket.write_all(request.as_bytes()).expect("nginx reads");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("nginx answers");
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        body.unwrap_or_default()
    }
}

/// The text of an element in [`Nginx::stat`] that occurs once.
pub fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

fn launch(folder: &Path, host: &Host) -> Running {
    let mut command = Command::new(tools::program("nginx").expect("the test asked for nginx"));
    command.arg("-p").arg(folder).arg("-e").arg(folder.join("error.log"));
    host(command.arg("-c").arg(folder.join("nginx.conf")));
    Running::start(&mut command)
}

fn config(
    folder: &Path,
    address: Ipv4Addr,
    (rtmp_port, http_port): (u16, u16),
    directives: &str,
) -> String {
    let module = tools::rtmp_module().expect("the test asked for the RTMP module");
    let (module, folder) = (module.display(), folder.display());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/tmp/{kind};\n"))
        .concat();
    format!(
        "load_module {module};
user root;
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
rtmp {{
  server {{
    listen {address}:{rtmp_port};
    application live {{ live on; record all; record_path {folder}/record; }}
    application hls {{ live on; hls on; hls_path {folder}/hls; hls_fragment 2s; }}
    application idle {{ live on; drop_idle_publisher 5s; }}
    application closed {{ live on; deny publish all; }}
    {directives}
  }}
}}
http {{
  access_log off;
  {temporary}
  server {{
    listen {address}:{http_port};
    location /stat {{ rtmp_stat all; }}
    location /control {{ rtmp_control all; }}
  }}
}}
"
    )
}
