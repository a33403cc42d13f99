//! Co-signers in one local network, in a network namespace that the test makes.

use std::process::Command;
use std::time::Duration;

use countersign_machine::link::{LinkPath, Source};

use super::connections::wait_for;
use super::rig::{Phone, alone, descriptors, is_alone};
use crate::net::{NetEvent, peer_id};

/// A network of two interfaces that are linked to each other; what follows is run in it.
const NETWORK: &str = "ip link set lo up && ip link add d0 type veth peer name d1 && ip addr add 10.9.0.1/24 dev d0 \
    && ip link set d0 up && ip link set d1 up && exec \"$@\"";

/// Returns a command that runs a program in the network, or why the system does not let us.
fn in_a_network() -> Result<Command, String> {
    let command = || {
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", NETWORK, "sh"]);
        command
    };
    let tried = command().arg("true").output().map_err(|error| format!("there is no unshare: {error}"))?;
    let words = String::from_utf8_lossy(&tried.stderr).into_owned();
    if tried.status.success() { Ok(command()) } else { Err(format!("the system does not allow it: {words}")) }
}

#[test]
fn co_signers_in_the_local_network_find_each_other_and_strangers_find_nobody() {
    if !is_alone() {
        let name = "net::tests::neighbours::co_signers_in_the_local_network_find_each_other_and_strangers_find_nobody";
        match in_a_network() {
            Ok(mut command) => {
                command.arg(std::env::current_exe().expect("a path"));
                return alone(command, name);
            }
            Err(reason) => return println!("skipped: {reason}"),
        }
    }
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let before = descriptors();
        let listen = ["/ip4/10.9.0.1/tcp/0"];
        let (mut near, mut far) = (Phone::looking(1, &listen), Phone::looking(2, &listen));
        let mut stranger = Phone::looking(3, &listen);
        far.admit(near.key).await;
        let (whom, addresses) = found(&mut far).await;
        assert_eq!(whom, near.key);
        // Whoever is admitted after it was found is told then.
        let id = peer_id(&far.key).expect("a key");
        wait_for(&near, move |net| net.lan.as_ref().is_some_and(|lan| lan.addresses_of(&id).is_some())).await;
        near.admit(far.key).await;
        assert_eq!(found(&mut near).await.0, far.key);

        far.dial(whom, &addresses[0]).await;

        far.up(near.key, LinkPath::Lan).await;
        near.up(far.key, LinkPath::Lan).await;

        let heard = stranger.during(Duration::ZERO).await;
        assert!(heard.iter().all(|event| matches!(event, NetEvent::Listening(_))), "{heard:?}");
        for phone in [near, far, stranger] {
            assert_eq!(phone.into_net().await.stop(Duration::from_secs(10)).await, 0);
        }
        assert_eq!(descriptors(), before);
    });
}

/// Waits for somebody to be found; returns who, and where.
async fn found(phone: &mut Phone) -> (countersign_machine::id::TransportKey, Vec<String>) {
    let event = phone.until(|event| matches!(event, NetEvent::Found(..)).then_some(event)).await;
    let NetEvent::Found(whom, addresses, source, ttl_ms) = event else { panic!("{event:?}") };
    assert_eq!((source, ttl_ms), (Source::Lan, 360_000));
    assert!(addresses.iter().all(|address| address.starts_with("/ip4/10.9.0.1/tcp/")), "{addresses:?}");
    (whom, addresses)
}
