//! The dependency graph, from `cargo metadata`.

use serde_json::Value;
use std::process::Command;

use crate::tree;

/// Where what we ship will run; a dependency of another platform is nobody's concern.
const PLATFORMS: [&str; 5] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    "aarch64-apple-ios",
    "aarch64-linux-android",
];

/// A package in the graph.
pub struct Package {
    /// As in its manifest.
    pub name: String,
    /// As in its manifest.
    pub version: String,
    /// An SPDX expression; empty when it states none.
    pub licence: String,
    /// Whether it is ours.
    pub is_member: bool,
    /// What it depends on, all kinds.
    pub dependencies: Vec<Dependency>,
}

impl Package {
    /// What it needs to be built and used: no dev-dependencies.
    pub fn needs(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(|dependency| dependency.kind != "dev")
    }
}

/// One line of a manifest's dependency tables.
pub struct Dependency {
    /// The crate.
    pub name: String,
    /// "normal", "dev" or "build".
    pub kind: String,
    /// Behind a feature.
    pub is_optional: bool,
}

/// Every package of the lock file that one of our platforms uses.
///
/// # Panics
/// When cargo cannot say (a lock file that is not up to date, no network for a first download).
pub fn packages() -> Vec<Package> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(tree::root()).args(["metadata", "--format-version=1", "--locked"]);
    for platform in PLATFORMS {
        command.args(["--filter-platform", platform]);
    }
    let output = command.output().expect("cargo runs: it started this test");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {stderr}");
    let graph: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let used: Vec<&Value> = list(&graph["resolve"]["nodes"]).iter().map(|n| &n["id"]).collect();
    let members = list(&graph["workspace_members"]);
    list(&graph["packages"])
        .iter()
        .filter(|package| used.contains(&&package["id"]))
        .map(|package| Package {
            name: text(&package["name"]),
            version: text(&package["version"]),
            licence: text(&package["license"]),
            is_member: members.contains(&package["id"]),
            dependencies: list(&package["dependencies"])
                .iter()
                .map(|dependency| Dependency {
                    name: text(&dependency["name"]),
                    kind: dependency["kind"].as_str().unwrap_or("normal").to_owned(),
                    is_optional: dependency["optional"] == true,
                })
                .collect(),
        })
        .collect()
}

/// One of ours, when it exists yet.
pub fn member<'a>(packages: &'a [Package], name: &str) -> Option<&'a Package> {
    packages.iter().find(|package| package.is_member && package.name == name)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
