package org.countersign.sample

import android.os.Bundle
import android.view.View
import android.widget.LinearLayout
import android.widget.TextView
import org.countersign.Outcome
import org.countersign.session.CoSigner
import org.countersign.session.Screen

/** Shows the signatures of a session, and the keys that they verify under. */
class SignedActivity : SampleActivity() {
    private val session by lazy { intent.getStringExtra(Screens.SESSION) }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.signed)
    }

    override suspend fun show(coSigner: CoSigner, screen: Screen) {
        val session = screen.sessions.find { it.id == session }
        val signed = session?.outcome as? Outcome.Completed ?: return complain(getString(R.string.signed_gone))
        complain(null)
        val node = coSigner.node
        val signatures = Signature.of(node.payload(session.id), signed, node.outputKeys(session.id))
        findViewById<LinearLayout>(R.id.signatures).list(signatures, { layoutInflater.inflate(R.layout.signature, null) }, ::show)
    }

    private fun show(view: View, signature: Signature) {
        view.findViewById<TextView>(R.id.digest).text = signature.digest
        view.findViewById<TextView>(R.id.signature).text = signature.signature
        view.findViewById<TextView>(R.id.key).text = signature.key
        val parts = mapOf(
            R.string.signed_digest to signature.digest,
            R.string.signed_signature to signature.signature,
            R.string.signed_key to signature.key,
        )
        val words = parts.map { (label, value) -> "${getString(label)}: $value" }.joinToString("\n")
        view.findViewById<View>(R.id.copy).setOnClickListener { copy(words) }
    }
}
