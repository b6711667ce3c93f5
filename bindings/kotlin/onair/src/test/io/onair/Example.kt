package io.onair

import java.nio.ByteBuffer

// What the pages show, as it stands there, so that it compiles.

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
    session.startLive("rtmps://live.example.com/app/key") // live when this returns
    session.pushVideo(pixels, 0, stride, width, height, false, timeUs) // RGBA; or three planes, as a camera gives them
    session.pushAudio(pcm, 0, size, 44_100, 2, timeUs)
    session.stopLive()
}

suspend fun lookGood(session: LiveSession): ByteArray {
    val title = Overlay("title", Overlay.Content.Text("Hello", sizePx = 32f))
    session.changeLook { it.copy(beauty = Beauty(isOn = true), effects = listOf(Effect.Sepia), overlays = listOf(title)) }
    val png = session.snapshot() // the next picture as viewers get it
    return png
}

suspend fun keepFiles(
    session: LiveSession,
    path: String,
): ByteArray {
    session.changeLook { it.copy(mirror = true, beauty = Beauty(isOn = true, level = 0.7f)) }
    session.startRecording(path) // beside the stream
    val picture = session.snapshot(jpegQuality = 90)
    return picture
}

fun record(
    session: LiveSession,
    path: String,
    best: String,
    crashed: String,
): List<Any?> {
    session.startRecording(RecordingSettings(path, splitAfterMs = 600_000)) // MP4, or FLV by its name
    session.keepClip(30_000)
    val clip = session.saveClip(RecordingSettings(best)) // the newest half minute; waits for the disk
    val recording = session.stopRecording()
    val recovered = Recorder.recover(crashed) // after a crash, at the next start
    return listOf(clip, recording, recovered)
}

fun mix(
    session: LiveSession,
    pcm: ByteBuffer,
    size: Int,
    timeUs: Long,
): Float {
    val music = session.addAudioSource()
    session.setAudioSourceGain(music, 0.3f)
    session.pushAudioTo(music, pcm, 0, size, 48_000, 2, timeUs)
    val loud = session.levels.output.peakDbfs
    return loud
}

suspend fun talk() {
    val room = Room(RoomSettings(RoomPlace.Server("wss://rooms.example.com"), "Ann"))
    room.join("evening") // returns when one is in; create opens one's own
    room.comment("hello")
    room.events.collect { if (it is RoomEvent.Said) println(it.message.text) }
}
