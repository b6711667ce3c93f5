package io.onair

import java.nio.ByteBuffer

/**
 * When pictures are decoded, of an encoder that was asked to show them in the order in which it makes them. Before Android
 * 10 there is no word for that: what an HEVC encoder's own header allows is then lived with, and what goes beyond is refused.
 */
internal class PictureOrder(
    private val depth: Int,
    private val frameUs: Long,
) {
    private val waiting = ArrayList<Long>()
    private var firstUs = 0L
    private var count = 0
    private var lastUs = Long.MIN_VALUE

    /** The decode time of the next picture that came out; null when it is shown before one that is decoded earlier. */
    fun dtsUs(ptsUs: Long): Long? {
        if (count == 0) firstUs = ptsUs
        val at = waiting.binarySearch(ptsUs)
        waiting.add(if (at < 0) -at - 1 else at, ptsUs)
        val dtsUs = if (count < depth) firstUs - (depth - count) * frameUs else waiting.removeAt(0)
        count = minOf(count + 1, depth)
        if (dtsUs > ptsUs || dtsUs < lastUs) return null
        lastUs = dtsUs
        return dtsUs
    }

    internal companion object {
        /** The first Android that can be told to make no B-frames. */
        const val SAYS_NONE = 29
        private const val VPS = 32

        fun of(
            codec: VideoCodec,
            header: ByteBuffer,
            framesPerSecond: Int,
            android: Int,
        ): PictureOrder {
            val isAsked = codec == VideoCodec.HEVC && android < SAYS_NONE
            return PictureOrder(if (isAsked) depthOf(header) else 0, 1_000_000L / framesPerSecond.coerceAtLeast(1))
        }

        /** How many pictures may come before one that is shown earlier: ISO/IEC 23008-2 7.3.2.1, of the highest sub-layer. */
        fun depthOf(header: ByteBuffer): Int {
            for (start in 0..header.limit() - 5) {
                val isStart = header.get(start).toInt() == 0 && header.get(start + 1).toInt() == 0 && header.get(start + 2).toInt() == 1
                if (isStart && (header.get(start + 3).toInt() shr 1 and 0x3f) == VPS) return ofVps(Bits(header, start + 5))
            }
            return 0
        }

        private fun ofVps(bits: Bits): Int {
            bits.skip(4 + 2 + 6)
            val layers = bits.take(3) + 1
            bits.skip(1 + 16)
            // profile_tier_level: the general part, then what each lower sub-layer has of its own.
            bits.skip(88 + 8)
            val own = List(layers - 1) { bits.take(1) to bits.take(1) }
            if (layers > 1) bits.skip(2 * (8 - (layers - 1)))
            own.forEach { (hasProfile, hasLevel) -> bits.skip(88 * hasProfile + 8 * hasLevel) }
            val isForEach = bits.take(1) == 1
            var depth = 0
            repeat(if (isForEach) layers else 1) {
                bits.golomb()
                depth = bits.golomb()
                bits.golomb()
            }
            // The standard allows no more than 15; a header that says more is none.
            return if (depth <= 15) depth else 0
        }
    }
}

/** Bits of a NAL unit, without what is there against false start codes; beyond the end there are zeros. */
private class Bits(
    private val bytes: ByteBuffer,
    private var at: Int,
) {
    private var left = 8
    private var zeros = 0

    fun take(count: Int): Int {
        var value = 0
        repeat(count) { value = value shl 1 or next() }
        return value
    }

    fun skip(count: Int): Unit = repeat(count) { next() }

    /** ue(v) */
    fun golomb(): Int {
        var zeros = 0
        while (zeros < 16 && next() == 0) zeros++
        return (1 shl zeros) - 1 + take(zeros)
    }

    private fun next(): Int {
        if (at >= bytes.limit()) return 0
        val bit = bytes.get(at).toInt() shr --left and 1
        if (left == 0) step()
        return bit
    }

    private fun step() {
        left = 8
        zeros = if (bytes.get(at).toInt() == 0) zeros + 1 else 0
        at++
        if (zeros == 2 && at < bytes.limit() && bytes.get(at).toInt() == 3) {
            zeros = 0
            at++
        }
    }
}
