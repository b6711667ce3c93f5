package io.onair

import io.onair.ffi.NativeLibrary
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.SharedFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asSharedFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executor
import java.util.concurrent.RejectedExecutionException
import io.onair.ffi.RoomClient as Core
import io.onair.ffi.RoomEvent as NativeEvent

/**
 * A client of the room beside a stream: likes, comments and gifts. One connection, and through it one room at a time; it
 * comes back by itself when it was lost.
 *
 * Every method may be called from any thread, and none waits for the network but those that suspend, [stop] and [close].
 *
 * @throws LiveException.Configuration for addresses that may not be used
 */
public class Room
    @Throws(LiveException::class)
    constructor(
        settings: RoomSettings,
    ) : AutoCloseable {
        internal val core: Core
        private val mutableState = MutableStateFlow(RoomState.CONNECTING)
        private val mutableEvents =
            MutableSharedFlow<RoomEvent>(extraBufferCapacity = BUFFER, onBufferOverflow = BufferOverflow.DROP_OLDEST)
        private val heard = CopyOnWriteArrayList<Pair<Executor, RoomListener>>()
        private val entering = CopyOnWriteArrayList<Channel<RoomEvent>>()
        private val job: Job

        init {
            NativeLibrary.load()
            core = bordered { Core(settings.options()) }
            job = CoroutineScope(Dispatchers.Default).launch { pump() }
        }

        // --- in and out ---

        /**
         * Opens a room of one's own and returns when it stands. [key] is its public name: 1 to 64 letters, digits, `-` and
         * `_`; [title] has up to 100 characters. It stays one's own after a lost connection.
         *
         * @throws LiveException when it does not come to that; 218 when the server refuses
         */
        public suspend fun create(
            key: String,
            title: String = "",
        ): RoomSnapshot = enter { core.create(key, title) }

        /**
         * Goes into a room and returns when one is in. Cancelled, it leaves.
         *
         * @throws LiveException when it does not come to that; 218 when the server refuses
         */
        public suspend fun join(key: String): RoomSnapshot = enter { core.join(key) }

        /** For Java: begins to open a room of one's own; a listener hears the rest. */
        @JvmOverloads
        @Throws(LiveException::class)
        public fun beginCreate(
            key: String,
            title: String = "",
        ): Unit = bordered { core.create(key, title) }

        /** For Java: begins to go into a room; a listener hears the rest. */
        @Throws(LiveException::class)
        public fun beginJoin(key: String): Unit = bordered { core.join(key) }

        /** Leaves the room. One's own stays open until the server's patience ends. */
        @Throws(LiveException::class)
        public fun leave(): Unit = bordered { core.leave() }

        /** Closes one's own room for everybody. */
        @Throws(LiveException::class)
        public fun closeRoom(): Unit = bordered { core.closeRoom() }

        /** Leaves for good: waits until the connection is gone, less than 300 ms. */
        public suspend fun stop(): Unit =
            withContext(NonCancellable + Dispatchers.IO) {
                bordered { core.stop() }
                job.join()
            }

        /** Leaves for good and lets the client go, within 300 ms; once or more often. */
        override fun close() {
            if (core.uniffiIsDestroyed) return
            try {
                core.stop()
                core.cancelEvents()
            } catch (_: IllegalStateException) {
                // Somebody else was a moment earlier.
            }
            core.destroy()
        }

        // --- what one says ---

        /** 1 to 1,000 hearts, told together with others of the next 200 ms; never told late. */
        @JvmOverloads
        @Throws(LiveException::class)
        public fun like(count: Int = 1): Unit = bordered { core.like(whole(count)) }

        /**
         * Says something, up to 200 characters. [atMs] is the moment of the stream that it belongs to. Returns its id, which
         * [RoomEvent.Delivered] names.
         */
        @JvmOverloads
        @Throws(LiveException::class)
        public fun comment(
            text: String,
            atMs: Long? = null,
        ): String = bordered { core.comment(text, atMs) }

        /** Gives something; otherwise as [comment]. */
        @JvmOverloads
        @Throws(LiveException::class)
        public fun give(
            gift: RoomGift,
            atMs: Long? = null,
        ): String = bordered { core.gift(gift, atMs) }

        // --- what must not stand ---

        /** Tells the host that the comment with this id must not stand, and why. */
        @Throws(LiveException::class)
        public fun report(
            id: String,
            reason: String,
        ): Unit = bordered { core.report(id, reason) }

        /** Does not show what this sender says; when one is the host, to nobody. */
        @Throws(LiveException::class)
        public fun mute(sender: String): Unit = bordered { core.mute(sender) }

        /** Shows it again, to oneself. */
        @Throws(LiveException::class)
        public fun unmute(sender: String): Unit = bordered { core.unmute(sender) }

        /** As [mute]; when one is the host, the sender must leave the room too. */
        @Throws(LiveException::class)
        public fun block(sender: String): Unit = bordered { core.block(sender) }

        /** Takes the comment with this id away from everybody. */
        @Throws(LiveException::class)
        public fun removeComment(id: String): Unit = bordered { core.removeComment(id) }

        // --- what is told ---

        /** The network changed for the better: does not wait to connect any longer. */
        public fun networkIsBack(): Unit = bordered { core.networkIsBack() }

        /** How it stands with the connection. */
        public val state: StateFlow<RoomState> = mutableState.asStateFlow()

        /** What happens, from the subscription on. Of a collector that is slower, the oldest of 512 are left out. */
        public val events: SharedFlow<RoomEvent> = mutableEvents.asSharedFlow()

        /** Events of the core's that were dropped since nobody fetched them, likes and numbers of viewers aside. */
        public val eventsLost: Long get() = bordered { core.eventsLost() }.toLong()

        /** Tells [listener] on [executor]; on a phone `context.mainExecutor` or `io.onair.android.MainThread`. */
        public fun addListener(
            executor: Executor,
            listener: RoomListener,
        ) {
            heard += executor to listener
        }

        /** Tells it no more. */
        public fun removeListener(listener: RoomListener) {
            heard.removeAll { it.second === listener }
        }

        private suspend fun enter(begin: () -> Unit): RoomSnapshot {
            // Before the call, so that nothing is missed.
            val mailbox = Channel<RoomEvent>(Channel.UNLIMITED)
            entering += mailbox
            try {
                bordered(begin)
                if (job.isCompleted) throw ended()
                for (event in mailbox) {
                    when (event) {
                        is RoomEvent.Joined -> return event.room
                        is RoomEvent.Refused -> if (event.command in ENTERING) throw event.refusal.exception()
                        is RoomEvent.Lost -> if (event.retryInMs == null) throw event.error
                        is RoomEvent.StateChanged -> if (event.state == RoomState.ENDED) throw ended()
                        else -> Unit
                    }
                }
                throw ended()
            } catch (cancelled: CancellationException) {
                try {
                    leave()
                } catch (_: LiveException) {
                    // It has left already, or is closed.
                }
                throw cancelled
            } finally {
                entering -= mailbox
            }
        }

        private suspend fun pump() {
            try {
                while (true) handle(core.nextEvent() ?: break)
            } catch (_: IllegalStateException) {
                // Closed between two events.
            } finally {
                mutableState.value = RoomState.ENDED
                entering.forEach { it.close() }
            }
        }

        private fun handle(native: NativeEvent) {
            val event = native.own()
            if (event is RoomEvent.StateChanged) mutableState.value = event.state
            entering.forEach { it.trySend(event) }
            mutableEvents.tryEmit(event)
            for ((executor, listener) in heard) {
                try {
                    executor.execute { listener.onEvent(event) }
                } catch (_: RejectedExecutionException) {
                    // Who shut an executor down wants to hear nothing.
                }
            }
        }

        private companion object {
            const val BUFFER = 512
            val ENTERING = setOf(RoomCommand.CREATE, RoomCommand.JOIN)

            fun ended(): LiveException = LiveException.of(LiveException.MISUSE, "the room's client has ended", "make another one")
        }
    }

/** For Java, and for who likes calls better than flows. Called on the executor it was added with, in order. */
public interface RoomListener {
    /** Everything that happens. */
    public fun onEvent(event: RoomEvent)
}
