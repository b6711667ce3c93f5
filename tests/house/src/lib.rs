//! What the rules of the house are checked with: our sources as tokens, the dependency graph, licence
//! expressions and Markdown. The rules themselves are in `tests/`, one file an area; each breach says
//! where it is and what to do.

pub mod markdown;
pub mod source;
pub mod spdx;
pub mod tree;
pub mod workspace;

/// Fails with every breach at once, one a line, under what to do about them.
///
/// # Panics
/// When there is a breach: this is the assertion of every rule.
#[track_caller]
pub fn assert_none(what_to_do: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{what_to_do}\n  {}\n", breaches.join("\n  "));
}
