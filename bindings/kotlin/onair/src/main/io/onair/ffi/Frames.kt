package io.onair.ffi

import java.nio.ByteBuffer

/**
 * Frames to the core through JNI: direct buffers, read where they are, while the call lasts. Nothing is allocated.
 *
 * Each returns 0 or an error's code. An offset counts from a buffer's beginning, whatever its position is. The names are
 * those that the native library exports.
 */
internal object Frames {
    init {
        NativeLibrary.load()
    }

    @JvmStatic
    external fun pushYuv420(
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
    ): Int

    @JvmStatic
    external fun pushPacked(
        session: Long,
        pixels: Int,
        data: ByteBuffer,
        offset: Int,
        stride: Int,
        width: Int,
        height: Int,
        timeUs: Long,
    ): Int

    @JvmStatic
    external fun pushPcm(
        session: Long,
        source: Int,
        data: ByteBuffer,
        offset: Int,
        sizeBytes: Int,
        sampleRateHz: Int,
        channels: Int,
        timeUs: Long,
    ): Int

    @JvmStatic
    external fun pushFloat(
        session: Long,
        source: Int,
        data: ByteBuffer,
        offset: Int,
        sizeBytes: Int,
        sampleRateHz: Int,
        channels: Int,
        timeUs: Long,
    ): Int

    @JvmStatic
    external fun setSlate(
        session: Long,
        pixels: Int,
        data: ByteBuffer?,
        stride: Int,
        width: Int,
        height: Int,
    ): Int

    @JvmStatic
    external fun pushEncodedVideo(
        session: Long,
        layout: Int,
        isKey: Int,
        header: ByteBuffer?,
        headerSize: Int,
        payload: ByteBuffer,
        payloadOffset: Int,
        payloadSize: Int,
        ptsUs: Long,
        dtsUs: Long,
    ): Int

    @JvmStatic
    external fun pushEncodedAudio(
        session: Long,
        header: ByteBuffer?,
        headerSize: Int,
        payload: ByteBuffer,
        payloadOffset: Int,
        payloadSize: Int,
        ptsUs: Long,
    ): Int

    /** What was wrong with this thread's last call that failed, and behind a line break what to do. */
    @JvmStatic
    external fun lastError(): String
}
