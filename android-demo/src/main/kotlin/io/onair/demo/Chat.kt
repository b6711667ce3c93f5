package io.onair.demo

import android.app.Activity
import android.widget.Button
import android.widget.EditText
import android.widget.TextView
import io.onair.LiveException
import io.onair.Room
import io.onair.RoomEvent
import io.onair.RoomPlace
import io.onair.RoomSettings
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch

/** The room beside a stream, in the views of `chat.xml`: comments, hearts, and a line to say something in. */
class Chat(
    private val activity: Activity,
    private val scope: CoroutineScope,
    server: String,
    private val isHost: Boolean,
) : AutoCloseable {
    private val name = if (isHost) "Host" else "Viewer"
    private val room = Room(RoomSettings(RoomPlace.Server(server), name, queueOffline = true))
    private val lines = ArrayDeque<String>()
    private var hearts = 0L
    private var viewers = 0L

    /** Goes into the room, or opens it as its host, and shows what happens. */
    fun follow(key: String) {
        view<Button>(R.id.say).setOnClickListener {
            val draft = view<EditText>(R.id.draft)
            told { room.comment(draft.text.toString()) }
            draft.setText("")
        }
        view<Button>(R.id.heart).setOnClickListener { told { room.like() } }
        scope.launch { room.events.collect(::heard) }
        scope.launch {
            try {
                if (isHost) room.create(key) else room.join(key)
            } catch (error: LiveException) {
                add(error.reason)
            }
        }
    }

    override fun close(): Unit = room.close()

    private fun heard(event: RoomEvent) {
        when (event) {
            is RoomEvent.Joined -> {
                hearts = event.room.likes
                viewers = event.room.viewers
            }

            is RoomEvent.Said -> {
                val gift = event.message.gift?.run { "$count × $giftId" }
                add("${event.message.name}: ${gift ?: event.message.text}")
            }

            is RoomEvent.Likes -> {
                hearts = event.total ?: (hearts + event.count)
            }

            is RoomEvent.Viewers -> {
                viewers = event.count
            }

            is RoomEvent.Lost -> {
                add(event.error.reason)
            }

            is RoomEvent.NotDelivered -> {
                add(event.refusal.reason)
            }

            is RoomEvent.Closed -> {
                add(activity.getString(R.string.room_closed))
            }

            else -> {}
        }
        view<TextView>(R.id.counts).text = activity.getString(R.string.counts, viewers, hearts)
    }

    private fun add(line: String) {
        lines += line
        if (lines.size > LINES) lines.removeFirst()
        view<TextView>(R.id.chat).text = lines.joinToString("\n")
    }

    private fun told(say: () -> Unit) {
        try {
            say()
        } catch (error: LiveException) {
            add(error.reason)
        }
    }

    private fun <T : android.view.View> view(id: Int): T = checkNotNull(activity.findViewById<T>(id))

    private companion object {
        const val LINES = 6
    }
}
