package io.onair

import kotlinx.coroutines.async
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assumptions
import org.junit.jupiter.api.Test
import java.io.File
import java.net.InetAddress
import java.net.ServerSocket
import java.nio.ByteBuffer
import java.util.concurrent.Executor
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue

/** `onair serve` on free ports, where the command was built. */
private class Serve : AutoCloseable {
    private val process: Process
    val rooms: String

    init {
        val command = File(System.getenv("ONAIR_TEST_COMMAND") ?: "target/debug/onair")
        if (!command.canExecute()) println("SKIPPED: Kotlin against a server of rooms: $command is not built")
        Assumptions.assumeTrue(command.canExecute())
        val anywhere = listOf("serve", "--json", "--rtmp", "127.0.0.1:0", "--http", "127.0.0.1:0")
        process = ProcessBuilder(listOf(command.path) + anywhere).redirectError(ProcessBuilder.Redirect.DISCARD).start()
        val line = process.inputStream.bufferedReader().readLine()
        rooms = "ws://" + Regex("\"http\":\"([^\"]*)\"").find(line)!!.groupValues[1]
    }

    fun room(name: String): Room = Room(RoomSettings(RoomPlace.Server(rooms), name))

    override fun close() {
        process.destroy()
        process.waitFor()
    }
}

/** Rooms against the embedded server, and what needs none. */
class RoomTest {
    /** Everything that a room tells, in order. */
    private fun ears(room: Room): Channel<RoomEvent> {
        val heard = Channel<RoomEvent>(Channel.UNLIMITED)
        room.addListener(
            Executor { it.run() },
            object : RoomListener {
                override fun onEvent(event: RoomEvent) {
                    heard.trySend(event)
                }
            },
        )
        return heard
    }

    private suspend fun <T : Any> until(
        heard: Channel<RoomEvent>,
        find: (RoomEvent) -> T?,
    ): T = withTimeout(20_000) { generateSequence { }.firstNotNullOf { find(heard.receive()) } }

    @Test
    fun aHostAndAViewerMeet() {
        Serve().use { serve ->
            serve.room("Ann").use { host ->
                serve.room("Bob").use { viewer ->
                    val (heard, seen) = ears(host) to ears(viewer)
                    runBlocking {
                        val own = host.create("evening", "Songs")
                        assertEquals("evening" to "Songs", own.key to own.title)
                        assertTrue(own.isHost && own.token != null && own.publishKey != null)
                        assertFalse(own.token!! in own.toString() || own.publishKey!! in "${RoomEvent.Joined(own)}")
                        assertFalse(viewer.join("evening").isHost)
                        assertEquals(RoomState.ONLINE, viewer.state.value)

                        val id = viewer.comment("hello", 1_250)
                        val message = until(heard) { (it as? RoomEvent.Said)?.message }
                        assertEquals(listOf(id, "hello", "Bob", 1_250L), message.run { listOf(this.id, text, name, atMs) })
                        until(seen) { if (it == RoomEvent.Delivered(id)) it else null }
                        viewer.like(3)
                        assertEquals(3L to 3L, until(heard) { (it as? RoomEvent.Likes)?.run { count to total } })
                        val gift = RoomGift(7u, 2u, 5u)
                        viewer.give(gift)
                        assertEquals(gift, until(heard) { (it as? RoomEvent.Said)?.message?.gift })
                        viewer.report(id, "rude")
                        until(heard) { if (it == RoomEvent.Reported(id, "rude")) it else null }
                        host.removeComment(id)
                        until(seen) { if (it == RoomEvent.CommentRemoved(id)) it else null }
                        host.closeRoom()
                        until(seen) { if (it == RoomEvent.Closed("closed")) it else null }
                        viewer.stop()
                        until(seen) { if (it == RoomEvent.StateChanged(RoomState.ENDED)) it else null }
                        assertEquals(RoomState.ENDED, viewer.state.value)
                    }
                }
            }
        }
    }

    @Test
    fun whatTheServerRefusesIsThrown() {
        Serve().use { serve ->
            serve.room("Bob").use { viewer ->
                val thrown = assertFailsWith<LiveException.Refused> { runBlocking { viewer.join("nobody-opened-this") } }
                assertEquals(218, thrown.code)
            }
        }
    }

    @Test
    fun whatCannotBeIsThrownAtOnce() {
        fun code(body: () -> Any?) = assertFailsWith<LiveException> { body() }.code
        for (url in listOf("ftp://host", "ws://rooms.example.com", "https://user:x@host")) {
            assertEquals(202, code { Room(RoomSettings(url)) }, url)
        }
        val secret = RoomSettings(RoomPlace.Server("wss://host"), authToken = "canary", roomToken = "canary")
        assertFalse("canary" in secret.toString())
        val room = Room(RoomSettings("ws://127.0.0.1:9"))
        assertEquals(208, code { room.leave() })
        assertEquals(208, code { room.comment("x") })
        assertEquals(217, code { room.like(0) })
        room.close()
        room.close()
        assertEquals(221, code { room.leave() })
    }

    @Test
    fun aJoinThatIsCancelledLeaves() {
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { silent ->
            Room(RoomSettings("ws://127.0.0.1:${silent.localPort}")).use { room ->
                runBlocking {
                    val join = async { room.join("evening") }
                    delay(1)
                    join.cancel()
                    withTimeout(5_000) { join.join() }
                    assertEquals(208, assertFailsWith<LiveException.Call> { room.leave() }.code)
                }
            }
        }
    }

    @Test
    fun sourcesGainsLevelsAndInterruptions() {
        fun code(body: () -> Any?) = assertFailsWith<LiveException> { body() }.code
        LiveSession().use { session ->
            val music = session.addAudioSource()
            session.setAudioSourceGain(music, 0.5f)
            session.setAudioSourceMuted(music, true)
            session.setGain(2f)
            assertEquals(setOf(0, music), session.levels.sources.keys)
            assertEquals(SoundLevel(-100f, -100f), session.levels.output)
            for (wrong in listOf(-0.1f, 8.1f, Float.NaN)) assertEquals(200, code { session.setGain(wrong) })
            assertEquals(200, code { session.removeAudioSource(0) })
            assertFalse(session.pushAudioTo(music, ByteBuffer.allocateDirect(4096), 0, 4096, 48_000, 2, 0), "nothing runs")
            session.removeAudioSource(music)
            assertEquals(200, code { session.setAudioSourceGain(music, 1f) })
            assertEquals(208, code { session.interrupt(Absence.BOTH) })
            session.setSlate(ByteBuffer.allocateDirect(64 * 64 * 4), 64 * 4, 64, 64)
            assertEquals(216, code { session.setSlate(ByteBuffer.allocateDirect(4), 64 * 4, 64, 64) })
            session.setSlate(null)
            ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { silent ->
                session.start(listOf(Destination("rtmp://127.0.0.1:${silent.localPort}/live/key")))
                session.interrupt(Absence.BOTH)
                session.resume(Absence.BOTH)
                session.stop()
            }
        }
    }
}
