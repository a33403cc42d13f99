//! Every transport carries frames, and ends when it is to.

use std::time::Duration;

use countersign_machine::link::LinkPath;

use super::rig::{Phone, TCP, alone, descriptors, in_time, is_alone, linked, network, secret};
use crate::net::{Net, NetConfig, NetError, NetEvent};

#[tokio::test]
async fn frames_go_both_ways_over_tcp() {
    talk(TCP, LinkPath::Direct).await;
}

#[tokio::test]
async fn frames_go_both_ways_over_memory() {
    talk("/memory/0", LinkPath::Direct).await;
}

#[cfg(feature = "quic")]
#[tokio::test]
async fn frames_go_both_ways_over_quic() {
    talk("/ip4/127.0.0.1/udp/0/quic-v1", LinkPath::Direct).await;
}

#[cfg(feature = "webrtc")]
#[tokio::test]
async fn frames_go_both_ways_over_webrtc() {
    talk("/ip4/127.0.0.1/udp/0/webrtc-direct", LinkPath::Webrtc).await;
}

/// Frames of every size, in order.
async fn talk(listen: &str, path: LinkPath) {
    let (mut near, mut far, _) = linked(listen, path).await;
    let sizes = [0, 1, 127, 128, 65_536, countersign_machine::limits::MAX_FRAME_BYTES];
    for (size, byte) in sizes.into_iter().zip(1..) {
        near.send(far.key, &vec![byte; size]).await;
        far.send(near.key, &vec![byte + 100; size]).await;
    }
    for (size, byte) in sizes.into_iter().zip(1..) {
        assert!(far.frame().await == vec![byte; size], "{size}");
        assert!(near.frame().await == vec![byte + 100; size], "{size}");
    }
    let queued = near.ask(|net| net.queued()).await;
    assert_eq!(queued, 0, "what was read has been flushed");
}

#[tokio::test]
async fn a_phone_is_dialled_by_name() {
    let (mut near, mut far) = (Phone::start(1, &[]), Phone::start(2, &[TCP]));
    near.admit(far.key).await;
    far.admit(near.key).await;
    let address = far.address().await.replace("/ip4/127.0.0.1", "/dns4/localhost");

    near.dial(far.key, &address).await;

    near.up(far.key, LinkPath::Direct).await;
}

#[test]
fn an_address_that_makes_no_sense_is_refused() {
    let start = |listen: &str| {
        let config = NetConfig { listen: vec![listen.to_owned()], mdns: false };
        Net::start(&secret(1), &config).map(drop)
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _inside = runtime.enter();

    assert!(matches!(start("here"), Err(NetError::Address(_))));
    assert!(matches!(start("/ip4/127.0.0.1/sctp/1"), Err(NetError::Listen(_))));
    let everywhere = start("/ip4/0.0.0.0/tcp/0");
    if cfg!(feature = "interfaces") {
        assert_eq!(everywhere, Ok(()));
    } else {
        assert!(matches!(everywhere, Err(NetError::Unspecified(_))), "{everywhere:?}");
    }
}

#[test]
fn stopping_leaves_no_descriptor_and_no_task() {
    if !is_alone() {
        // Other tests open and close descriptors of this process: this one has a process of its own.
        let program = std::env::current_exe().expect("a path");
        let name = "net::tests::transports::stopping_leaves_no_descriptor_and_no_task";
        return alone(std::process::Command::new(program), name);
    }
    let mut listens = vec![TCP];
    if cfg!(feature = "quic") {
        listens.push("/ip4/127.0.0.1/udp/0/quic-v1");
    }
    if cfg!(feature = "webrtc") {
        listens.push("/ip4/127.0.0.1/udp/0/webrtc-direct");
    }
    for listen in listens {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let path = if listen.contains("webrtc") { LinkPath::Webrtc } else { LinkPath::Direct };
        runtime.block_on(async {
            // The first of all lets the system open what it keeps open.
            drop(network(3, &[TCP]));
            let before = descriptors();
            let (near, far, _) = linked(listen, path).await;
            assert!(descriptors().len() > before.len(), "sockets are seen");
            for phone in [near, far] {
                assert_eq!(phone.into_net().await.stop(Duration::from_secs(10)).await, 0, "{listen}");
            }
            assert_eq!(descriptors(), before, "{listen}");
            // A task that has ended is counted for a moment more.
            let ended = async {
                while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
                    tokio::task::yield_now().await;
                }
            };
            in_time(ended).await;
        });
    }
}

#[tokio::test]
async fn stopping_ends_a_network_whose_peer_is_silent() {
    let (mut far, far_key) = network(2, &[TCP]);
    let near = Phone::start(1, &[]);
    far.admit(near.key);
    near.admit(far_key).await;
    let NetEvent::Listening(addresses) = in_time(far.next()).await else { panic!("it listens") };
    near.dial(far_key, &addresses[0]).await;
    assert_eq!(in_time(far.next()).await, NetEvent::Up(near.key, LinkPath::Direct));
    // From here on nobody runs the far one.
    near.send(far_key, &[1; 200_000]).await;

    let net = near.into_net().await;
    let left = in_time(net.stop(Duration::from_secs(10))).await;

    assert_eq!(left, 0);
}
