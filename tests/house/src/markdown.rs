//! Just enough Markdown: links and fenced commands.

/// The targets of `[text](target)` and `![alt](target)` that point into the repository, with their line,
/// without their `#anchor`.
pub fn relative_links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (number, line) in prose(text) {
        let mut rest = line;
        while let Some(start) = rest.find("](") {
            rest = &rest[start + 2..];
            let Some(end) = rest.find(')') else { break };
            let target = rest[..end].split([' ', '#']).next().unwrap_or_default();
            let is_external = target.contains("://") || target.starts_with("mailto:");
            if !target.is_empty() && !is_external {
                links.push((number, target.to_owned()));
            }
            rest = &rest[end..];
        }
    }
    links
}

/// The lines inside ``` fences that are commands: in a block called sh, bash, shell or console, without
/// its prompt.
pub fn commands(text: &str) -> Vec<(usize, String)> {
    let mut language: Option<String> = None;
    let mut commands = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(name) = line.trim_start().strip_prefix("```") {
            language = if language.is_some() { None } else { Some(name.trim().to_owned()) };
        } else if matches!(language.as_deref(), Some("sh" | "bash" | "shell" | "console")) {
            let command = line.trim().trim_start_matches("$ ");
            if !command.is_empty() && !command.starts_with('#') {
                commands.push((number, command.to_owned()));
            }
        }
    }
    commands
}

/// The lines outside fences.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        !is_fenced && !is_fence
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_links_into_the_repository() {
        let text = "[a](docs/a.md#x) and ![b](b.png \"title\") [c](https://c) [d](#here)\n```\n[e](e)\n```\n[f](f)";
        let links = relative_links(text);
        assert_eq!(links, [(1, "docs/a.md".into()), (1, "b.png".into()), (5, "f".into())]);
    }

    #[test]
    fn finds_commands() {
        let text = "```sh\n# why\n$ scripts/test\n\ncargo build\n```\n```rust\nlet a = 1;\n```\n";
        assert_eq!(commands(text), [(3, "scripts/test".into()), (5, "cargo build".into())]);
    }
}
