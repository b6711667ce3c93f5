package io.onair.demo

import android.content.Context
import java.net.URI

/** What the user typed or scanned. */
class Settings(
    context: Context,
) {
    private val kept = context.getSharedPreferences("demo", Context.MODE_PRIVATE)

    /** Where watch pages and lists are: `http://host:port`. */
    var server: String
        get() = kept.getString("server", "").orEmpty()
        set(value) = kept.edit().putString("server", value.trim().trimEnd('/')).apply()

    /** Where to publish, without the name. */
    var publish: String
        get() = kept.getString("publish", "").orEmpty()
        set(value) = kept.edit().putString("publish", value.trim().trimEnd('/')).apply()

    /** The stream key. */
    var name: String
        get() = kept.getString("name", "").orEmpty()
        set(value) = kept.edit().putString("name", value.trim()).apply()

    /** Where rooms are: the server, as a WebSocket has it. */
    val rooms: String get() = server.replaceFirst("http", "ws")

    val url: String get() = "$publish/$name"

    /** Takes the server from a watch page's address, and guesses where it takes RTMP. */
    fun scanned(address: String): Boolean {
        val page = runCatching { URI(address) }.getOrNull() ?: return false
        val host = page.host ?: return false
        if (page.scheme != "http" && page.scheme != "https") return false
        server = "${page.scheme}://$host" + if (page.port > 0) ":${page.port}" else ""
        if (publish.isEmpty()) publish = "rtmp://$host/live"
        return true
    }
}
