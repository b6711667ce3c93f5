//! JSON of strangers: bounded in depth before anything is built from it.

use serde_json::Value;

use crate::limits;

/// Reads one value; `None` when it is none, or nests deeper than [`limits::JSON_DEPTH`].
pub fn parse(text: &str) -> Option<Value> {
    if depth(text) > limits::JSON_DEPTH {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// How deep the brackets nest that are not in strings.
fn depth(text: &str) -> usize {
    let (mut deepest, mut depth, mut in_string, mut is_escaped) = (0_usize, 0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        assert!(parse(&format!("{}{}", "[".repeat(32), "]".repeat(32))).is_some());
        assert!(parse(&format!("{}{}", "[".repeat(33), "]".repeat(33))).is_none());
        assert!(parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"]").is_some());
        assert!(parse("{\"a\":}").is_none());
    }
}
