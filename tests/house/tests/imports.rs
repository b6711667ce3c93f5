//! What never imports what: the nine rules of ARCHITECTURE.md, as far as the crates exist.

use onair_house::assert_none;
use onair_house::source::{self, PathUse, Source};
use onair_house::workspace::{self, Package};

/// Everything that reaches out of a pure function.
const WORLD: [&str; 6] =
    ["std::net", "std::thread", "std::fs", "std::process", "std::env", "tokio"];
const CLOCKS: [&str; 2] = ["Instant", "SystemTime"];

/// The uses in a crate, outside tests, that `is_breach` says yes to.
fn uses(sources: &[&Source], is_breach: impl Fn(&Source, &PathUse) -> bool) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources {
        for path in source.paths() {
            if !path.is_test && is_breach(source, &path) {
                breaches.push(format!("{} uses {}", source.at(path.line), path.path));
            }
        }
    }
    breaches
}

/// The crates that `package` needs and that are not in `allowed`.
fn needs_beyond(packages: &[Package], package: &str, allowed: &[&str]) -> Vec<String> {
    let package = workspace::member(packages, package).expect("the crate is in the workspace");
    let foreign = package.needs().filter(|d| !allowed.contains(&d.name.as_str()));
    foreign.map(|d| format!("{} depends on {}", package.name, d.name)).collect()
}

/// The crates that `package` needs and that are in `banned`; nothing while it does not exist.
fn needs_banned(packages: &[Package], package: &str, banned: &[&str]) -> Vec<String> {
    let Some(package) = workspace::member(packages, package) else { return Vec::new() };
    let found = package.needs().filter(|d| banned.contains(&d.name.as_str()));
    found.map(|d| format!("{} depends on {}", package.name, d.name)).collect()
}

#[test]
fn rule_1_the_engine_depends_on_a_handful_of_pure_crates() {
    let packages = workspace::packages();
    let pure = ["onair-types", "rml_rtmp", "bytes", "thiserror", "md-5", "base64"];
    let mut breaches = needs_beyond(&packages, "onair-engine", &pure);
    breaches.extend(needs_beyond(&packages, "onair-types", &["thiserror"]));
    let pure = ["onair-types", "serde_json", "thiserror"];
    breaches.extend(needs_beyond(&packages, "onair-rooms", &pure));
    assert_none(
        "The engine decides and does nothing else: pass what the crate would fetch as an argument, or put it \
         in core/session. A pure crate that earns its place joins the list in this test:",
        &breaches,
    );
}

#[test]
fn rule_1_engine_types_and_media_do_not_reach_the_world() {
    for folder in ["core/engine", "core/types", "core/media", "core/rooms"] {
        let breaches = uses(&source::of(folder), |_, path| {
            WORLD.iter().any(|world| path.is_in(world))
                || CLOCKS.iter().any(|clock| path.has(clock))
        });
        assert_none(
            "A pure crate takes time, bytes and randomness as arguments. Move the I/O to core/session, server or cli:",
            &breaches,
        );
    }
}

#[test]
fn rule_2_media_knows_nothing_of_networks() {
    let packages = workspace::packages();
    let allowed =
        ["onair-types", "openh264-sys2", "fdk-aac-sys", "thiserror", "log", "image", "ab_glyph"];
    assert_none(
        "Media is functions of pixels and samples. What ships them belongs to core/engine and core/session:",
        &needs_beyond(&packages, "onair-media", &allowed),
    );
}

#[test]
fn rule_2_the_software_codecs_are_behind_features() {
    let packages = workspace::packages();
    let media = workspace::member(&packages, "onair-media").expect("onair-media exists");
    let always: Vec<String> = media
        .needs()
        .filter(|d| ["openh264-sys2", "fdk-aac-sys"].contains(&d.name.as_str()) && !d.is_optional)
        .map(|d| d.name.clone())
        .collect();
    assert_none(
        "A phone builds without a C compiler: make the codec optional in core/media/Cargo.toml:",
        &always,
    );
}

#[test]
fn rule_3_the_session_has_no_face_and_keeps_tokio_in_net() {
    let packages = workspace::packages();
    let faces = ["uniffi", "clap", "axum", "hyper", "warp", "actix-web", "socketioxide"];
    assert_none(
        "The session is a library for any app: put faces into ffi, cli or server:",
        &needs_banned(&packages, "onair", &faces),
    );
    let is_home = |path: &str| {
        let inner = path.trim_start_matches("core/session/src/");
        ["net", "rooms"]
            .iter()
            .any(|home| inner == format!("{home}.rs") || inner.starts_with(&format!("{home}/")))
    };
    let breaches =
        uses(&source::of("core/session"), |s, path| path.is_in("tokio") && !is_home(&s.path));
    assert_none(
        "tokio stays in core/session/src/net and rooms, on the network thread; elsewhere use a channel:",
        &breaches,
    );
}

#[test]
fn rule_4_uniffi_only_in_the_ffi_crate_that_nothing_imports() {
    let packages = workspace::packages();
    let mut breaches = Vec::new();
    for package in packages.iter().filter(|p| p.is_member && p.name != "onair-ffi") {
        // The generator that scripts/bindgen runs lives in ffi/bindgen.
        let banned: &[&str] =
            if package.name == "onair-bindgen" { &["onair-ffi"] } else { &["uniffi", "onair-ffi"] };
        breaches.extend(needs_banned(&packages, &package.name, banned));
    }
    assert_none("Bindings are made in ffi/ only; nothing imports onair-ffi:", &breaches);
}

#[test]
fn rule_5_server_laboratory_and_tests_stand_apart() {
    let packages = workspace::packages();
    let mut breaches =
        needs_banned(&packages, "onair-server", &["onair-ffi", "onair", "onair-cli", "clap"]);
    breaches.extend(needs_banned(&packages, "onair-lab", &["onair-ffi", "onair", "tokio"]));
    for shipped in
        ["onair-types", "onair-engine", "onair-media", "onair", "onair-server", "onair-ffi"]
    {
        breaches.extend(needs_banned(&packages, shipped, &["onair-lab"]));
    }
    breaches.extend(needs_banned(
        &packages,
        "onair-e2e",
        &["onair-engine", "onair-server", "rml_rtmp"],
    ));
    let ours = ["onair-types", "onair-engine", "onair-media", "onair", "onair-server", "onair-cli"];
    breaches.extend(needs_banned(&packages, "onair-link", &ours));
    assert_none(
        "The server needs the engine's reader and no broadcaster; the end-to-end tests judge the product with \
         foreign tools, never with its own parts; the link carries packets of anybody:",
        &breaches,
    );
}

/// Where the embedded server touches files: the folder of recordings, which it only writes to.
const SERVER_FILES: [&str; 2] = ["server/src/lib.rs", "server/src/record.rs"];

#[test]
fn s14_no_request_to_the_embedded_server_reaches_the_file_system() {
    let is_files =
        |path: &PathUse| path.is_in("std::fs") || path.is_in("tokio::fs") || path.has("ServeDir");
    let breaches = uses(&source::of("server"), |source, path| {
        is_files(path) && !SERVER_FILES.contains(&source.path.as_str())
    });
    assert_none("What the pages need is embedded, and streams live in memory:", &breaches);
}

#[test]
fn rule_6_no_third_party_type_in_a_public_signature_of_the_session() {
    let third_party = [
        "tokio",
        "crossbeam_channel",
        "socket2",
        "bytes",
        "thiserror",
        "log",
        "rml_rtmp",
        "libc",
        "openh264_sys2",
        "fdk_aac_sys",
        "rustls",
        "ring",
        "tokio_tungstenite",
        "futures_util",
    ];
    let mut breaches = Vec::new();
    for source in source::of("core/session") {
        let paths = source.paths();
        let is_foreign = |p: &PathUse| third_party.iter().any(|name| p.is_in(name));
        let imported: Vec<&str> = paths
            .iter()
            // `Error` is a derive macro there, and the name of our own error here.
            .filter(|p| is_foreign(p) && !p.is_test && !p.is_in("thiserror"))
            .filter_map(|p| p.path.rsplit("::").next())
            .filter(|name| name.starts_with(char::is_uppercase))
            .collect();
        for signature in public_signatures(source) {
            let names = signature.tokens.iter().map(|&at| source.text_at(at));
            for name in names.filter(|n| imported.contains(n) || third_party.contains(n)) {
                breaches.push(format!("{} shows {name}", source.at(signature.line)));
            }
        }
    }
    assert_none(
        "An app must not meet our dependencies: wrap the type in one of ours, or make the item pub(crate):",
        &breaches,
    );
}

struct Signature {
    line: usize,
    tokens: Vec<usize>,
}

/// What stands between `pub` and the body, the value or the end; of an enum and a trait, the body too.
fn public_signatures(source: &Source) -> Vec<Signature> {
    let mut signatures = Vec::new();
    for (at, token) in source.tokens.iter().enumerate() {
        if token.text != "pub" || token.is_test || source.text_at(at + 1) == "(" {
            continue;
        }
        let has_public_body = matches!(source.text_at(at + 1), "enum" | "trait");
        let mut depth = 0_i32;
        let tokens = (at + 1..source.tokens.len())
            .take_while(|&i| {
                match source.text_at(i) {
                    "(" | "[" | "<" => depth += 1,
                    ")" | "]" | ">" => depth -= 1,
                    "{" if has_public_body => depth += 1,
                    "}" if has_public_body => depth -= 1,
                    _ => {}
                }
                let is_end = depth == 0 && matches!(source.text_at(i), "{" | "}" | ";" | "=" | ",");
                depth >= 0 && !is_end
            })
            .collect();
        signatures.push(Signature { line: token.line, tokens });
    }
    signatures
}

#[test]
fn rule_7_each_replaceable_crate_has_one_import_site() {
    let sources = source::all();
    for (name, home) in [
        ("rml_rtmp", "core/engine/src/"),
        ("rml_amf0", "core/engine/src/"),
        ("openh264_sys2", "core/media/src/"),
        ("fdk_aac_sys", "core/media/src/"),
        ("image", "core/media/src/"),
        ("tokio_tungstenite", "core/session/src/"),
        ("futures_util", "core/session/src/"),
        ("v4l", "core/capture/src/"),
        ("alsa", "core/capture/src/"),
    ] {
        let mut sites: Vec<&str> = sources
            .iter()
            .filter(|s| {
                s.paths().iter().any(|p| p.path.starts_with(&format!("{name}::")) && !p.is_test)
            })
            .map(|s| s.path.as_str())
            .collect();
        sites.dedup();
        let is_kept = sites.len() <= 1 && sites.iter().all(|site| site.starts_with(home));
        let sites: Vec<String> = sites.iter().map(|s| (*s).to_owned()).collect();
        assert_none(
            &format!(
                "{name} must be replaceable: wrap it in one file below {home} and use that. It is imported in:"
            ),
            if is_kept { &[] } else { &sites },
        );
    }
}

#[test]
fn rule_7_tls_is_made_in_one_folder() {
    let home = "core/session/src/net/tls/";
    let crates = ["rustls", "ring", "webpki_roots", "rustls_platform_verifier", "openssl_probe"];
    let mut breaches = Vec::new();
    for source in source::all().iter().filter(|s| !s.path.starts_with(home)) {
        for path in source.paths().iter().filter(|p| !p.is_test) {
            if crates.iter().any(|name| path.path.starts_with(&format!("{name}::"))) {
                breaches.push(format!("{} uses {}", source.at(path.line), path.path));
            }
        }
    }
    assert_none(
        &format!(
            "Who may verify less than rustls does is seen at a glance: use what {home} offers:"
        ),
        &breaches,
    );
}

#[test]
fn rule_7_network_bytes_never_reach_a_reader_that_panics() {
    let readers =
        ["ChunkDeserializer", "ClientSession", "ServerSession", "to_rtmp_message", "deserialize"];
    let mut breaches = Vec::new();
    for source in source::all() {
        for path in source.paths().iter().filter(|p| p.is_in("rml_rtmp") || p.is_in("rml_amf0")) {
            // In a test it may judge what we write.
            if !path.is_test && readers.iter().any(|reader| path.has(reader)) {
                breaches.push(format!("{} uses {}", source.at(path.line), path.path));
            }
        }
        if source.path.starts_with("core/engine/") {
            let calls = source.code_that_reads(". to_rtmp_message");
            breaches.extend(calls.map(|t| format!("{} calls to_rtmp_message", source.at(t.line))));
        }
    }
    assert_none(
        "rml_rtmp's readers panic on legal input; read with engine::rtmp::chunk_reader and engine::amf0:",
        &breaches,
    );
}

#[test]
fn rule_9_unsafe_is_forbidden_where_nothing_needs_it() {
    for (root, folder) in [
        ("core/types/src/lib.rs", "core/types"),
        ("core/engine/src/lib.rs", "core/engine"),
        ("core/rooms/src/lib.rs", "core/rooms"),
        ("cli/src/main.rs", "cli"),
    ] {
        let sources = source::of(folder);
        let root = sources.iter().find(|s| s.path == root).expect("the crate's root file");
        assert_eq!(
            root.reads("# ! [ forbid ( unsafe_code ) ]").count(),
            1,
            "put #![forbid(unsafe_code)] at the top of {}",
            root.path
        );
    }
}

#[test]
fn rule_9_a_file_with_unsafe_names_why() {
    let mut breaches = Vec::new();
    for source in source::all() {
        let uses_unsafe = source.reads("unsafe").next();
        let says_why = source.reads("expect ( unsafe_code , reason").next().is_some();
        if let Some(token) = uses_unsafe.filter(|_| !says_why) {
            breaches.push(source.at(token.line));
        }
    }
    assert_none(
        "Do it without unsafe, or say why at the module that needs it with #[expect(unsafe_code, reason = \"…\")]:",
        &breaches,
    );
}
