//! Which foreign programs are here, and the word that a test leaves when one is not.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A foreign program.
#[derive(Clone, Copy, Debug)]
pub enum Tool {
    /// nginx with its RTMP module.
    NginxRtmp,
    /// ffmpeg and ffprobe.
    Ffmpeg,
    /// An ffmpeg that speaks Enhanced RTMP.
    ModernFfmpeg,
    /// stunnel, and openssl.
    Stunnel,
    /// Chromium, and node with playwright-core to drive it.
    Chromium,
    /// node with npm's socket.io, client and server.
    SocketIo,
    /// python3 with python-socketio.
    PythonSocketIo,
    /// Redis, beside node's Socket.IO.
    Redis,
    /// A C compiler.
    Compiler,
    /// librtmp's headers, and a C compiler.
    Librtmp,
    /// valgrind.
    Valgrind,
}

impl Tool {
    /// What is missing, in words; nothing when the tool can be used.
    fn missing(self) -> Option<&'static str> {
        match self {
            Self::NginxRtmp if program("nginx").is_none() => Some("nginx is not installed"),
            Self::NginxRtmp if rtmp_module().is_none() => {
                Some("libnginx-mod-rtmp is not installed")
            }
            Self::Ffmpeg if program("ffmpeg").is_none() => Some("ffmpeg is not installed"),
            Self::Ffmpeg if program("ffprobe").is_none() => Some("ffprobe is not installed"),
            Self::ModernFfmpeg if modern_ffmpeg().is_none() => Some(
                "no modern ffmpeg: python3 -m pip install --no-deps --target .cache/ffmpeg imageio-ffmpeg",
            ),
            Self::Stunnel if stunnel().is_none() => Some("stunnel4 is not installed"),
            Self::Stunnel if program("openssl").is_none() => Some("openssl is not installed"),
            Self::Compiler | Self::Librtmp if program("cc").is_none() => {
                Some("cc is not installed")
            }
            Self::Librtmp if !Path::new("/usr/include/librtmp/rtmp.h").is_file() => {
                Some("librtmp-dev is not installed")
            }
            Self::Valgrind if program("valgrind").is_none() => Some("valgrind is not installed"),
            Self::SocketIo if program("node").is_none() => Some("node is not installed"),
            Self::SocketIo if !crate::web::folder().join("node_modules/socket.io").is_dir() => {
                Some("socket.io is not installed: npm ci --prefix tests/e2e/web")
            }
            Self::PythonSocketIo if program("python3").is_none() => {
                Some("python3 is not installed")
            }
            Self::PythonSocketIo if !python_packages().join("socketio").is_dir() => Some(
                "no python-socketio: python3 -m pip install --target .cache/python 'python-socketio[client]'",
            ),
            Self::Redis if program("redis-server").is_none() => {
                Some("redis-server is not installed")
            }
            Self::Redis
                if !crate::onair::root().join("tests/e2e/production/node_modules").is_dir() =>
            {
                Some("no packages for Redis: npm ci --prefix tests/e2e/production")
            }
            Self::Chromium if chromium().is_none() => Some("chromium is not installed"),
            Self::Chromium if program("node").is_none() => Some("node is not installed"),
            Self::Chromium
                if ["playwright-core", "axe-core", "jsqr"]
                    .into_iter()
                    .any(|name| !crate::web::folder().join("node_modules").join(name).is_dir()) =>
            {
                Some(
                    "playwright-core, axe-core or jsqr is not installed: npm ci --prefix tests/e2e/web",
                )
            }
            _ => None,
        }
    }
}

/// Whether one of the tools is missing. Then the test ends here; a line for people and for `scripts/test` says why.
pub fn are_missing(tools: &[Tool]) -> bool {
    let reason = tools.iter().find_map(|tool| tool.missing());
    reason.inspect(|reason| say_skipped(reason)).is_some()
}

/// Says that the test that runs is skipped, and why.
///
/// The line goes past the test runner's capture, so that a skip is seen without `--nocapture`.
pub fn say_skipped(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let line = format!("\nSKIPPED: {test}: {reason}\n");
    // A test runner without stderr has nobody to tell.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Where Chromium is.
pub fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(program)
}

/// Where the ffmpeg is that `scripts/test` takes out of a PyPI wheel.
pub fn modern_ffmpeg() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join(".cache/ffmpeg/imageio_ffmpeg/binaries");
    let files = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    files.into_iter().find(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("ffmpeg-")
    })
}

/// Where `scripts/test` puts packages from PyPI.
pub fn python_packages() -> PathBuf {
    crate::onair::root().join(".cache/python")
}

/// Where stunnel is; Debian numbers it.
pub fn stunnel() -> Option<PathBuf> {
    ["stunnel4", "stunnel"].into_iter().find_map(program)
}

/// nginx's RTMP module; nginx wants its absolute path.
pub fn rtmp_module() -> Option<PathBuf> {
    ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules"]
        .into_iter()
        .map(|folder| Path::new(folder).join("ngx_rtmp_module.so"))
        .find(|path| path.is_file())
}

/// A program on the PATH, or where Debian keeps those for root.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders =
        env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/bin")]);
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}
