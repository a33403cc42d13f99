package org.countersign.session.live

import kotlinx.coroutines.runBlocking
import org.countersign.WalletId
import org.junit.jupiter.api.Assertions.assertTrue
import java.nio.file.Path

/** Lets two phones that are connected and share a wallet live through something; they are closed at its end. */
internal fun linked(
    folder: Path,
    vault: TestVault = TestVault(2),
    live: suspend (ada: Phone, bob: Phone, wallet: WalletId) -> Unit,
): Unit = runBlocking { linkedSuspending(folder, vault, live) }

/** As [linked], for who is suspended already. */
internal suspend fun linkedSuspending(
    folder: Path,
    vault: TestVault = TestVault(2),
    live: suspend (ada: Phone, bob: Phone, wallet: WalletId) -> Unit,
) {
    val phones = listOf(Phone.open(folder, 1), Phone.open(folder, 2, vault))
    try {
        val cards = phones.mapIndexed { index, phone -> phone.card("phone ${index + 1}") }
        val (wallet) = phones.map { it.wallet(cards) }
        val report = phones[0].node.preflight(wallet, 10_000u)
        assertTrue(report.ready, "$report")
        live(phones[0], phones[1], wallet)
    } finally {
        phones.forEach { it.coSigner.close() }
    }
}

/** Returns what a call throws, which must be of this type. */
internal suspend inline fun <reified T : Throwable> assertThrowsSuspend(call: suspend () -> Unit): T {
    try {
        call()
    } catch (fault: Throwable) {
        if (fault is T) return fault
        throw fault
    }
    throw AssertionError("it throws no ${T::class.simpleName}")
}
