package org.countersign.shell

import android.app.Notification
import android.app.Service
import android.content.Context
import android.content.Intent
import android.content.pm.ServiceInfo
import android.os.Build
import android.os.IBinder
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.first
import org.countersign.SessionId
import org.countersign.session.Text

/** Keeps the core running while what the user has approved is finished, though the user looks at something else. It approves nothing. */
public class SigningForegroundService : Service() {
    private var waiting: Job? = null

    override fun onBind(intent: Intent?): IBinder? = null

    override fun onStartCommand(intent: Intent?, flags: Int, startId: Int): Int {
        show()
        val session = intent?.getStringExtra(SESSION)
        if (session == null) {
            leave(startId)
            return START_NOT_STICKY
        }
        val core = core()
        core.attention.hold(this)
        waiting?.cancel()
        waiting = core.launch {
            // Over, or forgotten.
            core.coSigner().screen.filterNotNull().first { screen -> screen.sessions.none { it.id == session && !it.greyed } }
            leave(startId)
        }
        return START_NOT_STICKY
    }

    override fun onTimeout(startId: Int): Unit = leave(startId)

    override fun onDestroy() {
        waiting?.cancel()
        core().attention.release(this)
        super.onDestroy()
    }

    private fun leave(startId: Int) {
        core().attention.release(this)
        stopForeground(STOP_FOREGROUND_REMOVE)
        stopSelf(startId)
    }

    private fun show() {
        val shown = Notification.Builder(this, Channels.SERVICE)
            .setSmallIcon(R.drawable.countersign_sign)
            .setContentTitle(Text("service_signing").resolve(core().resources))
            .setVisibility(Notification.VISIBILITY_PUBLIC)
            .build()
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE) {
            startForeground(ID, shown, ServiceInfo.FOREGROUND_SERVICE_TYPE_SHORT_SERVICE)
        } else {
            startForeground(ID, shown)
        }
    }

    public companion object {
        private const val ID = 2
        private const val SESSION = "session"

        /** Starts it; only from a screen that the user sees. */
        public fun start(context: Context, session: SessionId) {
            context.startForegroundService(Intent(context, SigningForegroundService::class.java).putExtra(SESSION, session))
        }
    }
}
