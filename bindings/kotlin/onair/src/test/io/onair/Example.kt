package io.onair

import java.nio.ByteBuffer

/** The example of docs/kotlin.md, so that it compiles. */
suspend fun example(
    pixels: ByteBuffer,
    stride: Int,
    width: Int,
    height: Int,
    pcm: ByteBuffer,
    size: Int,
    timeUs: Long,
) {
    val session = LiveSession(AudioConfiguration.default(), VideoConfiguration.of(VideoQuality.HIGH3))
    session.startLive("rtmp://live.example.com/app/key") // live when this returns
    session.pushVideo(pixels, 0, stride, width, height, false, timeUs) // RGBA; or three planes, as a camera gives them
    session.pushAudio(pcm, 0, size, 44_100, 2, timeUs)
    session.stopLive()
}
