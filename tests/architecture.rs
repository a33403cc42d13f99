//! Who may link whom, and that the documents describe the tree that is there.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// What each crate's library must not link, directly or through others.
const BANS: [(&str, &[&str]); 3] = [
    (
        "countersign-machine",
        &[
            "countersign-driver",
            "getrandom",
            "libp2p",
            "libp2p-core",
            "libp2p-stream",
            "mio",
            "rand",
            "rand_core",
            "rusqlite",
            "socket2",
            "tokio",
            "uniffi",
        ],
    ),
    (
        "countersign-driver",
        &[
            "uniffi",
            "clap",
            "ratatui",
            "k256",
            "libp2p-dns",
            "libp2p-stream",
            "libp2p-rendezvous",
            "hickory-resolver",
            "hyper",
            "prometheus-client",
        ],
    ),
    (
        "countersign-relay",
        &[
            "countersign-machine",
            "countersign-driver",
            "musig2",
            "secp256k1",
            "rusqlite",
            "uniffi",
            "libp2p-dns",
        ],
    ),
];

/// Where the libraries run. A dependency of one system only would be missed on another.
const TARGETS: [&str; 3] = ["x86_64-unknown-linux-gnu", "aarch64-linux-android", "aarch64-apple-ios"];

#[test]
fn no_library_links_what_it_must_not() {
    for (crate_name, banned) in BANS {
        for target in TARGETS {
            let linked = links(crate_name, target, "255", &[]);
            assert!(linked.len() > 10, "{crate_name} links something: {linked:?}");
            let found: Vec<&&str> = banned.iter().filter(|name| linked.contains(**name)).collect();
            assert!(found.is_empty(), "{crate_name} links {found:?} for {target}");
        }
    }
}

/// What phones have of their own, or pay for in size.
const NOT_ON_PHONES: [&str; 5] = ["libp2p-mdns", "libp2p-quic", "libp2p-webrtc", "aws-lc-rs", "rustls"];

#[test]
fn what_phones_link_is_small() {
    let whole = links("countersign-driver", TARGETS[0], "255", &[]);
    for target in TARGETS {
        let linked = links("countersign-driver", target, "255", &["--no-default-features"]);
        let found: Vec<&&str> = NOT_ON_PHONES.iter().filter(|name| linked.contains(**name)).collect();
        assert!(found.is_empty(), "the driver links {found:?} for {target}");
    }
    assert!(NOT_ON_PHONES.iter().all(|name| whole.contains(*name)), "the names are right: {whole:?}");
}

#[test]
fn on_phones_only_tcp_could_watch_the_interfaces_and_it_is_told_to_by_no_address() {
    // libp2p's TCP links the watcher, and starts it for an unspecified address alone, which the driver refuses without `interfaces`.
    for target in TARGETS {
        let parents = tree(&[
            "--package=countersign-driver",
            "--no-default-features",
            "--invert=if-watch",
            "--depth=1",
            "--target",
            target,
        ]);
        assert_eq!(parents, BTreeSet::from(["if-watch".to_owned(), "libp2p-tcp".to_owned()]), "{target}");
    }
}

#[test]
fn the_bindings_go_through_the_driver_and_are_small() {
    let direct = links("countersign-bindings", TARGETS[0], "1", &[]);
    assert!(direct.contains("countersign-driver") && direct.contains("uniffi"), "{direct:?}");
    let banned = ["libp2p", "musig2", "secp256k1", "rusqlite", "countersign-relay"];
    assert!(banned.iter().all(|name| !direct.contains(*name)), "{direct:?}");

    // Of code: every field that crosses is described for the other languages.
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    let lines = |folder: &str| -> usize {
        let files = git(&["ls-files", folder]);
        let sources = files.lines().filter(|path| path.ends_with(".rs")).map(read);
        sources.map(|text| text.lines().filter(is_code).count()).sum()
    };
    let (bindings, core) = (lines("bindings/src"), lines("core/machine/src") + lines("core/driver/src"));
    assert!(bindings * 10 <= core, "{bindings} lines beside {core} of the core");
}

#[test]
fn only_the_machine_names_the_signing_library() {
    for crate_name in ["countersign-driver", "countersign-tests"] {
        let direct = links(crate_name, TARGETS[0], "1", &[]);
        assert!(direct.contains("countersign-machine"), "{crate_name} links the machine");
        assert!(!direct.contains("musig2"), "{crate_name} goes through the machine");
    }
}

#[test]
fn the_readme_shows_the_tree_that_is_there() {
    let readme = read("README.md");
    let tree = readme.split("```tree\n").nth(1).and_then(|rest| rest.split("```").next());
    let listed: BTreeSet<&str> =
        tree.expect("a tree block").lines().filter_map(|line| line.split_whitespace().next()).collect();
    for path in &listed {
        assert!(root().join(path).exists(), "README.md lists {path}, which is not there");
    }
    let tracked = git(&["ls-files"]);
    let shown =
        |name: &str| listed.contains(name) || listed.iter().any(|path| path.trim_end_matches('/') == name);
    for top in tracked.lines().filter_map(|path| path.split('/').next()).filter(|name| !name.starts_with('.'))
    {
        let inside = listed.iter().any(|path| path.starts_with(&format!("{top}/")));
        assert!(shown(top) || inside, "README.md does not list {top}");
    }
}

#[test]
fn the_architecture_lists_every_source_file_of_the_libraries() {
    let architecture = read("ARCHITECTURE.md");
    for path in
        git(&["ls-files", "core/machine/src", "core/driver/src", "core/relay/src", "bindings/src"]).lines()
    {
        let name = path.split_once("/src/").expect("a source file").1;
        assert!(
            architecture.contains(&format!("`{name}`")),
            "ARCHITECTURE.md does not say what {path} is for"
        );
    }
}

/// What an app once asked of a monitor of deadlines, and what that told it.
const ASKED: [&str; 11] = [
    "configure",
    "start monitoring",
    "stop monitoring",
    "register a session",
    "unregister a session",
    "start or update presence",
    "stop presence",
    "track a transaction",
    "stop tracking a transaction",
    "register a signing request",
    "unregister a signing request",
];
const TOLD: [&str; 10] = [
    "transaction detected",
    "transaction confirmed",
    "balance updated",
    "notification clicked",
    "session expiring",
    "session expired",
    "signing request expired",
    "presence refresh needed",
    "presence refreshed",
    "error",
];

#[test]
fn every_call_and_event_of_a_monitor_has_one_here_or_a_reason() {
    let architecture = read("ARCHITECTURE.md");
    let declared = |code: &str| {
        let (owner, name) = code.split_once("::").unwrap_or(("", code));
        let [file, mark] = match owner {
            "Node" => ["core/driver/src/node.rs", &format!("pub async fn {name}(")],
            "Happening" => ["core/machine/src/session/show.rs", &format!("    {name}")],
            "Event" => ["core/machine/src/effect.rs", &format!("    {name}(")],
            "Outcome" => ["core/machine/src/record.rs", &format!("    {name}")],
            _ => ["core/machine/src/plan.rs", &format!("pub struct {name} ")],
        };
        read(file).contains(mark)
    };
    for row in ASKED.iter().chain(&TOLD) {
        let rows: Vec<&str> =
            architecture.lines().filter(|line| line.starts_with(&format!("| {row} |"))).collect();
        let [line] = rows[..] else { panic!("ARCHITECTURE.md has {} rows for {row}", rows.len()) };
        let answer = line.split('|').nth(2).expect("a second column").trim();
        let codes: Vec<&str> = answer.split('`').skip(1).step_by(2).collect();
        assert!(!codes.is_empty() || answer.starts_with("none: "), "{row}: {answer}");
        for code in codes {
            assert!(declared(code), "{row}: there is no {code}");
        }
    }
}

#[test]
fn no_source_file_hides_a_second_one() {
    for path in git(&["ls-files", "*.rs"]).lines() {
        let lines = read(path).lines().count();
        assert!(lines <= 600, "{path} has {lines} lines: a child is hiding in it");
    }
}

#[test]
fn nothing_is_left_to_do_in_the_sources() {
    let unfinished =
        [concat!("to", "do!"), concat!("unimpl", "emented!"), concat!("FIX", "ME"), concat!("#[ign", "ore]")];
    for path in git(&["ls-files", "*.rs"]).lines() {
        let text = read(path);
        for mark in unfinished {
            assert!(!text.contains(mark), "{path} has {mark}");
        }
    }
}

/// Returns what a crate's library links for `target`, directly or through others down to `depth`; what only its
/// tests and build scripts use is no part of it.
fn links(crate_name: &str, target: &str, depth: &str, features: &[&str]) -> BTreeSet<String> {
    let mut arguments = vec!["--package", crate_name, "--target", target, "--depth", depth];
    arguments.extend(features);
    tree(&arguments)
}

/// Returns the names of the packages in what cargo shows of who links whom.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("names are text");
    tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn git(arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(root()).output().expect("git runs");
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).expect("paths are text")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests have a folder of their own")
}
