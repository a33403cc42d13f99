"""Leaves the journal of co-signer 1 with so many sessions, the last of which is open: the file and the number are its arguments."""

import asyncio
import os
import sys
import tempfile

import countersign as cs
import life

DAY_MS = 24 * 60 * 60 * 1000


async def main(journal, count):
    cs.uniffi_set_event_loop(asyncio.get_running_loop())
    with tempfile.TemporaryDirectory() as elsewhere:
        config = cs.Config(journal=journal, listen=["/ip4/127.0.0.1/tcp/0"])
        ada = await cs.Node.open(config, life.Vault(1), None, None)
        bob = await life.open_node(elsewhere, 2)
        wallet = await life.introduce(ada, bob)
        await bob.close()
        for number in range(count):
            session = await ada.propose(wallet, life.payload(number.to_bytes(32)), DAY_MS)
            if number + 1 < count:
                await ada.cancel(session)
        await ada.close()


if __name__ == "__main__":
    asyncio.run(main(os.path.abspath(sys.argv[1]), int(sys.argv[2])))
