//! A process that runs one co-signer, and nothing else, and does what its parent says.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, io, thread};

use countersign_driver::Node;
use countersign_driver::life::{SliceRequest, Trigger};
use countersign_driver::machine::id::WalletId;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{self, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::rig::{LASTS_MS, PATIENCE, approve_all, open, payload};

/// How many calls that write are under way while the app goes to the background.
pub(super) const CALLS: usize = 100;

/// A process with a co-signer. It is killed when this is dropped.
pub(super) struct Child {
    process: process::Child,
    orders: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts the co-signer of a journal, which listens at an address.
    pub(super) async fn start(path: &Path, who: u8, listen: &str) -> Self {
        let mut command = Command::new(env::current_exe().expect("a test knows its program"));
        command.args(["--exact", "child::a_child_process_runs_a_co_signer_and_obeys"]);
        command.args(["--nocapture", "--test-threads", "1"]);
        command.env("JOURNAL_PATH", path).env("WHO", who.to_string()).env("LISTEN", listen);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("it runs");
        let orders = process.stdin.take().expect("a pipe");
        let says = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let mut child = Self { process, orders, says };
        child.answer("ready").await;
        child
    }

    /// Returns the system's name for the process.
    pub(super) fn id(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// Gives an order, and returns the answer.
    pub(super) async fn ask(&mut self, order: &str) -> Value {
        self.order(order).await;
        self.answer(order.split(' ').next().expect("a word")).await
    }

    /// Gives an order.
    pub(super) async fn order(&mut self, order: &str) {
        self.orders.write_all(format!("{order}\n").as_bytes()).await.expect("it listens");
    }

    /// Waits for the answer to an order. Answers to others that come before are not kept.
    pub(super) async fn answer(&mut self, order: &str) -> Value {
        let waits = async {
            loop {
                let line = self.says.next_line().await.expect("text").expect("it still runs");
                let answer =
                    line.strip_prefix("> ").map(|said| serde_json::from_str::<Value>(said).expect("JSON"));
                if let Some(answer) = answer.filter(|answer| answer["to"] == order) {
                    return answer["says"].clone();
                }
            }
        };
        timeout(PATIENCE, waits).await.unwrap_or_else(|_| panic!("no answer to '{order}'"))
    }

    /// Asks until so many co-signers answer.
    pub(super) async fn reaches(&mut self, count: usize) {
        self.shows("co-signers that answer", |status| reachable(status) == count).await;
    }

    /// Asks until the status is as it should be, and returns it.
    pub(super) async fn shows(&mut self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let status = self.ask("status").await;
            if holds(&status) {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "never came: {what}");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kills the process as the system would, and waits for its end.
    pub(super) async fn kill(mut self) {
        self.process.kill().await.expect("it runs");
    }
}

fn reachable(status: &Value) -> usize {
    let wallets = status["wallets"].as_array().expect("a list").iter();
    let everybody = wallets.flat_map(|wallet| wallet["participants"].as_array().expect("a list"));
    everybody.filter(|one| one["link"] == "reachable").count()
}

/// The child's side: does nothing unless a parent says for whom.
#[tokio::test]
async fn a_child_process_runs_a_co_signer_and_obeys() {
    let (Ok(path), Ok(who)) = (env::var("JOURNAL_PATH"), env::var("WHO")) else { return };
    let listen = env::var("LISTEN").expect("an address");
    let node = Arc::new(open(Path::new(&path), who.parse().expect("a number"), &[&listen]).await);
    let (given, mut orders) = mpsc::unbounded_channel();
    // A thread that waits for its parent costs nothing; it ends with the process.
    thread::spawn(move || io::stdin().lines().map_while(Result::ok).try_for_each(|line| given.send(line)));
    say("ready", &Value::Null);
    while let Some(order) = orders.recv().await {
        let node = Arc::clone(&node);
        tokio::spawn(async move {
            let answer = obey(&node, &order).await;
            say(order.split(' ').next().expect("a word"), &answer);
        });
    }
}

fn say(to: &str, says: &Value) {
    println!("\n> {}", json!({ "to": to, "says": says }));
}

async fn obey(node: &Arc<Node>, order: &str) -> Value {
    let (order, number) = order.split_once(' ').unwrap_or((order, "0"));
    let number: u64 = number.parse().expect("a number");
    match order {
        "status" => json!(node.status().await.expect("it runs")),
        "foreground" => match node.on_foreground().await {
            Ok(report) => json!(report),
            Err(error) => json!({ "error": format!("{error:?}") }),
        },
        "background" => json!(node.on_background(number).await.expect("it runs")),
        "slice" => {
            let request = SliceRequest { trigger: Trigger::Alarm, budget_ms: number, network_allowed: true };
            json!(node.run_background_slice(request).await.expect("it runs"))
        }
        "propose" => json!(propose(node, wallets(node).await[0], 0).await),
        "approve" => json!(approve_all(node).await),
        "burst" => burst(node, number).await,
        "flips" => flips(node, number).await,
        other => panic!("'{other}' is no order"),
    }
}

/// Goes to the background in the midst of [`CALLS`] calls that write, and says what came of both.
async fn burst(node: &Arc<Node>, grace_ms: u64) -> Value {
    let wallets = wallets(node).await;
    let call = |number: usize| {
        let (node, wallet) = (Arc::clone(node), wallets[number % wallets.len()]);
        tokio::spawn(async move { propose(&node, wallet, number).await })
    };
    let mut calls: Vec<JoinHandle<String>> = (0..CALLS / 2).map(call).collect();
    let leaves = Arc::clone(node);
    let leaving = tokio::spawn(async move {
        let began = Instant::now();
        let report = leaves.on_background(grace_ms).await.expect("it runs");
        (report, began.elapsed())
    });
    calls.extend((CALLS / 2..CALLS).map(call));
    let (report, took) = leaving.await.expect("no panic");
    let mut sessions = Vec::new();
    for call in calls {
        sessions.push(call.await.expect("no panic"));
    }
    json!({ "report": report, "took_ms": took.as_millis() as u64, "sessions": sessions })
}

/// Wishes for the foreground and the background in turn, so often, and awaits only one in seven.
async fn flips(node: &Arc<Node>, count: u64) -> Value {
    let mut wishes = Vec::new();
    for number in 0..count {
        let node = Arc::clone(node);
        let wish = tokio::spawn(async move {
            if number % 2 == 0 {
                node.on_foreground().await.expect("the network starts");
            } else {
                node.on_background(1_000).await.expect("it runs");
            }
        });
        if number % 7 == 6 {
            wish.await.expect("no panic");
        } else {
            wishes.push(wish);
        }
    }
    for wish in wishes {
        wish.await.expect("no panic");
    }
    json!(node.status().await.expect("it runs").background)
}

async fn propose(node: &Node, wallet: WalletId, number: usize) -> String {
    let payload = payload(u8::try_from(number).expect("a small number"));
    node.propose(wallet, payload, LASTS_MS).await.expect("a session").to_string()
}

async fn wallets(node: &Node) -> Vec<WalletId> {
    node.status().await.expect("it runs").wallets.iter().map(|wallet| wallet.id).collect()
}
