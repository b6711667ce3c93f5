package io.onair

import java.nio.ByteBuffer
import io.onair.ffi.Easel as Native

/** What becomes of a picture before it is encoded. */
public data class PlacedPicture(
    /** The time to encode it with. */
    val timeUs: Long,
    /** The look, a preview or a snapshot wants it drawn by [Easel.draw]; otherwise the encoder may have it as it is. */
    val isDrawn: Boolean,
)

/** Whether something stands in for a device. */
public sealed interface StandIn {
    /** Encode the slate or the last picture, or 1,024 samples of silence, with this time now. */
    public data class Due(
        val timeUs: Long,
    ) : StandIn

    /** Nothing was due in time. */
    public data object Later : StandIn

    /** The device speaks for itself. */
    public data object Over : StandIn
}

/**
 * Where a picture is drawn: part of a direct buffer, such as an encoder's input. Offsets count from the buffer's beginning.
 * [vOffset] is not looked at where chroma alternates.
 */
public class PictureBuffer(
    /** Direct. */
    public val buffer: ByteBuffer,
    /** The session's, pixels. */
    public val width: Int,
    /** The session's, pixels. */
    public val height: Int,
    /** U and V alternate in one plane (NV12); else each has its own (I420). */
    public val isSemiPlanar: Boolean,
    /** Where Y begins. */
    public val yOffset: Int,
    /** Bytes from one row of Y to the next. */
    public val yStride: Int,
    /** Where U begins, or U and V. */
    public val uOffset: Int,
    /** Where V begins. */
    public val vOffset: Int,
    /** Bytes from one row of chroma to the next. */
    public val chromaStride: Int,
) {
    public companion object {
        /** Three planes, one after the other, without padding. */
        @JvmStatic
        public fun i420(
            buffer: ByteBuffer,
            width: Int,
            height: Int,
        ): PictureBuffer = PictureBuffer(buffer, width, height, false, 0, width, width * height, width * height * 5 / 4, width / 2)

        /** Two planes, one after the other, of rows so long. */
        @JvmStatic
        @JvmOverloads
        public fun nv12(
            buffer: ByteBuffer,
            width: Int,
            height: Int,
            stride: Int = width,
            sliceHeight: Int = height,
        ): PictureBuffer = PictureBuffer(buffer, width, height, true, 0, stride, stride * sliceHeight, 0, stride)
    }
}

/**
 * For an encoder of the app's own (`Source.ENCODED`): its pictures look as the session says, snapshots and previews show
 * them, and interruptions are filled as the core's own are. `io.onair.android.LiveStudio` does all this by itself.
 *
 * @throws LiveException.Call when the session takes the track raw (216), or an argument is wrong (220)
 */
public class Easel(
    private val session: LiveSession,
) {
    /** To be called with each picture before it is encoded. Null: leave it out, as the camera is interrupted. */
    public fun placePicture(timeUs: Long): PlacedPicture? {
        val placed = checked(Native.placeVideo(session.handle, timeUs))
        return if (placed == Native.NEVER) null else PlacedPicture(placed shr 1, placed and 1L == 1L)
    }

    /** The same for sound of this length: the time of its first sample. */
    public fun placeSound(
        timeUs: Long,
        lengthUs: Long,
    ): Long? = checked(Native.placeAudio(session.handle, timeUs, lengthUs)).takeIf { it != Native.NEVER }

    /**
     * Takes 16-bit samples of one source to be mixed, from a direct buffer; [takeMixed] then has what came of it. Of source 0
     * the time is that of [placeSound] or [waitStandIn], of those of [LiveSession.addAudioSource] their own. False: the
     * session does not run.
     */
    public fun mixSound(
        source: Int,
        pcm: ByteBuffer,
        offset: Int,
        size: Int,
        sampleRate: Int,
        channels: Int,
        timeUs: Long,
    ): Boolean = session.isTaken(Native.mixAudio(session.handle, source, pcm, offset, size, sampleRate, channels, timeUs))

    /**
     * The oldest block of the mix that was not taken yet, 1,024 samples of each of the session's channels in turn, into the
     * beginning of a direct buffer; and when it begins. Null when there is none yet. One thread at a time takes them.
     */
    public fun takeMixed(into: ByteBuffer): Long? = checked(Native.takeMixed(session.handle, into)).takeIf { it != Native.NEVER }

    /** Draws a picture in one plane of four bytes a pixel by the session's look. */
    public fun draw(
        pixels: ByteBuffer,
        offset: Int,
        stride: Int,
        width: Int,
        height: Int,
        isBgra: Boolean,
        timeUs: Long,
        into: PictureBuffer,
    ) {
        done(packed(pixels, offset, stride, width, height, isBgra, timeUs, into))
    }

    /** Draws a picture in three planes, as `android.media.Image` has them; see [LiveSession.pushVideo]. */
    public fun draw(
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
        into: PictureBuffer,
    ) {
        done(
            Native.drawYuv420(
                session.handle,
                y,
                yOffset,
                yStride,
                u,
                uOffset,
                v,
                vOffset,
                chromaStride,
                chromaPixelStride,
                width,
                height,
                timeUs,
                into.format(),
                into.buffer,
                into.yOffset,
                into.yStride,
                into.uOffset,
                into.vOffset,
                into.chromaStride,
                into.width,
                into.height,
            ),
        )
    }

    /** Draws the slate of interruptions; false when there is none: the last picture stays. */
    public fun drawSlate(
        timeUs: Long,
        into: PictureBuffer,
    ): Boolean {
        val status = packed(null, 0, 0, 0, 0, false, timeUs, into)
        if (status == Native.NO_SLATE) return false
        done(status)
        return true
    }

    /** Waits until something has to stand in. From [LiveSession.interrupt] on, one thread for each track asks until it is over. */
    public fun waitStandIn(
        track: Track,
        withinMs: Int,
    ): StandIn =
        when (val next = checked(Native.waitStandIn(session.handle, if (track == Track.VIDEO) 0 else 1, withinMs))) {
            Native.NEVER -> StandIn.Over
            Native.LATER -> StandIn.Later
            else -> StandIn.Due(next)
        }

    private fun packed(
        pixels: ByteBuffer?,
        offset: Int,
        stride: Int,
        width: Int,
        height: Int,
        isBgra: Boolean,
        timeUs: Long,
        into: PictureBuffer,
    ): Int =
        Native.drawPacked(
            session.handle,
            if (isBgra) BGRA else RGBA,
            pixels,
            offset,
            stride,
            width,
            height,
            timeUs,
            into.format(),
            into.buffer,
            into.yOffset,
            into.yStride,
            into.uOffset,
            into.vOffset,
            into.chromaStride,
            into.width,
            into.height,
        )

    private fun PictureBuffer.format(): Int = if (isSemiPlanar) NV12 else I420

    private fun checked(answer: Long): Long {
        val code = answer - Native.NEVER
        if (code !in 2..Native.CODES) return answer
        done(code.toInt())
        return Native.NEVER
    }

    private fun done(status: Int) {
        session.isTaken(status)
    }

    private companion object {
        /** ONAIR_PIXELS_… of onair.h. */
        const val I420 = 0
        const val NV12 = 1
        const val RGBA = 3
        const val BGRA = 4
    }
}
