//! A real nginx-rtmp in a folder of its own, on its defaults where a test does not say otherwise.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::process::Running;
use crate::{free_port, is_listening, tools};

/// nginx-rtmp with the applications `live` (records), `hls` (2 s fragments), `idle` (drops a publisher that is silent
/// for 5 s) and `closed` (nobody may publish).
pub struct Nginx {
    rtmp_port: u16,
    http_port: u16,
    folder: TempDir,
    process: Running,
}

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
        let started = (0..3).find_map(|_| Self::try_start(directives));
        started.expect("nginx comes up; its error log is above")
    }

    fn try_start(directives: &str) -> Option<Self> {
        let folder = TempDir::new().expect("a temporary folder");
        let (rtmp_port, http_port) = (free_port(), free_port());
        for name in ["record", "hls", "tmp"] {
            fs::create_dir(folder.path().join(name)).expect("a folder in a temporary folder");
        }
        let config = config(folder.path(), rtmp_port, http_port, directives);
        let file = folder.path().join("nginx.conf");
        fs::write(&file, config).expect("a file in a temporary folder");
        let mut command = Command::new(tools::program("nginx").expect("the test asked for nginx"));
        command.arg("-p").arg(folder.path()).arg("-e").arg(folder.path().join("error.log"));
        let process = Running::start(command.arg("-c").arg(file));
        let mut nginx = Self { rtmp_port, http_port, folder, process };
        let is_up = is_listening(rtmp_port) && is_listening(http_port) && nginx.process.is_alive();
        if !is_up {
            eprintln!("nginx: {}", nginx.error_log());
        }
        is_up.then_some(nginx)
    }

    /// Where to publish.
    pub fn url(&self, app: &str, key: &str) -> String {
        format!("rtmp://127.0.0.1:{}/{app}/{key}", self.rtmp_port)
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

fn config(folder: &Path, rtmp_port: u16, http_port: u16, directives: &str) -> String {
    let module = tools::rtmp_module().expect("the test asked for the RTMP module");
    let (module, folder) = (module.display(), folder.display());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/tmp/{kind};\n"))
        .concat();
    format!(
        "load_module {module};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
rtmp {{
  server {{
    listen 127.0.0.1:{rtmp_port};
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
    listen 127.0.0.1:{http_port};
    location /stat {{ rtmp_stat all; }}
    location /control {{ rtmp_control all; }}
  }}
}}
"
    )
}
