package io.onair

import com.sun.jna.Memory
import com.sun.jna.ptr.LongByReference
import io.onair.Vectors.call
import io.onair.Vectors.list
import io.onair.Vectors.map
import org.junit.jupiter.api.Test
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executor
import kotlin.test.assertEquals

/** The rooms of tests/conformance: what the client says and tells natively, it says and tells in here. */
class RoomConformanceTest {
    @Test
    fun roomsSayTheSameAndTellTheSame() {
        val scripts = Vectors.list("rooms.json")
        val outcomes = Vectors.read("rooms-outcomes.json").map()
        for (script in scripts) {
            val name = script["name"] as String
            call("begin", script.int("seed"))
            val room = Room(settings(script["options"].map()))
            call("end")
            val told = CopyOnWriteArrayList<String>()
            room.addListener(
                Executor { it.run() },
                object : RoomListener {
                    override fun onEvent(event: RoomEvent) {
                        told += line(event)
                    }
                },
            )
            room.use {
                for (step in script["steps"].list()) {
                    assertEquals(step.int("expect_code"), play(room, step), "$name: $step")
                }
                val wanted = outcomes[name].map()
                assertEquals(wanted["log"], log(room), name)
                val events = wanted["events"] as List<*>
                within(30_000) { told.lastOrNull() == events.last() }
                // That it begins to connect is told while it is made: who listens from then on may not hear it.
                assertEquals("state|0", events.first())
                assertEquals(events, if (told.firstOrNull() == "state|0") told.toList() else listOf("state|0") + told, name)
            }
        }
        assertEquals(scripts.size, outcomes.size)
    }

    /** Plays a step: 0, or an error's code. */
    private fun play(
        room: Room,
        step: Map<String, Any?>,
    ): Int {
        fun word(name: String) = step[name] as String
        val handle = room.core.nativeHandle().toLong()
        val at = step["at_ms"] as Long?
        try {
            when (val what = word("do")) {
                "create" -> room.beginCreate(word("key"), word("title"))
                "join" -> room.beginJoin(word("key"))
                "leave" -> room.leave()
                "close" -> room.closeRoom()
                "like" -> room.like(step.int("count"))
                "comment" -> room.comment(word("text"), at)
                "gift" -> room.give(RoomGift(step.unsigned("sender_id"), step.unsigned("gift_id"), step.unsigned("count")), at)
                "report" -> room.report(word("id"), word("reason"))
                "mute" -> room.mute(word("sender"))
                "unmute" -> room.unmute(word("sender"))
                "block" -> room.block(word("sender"))
                "remove_comment" -> room.removeComment(word("id"))
                "network_is_back" -> room.networkIsBack()
                "stop" -> room.core.stop()
                "pass" -> call("room_pass", handle, step.int("us"))
                "hear" -> call("room_hear", handle, text(word("frame")))
                "locate" -> call("room_locate", handle, (step["body"] as String?)?.let(::text))
                "open", "cut", "pong" -> call("room_$what", handle)
                else -> error("no step $what")
            }
        } catch (error: LiveException) {
            return error.code
        }
        return 0
    }

    private fun log(room: Room): List<String> {
        val handle = room.core.nativeHandle().toLong()
        val size = LongByReference()
        call("room_log", handle, null, 0L, size)
        val memory = Memory(size.value)
        call("room_log", handle, memory, size.value, size)
        return memory.getString(0, "UTF-8").lines().dropLast(1)
    }

    private fun settings(value: Map<String, Any?>): RoomSettings {
        val servers = (value["servers"] as List<*>?).orEmpty().map { it as String }
        return RoomSettings(
            (value["locator"] as String?)?.let(RoomPlace::Locator) ?: RoomPlace.Servers(servers),
            value["name"] as String? ?: "",
            authToken = value["auth_token"] as String?,
            roomToken = value["room_token"] as String?,
            queueOffline = value["queue_offline"] == true,
            pingEveryMs = (value["ping_every_ms"] as Long?)?.toInt() ?: 5_000,
            engineIo3 = value["engine_io_3"] == true,
        )
    }

    /** An event as the vectors have it. */
    private fun line(event: RoomEvent): String {
        fun flag(isSo: Boolean) = if (isSo) "1" else "0"

        fun no(refusal: RoomRefusal) = "${refusal.kind.ordinal}|${refusal.retryInMs ?: "-"}"
        return when (event) {
            is RoomEvent.StateChanged -> {
                "state|${event.state.ordinal}"
            }

            is RoomEvent.Lost -> {
                "lost|${event.error.code}|${event.retryInMs ?: "-"}|${event.error.reason}"
            }

            is RoomEvent.Joined -> {
                event.room.run {
                    val flags = listOf(isLive, isHost, isResumed).joinToString("|", transform = ::flag)
                    "joined|$key|$title|$likes|$viewers|$flags|${token ?: "-"}|${publishKey ?: "-"}"
                }
            }

            is RoomEvent.Refused -> {
                "refused|${event.command.ordinal}|${no(event.refusal)}"
            }

            is RoomEvent.Said -> {
                event.message.run {
                    val given = gift?.run { "$senderId/$giftId/$count" } ?: "-"
                    "said|$id|$sender|$name|$text|$given|${atMs ?: "-"}|${flag(isOwn)}|${flag(isHistory)}"
                }
            }

            is RoomEvent.Likes -> {
                "likes|${event.count}|${event.total ?: "-"}"
            }

            is RoomEvent.Viewers -> {
                "viewers|${event.count}"
            }

            is RoomEvent.LiveChanged -> {
                "live|${flag(event.isLive)}"
            }

            is RoomEvent.CommentRemoved -> {
                "removed|${event.id}"
            }

            is RoomEvent.Reported -> {
                "reported|${event.id}|${event.reason}"
            }

            is RoomEvent.Missed -> {
                "missed|${event.count}"
            }

            is RoomEvent.Delivered -> {
                "delivered|${event.id}"
            }

            is RoomEvent.NotDelivered -> {
                "not_delivered|${event.id}|${no(event.refusal)}"
            }

            is RoomEvent.Closed -> {
                "closed|${event.reason}"
            }

            RoomEvent.OldServer -> {
                "old_server"
            }

            is RoomEvent.Other -> {
                "other|${event.text}"
            }
        }
    }

    private companion object {
        /** UTF-8 with its NUL: JNA's own texts depend on the machine. */
        fun text(words: String): Memory {
            val bytes = words.toByteArray() + 0
            return Memory(bytes.size.toLong()).apply { write(0, bytes, 0, bytes.size) }
        }

        fun Map<String, Any?>.int(name: String): Int = ((this[name] ?: 0L) as Long).toInt()

        fun Map<String, Any?>.unsigned(name: String): UInt = int(name).toUInt()
    }
}
