//! The files of the repository as a reader sees them: no build output, no installed packages.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the repository.
pub struct TextFile {
    /// From the root, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// The folder of the workspace's `Cargo.toml`.
///
/// # Panics
/// When this crate no longer stands two folders below it.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).expect("tests/house is two folders below the root");
    root.to_path_buf()
}

/// Every text file, sorted by path. Build output, installed packages and hidden folders (but `.ci`) are left out.
///
/// # Panics
/// When a folder cannot be read.
pub fn text_files() -> Vec<TextFile> {
    let root = root();
    let mut files = Vec::new();
    visit(&root, &mut |path| {
        if let Ok(text) = fs::read_to_string(path) {
            let relative = path.strip_prefix(&root).expect("visited below the root");
            files.push(TextFile { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
    });
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn visit(folder: &Path, found: &mut impl FnMut(&Path)) {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            let skipped = name == "target"
                || name == "node_modules"
                || (name.starts_with('.') && name != ".ci");
            if !skipped {
                visit(&path, found);
            }
        } else if kind.is_file() {
            found(&path);
        }
    }
}
