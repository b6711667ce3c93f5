package io.onair.ffi

import java.nio.ByteBuffer

/**
 * Pictures and times for an encoder on this side, through JNI: direct buffers, where they are, while the call lasts. Nothing
 * is allocated. The names are those that the native library exports.
 */
internal object Easel {
    init {
        NativeLibrary.load()
    }

    /** Left out; or nothing stands in any more. */
    const val NEVER: Long = Long.MIN_VALUE

    /** Nothing was due in time. */
    const val LATER: Long = Long.MIN_VALUE + 1

    /** Up to this many above [NEVER] are errors' codes. */
    const val CODES: Long = 1_000

    /** ONAIR_NO_SLATE of onair.h. */
    const val NO_SLATE: Int = 3

    /** The time × 2, and 1 when it is to be drawn. */
    @JvmStatic
    external fun placeVideo(
        session: Long,
        timeUs: Long,
    ): Long

    @JvmStatic
    external fun placeAudio(
        session: Long,
        timeUs: Long,
        lengthUs: Long,
    ): Long

    /** 16-bit samples in turn. */
    @JvmStatic
    external fun mixAudio(
        session: Long,
        source: Int,
        data: ByteBuffer,
        offset: Int,
        size: Int,
        sampleRate: Int,
        channels: Int,
        timeUs: Long,
    ): Int

    @JvmStatic
    external fun takeMixed(
        session: Long,
        into: ByteBuffer,
    ): Long

    /** 0 for pictures, 1 for sound. */
    @JvmStatic
    external fun waitStandIn(
        session: Long,
        what: Int,
        timeoutMs: Int,
    ): Long

    /** Without [data], the slate. */
    @JvmStatic
    external fun drawPacked(
        session: Long,
        pixels: Int,
        data: ByteBuffer?,
        offset: Int,
        stride: Int,
        width: Int,
        height: Int,
        timeUs: Long,
        outPixels: Int,
        out: ByteBuffer,
        outOffset: Int,
        outStride: Int,
        outUOffset: Int,
        outVOffset: Int,
        outChromaStride: Int,
        outWidth: Int,
        outHeight: Int,
    ): Int

    @JvmStatic
    external fun drawYuv420(
        session: Long,
        y: ByteBuffer,
        yOffset: Int,
        yStride: Int,
        u: ByteBuffer,
        uOffset: Int,
        v: ByteBuffer,
        vOffset: Int,
        chromaStride: Int,
        chromaPixelStride: Int,
        width: Int,
        height: Int,
        timeUs: Long,
        outPixels: Int,
        out: ByteBuffer,
        outOffset: Int,
        outStride: Int,
        outUOffset: Int,
        outVOffset: Int,
        outChromaStride: Int,
        outWidth: Int,
        outHeight: Int,
    ): Int
}
