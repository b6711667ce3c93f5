package io.onair

import org.junit.jupiter.api.Test
import java.nio.ByteBuffer
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** What an encoder's header says of the order of its pictures. */
class PictureOrderTest {
    private fun header(hex: String): ByteBuffer {
        val bytes = hex.chunked(2).map { it.toInt(16).toByte() }.toByteArray()
        return ByteBuffer.allocateDirect(bytes.size).put(bytes).apply { flip() }
    }

    /** VPS and the beginning of the SPS, as x265 writes them with no and with two B-frames. */
    private val plain = "0000000140010c01ffff0408000003009e0800000300001e928090000000014201010408"
    private val reordering = "0000000140010c01ffff0408000003009e0800000300001e911009000000014201010408"

    @Test
    fun anHevcHeaderTellsHowFarPicturesMayBeReordered() {
        assertEquals(0, PictureOrder.depthOf(header(plain)))
        assertEquals(1, PictureOrder.depthOf(header(reordering)))
    }

    @Test
    fun anyBytesAreNoMoreThanAWrongHeader() {
        for (length in 0..reordering.length step 2) {
            assertTrue(PictureOrder.depthOf(header(reordering.take(length))) in 0..15)
        }
        assertTrue(PictureOrder.depthOf(header("000001400000000000" + "ff".repeat(64))) in 0..15)
        assertTrue(PictureOrder.depthOf(header("0000014000" + "00".repeat(64))) in 0..15)
    }

    @Test
    fun onlyAnHevcEncoderThatCouldNotBeAskedIsBelieved() {
        val both = header(reordering)
        assertEquals(-33_333L, PictureOrder.of(VideoCodec.HEVC, both, 30, 28).dtsUs(0))
        assertEquals(0L, PictureOrder.of(VideoCodec.HEVC, both, 30, 29).dtsUs(0))
        assertEquals(0L, PictureOrder.of(VideoCodec.H264, both, 30, 28).dtsUs(0))
    }

    @Test
    fun whatGoesBeyondTheHeaderIsRefused() {
        val order = PictureOrder(1, 33_000)
        assertEquals(listOf<Long?>(-33_000, 0, 33_000), listOf(0L, 66_000, 33_000).map(order::dtsUs))
        assertEquals(listOf<Long?>(66_000, 132_000), listOf(165_000L, 132_000).map(order::dtsUs))
        assertNull(order.dtsUs(99_000))
    }

    @Test
    fun namesTellTheSystemsOwnEncoders() {
        val names = listOf("OMX.google.h264.encoder", "c2.android.avc.encoder", "OMX.qcom.video.encoder.avc", "c2.exynos.h264.encoder")
        assertEquals(listOf(true, true, false, false), names.map(SystemCodecs::isSoftware))
    }
}
