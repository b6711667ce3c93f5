//! How a file of ours looks: its header, its length, and the marks that must not stay.

use onair_house::source::{self, Source};
use onair_house::{assert_none, tree};

const LONGEST: usize = 500;

fn every(words: &str, sources: &[Source]) -> Vec<String> {
    let found = sources.iter().flat_map(|s| s.reads(words).map(|t| s.at(t.line)));
    found.collect()
}

#[test]
fn every_file_says_what_it_does() {
    let sources = source::all();
    // Of tests beside the code the name says it.
    let is_beside = |path: &str| path.ends_with("test.rs") || path.ends_with("/tests.rs");
    let is_silent = |s: &&Source| !s.text.starts_with("//!") && !is_beside(&s.path);
    let silent = sources.iter().filter(is_silent).map(|s| s.path.clone());
    assert_none(
        "Open the file with `//!`: what it does, from where to where, what it does not do:",
        &silent.collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_is_longer_than_500_lines_without_its_tests() {
    let mut long = Vec::new();
    for source in source::all().iter().filter(|s| !s.is_test_file()) {
        let lines = source.lines_without_tests();
        if lines > LONGEST {
            long.push(format!("{} has {lines}", source.path));
        }
    }
    let is_script = |path: &str| {
        [".js", ".mjs", ".py", ".sh", ".html", ".css"].iter().any(|end| path.ends_with(end))
            || path.starts_with("scripts/")
    };
    for file in tree::text_files().iter().filter(|f| is_script(&f.path)) {
        let lines = file.text.lines().count();
        if lines > LONGEST && !file.path.contains("/vendor/") {
            long.push(format!("{} has {lines}", file.path));
        }
    }
    assert_none("Split the file by role; a median file here has 150 lines:", &long);
}

#[test]
fn nothing_is_left_to_do() {
    let sources = source::all();
    let mut marks = every("todo ! (", sources);
    marks.extend(every("unimplemented ! (", sources));
    marks.extend(every("dbg ! (", sources));
    assert_none("Write it, or delete it until it is needed:", &marks);
}

#[test]
fn no_lint_is_allowed_silently() {
    let sources = source::all();
    let mut allows = every("# [ allow (", sources);
    allows.extend(every("# ! [ allow (", sources));
    assert_none(
        "Mend it, or use #[expect(lint, reason = \"…\")], which says when it is no longer needed:",
        &allows,
    );
    let mut bare = Vec::new();
    for source in sources {
        for attribute in ["# [ expect (", "# ! [ expect ("] {
            for token in source.reads(attribute) {
                let lines = source.text.lines().skip(token.line - 1).take(6);
                if !lines.collect::<String>().contains("reason") {
                    bare.push(source.at(token.line));
                }
            }
        }
    }
    assert_none("Give the #[expect] its reason:", &bare);
}

#[test]
fn every_test_runs_and_can_fail() {
    let sources = source::all();
    assert_none(
        "Mend the test or delete it; an ignored test checks nothing:",
        &every("# [ ignore", sources),
    );
    assert_none("This assertion cannot fail:", &every("assert ! ( true", sources));
}

#[test]
fn no_unwrap_outside_tests() {
    let mut found = Vec::new();
    for source in source::all().iter().filter(|s| !s.is_test_file()) {
        found.extend(source.code_that_reads(". unwrap ( )").map(|t| source.at(t.line)));
    }
    assert_none(
        "Return a typed error, or use expect with the invariant that makes it impossible:",
        &found,
    );
}

#[test]
fn no_path_of_one_machine() {
    let root = tree::root();
    let mut private: Vec<String> = vec![root.to_string_lossy().into_owned()];
    for variable in ["HOME", "CARGO_HOME"] {
        private.extend(std::env::var(variable));
    }
    private.retain(|path| path.len() > 1);
    // Split, so that this file does not name what it looks for.
    private.push(["..", "shared"].join("/"));
    private.extend(["home", "Users"].map(|folder| format!("\"/{folder}/")));
    let mut found = Vec::new();
    for file in tree::text_files() {
        for (number, line) in (1..).zip(file.text.lines()) {
            for path in private.iter().filter(|path| names_path(line, path)) {
                found.push(format!("{}:{number} names {path}", file.path));
            }
        }
    }
    assert_none(
        "A stranger's clone stands elsewhere: take the path from the environment or from the clone:",
        &found,
    );
}

/// Whether `path` occurs in the line as a path, not as the middle of a longer one.
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        let joins =
            |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_');
        !joins(before) && (path.ends_with('/') || !joins(after))
    })
}
