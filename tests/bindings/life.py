"""A node's whole life, from Python, over the real library and real connections: each function is one test."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading

import countersign as cs

DIGEST = bytes([7]) * 32
LASTS_MS = 600_000
PATIENCE_S = 60


class Vault(cs.Vault):
    """Keeps the secrets of co-signer number `who`; `refuse` is what it says instead."""

    def __init__(self, who):
        self.who = who
        self.refuse = None
        self.delay_s = 0
        self.asked = []

    def transport_secret(self):
        return bytes([self.who + 100]) * 32

    async def signing_secret(self, purpose):
        self.asked.append(purpose)
        await asyncio.sleep(self.delay_s)
        if self.refuse is not None:
            raise self.refuse
        return bytes([self.who]) * 32


class Observer(cs.Observer):
    def __init__(self):
        self.changes = 0

    def on_change(self):
        self.changes += 1


async def open_node(folder, who, vault=None, observer=None, listen="/ip4/127.0.0.1/tcp/0"):
    config = cs.Config(journal=os.path.join(folder, f"{who}.db"), listen=[listen])
    return await cs.Node.open(config, vault or Vault(who), observer, None)


async def refuses(kind, call):
    """Returns the error of a call that must be refused with one of its kind."""
    try:
        await call
    except kind as error:
        return error
    raise AssertionError(f"{kind} was expected")


async def until(node, holds):
    """Returns the status once it is as wanted."""
    for _ in range(PATIENCE_S * 50):
        status = await node.status()
        if holds(status):
            return status
        await asyncio.sleep(0.02)
    raise AssertionError(f"it never came: {status}")


async def issue_card(node, nickname):
    """Lets a node issue its card once it knows where it listens."""
    for _ in range(500):
        if node.listening():
            break
        await asyncio.sleep(0.01)
    await node.issue_card(nickname)


async def introduce(*nodes):
    """Lets everybody have everybody's card, and the wallet of all."""
    for node in nodes:
        await issue_card(node, "a nickname of its own")
    cards = [(await until(node, lambda status: status.card)).card for node in nodes]
    for node in nodes:
        keys = [await node.add_card(card) for card in cards]
        wallet = await node.create_wallet("Family", keys)
    return wallet


@contextlib.asynccontextmanager
async def linked(folder, vault=None, observer=None):
    """Two who are connected and share a wallet; closed at the end."""
    ada = await open_node(folder, 1, observer=observer)
    bob = await open_node(folder, 2, vault)
    wallet = await introduce(ada, bob)
    report = await ada.preflight(wallet, 10_000)
    assert report.ready and report.connected == report.total == 2, report
    yield ada, bob, wallet
    for node in (ada, bob):
        await node.close()


def payload(digest=DIGEST):
    item = cs.Item(digest=digest, path=[0, 5], taproot=cs.Taproot.KEY_SPEND())
    return cs.Payload(items=[item], text="Rent")


def outcome(status):
    return status.sessions[0].outcome if status.sessions else None


async def requested(node):
    status = await until(node, lambda status: any(one.state == cs.RequestState.PENDING for one in status.inbox))
    return next(one.session for one in status.inbox if one.state == cs.RequestState.PENDING)


async def two_sign(folder):
    observer = Observer()
    async with linked(folder, observer=observer) as (ada, bob, wallet):
        session = await ada.initiate(wallet, payload(), LASTS_MS)
        assert await requested(bob) == session
        assert (await bob.payload(session)) == payload()
        plan = await bob.plan()
        assert any(item.notice == cs.Notice.REQUEST() for item in plan.items), plan
        await bob.ack_plan(plan.revision, [])
        await bob.approve(session)

        signatures = []
        for node in (ada, bob):
            status = await until(node, lambda status: outcome(status) is not None)
            assert isinstance(outcome(status), cs.Outcome.COMPLETED), outcome(status)
            signatures.append(outcome(status).signatures)
            event = await node.next_event()
            while not isinstance(event.event.what, cs.Happening.ENDED):
                await node.event_handled(event.id)
                event = await node.next_event()
        assert signatures[0] == signatures[1]
        assert observer.changes > 0
        [key] = await ada.output_keys(session)
        print(json.dumps({"digest": DIGEST.hex(), "key": key, "signature": signatures[0].hex()}))

    # After a start it is all there again.
    ada = await open_node(folder, 1)
    assert isinstance(outcome(await ada.status()), cs.Outcome.COMPLETED)
    await ada.close()


async def every_other_end(folder):
    async with linked(folder) as (ada, bob, wallet):
        session = await ada.propose(wallet, payload(bytes([1]) * 32), LASTS_MS)
        await requested(bob)
        await bob.decline(session, cs.DeclineReason.POLICY)
        status = await until(ada, lambda status: outcome(status) is not None)
        declined = outcome(status)
        assert declined.reason == cs.DeclineReason.POLICY, declined

        session = await ada.propose(wallet, payload(bytes([2]) * 32), LASTS_MS)
        assert await requested(bob) == session
        await ada.cancel(session)
        ends = lambda kind: lambda status: any(isinstance(one.outcome, kind) for one in status.sessions)
        await until(bob, ends(cs.Outcome.CANCELLED))

        session = await ada.propose(wallet, payload(bytes([3]) * 32), 1_500)
        await until(bob, ends(cs.Outcome.EXPIRED))
        try:
            await bob.approve(session)
            raise AssertionError("it has expired")
        except cs.NodeError.Ended as error:
            assert error.session == session


async def a_vault_that_refuses_and_is_slow(folder):
    vault = Vault(2)
    async with linked(folder, vault) as (ada, bob, wallet):
        session = await ada.propose(wallet, payload(), LASTS_MS)
        await requested(bob)

        for refusal in (cs.VaultFault.UserCancelled(), RuntimeError("what nobody foresaw")):
            vault.refuse, before = refusal, len(vault.asked)
            await bob.approve(session)
            asks_again = lambda status: len(vault.asked) > before and status.sessions[0].next_action == cs.NextAction.ANSWER
            assert outcome(await until(bob, asks_again)) is None
        vault.refuse, vault.delay_s = None, 0.3
        await bob.approve(session)
        for node in (ada, bob):
            status = await until(node, lambda status: outcome(status) is not None)
            assert isinstance(outcome(status), cs.Outcome.COMPLETED)


async def errors_are_typed(folder):
    ada = await open_node(folder, 1)
    wallet = await introduce(ada, await open_node(folder, 2))
    unknown = "ab" * 32

    assert (await refuses(cs.NodeError.Unknown, ada.approve(unknown))).what == "session"
    assert "32 bytes" in (await refuses(cs.NodeError.Invalid, ada.propose(wallet, payload(b"short"), LASTS_MS))).reason
    await refuses(cs.NodeError.Invalid, ada.propose(wallet, payload(), 1))
    await refuses(cs.NodeError.Invalid, ada.add_card("no card"))
    card = (await ada.status()).card
    said = cs.read_card(card)
    assert (said.participant, said.nickname) == ((await ada.status()).participant, "a nickname of its own") and said.issued < said.until
    for forged in ("no card", card[:-1], card[:-2] + ("A" if card[-2] != "A" else "B") + card[-1]):
        await refuses(cs.NodeError.Invalid, asyncio.to_thread(cs.read_card, forged))
    await refuses(cs.NodeError.StalePlan, ada.ack_plan(7, []))
    await refuses(cs.NodeError.JournalLocked, open_node(folder, 1))
    await refuses(cs.NodeError.Invalid, asyncio.to_thread(cs.judge, b"nothing"))
    missing = cs.Config(journal=os.path.join(folder, "no", "folder.db"), listen=[])
    await refuses(cs.NodeError.System, cs.Node.open(missing, Vault(3), None, None))
    refusing = Vault(4)
    refusing.refuse = cs.VaultFault.LockedOut()
    error = await refuses(cs.NodeError.Vault, open_node(folder, 4, refusing))
    assert isinstance(error.fault, cs.VaultFault.LockedOut)
    refusing.refuse = cs.VaultFault.Unavailable(reason="away")
    error = await refuses(cs.NodeError.Vault, open_node(folder, 4, refusing))
    assert error.fault.reason == "away", "as it was said"
    await ada.close()
    await refuses(cs.NodeError.Stopped, ada.status())


async def whoever_stops_waiting_loses_and_doubles_nothing(folder):
    async with linked(folder) as (ada, bob, wallet):
        for _ in range(20):
            waits = asyncio.create_task(bob.next_event())
            await asyncio.sleep(0.005)
            waits.cancel()
        proposals = 0
        for number in range(20):
            call = asyncio.create_task(ada.propose(wallet, payload(bytes([number]) * 32), LASTS_MS))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            call.cancel()
            try:
                await call
            except asyncio.CancelledError:
                pass
            await asyncio.sleep(0.05)
            held = len((await ada.status()).sessions)
            assert held - proposals in (0, 1), "it is done once, or was never begun"
            proposals = held
        assert proposals > 0
        event = await bob.next_event()
        assert (await bob.next_event()).id == event.id, "until it is dealt with"


async def the_life_of_the_app(folder):
    async with linked(folder) as (ada, bob, wallet):
        capabilities = cs.Capabilities(max_pending=4, can_preschedule=True, live_update=True)
        look = lambda: cs.glance(os.path.join(folder, "2.db"), None, capabilities)
        await refuses(cs.NodeError.JournalLocked, look())
        report = await bob.on_background(4_000)
        assert report.quiesced and report.open_sockets == report.held_locks == 0, report
        seen = await look()
        assert seen.status.wallets[0].id == wallet and not seen.plan.items
        session = await ada.propose(wallet, payload(), LASTS_MS)
        request = cs.SliceRequest(trigger=cs.Trigger.REFRESH, budget_ms=8_000, network_allowed=True)
        slice_report = await bob.run_background_slice(request)
        assert slice_report.ran and slice_report.done, slice_report
        assert await requested(bob) == session
        await bob.approve(session)
        assert outcome(await bob.status()) is None, "nothing is signed in the background"
        assert (await bob.on_foreground()).restarted
        status = await until(ada, lambda status: outcome(status) is not None)
        assert isinstance(outcome(status), cs.Outcome.COMPLETED)


async def a_panic_is_an_error_and_the_next_call_works(folder):
    ada = await open_node(folder, 1)
    wallet = await introduce(ada, await open_node(folder, 2))
    session = await ada.propose(wallet, payload(), LASTS_MS)
    network = cs.NetworkState(
        online=True, blocked=False, validated=True, lan_allowed=True, generation=0, local_addresses=[]
    )
    request = cs.SliceRequest(trigger=cs.Trigger.ALARM, budget_ms=1_000, network_allowed=False)
    me = (await ada.status()).participant
    capabilities = cs.Capabilities(max_pending=60, can_preschedule=True, live_update=False)
    calls = [
        lambda: ada.issue_card("x"), lambda: ada.add_card("x"), lambda: ada.create_wallet("x", []),
        lambda: ada.preflight(wallet, 100), lambda: ada.initiate(wallet, payload(), LASTS_MS),
        lambda: ada.propose(wallet, payload(), LASTS_MS), lambda: ada.approve(session),
        lambda: ada.decline(session, cs.DeclineReason.USER), lambda: ada.cancel(session),
        lambda: ada.extend(session, LASTS_MS), lambda: ada.status(), lambda: ada.payload(session),
        lambda: ada.output_keys(session), lambda: ada.next_event(), lambda: ada.event_handled("00" * 16),
        lambda: ada.set_capabilities(capabilities), lambda: ada.plan(), lambda: ada.wake_plan(),
        lambda: ada.ack_plan(0, []), lambda: ada.dismiss("s" + "00" * 16 + ":request"), lambda: ada.set_warnings(None),
        lambda: ada.set_custody(cs.Custody.STEP), lambda: ada.set_presence(None), lambda: ada.on_foreground(),
        lambda: ada.on_background(100), lambda: ada.run_background_slice(request),
        lambda: ada.on_network_changed(network), lambda: ada.add_lan_candidate("00" * 32, [], 1),
        lambda: ada.connect(None), lambda: ada.stop_connecting(me), lambda: ada.evidence(session),
        lambda: open_node(folder, 3), lambda: ada.close(), lambda: cs.glance("nowhere", None, capabilities),
    ]
    exported = {name for name in vars(cs.Node) if not name.startswith("_")} - {"listening", "cancel_slice"}
    assert len(calls) == len(exported) + 1, f"one each, and the look from outside: {sorted(exported)}"
    for call in calls:
        cs.panic_next()
        try:
            await call()
            raise AssertionError("it was to panic")
        except cs.NodeError.Internal:
            pass
        assert (await ada.status()).participant == me
    await ada.close()


async def nothing_is_left_of_many_lives(folder):
    async def live():
        node = await open_node(folder, 1)
        await node.close()

    await live()
    await asyncio.sleep(0.2)
    held = lambda: (len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")))
    before = held()
    for _ in range(int(os.environ.get("LIVES", "10000"))):
        await live()
    for _ in range(100):
        if held() <= before:
            break
        await asyncio.sleep(0.05)
    assert held() <= before, f"{before}, then {held()}"
    assert threading.active_count() <= 3


async def the_log_says_nothing_that_is_nobodys_business(folder):
    lines = []

    class Sink(cs.LogSink):
        def log(self, level, target, line):
            lines.append(line)

    cs.start_log(cs.LogLevel.TRACE, Sink())
    async with linked(folder) as (ada, bob, wallet):
        session = await ada.propose(wallet, payload(), LASTS_MS)
        await requested(bob)
        await bob.approve(session)
        status = await until(ada, lambda status: outcome(status) is not None)
        secret = [bytes([who]).hex() * 32 for who in (1, 2, 101, 102)]
        hidden = [session, wallet, status.participant, DIGEST.hex(), "a nickname", "Rent", "Family", *secret]
        assert lines, "something is said"
        for line in lines:
            assert not any(word in line for word in hidden), line


async def run(test, home):
    # What the library calls comes from its own threads.
    cs.uniffi_set_event_loop(asyncio.get_running_loop())
    await asyncio.wait_for(test(home), 2 * PATIENCE_S)


if __name__ == "__main__":
    # Whatever hangs ends all the same.
    signal.alarm(3 * PATIENCE_S)
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(run(globals()[sys.argv[1]], home))
    print("done")
