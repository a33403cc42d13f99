//! A real co-signer with a real journal, over weeks of a clock that a test moves.

use std::path::Path;
use std::sync::Arc;

use countersign_driver::clock::{Clock, ManualClock, Reading};
use countersign_driver::entropy::SystemEntropy;
use countersign_driver::journal::{Journal, SqliteJournal};
use countersign_driver::machine::id::WalletId;
use countersign_driver::machine::key::SigningKey;
use countersign_driver::machine::limits::COMPACT_AFTER;
use countersign_driver::machine::message::{Item, Payload};
use countersign_driver::machine::record::Record;
use countersign_driver::machine::wallet::derive::{KeyPath, Taproot};
use countersign_driver::vault::{MemoryVault, Secret32};
use countersign_driver::{Config, Node};

const HOUR_MS: u64 = 60 * 60 * 1000;

#[tokio::test]
async fn the_journal_of_a_busy_month_stays_small_and_keeps_what_is_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    let clock = ManualClock::new(Reading { wall_ms: 1_800_000_000_000, boot_us: 1_000_000 });
    let mut node = open(&path, &clock).await;
    node.issue_card("ada".into()).await.expect("a card");
    let wallet = create_wallet(&node).await;
    let open_one = node.propose(wallet, payload(1), 29 * 24 * HOUR_MS).await.expect("a session");

    let mut longest = 0;
    for day in 0..28 {
        for _ in 0..10 {
            let session = node.propose(wallet, payload(2), HOUR_MS).await.expect("a session");
            node.cancel(session).await.expect("nobody has signed");
        }
        clock.advance_ms(24 * HOUR_MS);
        if day % 7 == 6 {
            node.close().await.expect("a quiet end");
            longest = longest.max(records(&path).len());
            node = open(&path, &clock).await;
        }
    }

    // What is long past is forgotten once the clock has run for a while, and somebody needs the room.
    clock.advance_ms(2 * HOUR_MS);
    node.propose(wallet, payload(3), HOUR_MS).await.expect("a session");

    // Eight records a cancelled session; a few more for the owner, the card, the wallet and the open session.
    assert!(longest <= 8 * (COMPACT_AFTER + 2 * 10) + 10, "{longest} records");
    let shown = node.status().await.expect("it runs").sessions;
    assert!(shown.iter().any(|session| session.id == open_one && session.outcome.is_none()));
    assert!(shown.len() == 2, "{} sessions are remembered", shown.len());
    node.close().await.expect("a quiet end");
    let kept = records(&path).iter().filter_map(|bytes| Record::parse(bytes)).collect::<Vec<_>>();
    assert!(matches!(kept[0], Record::OwnerNamed { .. }));
    assert!(
        kept.iter()
            .any(|record| matches!(record, Record::Proposed { terms } if terms.session_id() == open_one))
    );
}

async fn open(path: &Path, clock: &ManualClock) -> Node {
    let vault = MemoryVault::new(Secret32::new(&[1; 32]), Secret32::new(&[2; 32]));
    let config = Config { journal: path.to_owned(), listen: vec![], ..Config::default() };
    let journal = Box::new(SqliteJournal::open(path).expect("a journal"));
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let entropy = Box::new(SystemEntropy);
    let node = Node::open_with(&config, Arc::new(vault), Box::new(|_| {}), journal, clock, entropy).await;
    node.expect("it starts")
}

async fn create_wallet(node: &Node) -> WalletId {
    let other = SigningKey::from_bytes(&[3; 32]).expect("in range").participant();
    let me = node.status().await.expect("it runs").participant;
    node.create_wallet("Family".into(), vec![me, other]).await.expect("two keys")
}

fn payload(digest: u8) -> Payload {
    let key = KeyPath::new(vec![], Taproot::KeySpend).expect("no step");
    Payload { items: vec![Item { digest: [digest; 32], key }], text: String::new() }
}

fn records(path: &Path) -> Vec<Vec<u8>> {
    SqliteJournal::open(path).and_then(|journal| journal.replay()).expect("a journal that can be read")
}
