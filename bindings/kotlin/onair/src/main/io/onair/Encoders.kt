package io.onair

import java.nio.ByteBuffer

// The seam between what the core wants and who does it: a phone's codecs, and fakes in tests.

/** A video encoder that runs. Every method may be called from any thread; one that fails says so to its output. */
internal interface VideoEncoderDevice {
    /** From the next pictures on. */
    fun setBitRate(bps: Int)

    /** Makes the next picture an IDR. */
    fun requestSyncFrame()

    /** Which pictures it takes. */
    fun setPace(pace: VideoPace)

    /** Ends it; nothing is said to its output any more. */
    fun release()
}

/** Where an encoder's access units go. Buffers are direct and read before a call returns. */
internal interface EncoderOutput {
    /** Parameter sets or AudioSpecificConfig. */
    fun header(
        bytes: ByteBuffer,
        offset: Int,
        size: Int,
    )

    fun unit(
        bytes: ByteBuffer,
        offset: Int,
        size: Int,
        ptsUs: Long,
        isKey: Boolean,
    )

    /** It is broken and will say nothing more. */
    fun failed(reason: String)
}

/** Keeps the newest header, without which no unit can be passed on. */
internal abstract class HeadedOutput : EncoderOutput {
    private var newest: ByteBuffer? = null

    final override fun header(
        bytes: ByteBuffer,
        offset: Int,
        size: Int,
    ) {
        newest = kept(bytes, offset, size).also(::headed)
    }

    final override fun unit(
        bytes: ByteBuffer,
        offset: Int,
        size: Int,
        ptsUs: Long,
        isKey: Boolean,
    ): Unit = unit(newest ?: return, bytes, offset, size, ptsUs, isKey)

    /** There is a new one. */
    protected open fun headed(header: ByteBuffer): Unit = Unit

    protected abstract fun unit(
        header: ByteBuffer,
        bytes: ByteBuffer,
        offset: Int,
        size: Int,
        ptsUs: Long,
        isKey: Boolean,
    )
}

/** What takes access units; a [LiveSession], or a fake. */
internal interface UnitSink {
    fun video(
        header: ByteBuffer,
        bytes: ByteBuffer,
        offset: Int,
        size: Int,
        ptsUs: Long,
        dtsUs: Long,
        isKey: Boolean,
    ): Boolean

    fun audio(
        header: ByteBuffer,
        bytes: ByteBuffer,
        offset: Int,
        size: Int,
        ptsUs: Long,
    ): Boolean
}

internal class SessionSink(
    private val session: LiveSession,
) : UnitSink {
    override fun video(
        header: ByteBuffer,
        bytes: ByteBuffer,
        offset: Int,
        size: Int,
        ptsUs: Long,
        dtsUs: Long,
        isKey: Boolean,
    ): Boolean = session.pushEncodedVideo(bytes, offset, size, isKey, ptsUs, dtsUs, if (isKey) header else null)

    override fun audio(
        header: ByteBuffer,
        bytes: ByteBuffer,
        offset: Int,
        size: Int,
        ptsUs: Long,
    ): Boolean = session.pushEncodedAudio(bytes, offset, size, ptsUs, header)
}

/** A copy of its own, since an encoder takes its buffers back. */
internal fun kept(
    bytes: ByteBuffer,
    offset: Int,
    size: Int,
): ByteBuffer {
    val from = bytes.duplicate()
    from.limit(offset + size).position(offset)
    val copy = ByteBuffer.allocateDirect(size)
    copy.put(from).flip()
    return copy
}

/** How often a thing that breaks is made anew: three times in thirty seconds unless said. */
internal class Rebuilds(
    private val nowMs: () -> Long,
    private val most: Int = 3,
) {
    private val times = ArrayDeque<Long>()

    /** Whether another one is allowed; counts it. */
    fun isAllowed(): Boolean {
        val now = nowMs()
        while (times.isNotEmpty() && now - times.first() >= WITHIN_MS) times.removeFirst()
        if (times.size >= most) return false
        times.addLast(now)
        return true
    }

    private companion object {
        const val WITHIN_MS = 30_000L
    }
}
