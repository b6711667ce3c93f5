package io.onair.demo

import android.content.Intent
import android.os.Bundle
import android.widget.ArrayAdapter
import android.widget.Button
import android.widget.ListView
import android.widget.TextView
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.json.JSONArray
import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL

/** Who has a room open on the server. */
class RoomsActivity : DemoActivity() {
    private var rooms: List<Pair<String, String>> = emptyList()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.rooms)
        view<Button>(R.id.live).setOnClickListener { open(BroadcastActivity::class.java) }
        view<Button>(R.id.settings).setOnClickListener { open(SettingsActivity::class.java) }
        view<Button>(R.id.refresh).setOnClickListener { refresh() }
        view<ListView>(R.id.rooms).setOnItemClickListener { _, _, position, _ ->
            val (key, _) = rooms[position]
            startActivity(Intent(this, WatchActivity::class.java).putExtra(WatchActivity.STREAM, "live/$key"))
        }
    }

    override fun onResume() {
        super.onResume()
        if (settings.server.isEmpty()) open(SettingsActivity::class.java) else refresh()
    }

    private fun open(activity: Class<*>) = startActivity(Intent(this, activity))

    private fun refresh() {
        val message = view<TextView>(R.id.message)
        scope.launch {
            try {
                rooms = withContext(Dispatchers.IO) { rooms(settings.server) }
                message.text = if (rooms.isEmpty()) getString(R.string.nobody_is_live) else ""
            } catch (error: IOException) {
                message.text = error.message
            }
            val names = rooms.map { (_, title) -> title }
            view<ListView>(R.id.rooms).adapter =
                ArrayAdapter(this@RoomsActivity, android.R.layout.simple_list_item_1, names)
        }
    }

    /** Keys and what they are about. */
    private fun rooms(server: String): List<Pair<String, String>> {
        val connection = URL("$server/rooms").openConnection() as HttpURLConnection
        connection.connectTimeout = 3_000
        connection.readTimeout = 3_000
        try {
            val all = JSONArray(connection.inputStream.bufferedReader().readText())
            return List(all.length()) { all.getJSONObject(it) }.map { room ->
                val key = room.optString("key")
                key to "${room.optString("title").ifEmpty { key }}, ${room.optLong("viewers")}"
            }
        } catch (error: org.json.JSONException) {
            throw IOException("$server answers, but is no OnAir server", error)
        } finally {
            connection.disconnect()
        }
    }
}
