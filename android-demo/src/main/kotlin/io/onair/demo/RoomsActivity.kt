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
import org.json.JSONObject
import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL

/** Who is live on the server. Rooms take this place when they are there. */
class RoomsActivity : DemoActivity() {
    private var rooms: List<Pair<String, String>> = emptyList()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.rooms)
        view<Button>(R.id.live).setOnClickListener { open(BroadcastActivity::class.java) }
        view<Button>(R.id.settings).setOnClickListener { open(SettingsActivity::class.java) }
        view<Button>(R.id.refresh).setOnClickListener { refresh() }
        view<ListView>(R.id.rooms).setOnItemClickListener { _, _, position, _ ->
            val (app, name) = rooms[position]
            startActivity(Intent(this, WatchActivity::class.java).putExtra(WatchActivity.STREAM, "$app/$name"))
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
                rooms = withContext(Dispatchers.IO) { streams(settings.server) }
                message.text = if (rooms.isEmpty()) getString(R.string.nobody_is_live) else ""
            } catch (error: IOException) {
                message.text = error.message
            }
            val names = rooms.map { (app, name) -> "$app/$name" }
            view<ListView>(R.id.rooms).adapter =
                ArrayAdapter(this@RoomsActivity, android.R.layout.simple_list_item_1, names)
        }
    }

    private fun streams(server: String): List<Pair<String, String>> {
        val connection = URL("$server/api/streams").openConnection() as HttpURLConnection
        connection.connectTimeout = 3_000
        connection.readTimeout = 3_000
        try {
            val all = JSONObject(connection.inputStream.bufferedReader().readText()).optJSONArray("streams") ?: return emptyList()
            val live = List(all.length()) { all.getJSONObject(it) }.filter { it.optString("state") == "live" }
            return live.map { it.optString("app") to it.optString("name") }
        } catch (error: org.json.JSONException) {
            throw IOException("$server answers, but is no OnAir server", error)
        } finally {
            connection.disconnect()
        }
    }
}
