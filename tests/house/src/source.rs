//! Rust sources as a flat list of tokens that know their line and whether they are test code, and the
//! paths (`std::net::TcpStream`) that occur in them. Comments are gone; literals stay as they are written.
//! Names are not resolved: `use std as s` would go unseen, and nobody writes that here.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::OnceLock;

use crate::tree;

/// One token of a source file.
#[derive(Debug)]
pub struct Token {
    /// As written; `::` and `->` are one token each.
    pub text: String,
    /// From 1.
    pub line: usize,
    /// Inside an item under `#[cfg(test)]`, or in a file that only tests use.
    pub is_test: bool,
}

/// A path in an expression, a type or a `use`, its braces expanded.
#[derive(Debug)]
pub struct PathUse {
    /// `std::net::TcpStream`.
    pub path: String,
    /// Of its first segment.
    pub line: usize,
    /// See [`Token::is_test`].
    pub is_test: bool,
}

impl PathUse {
    /// Whether the path is `prefix` or below it.
    pub fn is_in(&self, prefix: &str) -> bool {
        self.path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }

    /// Whether one of its segments is `name`.
    pub fn has(&self, name: &str) -> bool {
        self.path.split("::").any(|segment| segment == name)
    }
}

/// A Rust file of ours.
pub struct Source {
    /// From the root of the workspace.
    pub path: String,
    /// As written.
    pub text: String,
    /// In order, comments left out.
    pub tokens: Vec<Token>,
    test_lines: Vec<RangeInclusive<usize>>,
}

impl Source {
    /// Lexes a file.
    ///
    /// # Panics
    /// When it is not Rust.
    pub fn parse(path: &str, text: &str) -> Self {
        let stream = TokenStream::from_str(text)
            .unwrap_or_else(|error| panic!("{path} does not lex: {error}"));
        let mut flat = Flattener { tokens: Vec::new(), test_lines: Vec::new() };
        flat.stream(stream, is_test_file(path));
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens: flat.tokens,
            test_lines: flat.test_lines,
        }
    }

    /// Lines that are not inside a test item.
    pub fn lines_without_tests(&self) -> usize {
        let tests: usize = self.test_lines.iter().map(|r| r.end() - r.start() + 1).sum();
        self.text.lines().count() - tests
    }

    /// Whether the whole file is test code.
    pub fn is_test_file(&self) -> bool {
        is_test_file(&self.path)
    }

    /// Every path in the file.
    pub fn paths(&self) -> Vec<PathUse> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            if is_ident(&self.tokens[at].text) {
                at = self.path_at(at, "", &mut found);
            } else {
                at += 1;
            }
        }
        found
    }

    /// Reads the path that begins at token `at` behind `prefix`; answers the token after it.
    fn path_at(&self, mut at: usize, prefix: &str, found: &mut Vec<PathUse>) -> usize {
        let start = &self.tokens[at];
        let mut path = prefix.to_owned();
        loop {
            path.push_str(&self.tokens[at].text);
            at += 1;
            if self.text_at(at) != "::" {
                break;
            }
            match self.text_at(at + 1) {
                "{" => return self.group_at(at + 2, &format!("{path}::"), found),
                next if is_ident(next) || next == "*" => {
                    path.push_str("::");
                    at += 1;
                }
                _ => break,
            }
        }
        found.push(PathUse { path, line: start.line, is_test: start.is_test });
        at
    }

    /// Reads `a, b::{c}, *}` behind `prefix`; answers the token after the brace.
    fn group_at(&self, mut at: usize, prefix: &str, found: &mut Vec<PathUse>) -> usize {
        while !matches!(self.text_at(at), "}" | "") {
            if is_ident(self.text_at(at)) || self.text_at(at) == "*" {
                at = self.path_at(at, prefix, found);
            } else {
                at += 1;
            }
        }
        at + 1
    }

    /// The token's text, or nothing behind the end.
    pub fn text_at(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    /// The first token of every place where the tokens outside tests read like `words`, a list with
    /// spaces between.
    pub fn code_that_reads<'a>(&'a self, words: &'a str) -> impl Iterator<Item = &'a Token> {
        self.reads(words).filter(|token| !token.is_test)
    }

    /// [`Source::code_that_reads`], in tests too.
    pub fn reads<'a>(&'a self, words: &'a str) -> impl Iterator<Item = &'a Token> {
        (0..self.tokens.len())
            .filter(move |&at| {
                words.split(' ').enumerate().all(|(i, word)| self.text_at(at + i) == word)
            })
            .map(|at| &self.tokens[at])
    }

    /// `path:line`, for a message.
    pub fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }
}

/// Every Rust file of the workspace.
pub fn all() -> &'static [Source] {
    static ALL: OnceLock<Vec<Source>> = OnceLock::new();
    ALL.get_or_init(|| {
        let files = tree::text_files().into_iter().filter(|file| file.path.ends_with(".rs"));
        files.map(|file| Source::parse(&file.path, &file.text)).collect()
    })
}

/// The sources of one crate, its own integration tests and benches left out.
///
/// # Panics
/// When there are none: a rule about nothing proves nothing.
pub fn of(folder: &str) -> Vec<&'static Source> {
    let prefix = format!("{folder}/src/");
    let sources: Vec<_> = all().iter().filter(|source| source.path.starts_with(&prefix)).collect();
    assert!(!sources.is_empty(), "{folder}/src holds no source; did the crate move?");
    sources
}

fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.split('/').rev().skip(1).any(|folder| folder == "tests" || folder == "benches")
        || name.ends_with("_test.rs")
        || name == "test.rs"
        || name == "tests.rs"
}

fn is_ident(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

struct Flattener {
    tokens: Vec<Token>,
    test_lines: Vec<RangeInclusive<usize>>,
}

impl Flattener {
    fn stream(&mut self, stream: TokenStream, is_test: bool) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < trees.len() {
            if !is_test && attribute_at(&trees, at).is_some_and(|(name, _)| is_cfg_test(name)) {
                let end = item_end(&trees, at);
                let lines = line_of(&trees[at])..=last_line_of(&trees[end - 1]);
                self.test_lines.push(lines);
                self.trees(&trees[at..end], true);
                at = end;
            } else {
                at += self.one(&trees, at, is_test);
            }
        }
    }

    fn trees(&mut self, trees: &[TokenTree], is_test: bool) {
        let mut at = 0;
        while at < trees.len() {
            at += self.one(trees, at, is_test);
        }
    }

    /// Takes the tree at `at`, and answers how many trees that were.
    fn one(&mut self, trees: &[TokenTree], at: usize, is_test: bool) -> usize {
        if let Some((group, length)) = attribute_at(trees, at)
            && group.stream().into_iter().next().is_some_and(|t| t.to_string() == "doc")
        {
            return length;
        }
        let line = line_of(&trees[at]);
        match &trees[at] {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                self.push(open, line, is_test);
                self.stream(group.stream(), is_test);
                self.push(close, group.span_close().start().line, is_test);
            }
            TokenTree::Punct(first) if first.spacing() == Spacing::Joint => {
                let pair = match trees.get(at + 1) {
                    Some(TokenTree::Punct(second)) => {
                        format!("{}{}", first.as_char(), second.as_char())
                    }
                    _ => String::new(),
                };
                if pair == "::" || pair == "->" {
                    self.push(&pair, line, is_test);
                    return 2;
                }
                self.push(&first.to_string(), line, is_test);
            }
            other => self.push(&other.to_string(), line, is_test),
        }
        1
    }

    fn push(&mut self, text: &str, line: usize, is_test: bool) {
        self.tokens.push(Token { text: text.to_owned(), line, is_test });
    }
}

/// The attribute that begins at `at` and how many trees it takes.
fn attribute_at(trees: &[TokenTree], at: usize) -> Option<(&Group, usize)> {
    let is_punct =
        |i: usize, c: char| matches!(trees.get(i), Some(TokenTree::Punct(p)) if p.as_char() == c);
    if !is_punct(at, '#') {
        return None;
    }
    let inner = usize::from(is_punct(at + 1, '!'));
    match trees.get(at + 1 + inner) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            Some((group, 2 + inner))
        }
        _ => None,
    }
}

fn is_cfg_test(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    text.starts_with("cfg(test")
        || text.starts_with("cfg(any(test")
        || text.starts_with("cfg(all(test")
}

/// The tree after the item that begins, with its attributes, at `at`.
fn item_end(trees: &[TokenTree], mut at: usize) -> usize {
    while let Some((_, length)) = attribute_at(trees, at) {
        at += length;
    }
    let ends_with_semicolon = matches!(
        trees.get(at).map(ToString::to_string).as_deref(),
        Some("use" | "const" | "static" | "type" | "let")
    );
    while let Some(tree) = trees.get(at) {
        at += 1;
        match tree {
            TokenTree::Punct(p) if p.as_char() == ';' => break,
            TokenTree::Group(g) if g.delimiter() == Delimiter::Brace && !ends_with_semicolon => {
                break;
            }
            _ => {}
        }
    }
    at
}

fn line_of(tree: &TokenTree) -> usize {
    tree.span().start().line
}

fn last_line_of(tree: &TokenTree) -> usize {
    tree.span().end().line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        Source::parse("x.rs", text).paths().into_iter().map(|p| p.path).collect()
    }

    #[test]
    fn expands_use_trees() {
        let found = paths("use std::{net::{TcpStream, UdpSocket as U}, fs, sync::*};");
        for path in ["std::net::TcpStream", "std::net::UdpSocket", "std::fs", "std::sync::*"] {
            assert!(found.contains(&path.to_owned()), "{path} in {found:?}");
        }
    }

    #[test]
    fn sees_paths_in_code_but_not_in_comments_docs_or_strings() {
        let found = paths(
            "//! std::net::A\n/// std::net::B\nfn f() { /* std::net::C */ g(\"std::net::D\", std::net::E::new()); }",
        );
        let std: Vec<_> = found.iter().filter(|p| p.starts_with("std")).collect();
        assert_eq!(std, ["std::net::E::new"]);
    }

    #[test]
    fn knows_test_code() {
        let source = Source::parse(
            "core/x/src/a.rs",
            "fn a() { x.unwrap() }\n#[cfg(test)]\n#[expect(dead_code)]\nmod tests {\n  fn b() { x.unwrap() }\n}\nfn c() { x.unwrap() }\n",
        );
        let lines: Vec<_> = source.code_that_reads(". unwrap (").map(|t| t.line).collect();
        assert_eq!(lines, [1, 7]);
        assert_eq!(source.reads(". unwrap (").count(), 3);
        assert_eq!(source.lines_without_tests(), 2);
    }

    #[test]
    fn a_test_import_ends_at_its_semicolon() {
        let source = Source::parse("a.rs", "#[cfg(test)]\nuse a::{b, c};\nfn d() { todo!() }\n");
        assert_eq!(source.code_that_reads("todo ! (").count(), 1);
    }

    #[test]
    fn knows_test_files() {
        for path in ["core/x/tests/a.rs", "core/x/src/chunk_test.rs", "core/x/src/a/tests.rs"] {
            assert!(Source::parse(path, "").is_test_file(), "{path}");
        }
        assert!(!Source::parse("core/x/src/contest.rs", "").is_test_file());
    }
}
