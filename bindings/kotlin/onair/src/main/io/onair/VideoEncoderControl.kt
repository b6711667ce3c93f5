package io.onair

import java.nio.ByteBuffer

/**
 * Keeps a phone's video encoder as the core wants it: bitrate, IDR and pace while it runs, and a new one with the same
 * wishes when it breaks. One that cannot be made, breaks twice in thirty seconds or reorders pictures is left for the
 * system's own, which computes in software, until the next start.
 */
internal class VideoEncoderControl(
    private val configuration: VideoConfiguration,
    private val sink: UnitSink,
    private val nowMs: () -> Long,
    private val onFailed: (LiveException) -> Unit,
    private val orderOf: (header: ByteBuffer) -> PictureOrder,
    private val make: (bitRate: Int, pace: VideoPace, isSoftware: Boolean, output: EncoderOutput) -> VideoEncoderDevice,
) {
    private val lock = Any()
    private val rebuilds = Rebuilds(nowMs)
    private val hardware = Rebuilds(nowMs, most = 1)
    private var device: VideoEncoderDevice? = null
    private var output: Output? = null
    private var wantedBps = configuration.videoBitRate
    private var pace = VideoPace.FULL

    /** Whether there is an encoder. */
    val isRunning: Boolean get() = synchronized(lock) { device != null }

    /** Whether the system's own encoder is used. */
    var isSoftware: Boolean = false
        get() = synchronized(lock) { field }
        private set

    fun start() {
        val failure =
            synchronized(lock) {
                if (device != null) return
                isSoftware = false
                opened()?.let { again(it, isHopeless = true) }
            }
        failure?.let(onFailed)
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

    /** Null when there is one now, else why not. */
    private fun opened(): String? {
        val output = Output()
        val reason =
            try {
                device = make(bitRate(), pace, isSoftware, output)
                this.output = output
                return null
            } catch (error: IllegalArgumentException) {
                error.toString()
            } catch (error: IllegalStateException) {
                // MediaCodec.CodecException is one.
                error.toString()
            } catch (error: java.io.IOException) {
                error.toString()
            }
        output.isCurrent = false
        return reason
    }

    /** Another one after one that broke, hopelessly when the same would do so again. The answer is what the app hears. */
    private fun again(
        reason: String,
        isHopeless: Boolean,
    ): LiveException? {
        val was = isSoftware
        var why = reason
        if (isHopeless || (!was && !hardware.isAllowed())) isSoftware = !was
        while (rebuilds.isAllowed()) {
            why = opened() ?: return if (isSoftware && !was) failure(why, FELL_BACK) else null
            // There may be only one of the two kinds.
            isSoftware = !isSoftware
        }
        return failure(why, "lower the quality, or close other apps that encode")
    }

    private fun failure(
        reason: String,
        advice: String,
    ) = LiveException.of(ENCODER, "encode pictures: $reason", advice)

    private fun close() {
        output?.isCurrent = false
        output = null
        device?.release()
        device = null
    }

    private fun broken(
        of: Output,
        reason: String,
        isHopeless: Boolean = false,
    ) {
        val failure =
            synchronized(lock) {
                // A word of one that was replaced.
                if (!of.isCurrent) return
                close()
                again(reason, isHopeless)
            }
        failure?.let(onFailed)
    }

    private inner class Output : HeadedOutput() {
        @Volatile var isCurrent = true
        private var order: PictureOrder? = null

        override fun headed(header: ByteBuffer) {
            if (order == null) order = orderOf(header)
        }

        override fun unit(
            header: ByteBuffer,
            bytes: ByteBuffer,
            offset: Int,
            size: Int,
            ptsUs: Long,
            isKey: Boolean,
        ) {
            if (!isCurrent) return
            val dtsUs = (order ?: return).dtsUs(ptsUs) ?: return broken(this, "pictures come in another order", isHopeless = true)
            try {
                sink.video(header, bytes, offset, size, ptsUs, dtsUs, isKey)
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
        private const val FELL_BACK =
            "nothing, if pictures go on: the system's own encoder took over; a lower quality keeps the phone cooler"
    }
}
