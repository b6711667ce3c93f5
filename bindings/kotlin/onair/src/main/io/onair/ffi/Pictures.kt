package io.onair.ffi

import java.nio.ByteBuffer

/**
 * Pictures for overlays and previews through JNI: direct buffers, where they are, while the call lasts. The names are
 * those that the native library exports.
 */
internal object Pictures {
    init {
        NativeLibrary.load()
    }

    /** 0 or an error's code. */
    @JvmStatic
    external fun pushOverlay(
        session: Long,
        name: String,
        pixels: Int,
        data: ByteBuffer,
        offset: Int,
        stride: Int,
        width: Int,
        height: Int,
    ): Int

    /** Width × 65,536 + height, 0 for nothing new, or an error's code below zero. */
    @JvmStatic
    external fun fetchPreview(
        session: Long,
        pixels: Int,
        buffer: ByteBuffer,
    ): Int
}
