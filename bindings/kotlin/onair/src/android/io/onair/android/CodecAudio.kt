package io.onair.android

import android.media.MediaCodec
import android.media.MediaCodecInfo
import android.media.MediaFormat
import io.onair.AudioConfiguration
import io.onair.AudioEncoderDevice
import io.onair.EncoderOutput
import java.io.IOException
import java.nio.ByteBuffer

/** The phone's AAC encoder, in the microphone's thread. */
internal class CodecAudio(
    private val audio: AudioConfiguration,
    bitRate: Int,
    private val output: EncoderOutput,
) : AudioEncoderDevice {
    private val info = MediaCodec.BufferInfo()
    private val encoder = opened(bitRate)
    private var endUs = 0L

    override fun encode(
        pcm: ByteBuffer,
        offset: Int,
        size: Int,
        timeUs: Long,
    ) {
        var done = 0
        while (done < size) {
            val index = encoder.dequeueInputBuffer(WAIT_US)
            // One that takes nothing for so long loses this block; the core closes the gap.
            if (index < 0) break
            val room = encoder.getInputBuffer(index) ?: return
            room.clear()
            val part = minOf(room.remaining(), size - done)
            val from = pcm.duplicate()
            from.limit(offset + done + part).position(offset + done)
            room.put(from)
            encoder.queueInputBuffer(index, 0, part, timeUs + durationUs(done), 0)
            done += part
            endUs = timeUs + durationUs(done)
        }
        drain(0)
    }

    override fun finish() {
        val index = encoder.dequeueInputBuffer(WAIT_US)
        if (index < 0) return drain(0)
        encoder.queueInputBuffer(index, 0, 0, endUs, MediaCodec.BUFFER_FLAG_END_OF_STREAM)
        drain(WAIT_US)
    }

    override fun release(): Unit = encoder.release()

    /** Passes on what is ready, and what is within this time of it. */
    private fun drain(waitUs: Long) {
        while (true) {
            val index = encoder.dequeueOutputBuffer(info, waitUs)
            if (index == MediaCodec.INFO_TRY_AGAIN_LATER) return
            if (index < 0) continue
            val bytes = encoder.getOutputBuffer(index)
            if (bytes != null && info.size > 0) {
                if (info.flags and MediaCodec.BUFFER_FLAG_CODEC_CONFIG != 0) {
                    output.header(bytes, info.offset, info.size)
                } else {
                    output.unit(bytes, info.offset, info.size, info.presentationTimeUs, true)
                }
            }
            encoder.releaseOutputBuffer(index, false)
            if (info.flags and MediaCodec.BUFFER_FLAG_END_OF_STREAM != 0) return
        }
    }

    private fun durationUs(size: Int): Long = size / (2 * audio.numberOfChannels) * 1_000_000L / audio.audioSampleRate

    private fun opened(bitRate: Int): MediaCodec {
        val format =
            MediaFormat.createAudioFormat(MediaFormat.MIMETYPE_AUDIO_AAC, audio.audioSampleRate, audio.numberOfChannels)
        format.setInteger(MediaFormat.KEY_AAC_PROFILE, MediaCodecInfo.CodecProfileLevel.AACObjectLC)
        format.setInteger(MediaFormat.KEY_BIT_RATE, bitRate)
        val made =
            try {
                MediaCodec.createEncoderByType(MediaFormat.MIMETYPE_AUDIO_AAC)
            } catch (error: IOException) {
                throw IllegalStateException("there is no AAC encoder", error)
            }
        try {
            made.configure(format, null, null, MediaCodec.CONFIGURE_FLAG_ENCODE)
            made.start()
        } catch (error: IllegalStateException) {
            made.release()
            throw error
        }
        return made
    }

    private companion object {
        const val WAIT_US = 20_000L
    }
}
