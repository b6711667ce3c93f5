package io.onair

import java.nio.ByteBuffer

/**
 * Keeps a phone's video encoder as the core wants it: bitrate, IDR and pace while it runs, and a new one with the same
 * wishes when it breaks.
 */
internal class VideoEncoderControl(
    private val configuration: VideoConfiguration,
    private val sink: UnitSink,
    private val nowMs: () -> Long,
    private val onFailed: (LiveException) -> Unit,
    private val make: (bitRate: Int, pace: VideoPace, output: EncoderOutput) -> VideoEncoderDevice,
) {
    private val lock = Any()
    private val rebuilds = Rebuilds(nowMs)
    private var device: VideoEncoderDevice? = null
    private var output: Output? = null
    private var wantedBps = configuration.videoBitRate
    private var pace = VideoPace.FULL

    /** Whether there is an encoder. */
    val isRunning: Boolean get() = synchronized(lock) { device != null }

    fun start(): Unit =
        synchronized(lock) {
            if (device == null) open()
        }

    fun stop(): Unit = synchronized(lock) { close() }

    /** What the core wants; other events are none of its business. */
    fun handle(event: LiveEvent) {
        synchronized(lock) {
            when (event) {
                is LiveEvent.KeyframeWanted -> device?.requestSyncFrame()

                is LiveEvent.VideoBitrateWanted -> aim(event.bitrateBps, pace)

                is LiveEvent.VideoPaceWanted -> aim(wantedBps, event.pace)

                // A broadcast begins where its configuration says, whatever the last one ended with.
                LiveEvent.StateChanged(LiveState.PENDING) -> aim(configuration.videoBitRate, VideoPace.FULL)

                else -> return
            }
        }
    }

    private fun aim(
        bps: Int,
        pace: VideoPace,
    ) {
        val wasWithout = this.pace == VideoPace.NONE
        if (pace != this.pace) device?.setPace(pace)
        wantedBps = bps
        this.pace = pace
        device?.setBitRate(bitRate())
        // What the receivers have is too old to build on.
        if (wasWithout && pace != VideoPace.NONE) device?.requestSyncFrame()
    }

    /** Every second picture has half the bits. */
    private fun bitRate(): Int = if (pace == VideoPace.HALF) wantedBps / 2 else wantedBps

    private fun open() {
        val output = Output()
        this.output = output
        try {
            device = make(bitRate(), pace, output)
        } catch (error: IllegalArgumentException) {
            broken(output, error.toString())
        } catch (error: IllegalStateException) {
            // MediaCodec.CodecException is one.
            broken(output, error.toString())
        } catch (error: java.io.IOException) {
            broken(output, error.toString())
        }
    }

    private fun close() {
        output?.isCurrent = false
        output = null
        device?.release()
        device = null
    }

    private fun broken(
        of: Output,
        reason: String,
    ) {
        synchronized(lock) {
            // A word of one that was replaced.
            if (!of.isCurrent) return
            close()
            if (rebuilds.isAllowed()) return open()
        }
        onFailed(LiveException.of(ENCODER, "encode pictures: $reason", "lower the quality, or close other apps that encode"))
    }

    private inner class Output : EncoderOutput {
        @Volatile var isCurrent = true
        private var header: ByteBuffer? = null

        override fun header(
            bytes: ByteBuffer,
            offset: Int,
            size: Int,
        ) {
            header = kept(bytes, offset, size)
        }

        override fun unit(
            bytes: ByteBuffer,
            offset: Int,
            size: Int,
            ptsUs: Long,
            isKey: Boolean,
        ) {
            val header = header ?: return
            if (!isCurrent) return
            try {
                sink.video(header, bytes, offset, size, ptsUs, isKey)
            } catch (error: LiveException) {
                failed(error.message.orEmpty())
            }
        }

        override fun failed(reason: String) {
            broken(this, reason)
        }
    }

    internal companion object {
        /** The core's number for encoders. */
        const val ENCODER = 207
    }
}
