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

/// Sources of one language below a folder.
fn sources(folder: &str, suffix: &str) -> Vec<TextFile> {
    let mut files = tree::text_files();
    files.retain(|file| file.path.starts_with(folder) && file.path.ends_with(suffix));
    assert!(!files.is_empty(), "there are no {suffix} files in {folder}");
    files
}

/// The compiler's explicit API mode sees to it that what is public says so.
#[test]
fn every_public_declaration_in_kotlin_says_what_it_is() {
    let mut silent = Vec::new();
    for folder in ["main", "android"] {
        for file in sources(&format!("bindings/kotlin/onair/src/{folder}/"), ".kt") {
            let mut above = "";
            for (number, line) in file.text.lines().map(str::trim).enumerate() {
                let is_declared =
                    line.starts_with("public ") && !line.starts_with("public companion");
                if is_declared && !above.ends_with("*/") {
                    silent.push(format!("{}:{}: {line}", file.path, number + 1));
                }
                // Annotations stand between a comment and what it is about.
                if !line.starts_with('@') {
                    above = line;
                }
            }
        }
    }
    assert_none("Say what it is, in KDoc:", &silent);
}

#[test]
fn the_catalogue_for_swift_names_types_that_there_are() {
    let catalogue = "bindings/swift/Sources/OnAir/OnAir.docc/OnAir.md";
    let page = pages().into_iter().find(|page| page.path == catalogue).expect("a catalogue");
    let named: Vec<&str> = page.text.lines().filter_map(|line| line.strip_prefix("- ``")).collect();
    let named: Vec<&str> = named.iter().map(|name| name.trim_end_matches('`')).collect();
    let mut types = Vec::new();
    for file in sources("bindings/swift/Sources/OnAir/", ".swift") {
        for line in file.text.lines() {
            // A type of the module's own, not one within another: not further in than a condition.
            let line =
                if file.path.contains("/Apple/") { line.strip_prefix("  ") } else { Some(line) };
            let words: Vec<&str> = line.unwrap_or("").split(' ').collect();
            let kind = words
                .iter()
                .position(|word| ["struct", "class", "enum", "protocol", "actor"].contains(word));
            if let (Some(&"public"), Some(kind)) = (words.first(), kind)
                && let Some(name) = words.get(kind + 1)
            {
                let end = name.find(|c: char| !c.is_alphanumeric()).unwrap_or(name.len());
                types.push(name[..end].to_owned());
            }
        }
    }
    assert!(named.len() > 20, "a catalogue of {} names", named.len());
    let is_known = |name: &str| types.iter().any(|known| known == name);
    let wrong: Vec<String> =
        named.into_iter().filter(|name| !is_known(name)).map(str::to_owned).collect();
    assert_none(&format!("{catalogue} names what is not there:"), &wrong);
}
