package io.onair

import org.junit.jupiter.api.Test
import java.nio.ByteBuffer
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

/** The phone's video encoder does what the core wants, and is made anew when it breaks. */
class VideoEncoderControlTest {
    private val video =
        VideoConfiguration(720, 1280, 30, 15, 30, 1_200_000, 500_000, 1_440_000, 60)
    private val did = mutableListOf<String>()
    private val units = mutableListOf<List<Any>>()
    private val failures = mutableListOf<LiveException>()
    private val outputs = mutableListOf<EncoderOutput>()
    private var now = 0L
    private val decoded = mutableListOf<Long>()
    private var depth = 0
    private var broken: (isSoftware: Boolean) -> Boolean = { false }

    private val sink =
        object : UnitSink {
            override fun video(
                header: ByteBuffer,
                bytes: ByteBuffer,
                offset: Int,
                size: Int,
                ptsUs: Long,
                dtsUs: Long,
                isKey: Boolean,
            ): Boolean {
                units += listOf(ByteArray(header.capacity()) { header.get(it) }.toList(), offset, size, ptsUs, isKey)
                decoded += dtsUs
                return true
            }

            override fun audio(
                header: ByteBuffer,
                bytes: ByteBuffer,
                offset: Int,
                size: Int,
                ptsUs: Long,
            ): Boolean = false
        }

    private fun control() =
        VideoEncoderControl(
            video,
            sink,
            { now },
            { failures += it },
            { PictureOrder(depth, 33_000) },
        ) { bitRate, pace, isSoftware, output ->
            did += "open $bitRate $pace" + if (isSoftware) " software" else ""
            check(!broken(isSoftware)) { "no codec" }
            outputs += output
            object : VideoEncoderDevice {
                override fun setBitRate(bps: Int) {
                    did += "bitrate $bps"
                }

                override fun requestSyncFrame() {
                    did += "idr"
                }

                override fun setPace(pace: VideoPace) {
                    did += "pace $pace"
                }

                override fun release() {
                    did += "release"
                }
            }
        }

    private fun done(): List<String> = did.toList().also { did.clear() }

    @Test
    fun wishesReachTheEncoder() {
        val control = control()
        control.handle(LiveEvent.KeyframeWanted)
        control.start()
        control.start()
        control.handle(LiveEvent.VideoBitrateWanted(700_000))
        control.handle(LiveEvent.KeyframeWanted)
        control.handle(LiveEvent.VideoPaceWanted(VideoPace.HALF))
        assertEquals(listOf("open 1200000 FULL", "bitrate 700000", "idr", "pace HALF", "bitrate 350000"), done())
        control.handle(LiveEvent.VideoPaceWanted(VideoPace.NONE))
        control.handle(LiveEvent.VideoPaceWanted(VideoPace.HALF))
        assertEquals(listOf("pace NONE", "bitrate 700000", "pace HALF", "bitrate 350000", "idr"), done())
        control.handle(LiveEvent.StateChanged(LiveState.PENDING))
        assertEquals(listOf("pace FULL", "bitrate 1200000"), done())
        control.stop()
        assertEquals(listOf("release"), done())
        assertFalse(control.isRunning)
    }

    @Test
    fun unitsGoWithTheirHeaderAndNoneWithout() {
        val control = control()
        control.start()
        val bytes = ByteBuffer.allocateDirect(8).put(byteArrayOf(0, 0, 0, 1, 103, 9, 9, 9))
        outputs[0].unit(bytes, 0, 8, 1, true)
        outputs[0].header(bytes, 3, 2)
        bytes.put(4, 0)
        outputs[0].unit(bytes, 1, 4, 33_000, true)
        assertContentEquals(listOf(listOf(listOf<Byte>(1, 103), 1, 4, 33_000L, true)), units)
        control.stop()
        outputs[0].unit(bytes, 1, 4, 66_000, false)
        assertEquals(1, units.size, "nothing comes after the end")
    }

    @Test
    fun oneThatBreaksIsMadeAnewWithTheSameWishesThreeTimesInHalfAMinute() {
        val control = control()
        control.start()
        control.handle(LiveEvent.VideoBitrateWanted(600_000))
        done()
        outputs.last().failed("reset")
        assertEquals(listOf("release", "open 600000 FULL"), done())
        assertFalse(control.isSoftware)
        outputs.first().failed("a late word")
        assertEquals(emptyList(), done())
        outputs.last().failed("reset")
        assertEquals(listOf("release", "open 600000 FULL software"), done(), "twice is enough")
        assertTrue(control.isSoftware)
        assertTrue("took over" in failures.single().advice, "the app hears of it, once")
        outputs.last().failed("reset")
        assertEquals(listOf("release", "open 600000 FULL software"), done())
        outputs.last().failed("reset")
        assertFalse(control.isRunning)
        assertEquals(listOf(207, 207), failures.map { it.code })
        now += 30_000
        control.start()
        assertEquals(listOf("release", "open 600000 FULL"), done(), "a new start tries the phone's own again")
    }

    @Test
    fun oneThatBreaksAgainMuchLaterIsThePhonesStill() {
        val control = control()
        control.start()
        repeat(3) {
            outputs.last().failed("reset")
            now += 30_000
        }
        assertFalse(control.isSoftware)
        assertEquals(emptyList(), failures)
    }

    @Test
    fun oneThatCannotBeMadeIsDoneInSoftwareOrTold() {
        broken = { isSoftware -> !isSoftware }
        val control = control()
        control.start()
        assertEquals(listOf("open 1200000 FULL", "open 1200000 FULL software"), done())
        assertTrue(control.isRunning && "took over" in failures.single().advice)
        control.stop()
        now += 30_000
        broken = { true }
        control.start()
        assertEquals(5, done().size)
        assertFalse(control.isRunning)
        assertEquals(listOf(207, 207), failures.map { it.code })
    }

    @Test
    fun withoutOneInSoftwareThePhonesIsTriedAgain() {
        broken = { it }
        val control = control()
        control.start()
        repeat(2) { outputs.last().failed("reset") }
        assertTrue(control.isRunning)
        assertFalse(control.isSoftware)
        assertEquals("open 1200000 FULL", done().last())
    }

    @Test
    fun picturesInAnotherOrderAreRefusedAndNoneOfThemIsSent() {
        val control = control()
        control.start()
        val bytes = ByteBuffer.allocateDirect(8)
        outputs[0].header(bytes, 0, 4)
        listOf(0L, 99_000, 33_000, 66_000).forEach { outputs[0].unit(bytes, 0, 8, it, it == 0L) }
        assertEquals(listOf(0L, 99_000), decoded)
        assertTrue(control.isSoftware, "the same encoder would do it again")
        assertTrue("another order" in failures.single().reason)
    }

    @Test
    fun anOrderThatTheHeaderTellsIsKept() {
        depth = 2
        control().start()
        val bytes = ByteBuffer.allocateDirect(8)
        outputs[0].header(bytes, 0, 4)
        listOf(0L, 132_000, 66_000, 33_000, 99_000).forEach { outputs[0].unit(bytes, 0, 8, it, it == 0L) }
        assertEquals(listOf(-66_000L, -33_000, 0, 33_000, 66_000), decoded)
        assertEquals(emptyList(), failures)
    }
}
