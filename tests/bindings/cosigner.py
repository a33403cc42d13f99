"""A co-signer that is told what to do in lines, and answers in JSON, one object a line: its folder and its number are its arguments."""

import asyncio
import json
import sys
import threading

import countersign as cs
import life

BUDGET_MS = 10_000


def say(**words):
    print(json.dumps(words), flush=True)


class CoSigner:
    def __init__(self, node):
        self.node = node
        self.wallet_id = None

    async def wallet(self, cards):
        keys = [await self.node.add_card(card) for card in cards]
        self.wallet_id = await self.node.create_wallet("Family", keys)
        return {"wallet": self.wallet_id}

    async def preflight(self):
        report = await self.node.preflight(self.wallet_id, BUDGET_MS)
        return {"ready": report.ready, "connected": report.connected, "missing": report.missing}

    async def initiate(self, digest, lasts_ms):
        payload = life.payload(bytes.fromhex(digest))
        return {"session": await self.node.initiate(self.wallet_id, payload, lasts_ms)}

    async def approve(self):
        session = await life.requested(self.node)
        await self.node.approve(session)
        return {"session": session}

    async def outcome(self, session):
        found = lambda status: next(one.outcome for one in status.sessions if one.id == session)
        end = found(await life.until(self.node, lambda status: found(status) is not None))
        if not isinstance(end, cs.Outcome.COMPLETED):
            return {"outcome": type(end).__name__.lower()}
        keys = await self.node.output_keys(session)
        return {"outcome": "completed", "signatures": end.signatures.hex(), "keys": keys}

    async def close(self):
        await self.node.close()
        return {"threads": sum(thread.name.startswith("countersign") for thread in threading.enumerate())}


async def main(folder, number):
    cs.uniffi_set_event_loop(asyncio.get_running_loop())
    node = await life.open_node(folder, number)
    await life.issue_card(node, f"phone {number}")
    cosigner = CoSigner(node)
    say(event="ready", card=(await life.until(node, lambda status: status.card)).card)
    while line := await asyncio.to_thread(sys.stdin.readline):
        words = json.loads(line)
        what = words.pop("do")
        try:
            say(answer=what, **await getattr(cosigner, what)(**words))
        except cs.NodeError as error:
            say(error=type(error).__name__)
        if what == "close":
            return


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
