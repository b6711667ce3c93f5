//! What a recording needs of a file system, as traits: tests bring disks that are full, slow or
//! lose power.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Where files are made.
pub(super) trait Disk: Clone + Send + 'static {
    type File: Medium;

    /// A new file; an existing one is an error.
    fn create_new(&self, path: &Path) -> io::Result<Self::File>;

    /// Makes sure that the file is found under its name after a power cut, as far as the system
    /// can.
    fn sync_name(&self, path: &Path);

    /// Takes the file away, if it is there.
    fn remove(&self, path: &Path);
}

/// Where a file's bytes go.
pub(super) trait Medium: Send + 'static {
    /// Adds bytes at the file's end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Writes over bytes that are there.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to `bytes`.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;

    /// What was written before is safe from a power cut once this returns.
    fn sync(&mut self) -> io::Result<()>;
}

/// The system's.
#[derive(Clone, Copy, Debug)]
pub(super) struct System;

impl Disk for System {
    type File = File;

    fn create_new(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    fn sync_name(&self, path: &Path) {
        sync_folder(path);
    }

    fn remove(&self, path: &Path) {
        // One that stays does no harm.
        let _ = std::fs::remove_file(path);
    }
}

impl Medium for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::End(0))?;
        self.write_all(bytes)
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(at))?;
        self.write_all(bytes)
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Not every system can open a folder; where it cannot, there is nothing to be done.
pub(super) fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let opened = File::open(folder.unwrap_or(Path::new(".")));
    let _ = opened.and_then(|folder| folder.sync_all());
}

/// Gives the finished `part` its name, and never another file's: the name is taken and the content
/// is there in one step.
pub(super) fn publish(part: &Path, name: &Path) -> io::Result<()> {
    // A second name, which must be free, and then the first one goes.
    match std::fs::hard_link(part, name) {
        Ok(()) => std::fs::remove_file(part)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // Cards and shares without second names: takes the name first, then moves over it.
        Err(_) => {
            OpenOptions::new().write(true).create_new(true).open(name)?;
            std::fs::rename(part, name)?;
        }
    }
    sync_folder(name);
    Ok(())
}

/// `show.mp4.part`: where a file is made before it has its name.
pub(super) fn part_of(name: &Path) -> PathBuf {
    let mut part = name.as_os_str().to_owned();
    part.push(".part");
    PathBuf::from(part)
}
