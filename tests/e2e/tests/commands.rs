//! The command line as a stranger meets it: help, versions, and every command that a page shows.

use std::collections::BTreeSet;

use onair_e2e::onair;

const COMMANDS: [&str; 4] = ["demo", "push", "serve", "probe"];

#[test]
fn help_is_there_for_everything() {
    let ended = onair::run(&["--help"]);
    ended.expect_code(0);
    for command in COMMANDS {
        assert!(ended.stdout.contains(command), "{}", ended.stdout);
        let help = onair::run(&[command, "--help"]);
        help.expect_code(0);
        assert!(
            help.stdout.contains("Examples") && help.stdout.contains("--json"),
            "{}",
            help.stdout
        );
    }
    onair::run(&["--version"]).expect_code(0);
}

#[test]
fn nothing_or_nonsense_is_a_usage_error() {
    for arguments in [&[][..], &["nonsense"], &["push"], &["probe"], &["demo", "--port", "70000"]] {
        let ended = onair::run(arguments);
        ended.expect_code(2);
        assert!(!ended.stderr.is_empty());
    }
}

/// Every option behind `onair COMMAND` in a page is one that the command knows.
#[test]
fn pages_show_options_that_exist() {
    let mut shown = BTreeSet::new();
    for page in ["README.md", "docs/cli.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(onair::root().join(page)).unwrap_or_default();
        for line in text.lines() {
            let words: Vec<&str> = line.trim_matches('`').split_whitespace().collect();
            let at = words.windows(2).position(|pair| {
                (pair[0].ends_with("onair") || pair[0] == "--") && COMMANDS.contains(&pair[1])
            });
            let Some(at) = at else { continue };
            let options = words[at + 2..].iter().filter(|word| word.starts_with("--"));
            for option in options {
                let name = option.split(['=', '`', ']', ',', ';', ')']).next().unwrap_or(option);
                shown.insert((page, words[at + 1].to_owned(), name.to_owned()));
            }
        }
    }
    assert!(!shown.is_empty(), "the README shows how to run it");
    for (page, command, option) in shown {
        let help = onair::run(&[&command, "--help"]).stdout;
        assert!(
            help.contains(&option),
            "{page} shows `onair {command} {option}`, which it does not know"
        );
    }
}
