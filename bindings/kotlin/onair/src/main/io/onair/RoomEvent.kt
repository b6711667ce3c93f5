package io.onair

import io.onair.ffi.RoomEvent as NativeEvent
import io.onair.ffi.RoomRefusal as NativeRefusal
import io.onair.ffi.RoomSnapshot as NativeSnapshot

/** How it stands with the connection to a room's server. */
public typealias RoomState = io.onair.ffi.RoomState

/** What is asked of a server and may be refused. */
public typealias RoomCommand = io.onair.ffi.RoomCommand

/** Why a server does not do what is asked. */
public typealias RefusalKind = io.onair.ffi.RefusalKind

/** A gift: `senderId` is random in each start of an app, `count` 1 to 1,000. */
public typealias RoomGift = io.onair.ffi.RoomGift

/** A comment or a gift; `atMs` is the moment of the stream that it belongs to. */
public typealias RoomMessage = io.onair.ffi.RoomMessage

/** A server's no. */
public data class RoomRefusal(
    val kind: RefusalKind,
    /** For people. */
    val reason: String,
    /** When it may be tried again; null where the server does not say. */
    val retryInMs: Long?,
) {
    internal fun exception(): LiveException = LiveException.of(218, reason, "choose another room, or ask its host")
}

/** What the server knows of a room when one comes in. Does not print its secrets. */
public class RoomSnapshot internal constructor(
    native: NativeSnapshot,
) {
    /** Its public name. */
    public val key: String = native.key

    /** What it is about. */
    public val title: String = native.title

    /** Since it began. */
    public val likes: Long = native.likes.toLong()

    /** Now, the host among them. */
    public val viewers: Long = native.viewers.toLong()

    /** Whether the stream runs. */
    public val isLive: Boolean = native.isLive

    /** Whether it is one's own. */
    public val isHost: Boolean = native.isHost

    /** Whether one had been in it before. */
    public val isResumed: Boolean = native.isResumed

    /** For the host: proves later that the room is one's own. Never log it. */
    public val token: String? = native.token

    /** For the host: the name to publish the stream under, where the server gives one. Never log it. */
    public val publishKey: String? = native.publishKey

    override fun toString(): String = "RoomSnapshot($key, $viewers viewers, $likes likes)"
}

/** What happened in a room. */
public sealed interface RoomEvent {
    /** The connection's state changed. */
    public data class StateChanged(
        val state: RoomState,
    ) : RoomEvent

    /** An attempt failed or the connection was lost; [retryInMs] is null when this was the end. */
    public data class Lost(
        val error: LiveException,
        val retryInMs: Long?,
    ) : RoomEvent

    /** In the room: for the first time, or again after the connection was lost. */
    public data class Joined(
        val room: RoomSnapshot,
    ) : RoomEvent

    /** What was asked of the server it does not do. After create and join one is in no room. */
    public data class Refused(
        val command: RoomCommand,
        val refusal: RoomRefusal,
    ) : RoomEvent

    /** Somebody said or gave something. */
    public data class Said(
        val message: RoomMessage,
    ) : RoomEvent

    /** Hearts since the last such event, and since the room began when the server counts. */
    public data class Likes(
        val count: Long,
        val total: Long?,
    ) : RoomEvent

    /** So many people are in the room. */
    public data class Viewers(
        val count: Long,
    ) : RoomEvent

    /** The room's stream began or stopped. */
    public data class LiveChanged(
        val isLive: Boolean,
    ) : RoomEvent

    /** The host took a comment away. */
    public data class CommentRemoved(
        val id: String,
    ) : RoomEvent

    /** For the host: somebody thinks that this comment must not stand. */
    public data class Reported(
        val id: String,
        val reason: String,
    ) : RoomEvent

    /** So many comments were missed while offline. */
    public data class Missed(
        val count: Long,
    ) : RoomEvent

    /** One's own comment or gift is with the server. */
    public data class Delivered(
        val id: String,
    ) : RoomEvent

    /** One's own comment or gift is not, and will not be. */
    public data class NotDelivered(
        val id: String,
        val refusal: RoomRefusal,
    ) : RoomEvent

    /** The room is over, in the server's word: `closed`, `owner_lost`, `blocked`. */
    public data class Closed(
        val reason: String,
    ) : RoomEvent

    /** The server answers nothing: nobody owns a room there. Told once. */
    public object OldServer : RoomEvent {
        override fun toString(): String = "OldServer"
    }

    /** What this version has no name for. */
    public data class Other(
        val text: String,
    ) : RoomEvent
}

internal fun NativeEvent.own(): RoomEvent =
    when (this) {
        is NativeEvent.StateChanged -> RoomEvent.StateChanged(state)
        is NativeEvent.Lost -> RoomEvent.Lost(LiveException.of(error), retryInMs?.toLong())
        is NativeEvent.Joined -> RoomEvent.Joined(RoomSnapshot(room))
        is NativeEvent.Refused -> RoomEvent.Refused(command, refusal.own())
        is NativeEvent.Said -> RoomEvent.Said(message)
        is NativeEvent.Likes -> RoomEvent.Likes(count.toLong(), total?.toLong())
        is NativeEvent.Viewers -> RoomEvent.Viewers(count.toLong())
        is NativeEvent.LiveChanged -> RoomEvent.LiveChanged(isLive)
        is NativeEvent.CommentRemoved -> RoomEvent.CommentRemoved(id)
        is NativeEvent.Reported -> RoomEvent.Reported(id, reason)
        is NativeEvent.Missed -> RoomEvent.Missed(count.toLong())
        is NativeEvent.Delivered -> RoomEvent.Delivered(id)
        is NativeEvent.NotDelivered -> RoomEvent.NotDelivered(id, refusal.own())
        is NativeEvent.Closed -> RoomEvent.Closed(reason)
        is NativeEvent.OldServer -> RoomEvent.OldServer
        is NativeEvent.Other -> RoomEvent.Other(text)
    }

private fun NativeRefusal.own(): RoomRefusal = RoomRefusal(kind, reason, retryInMs?.toLong())
