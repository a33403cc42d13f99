//! How often a phone that has nothing to do wakes up.

use std::time::Duration;

use tokio::time::sleep;

use super::child::Child;
use super::process::{timed, wakes};
use super::rig::{journal, prepare};

/// How long both idle in the foreground, in seconds, of the minute in which six times are allowed.
const FOREGROUND_S: u64 = 20;
/// How long both rest, in seconds.
const BACKGROUND_S: u64 = 10;

#[tokio::test]
async fn criterion_8_two_linked_phones_with_nothing_to_do_hardly_wake_up_and_at_rest_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let listen = prepare(folder.path(), 2).await;
    let mut ada = Child::start(&journal(folder.path(), 0), 0, &listen[0]).await;
    let mut bob = Child::start(&journal(folder.path(), 1), 1, &listen[1]).await;
    ada.reaches(1).await;
    bob.reaches(1).await;
    // New cards go round, and connections that were dialled twice are closed.
    sleep(Duration::from_secs(3)).await;

    let ids = [ada.id(), bob.id()];
    let idle = count(ids, FOREGROUND_S).await;
    let counted = ids.map(wakes);
    println!("{idle:?} wake-ups in {FOREGROUND_S} s in the foreground; waiting: {:?}", timed(ids[0]));
    assert!(idle.iter().all(|count| count * 60 <= 6 * FOREGROUND_S), "{idle:?} in {FOREGROUND_S} s");
    ada.reaches(1).await;
    assert!(wakes(ids[0]) > counted[0], "who is asked wakes up");

    assert_eq!(ada.ask("background 1000").await["quiesced"], true);
    assert_eq!(bob.ask("background 1000").await["quiesced"], true);
    sleep(Duration::from_millis(100)).await;
    let resting = count(ids, BACKGROUND_S).await;
    println!("{resting:?} wake-ups in {BACKGROUND_S} s in the background");
    assert_eq!(resting, [0, 0]);
}

/// Counts the wake-ups of processes for so many seconds.
async fn count(ids: [u32; 2], seconds: u64) -> [u64; 2] {
    let before = ids.map(wakes);
    sleep(Duration::from_secs(seconds)).await;
    let after = ids.map(wakes);
    [after[0] - before[0], after[1] - before[1]]
}
