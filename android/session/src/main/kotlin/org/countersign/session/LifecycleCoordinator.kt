package org.countersign.session

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import org.countersign.SliceReport
import org.countersign.SliceRequest
import java.util.concurrent.atomic.AtomicLong

/**
 * Tells the node of the app's life: one call at a time, and of many wishes only the latest.
 *
 * @param beforeSlice is called before a slice begins: whoever wants another one asks the system for it here, since a slice may not live
 * to its end.
 */
public class LifecycleCoordinator(
    private val core: Lifecycle,
    private val beforeSlice: suspend (SliceRequest) -> Unit = {},
) {
    private val wish = MutableStateFlow<Wish?>(null)
    private val served = MutableStateFlow(0L)
    private val current = MutableStateFlow<Standing>(Standing.Running)
    private val turn = Mutex()

    /** How often slices were cancelled: one that was asked for before does not begin. */
    private val cancels = AtomicLong()

    /** Where the node stands. */
    public val standing: StateFlow<Standing> = current.asStateFlow()

    /** Wishes the foreground; a slice that runs ends. From any thread, and returns at once. */
    public fun foreground() {
        want(foreground = true)
        cancelSlice()
    }

    /** Wishes the background, reached within so many milliseconds. From any thread, and returns at once. */
    public fun background(graceMs: ULong) {
        want(foreground = false, graceMs)
    }

    /** Waits until the wishes so far are served, and returns where that led. */
    public suspend fun settle(): Standing {
        val last = wish.value?.number ?: 0
        served.first { it >= last }
        return standing.value
    }

    /** Serves wishes, for as long as the caller lives. */
    public suspend fun run(): Unit = wish.filterNotNull().collect { next ->
        turn.withLock {
            // Whoever waited for its turn may have been overtaken.
            val latest = wish.value ?: next
            if (latest.number > served.value) serve(latest)
        }
    }

    /**
     * Runs a slice, and returns what came of it; `null` if there was none, because the app does not rest in the background, or the slice
     * was cancelled before it began.
     */
    public suspend fun slice(request: SliceRequest): SliceReport? {
        val cancelsBefore = cancels.get()
        return turn.withLock {
            if (!mayBegin(cancelsBefore)) return@withLock null
            beforeSlice(request)
            if (mayBegin(cancelsBefore)) run(request, cancelsBefore) else null
        }
    }

    /** Ends the slice that runs, or was asked for before. From any thread, and returns at once. */
    public fun cancelSlice() {
        cancels.incrementAndGet()
        core.cancelSlice()
    }

    private suspend fun run(request: SliceRequest, cancelsBefore: Long): SliceReport = try {
        coroutineScope {
            val running = async(start = CoroutineStart.UNDISPATCHED) { core.runBackgroundSlice(request) }
            // Whoever cancelled just before it began was not heard by the core.
            if (!mayBegin(cancelsBefore)) core.cancelSlice()
            running.await()
        }
    } catch (gone: CancellationException) {
        core.cancelSlice()
        throw gone
    }

    private fun want(foreground: Boolean, graceMs: ULong = 0u) {
        wish.update { Wish((it?.number ?: 0) + 1, foreground, graceMs) }
    }

    private fun mayBegin(cancelsBefore: Long) =
        standing.value is Standing.Resting && wish.value?.foreground == false && cancels.get() == cancelsBefore

    private suspend fun serve(wish: Wish) {
        if (!wish.isReached()) {
            current.value = try {
                if (wish.foreground) {
                    core.onForeground()
                    Standing.Running
                } else {
                    Standing.Resting(core.onBackground(wish.graceMs))
                }
            } catch (cancelled: CancellationException) {
                throw cancelled
            } catch (fault: Exception) {
                Standing.Refused(fault)
            }
        }
        served.value = wish.number
    }

    private fun Wish.isReached() = when (standing.value) {
        is Standing.Running -> foreground
        is Standing.Resting -> !foreground
        is Standing.Refused -> false
    }

    private data class Wish(val number: Long, val foreground: Boolean, val graceMs: ULong)
}
