package io.onair.android

import android.annotation.SuppressLint
import android.media.AudioFormat
import android.media.AudioRecord
import android.media.AudioTimestamp
import android.media.MediaRecorder
import android.os.Process
import android.os.SystemClock
import io.onair.AudioConfiguration
import io.onair.AudioEncoderControl
import io.onair.CaptureClock
import io.onair.Easel
import io.onair.LiveException
import io.onair.Rebuilds
import io.onair.UnitSink
import io.onair.VideoEncoderControl
import java.nio.ByteBuffer

/** The microphone, in a thread of its own, through the AAC encoder to the session. */
internal class MicrophoneSource(
    private val audio: AudioConfiguration,
    sink: UnitSink,
    private val easel: Easel,
    private val onFailed: (LiveException) -> Unit,
) {
    /** Its bitrate is the core's to choose. */
    val encoder: AudioEncoderControl = AudioEncoderControl(audio, sink) { bitRate, output -> CodecAudio(audio, bitRate, output) }

    @Volatile private var running: Thread? = null

    private val silence = ByteBuffer.allocateDirect(1024 * 2 * audio.numberOfChannels)

    /** Silence is sent. */
    @Volatile var isMuted: Boolean = false

    fun start() {
        if (running != null) return
        running = Thread(::run, "onair-microphone").apply { start() }
    }

    /** Whether it listens; one that broke too often does not. */
    val isRunning: Boolean get() = running != null

    /** An AAC frame's time of silence in the microphone's place. */
    fun standIn(timeUs: Long) {
        try {
            encoder.encode(silence, silence.capacity(), timeUs)
        } catch (error: IllegalStateException) {
            onFailed(LiveException.of(VideoEncoderControl.ENCODER, "encode silence: $error", "nothing, if sound comes back"))
        }
    }

    /** Returns when the microphone is free. */
    fun stop() {
        val thread = running ?: return
        running = null
        if (thread != Thread.currentThread()) thread.join(JOIN_MS)
    }

    private fun run() {
        Process.setThreadPriority(Process.THREAD_PRIORITY_URGENT_AUDIO)
        val rebuilds = Rebuilds(SystemClock::elapsedRealtime)
        try {
            while (isCurrent()) {
                val reason = captured()
                if (!isCurrent()) return
                if (!rebuilds.isAllowed()) {
                    running = null
                    return onFailed(
                        LiveException.of(
                            LiveException.DEVICE,
                            "take sound: $reason",
                            "allow the microphone, and close other apps that use it",
                        ),
                    )
                }
            }
        } finally {
            encoder.close()
        }
    }

    private fun isCurrent(): Boolean = running == Thread.currentThread()

    /** Until it is stopped, or the answer is why it broke. */
    @SuppressLint("MissingPermission")
    private fun captured(): String {
        val mask = if (audio.numberOfChannels == 2) AudioFormat.CHANNEL_IN_STEREO else AudioFormat.CHANNEL_IN_MONO
        val encoding = AudioFormat.ENCODING_PCM_16BIT
        val least = AudioRecord.getMinBufferSize(audio.audioSampleRate, mask, encoding)
        if (least <= 0) return "the microphone cannot do ${audio.audioSampleRate} Hz"
        val frameSize = 2 * audio.numberOfChannels
        val block = ByteBuffer.allocateDirect(audio.audioSampleRate / 50 * frameSize)
        var record: AudioRecord? = null
        try {
            val source = MediaRecorder.AudioSource.CAMCORDER
            record = AudioRecord(source, audio.audioSampleRate, mask, encoding, maxOf(least * 2, block.capacity() * 8))
            if (record.state != AudioRecord.STATE_INITIALIZED) return "the microphone cannot be opened"
            record.startRecording()
            pump(record, block, frameSize)?.let { return it }
            return ""
        } catch (error: IllegalStateException) {
            return error.toString()
        } catch (error: IllegalArgumentException) {
            return error.toString()
        } catch (error: LiveException) {
            return error.message.orEmpty()
        } catch (error: SecurityException) {
            return "the app has no RECORD_AUDIO permission"
        } finally {
            record?.release()
        }
    }

    private fun pump(
        record: AudioRecord,
        block: ByteBuffer,
        frameSize: Int,
    ): String? {
        val stamp = AudioTimestamp()
        var frames = 0L
        while (isCurrent()) {
            block.clear()
            val size = record.read(block, block.capacity())
            if (size < 0) return "the microphone failed ($size)"
            if (size == 0) continue
            val first = frames
            frames += size / frameSize
            val isKnown = record.getTimestamp(stamp, AudioTimestamp.TIMEBASE_BOOTTIME) == AudioRecord.SUCCESS
            val timeNs =
                if (isKnown) {
                    CaptureClock.sampleNs(first, stamp.framePosition, stamp.nanoTime, audio.audioSampleRate)
                } else {
                    CaptureClock.sampleNs(first, frames, SystemClock.elapsedRealtimeNanos(), audio.audioSampleRate)
                }
            if (isMuted) for (index in 0 until size) block.put(index, 0)
            val lengthUs = size / frameSize * 1_000_000L / audio.audioSampleRate
            // None: something else has the microphone's place.
            val timeUs = easel.placeSound(timeNs / 1000, lengthUs) ?: continue
            encoder.encode(block, size, timeUs)
        }
        return null
    }

    private companion object {
        const val JOIN_MS = 500L
    }
}
