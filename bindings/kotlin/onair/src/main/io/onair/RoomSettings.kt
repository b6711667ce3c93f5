package io.onair

import io.onair.ffi.RoomOptions
import io.onair.ffi.RoomPlace as NativePlace

/**
 * Whom to ask for a room. Addresses are `wss://host[:port]` or `https://…`; `ws://` and `http://` for this machine and
 * private networks, elsewhere only with [RoomSettings.allowPlaintext].
 */
public sealed interface RoomPlace {
    /** One server. */
    public data class Server(
        val url: String,
    ) : RoomPlace

    /** Any of these. */
    public data class Servers(
        val urls: List<String>,
    ) : RoomPlace

    /** The server that this HTTP endpoint names before each connection. */
    public data class Locator(
        val url: String,
    ) : RoomPlace
}

/** What a [Room] is made of. Tokens in it are secrets: it does not print them. */
public class RoomSettings
    @JvmOverloads
    constructor(
        /** Whom to ask. */
        public val place: RoomPlace,
        /** What others see beside one's comments, up to 32 characters. */
        public val name: String = "",
        /** What the server wants to hear before it lets anybody in. */
        public val authToken: String? = null,
        /** The token of an earlier [RoomSnapshot]: the room is one's own again. */
        public val roomToken: String? = null,
        /** Whether comments and gifts wait while there is no connection, up to 100; likes are refused in any case. */
        public val queueOffline: Boolean = false,
        /** Whether everybody on the way may read and change what is said, to servers beyond private networks. */
        public val allowPlaintext: Boolean = false,
        /** From one sign of life of one's own to the next: at least 100, or 0 to leave it to the server's heartbeat. */
        public val pingEveryMs: Int = 5_000,
        /** Whether the protocol of Socket.IO 1 and 2 is spoken. */
        public val engineIo3: Boolean = false,
        /** Whom `wss://` believes. */
        public val trust: TrustSettings = TrustSettings(),
    ) {
        /** One server, with everything else as it usually is. */
        public constructor(server: String) : this(RoomPlace.Server(server))

        override fun toString(): String = "RoomSettings($place, name=$name)"

        internal fun options(): RoomOptions {
            val place =
                when (place) {
                    is RoomPlace.Server -> NativePlace.Server(place.url)
                    is RoomPlace.Servers -> NativePlace.Servers(place.urls)
                    is RoomPlace.Locator -> NativePlace.Locator(place.url)
                }
            return RoomOptions(
                place,
                name,
                authToken,
                roomToken,
                queueOffline,
                allowPlaintext,
                whole(pingEveryMs),
                engineIo3,
                trust.options(),
            )
        }
    }
