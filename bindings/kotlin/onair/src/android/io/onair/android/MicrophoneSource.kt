package io.onair.android

import android.annotation.SuppressLint
import android.annotation.TargetApi
import android.media.AudioAttributes
import android.media.AudioFormat
import android.media.AudioPlaybackCaptureConfiguration
import android.media.AudioRecord
import android.media.MediaRecorder
import android.media.projection.MediaProjection
import android.os.Build
import io.onair.AudioConfiguration
import io.onair.AudioEncoderControl
import io.onair.LiveException
import io.onair.LiveSession
import io.onair.SoundRoute
import io.onair.UnitSink
import io.onair.VideoEncoderControl

/** The microphone, and beside a captured screen the sound of apps, through the AAC encoder to the session. */
internal class MicrophoneSource(
    audio: AudioConfiguration,
    session: LiveSession,
    sink: UnitSink,
    /** The microphone is lost. */
    private val onFailed: (LiveException) -> Unit,
    /** Something else went wrong, and the microphone goes on. */
    private val onTrouble: (LiveException) -> Unit,
) {
    /** Its bitrate is the core's to choose. */
    val encoder: AudioEncoderControl = AudioEncoderControl(audio, sink) { bitRate, output -> CodecAudio(audio, bitRate, output) }

    private val route = SoundRoute(session, audio, encoder)
    private val microphone =
        RecordSource("onair-microphone", audio, ::openedMicrophone, route::microphone, encoder::close) { onFailed(broken(it)) }
    private var apps: RecordSource? = null
    private val configuration = audio

    /** Silence is sent. */
    var isMuted: Boolean by route::isMuted

    /** The apps' source in the session's mix; 0 while there is none. */
    val appsSource: Int get() = route.apps

    /** Whether it listens; one that broke too often does not. */
    val isRunning: Boolean get() = microphone.isRunning

    fun start(): Unit = microphone.start()

    /** Returns when the microphone is free; once apps are stopped, nothing opens the encoder again. */
    fun stop() {
        microphone.stop()
        encoder.close()
    }

    /** What apps play is heard too, from Android 10 on, as far as they allow it. */
    fun startApps(
        projection: MediaProjection,
        gain: Float,
    ) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.Q || apps != null) return
        route.addApps(gain)
        val open = { format: AudioFormat, size: Int -> openedApps(projection, format, size) }
        apps =
            RecordSource("onair-apps", configuration, open, route::apps, {}) { reason ->
                // The screen and the microphone go on without.
                onTrouble(LiveException.of(LiveException.DEVICE, "hear apps: $reason", "share the screen again"))
            }.apply { start() }
    }

    fun stopApps() {
        apps?.stop()
        apps = null
        route.removeApps()
    }

    /** An AAC frame's time of silence in the microphone's place. */
    fun standIn(timeUs: Long) {
        try {
            route.standIn(timeUs)
        } catch (error: IllegalStateException) {
            onTrouble(LiveException.of(VideoEncoderControl.ENCODER, "encode silence: $error", "nothing, if sound comes back"))
        }
    }

    private fun broken(reason: String) =
        LiveException.of(LiveException.DEVICE, "take sound: $reason", "allow the microphone, and close other apps that use it")

    @SuppressLint("MissingPermission")
    private fun openedMicrophone(
        format: AudioFormat,
        size: Int,
    ) = AudioRecord(MediaRecorder.AudioSource.CAMCORDER, format.sampleRate, format.channelMask, format.encoding, size)

    @TargetApi(Build.VERSION_CODES.Q)
    @SuppressLint("MissingPermission")
    private fun openedApps(
        projection: MediaProjection,
        format: AudioFormat,
        size: Int,
    ): AudioRecord {
        val heard =
            AudioPlaybackCaptureConfiguration
                .Builder(projection)
                .addMatchingUsage(AudioAttributes.USAGE_MEDIA)
                .addMatchingUsage(AudioAttributes.USAGE_GAME)
                .addMatchingUsage(AudioAttributes.USAGE_UNKNOWN)
                .build()
        return AudioRecord
            .Builder()
            .setAudioFormat(format)
            .setBufferSizeInBytes(size)
            .setAudioPlaybackCaptureConfig(heard)
            .build()
    }
}
