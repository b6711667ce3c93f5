package io.onair.demo

import android.net.Uri
import android.os.Bundle
import android.widget.TextView
import android.widget.VideoView

/** A show as the audience sees it: the phone's own player on HLS, chat and hearts. */
class WatchActivity : DemoActivity() {
    private var chat: Chat? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.watch)
        val video = view<VideoView>(R.id.video)
        val address = "${settings.server}/${intent.getStringExtra(STREAM)}/index.m3u8"
        video.setVideoURI(Uri.parse(address))
        video.setOnPreparedListener { it.start() }
        video.setOnErrorListener { _, what, extra ->
            view<TextView>(R.id.message).text = "$address: $what/$extra"
            // A show that ends or is late comes back.
            video.postDelayed({ video.setVideoURI(Uri.parse(address)) }, AGAIN_MS)
            true
        }
        val key = intent.getStringExtra(STREAM).orEmpty().substringAfterLast('/')
        chat = Chat(this, scope, settings.rooms, isHost = false).also { it.follow(key) }
    }

    override fun onDestroy() {
        chat?.close()
        super.onDestroy()
    }

    override fun onStop() {
        view<VideoView>(R.id.video).stopPlayback()
        super.onStop()
    }

    companion object {
        /** The extra with `app/name`. */
        const val STREAM: String = "stream"
        private const val AGAIN_MS = 2_000L
    }
}
