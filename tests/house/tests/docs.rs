//! What the pages promise: links lead somewhere, commands exist.

use onair_house::tree::{self, TextFile};
use onair_house::{assert_none, markdown, workspace};
use std::path::Path;

fn pages() -> Vec<TextFile> {
    let mut files = tree::text_files();
    files.retain(|file| file.path.ends_with(".md"));
    files
}

#[test]
fn the_pages_a_newcomer_looks_for_are_here() {
    for page in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        assert!(tree::root().join(page).is_file(), "{page} is missing");
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut dead = Vec::new();
    for page in pages() {
        let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
        for (line, target) in markdown::relative_links(&page.text) {
            if !tree::root().join(folder).join(&target).exists() {
                dead.push(format!("{}:{line} links to {target}", page.path));
            }
        }
    }
    assert_none("Mend the link:", &dead);
}

#[test]
fn every_command_in_a_page_exists() {
    let packages = workspace::packages();
    let mut breaches = Vec::new();
    for page in pages() {
        for (line, command) in markdown::commands(&page.text) {
            let words: Vec<&str> = command.split_whitespace().collect();
            for word in &words {
                if is_our_script(word) && !is_executable(&tree::root().join(word)) {
                    breaches.push(format!("{}:{line} runs {word}", page.path));
                }
            }
            let crates = words.windows(2).filter(|w| w[0] == "-p" && words[0] == "cargo");
            for name in crates.map(|w| w[1]) {
                if workspace::member(&packages, name).is_none() {
                    breaches.push(format!("{}:{line} names the crate {name}", page.path));
                }
            }
        }
    }
    assert_none("The page runs what is not there, or is not executable:", &breaches);
}

fn is_our_script(word: &str) -> bool {
    ["scripts/", "./scripts/", ".ci/"].iter().any(|folder| word.starts_with(folder))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
