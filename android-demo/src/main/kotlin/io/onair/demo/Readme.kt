package io.onair.demo

import android.content.Context
import io.onair.android.LivePreview
import io.onair.android.LiveStudio

/** The example of README.md, so that it compiles. */
suspend fun fiveLines(
    context: Context,
    preview: LivePreview,
) {
    val studio = LiveStudio(context) // camera, microphone, the phone's encoders
    studio.preview = preview
    studio.running = true
    studio.startLive("rtmps://live.example.com/app/key") // live when this returns
    studio.close()
}
