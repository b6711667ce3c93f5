package io.onair

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.launch
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executor
import java.util.concurrent.RejectedExecutionException
import io.onair.ffi.LiveSession as Core

/**
 * Brings the core's events to flows, listeners, encoders and who waits for a start: one coroutine that sleeps in the core
 * without a thread, until it has no more.
 */
internal class EventPump(
    private val core: Core,
) {
    val state = MutableStateFlow(LiveState.READY)
    val events = MutableSharedFlow<LiveEvent>(extraBufferCapacity = BUFFER, onBufferOverflow = BufferOverflow.DROP_OLDEST)

    /** Encoders of the library's own hear what the core wants before everybody else. */
    val encoders = CopyOnWriteArrayList<(LiveEvent) -> Unit>()

    private class Heard(
        val executor: Executor,
        val listener: LiveListener,
    )

    private val listeners = CopyOnWriteArrayList<Heard>()
    private val starts = CopyOnWriteArrayList<CompletableDeferred<Unit>>()
    private val stateLock = Any()
    private val job: Job = CoroutineScope(Dispatchers.Default).launch { run() }

    private suspend fun run() {
        try {
            while (true) handle((core.nextEvent() ?: break).own())
        } catch (_: IllegalStateException) {
            // Closed between two events.
        } finally {
            refresh()
            end()
        }
    }

    /** Whether the coroutine is gone. */
    val isOver: Boolean get() = job.isCompleted

    suspend fun join(): Unit = job.join()

    private fun handle(event: LiveEvent) {
        refresh()
        encoders.forEach { it(event) }
        events.tryEmit(event)
        listeners.forEach { heard -> tell(heard, event) }
    }

    private fun tell(
        heard: Heard,
        event: LiveEvent,
    ) {
        val error = if (event == LiveEvent.StateChanged(LiveState.FAILED)) lastError() else null
        try {
            heard.executor.execute {
                when (event) {
                    is LiveEvent.StateChanged -> heard.listener.onState(event.state)
                    is LiveEvent.Figures -> heard.listener.onFigures(event.figures)
                    else -> Unit
                }
                error?.let(heard.listener::onError)
                heard.listener.onEvent(event)
            }
        } catch (_: RejectedExecutionException) {
            // Who shut an executor down wants to hear nothing.
        }
    }

    fun add(
        executor: Executor,
        listener: LiveListener,
    ) {
        listeners += Heard(executor, listener)
    }

    fun remove(listener: LiveListener) {
        listeners.removeAll { it.listener === listener }
    }

    /** Waits until what was started is live, or throws why it will not be. */
    suspend fun awaitLive() {
        val start = CompletableDeferred<Unit>()
        starts += start
        try {
            refresh()
            // The pump may be over since before `starts` knew of this one.
            if (isOver) throw LiveException.closed()
            start.await()
        } finally {
            starts -= start
        }
    }

    /** Who waits for a start waits in vain. */
    fun end() {
        starts.forEach { it.completeExceptionally(LiveException.closed()) }
    }

    /**
     * Asks the core where it stands. Events tell of every change, in order, but later; the core's own word is never stale,
     * so a state that [state] left does not come back for a moment.
     */
    fun refresh() {
        val now =
            synchronized(stateLock) {
                val now = if (core.uniffiIsDestroyed) LiveState.STOPPED else asked()
                state.value = now
                now
            }
        if (now == LiveState.PENDING) return
        for (start in starts) {
            when (now) {
                LiveState.LIVE, LiveState.RECONNECTING -> start.complete(Unit)
                LiveState.FAILED -> start.completeExceptionally(lastError() ?: LiveException.stopped())
                else -> start.completeExceptionally(LiveException.stopped())
            }
        }
    }

    private fun asked(): LiveState =
        try {
            core.state()
        } catch (_: IllegalStateException) {
            LiveState.STOPPED
        }

    fun lastError(): LiveException? =
        try {
            core.lastError()?.let { LiveException.of(it) }
        } catch (_: IllegalStateException) {
            null
        }

    private companion object {
        /** A minute of figures and of what a bad network brings. */
        const val BUFFER = 256
    }
}
