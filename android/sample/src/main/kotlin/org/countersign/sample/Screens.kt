package org.countersign.sample

import android.content.Context
import android.content.Intent
import org.countersign.SessionId
import org.countersign.WalletId

/** The ways between the screens. */
internal object Screens {
    /** Which wallet a screen is about. */
    const val WALLET = "wallet"

    /** Which session a screen is about. */
    const val SESSION = "session"

    /** Returns what opens a wallet. */
    fun wallet(context: Context, wallet: WalletId): Intent = Intent(context, WalletActivity::class.java).putExtra(WALLET, wallet)

    /** Returns what opens the form of a proposal. */
    fun propose(context: Context, wallet: WalletId): Intent = Intent(context, ProposeActivity::class.java).putExtra(WALLET, wallet)

    /** Returns what opens the signatures of a session. */
    fun signed(context: Context, session: SessionId): Intent = Intent(context, SignedActivity::class.java).putExtra(SESSION, session)
}
