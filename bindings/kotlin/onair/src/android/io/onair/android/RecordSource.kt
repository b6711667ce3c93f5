package io.onair.android

import android.media.AudioFormat
import android.media.AudioRecord
import android.media.AudioTimestamp
import android.os.Process
import android.os.SystemClock
import io.onair.AudioConfiguration
import io.onair.CaptureClock
import io.onair.LiveException
import io.onair.Rebuilds
import java.nio.ByteBuffer

/** An AudioRecord in a thread of its own: 20 ms of samples at a time, with the time of their first. Opened anew when it breaks. */
internal class RecordSource(
    private val name: String,
    private val audio: AudioConfiguration,
    private val open: (format: AudioFormat, bufferSize: Int) -> AudioRecord,
    private val onBlock: (pcm: ByteBuffer, size: Int, timeUs: Long) -> Unit,
    private val onEnded: () -> Unit,
    private val onFailed: (reason: String) -> Unit,
) {
    @Volatile private var running: Thread? = null

    /** Whether it listens; one that broke too often does not. */
    val isRunning: Boolean get() = running != null

    fun start() {
        if (running != null) return
        running = Thread(::run, name).apply { start() }
    }

    /** Returns when the device is free. */
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
                    return onFailed(reason)
                }
            }
        } finally {
            onEnded()
        }
    }

    private fun isCurrent(): Boolean = running == Thread.currentThread()

    /** Until it is stopped, or the answer is why it broke. */
    private fun captured(): String {
        val mask = if (audio.numberOfChannels == 2) AudioFormat.CHANNEL_IN_STEREO else AudioFormat.CHANNEL_IN_MONO
        val encoding = AudioFormat.ENCODING_PCM_16BIT
        val least = AudioRecord.getMinBufferSize(audio.audioSampleRate, mask, encoding)
        if (least <= 0) return "it cannot do ${audio.audioSampleRate} Hz"
        val format =
            AudioFormat
                .Builder()
                .setSampleRate(audio.audioSampleRate)
                .setChannelMask(mask)
                .setEncoding(encoding)
                .build()
        val frameSize = 2 * audio.numberOfChannels
        val block = ByteBuffer.allocateDirect(audio.audioSampleRate / 50 * frameSize)
        var record: AudioRecord? = null
        try {
            record = open(format, maxOf(least * 2, block.capacity() * 8))
            if (record.state != AudioRecord.STATE_INITIALIZED) return "it cannot be opened"
            record.startRecording()
            pump(record, block, frameSize)?.let { return it }
            return ""
        } catch (error: IllegalStateException) {
            return error.toString()
        } catch (error: IllegalArgumentException) {
            return error.toString()
        } catch (error: UnsupportedOperationException) {
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
            if (size < 0) return "it failed ($size)"
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
            onBlock(block, size, timeNs / 1000)
        }
        return null
    }

    private companion object {
        const val JOIN_MS = 500L
    }
}
