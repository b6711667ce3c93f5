//! Each publish session into an FLV file, on a thread of its own behind a bounded queue: a slow
//! disk costs frames of the recording, never of the live stream.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use onair_engine::flv::{self, TagType};

use crate::clock;
use crate::name::StreamName;
use crate::unit::{Kind, Unit};

/// Most messages that wait for the disk: half a minute of a stream whose texts come with each picture, which a file that is
/// published as fast as it goes brings at once.
const QUEUE_UNITS: usize = 4_096;
/// Most bytes that wait for the disk.
const QUEUE_BYTES: usize = 16 << 20;
/// Without pictures, what was pushed reaches the operating system after so many frames.
const FLUSH_AUDIO_UNITS: u32 = 50;

/// The queue to one file's writer; dropping it completes the file.
#[derive(Debug)]
pub(crate) struct Recording {
    queue: SyncSender<(u32, Arc<Unit>)>,
    waiting_bytes: Arc<AtomicUsize>,
    /// Units are left out until the next key frame.
    skipping: bool,
    /// The disk failed or is far behind; it was logged.
    complained: bool,
    label: String,
}

impl Recording {
    /// Opens `app-key-20261120T231455Z.flv` in `dir`; `None`, with a word in the log, when that
    /// fails: the stream goes on without.
    pub(crate) fn start(dir: &Path, name: &StreamName, writers: &Writers) -> Option<Self> {
        let label = name.to_string();
        let started = create(dir, name, &clock::utc_stamp()).and_then(|file| {
            let (queue, units) = mpsc::sync_channel(QUEUE_UNITS);
            let waiting_bytes = Arc::new(AtomicUsize::new(0));
            let (waiting, name) = (Arc::clone(&waiting_bytes), label.clone());
            let writing = writers.register();
            let write = move || {
                if let Err(error) = write_file(file, &units, &waiting) {
                    log::error!("record {name}: {error}; the recording ends here");
                }
                drop(writing);
            };
            thread::Builder::new().name("onair-record".to_owned()).spawn(write)?;
            Ok(Self {
                queue,
                waiting_bytes,
                skipping: false,
                complained: false,
                label: label.clone(),
            })
        });
        started
            .inspect_err(|error| log::error!("record {label}: {error}; goes on without recording"))
            .ok()
    }

    /// Hands a unit to the writer with the publisher's own time stamp; never waits.
    pub(crate) fn write(&mut self, unit: &Arc<Unit>, wire_ms: u32) {
        if self.skipping && unit.kind == Kind::Delta {
            return;
        }
        let waiting = self.waiting_bytes.fetch_add(unit.weight(), Ordering::Relaxed);
        let fits = waiting + unit.weight() <= QUEUE_BYTES;
        if fits && self.queue.try_send((wire_ms, Arc::clone(unit))).is_ok() {
            self.skipping &= unit.kind != Kind::Key;
            return;
        }
        self.waiting_bytes.fetch_sub(unit.weight(), Ordering::Relaxed);
        // What follows a lost picture cannot be decoded before the next key frame.
        self.skipping |= matches!(unit.kind, Kind::Key | Kind::Delta);
        if !std::mem::replace(&mut self.complained, true) {
            log::error!("record {}: the disk does not keep up; frames are left out", self.label);
        }
    }
}

/// Knows when the last file is complete, so that stopping the server can wait for it.
#[derive(Debug)]
pub(crate) struct Writers {
    /// Every writer's thread holds a clone until its file is complete; nothing is ever sent.
    token: Mutex<Sender<()>>,
}

impl Writers {
    /// The writers, and what becomes disconnected when they and this are gone.
    pub(crate) fn new() -> (Self, Receiver<()>) {
        let (token, all_gone) = mpsc::channel();
        (Self { token: Mutex::new(token) }, all_gone)
    }

    fn register(&self) -> Sender<()> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A file that was not there before: whoever planted one, or a link to somewhere else, keeps it as it is.
fn create(dir: &Path, name: &StreamName, stamp: &str) -> io::Result<File> {
    let stem = format!("{}-{}-{stamp}", name.app(), name.key());
    let mut path = dir.join(format!("{stem}.flv"));
    for number in 2..100 {
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                path = dir.join(format!("{stem}-{number}.flv"));
            }
            result => return result,
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn write_file(
    file: File,
    units: &Receiver<(u32, Arc<Unit>)>,
    waiting_bytes: &AtomicUsize,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(256 << 10, file);
    let (mut has_audio, mut has_video) = (false, false);
    out.write_all(&flv::file_header(true, true))?;
    let (mut tag, mut unflushed) = (Vec::new(), 0);
    for (wire_ms, unit) in units {
        waiting_bytes.fetch_sub(unit.weight(), Ordering::Relaxed);
        has_audio |= unit.tag_type == TagType::Audio;
        has_video |= unit.tag_type == TagType::Video;
        unflushed += 1;
        // A crash costs the newest GOP.
        if unit.kind == Kind::Key || (!has_video && unflushed >= FLUSH_AUDIO_UNITS) {
            out.flush()?;
            unflushed = 0;
        }
        tag.clear();
        flv::write_tag(&mut tag, unit.tag_type, wire_ms, &[&unit.body]);
        out.write_all(&tag)?;
    }
    // Which tracks there are is known only now.
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&flv::file_header(has_audio, has_video))?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn s14_a_link_in_the_folder_is_not_followed() {
        use std::os::unix::fs::symlink;

        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("outside");
        let records = dir.path().join("records");
        std::fs::create_dir(&records).unwrap();
        let stamp = "20261120T231455Z";
        // One to nothing yet, and one to a file of somebody else.
        symlink(&outside, records.join(format!("live-a-{stamp}.flv"))).unwrap();
        let others = dir.path().join("others");
        std::fs::write(&others, "theirs").unwrap();
        symlink(&others, records.join(format!("live-a-{stamp}-2.flv"))).unwrap();
        let name = StreamName::parse("live", "a").unwrap();
        create(&records, &name, stamp).unwrap().write_all(b"ours").unwrap();
        assert!(!outside.exists());
        assert_eq!(std::fs::read(&others).unwrap(), b"theirs");
        let ours = records.join(format!("live-a-{stamp}-3.flv"));
        assert_eq!(std::fs::read(ours).unwrap(), b"ours");
    }
}
