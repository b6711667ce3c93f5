package io.onair.android

import android.media.MediaCodec
import android.media.MediaCodecInfo
import android.media.MediaFormat
import io.onair.AudioConfiguration
import io.onair.UnitSink
import io.onair.kept
import java.nio.ByteBuffer

/** The phone's AAC encoder, in the microphone's thread. */
internal class CodecAudio(
    private val audio: AudioConfiguration,
    private val sink: UnitSink,
) {
    private val info = MediaCodec.BufferInfo()
    private var encoder: MediaCodec? = null
    private var header: ByteBuffer? = null

    /**
     * Takes samples whose first was captured at this time, and passes on what is ready.
     *
     * @throws IllegalStateException when it is broken; the next call makes a new one
     */
    fun encode(
        pcm: ByteBuffer,
        size: Int,
        timeUs: Long,
    ) {
        val encoder = encoder ?: opened()
        try {
            put(encoder, pcm, size, timeUs)
            drain(encoder)
        } catch (error: IllegalStateException) {
            close()
            throw error
        }
    }

    private fun put(
        encoder: MediaCodec,
        pcm: ByteBuffer,
        size: Int,
        timeUs: Long,
    ) {
        var done = 0
        while (done < size) {
            val index = encoder.dequeueInputBuffer(WAIT_US)
            // One that takes nothing for so long loses this block; the core closes the gap.
            if (index < 0) return drain(encoder)
            val room = encoder.getInputBuffer(index) ?: return
            room.clear()
            val part = minOf(room.remaining(), size - done)
            val from = pcm.duplicate()
            from.limit(done + part).position(done)
            room.put(from)
            val frames = done / (2 * audio.numberOfChannels)
            encoder.queueInputBuffer(index, 0, part, timeUs + frames * 1_000_000L / audio.audioSampleRate, 0)
            done += part
        }
    }

    private fun drain(encoder: MediaCodec) {
        while (true) {
            val index = encoder.dequeueOutputBuffer(info, 0)
            if (index == MediaCodec.INFO_TRY_AGAIN_LATER) return
            if (index < 0) continue
            val bytes = encoder.getOutputBuffer(index)
            if (bytes != null && info.size > 0) {
                if (info.flags and MediaCodec.BUFFER_FLAG_CODEC_CONFIG != 0) {
                    header = kept(bytes, info.offset, info.size)
                } else {
                    header?.let { sink.audio(it, bytes, info.offset, info.size, info.presentationTimeUs) }
                }
            }
            encoder.releaseOutputBuffer(index, false)
        }
    }

    private fun opened(): MediaCodec {
        val format =
            MediaFormat.createAudioFormat(MediaFormat.MIMETYPE_AUDIO_AAC, audio.audioSampleRate, audio.numberOfChannels)
        format.setInteger(MediaFormat.KEY_AAC_PROFILE, MediaCodecInfo.CodecProfileLevel.AACObjectLC)
        format.setInteger(MediaFormat.KEY_BIT_RATE, audio.audioBitrate)
        val made = MediaCodec.createEncoderByType(MediaFormat.MIMETYPE_AUDIO_AAC)
        try {
            made.configure(format, null, null, MediaCodec.CONFIGURE_FLAG_ENCODE)
            made.start()
        } catch (error: IllegalStateException) {
            made.release()
            throw error
        }
        encoder = made
        return made
    }

    fun close() {
        encoder?.release()
        encoder = null
    }

    private companion object {
        const val WAIT_US = 20_000L
    }
}
