package io.onair

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** An audio encoder that runs; one thread at a time uses it. */
internal interface AudioEncoderDevice {
    /**
     * Takes samples whose first was captured at this time, and passes on what is ready.
     *
     * @throws IllegalStateException when it is broken
     */
    fun encode(
        pcm: ByteBuffer,
        offset: Int,
        size: Int,
        timeUs: Long,
    )

    /** Passes on what it still holds, and takes nothing more. */
    fun finish()

    fun release()
}

/**
 * Keeps a phone's AAC encoder at the bitrate that the core wants. `MediaCodec` follows with the bitrate of pictures alone, so
 * another encoder takes over from the old one at the border between two AAC frames. It hears the two frames before that as
 * well, since each frame is decoded onto the end of the one before: nothing is heard twice, and nothing is missing.
 */
internal class AudioEncoderControl(
    private val audio: AudioConfiguration,
    private val sink: UnitSink,
    private val make: (bitRate: Int, output: EncoderOutput) -> AudioEncoderDevice,
) {
    private val frameSize = 2 * audio.numberOfChannels
    private val aacFrame = SAMPLES * frameSize
    private val recent = ByteBuffer.allocateDirect(BEFORE * aacFrame).order(ByteOrder.nativeOrder())
    private var device: AudioEncoderDevice? = null
    private var output: Output? = null
    private var bitRate = 0

    /** Bytes since the present encoder's first. */
    private var taken = 0L
    private var lastUs = Long.MIN_VALUE

    @Volatile private var wantedBps = audio.audioBitrate

    /** What the core wants; other events are none of its business. From any thread. */
    fun handle(event: LiveEvent) {
        when (event) {
            is LiveEvent.AudioBitrateWanted -> wantedBps = event.bitrateBps

            // A broadcast begins where its configuration says, whatever the last one ended with.
            LiveEvent.StateChanged(LiveState.PENDING) -> wantedBps = audio.audioBitrate

            else -> return
        }
    }

    /**
     * Takes samples whose first was captured at this time.
     *
     * @throws IllegalStateException when the encoder is broken; the next call makes a new one
     */
    @Synchronized
    fun encode(
        pcm: ByteBuffer,
        size: Int,
        timeUs: Long,
    ) {
        try {
            if (device == null) open(wantedBps, Long.MIN_VALUE)
            val toBorder = ((aacFrame - taken % aacFrame) % aacFrame).toInt()
            if (wantedBps == bitRate || toBorder > size) return take(pcm, 0, size, timeUs)
            take(pcm, 0, toBorder, timeUs)
            val borderUs = timeUs + durationUs(toBorder)
            swap(borderUs)
            take(pcm, toBorder, size - toBorder, borderUs)
        } catch (error: IllegalStateException) {
            close()
            throw error
        }
    }

    @Synchronized
    fun close() {
        device?.release()
        device = null
        output = null
        recent.clear()
    }

    private fun open(
        bps: Int,
        fromUs: Long,
    ) {
        val output = Output(fromUs)
        device = make(bps, output)
        this.output = output
        bitRate = bps
        taken = 0
    }

    private fun swap(borderUs: Long) {
        // Half a frame to either side: encoders count their times from the first buffer's.
        val cutUs = borderUs - durationUs(aacFrame) / 2
        output?.untilUs = cutUs
        device?.finish()
        device?.release()
        device = null
        val before = recent.position() / aacFrame * aacFrame
        open(wantedBps, cutUs)
        if (before > 0) device?.encode(recent, recent.position() - before, before, borderUs - durationUs(before))
    }

    private fun take(
        pcm: ByteBuffer,
        offset: Int,
        size: Int,
        timeUs: Long,
    ) {
        if (size == 0) return
        device?.encode(pcm, offset, size, timeUs)
        taken += size
        val kept = minOf(size, recent.capacity())
        val tooMuch = recent.position() + kept - recent.capacity()
        if (tooMuch > 0) {
            recent.limit(recent.position()).position(tooMuch)
            recent.compact()
        }
        val from = pcm.duplicate()
        from.limit(offset + size).position(offset + size - kept)
        recent.put(from)
    }

    private fun durationUs(size: Int): Long = size / frameSize * 1_000_000L / audio.audioSampleRate

    private inner class Output(
        private val fromUs: Long,
    ) : HeadedOutput() {
        var untilUs = Long.MAX_VALUE

        override fun unit(
            header: ByteBuffer,
            bytes: ByteBuffer,
            offset: Int,
            size: Int,
            ptsUs: Long,
            isKey: Boolean,
        ) {
            if (ptsUs < fromUs || ptsUs >= untilUs || ptsUs <= lastUs) return
            lastUs = ptsUs
            sink.audio(header, bytes, offset, size, ptsUs)
        }

        override fun failed(reason: String): Unit = throw IllegalStateException(reason)
    }

    private companion object {
        /** Samples of an AAC frame, of each channel. */
        const val SAMPLES = 1024

        /** Frames that a new encoder hears before its first. */
        const val BEFORE = 2
    }
}
