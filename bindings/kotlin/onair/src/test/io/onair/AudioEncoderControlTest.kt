package io.onair

import org.junit.jupiter.api.Test
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

/** The phone's AAC encoder gets the bitrate that the core wants, and no frame of sound is lost or comes twice. */
class AudioEncoderControlTest {
    private val audio = AudioConfiguration(48_000, 2, 128_000)
    private val made = mutableListOf<Fake>()
    private val frames = mutableListOf<Pair<Long, Short>>()
    private var isBroken = false

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
            ): Boolean = false

            override fun audio(
                header: ByteBuffer,
                bytes: ByteBuffer,
                offset: Int,
                size: Int,
                ptsUs: Long,
            ): Boolean {
                frames += ptsUs to bytes.getShort(offset)
                return true
            }
        }

    /** Makes of 1,024 samples a frame that is the first of them, one frame late, as encoders are. */
    private inner class Fake(
        val bitRate: Int,
        val output: EncoderOutput,
    ) : AudioEncoderDevice {
        val heard = mutableListOf<Short>()
        var firstUs = -1L
        var given = 0
        var isReleased = false
        private val bytes = ByteBuffer.allocateDirect(8).order(ByteOrder.BIG_ENDIAN)

        override fun encode(
            pcm: ByteBuffer,
            offset: Int,
            size: Int,
            timeUs: Long,
        ) {
            check(!isBroken) { "the codec died" }
            if (firstUs < 0) {
                firstUs = timeUs
                output.header(bytes, 0, 2)
            }
            for (at in offset until offset + size step 4) heard += pcm.order(ByteOrder.nativeOrder()).getShort(at)
            give((heard.size / 1024 - 1))
        }

        override fun finish() {
            // The delay of an encoder comes out as one frame more.
            give((heard.size + 1023) / 1024 + 1)
        }

        private fun give(until: Int) {
            while (given < until) {
                bytes.putShort(0, heard.getOrElse(given * 1024) { -1 })
                output.unit(bytes, 0, 2, firstUs + given * 1024 * 1_000_000L / 48_000, true)
                given++
            }
        }

        override fun release() {
            isReleased = true
        }
    }

    private val control = AudioEncoderControl(audio, sink) { bitRate, output -> Fake(bitRate, output).also { made += it } }
    private var sample = 0

    /** Blocks of 20 ms whose samples count thousands and twenty-fours, so that each frame begins with its own number. */
    private fun push(blocks: Int) {
        val pcm = ByteBuffer.allocateDirect(960 * 4).order(ByteOrder.nativeOrder())
        repeat(blocks) {
            val timeUs = sample * 1_000_000L / 48_000
            for (at in 0 until 960) {
                val value = ((sample + at) / 1024).toShort()
                pcm.putShort(at * 4, value)
                pcm.putShort(at * 4 + 2, value)
            }
            control.encode(pcm, 960 * 4, timeUs)
            sample += 960
        }
    }

    @Test
    fun anotherBitrateBeginsAtAFramesBorderWithoutAGap() {
        push(10)
        control.handle(LiveEvent.AudioBitrateWanted(48_000))
        push(10)
        control.handle(LiveEvent.AudioBitrateWanted(96_000))
        push(20)
        assertEquals(listOf(128_000, 48_000, 96_000), made.map { it.bitRate })
        assertEquals(listOf(true, true, false), made.map { it.isReleased })
        assertTrue(frames.size > 30)
        assertEquals(List(frames.size) { it.toShort() }, frames.map { it.second }, "every frame once, in order")
        val steps = frames.zipWithNext { a, b -> b.first - a.first }
        assertTrue(steps.all { it in 21_000L..21_700 }, "$steps")
        made.drop(1).forEach { fake ->
            assertEquals(fake.heard[0], fake.heard[1023], "the new one hears whole frames")
            assertEquals((fake.heard[0] + 2).toShort(), fake.heard[2048], "and two of them before its first")
        }
    }

    @Test
    fun aBitrateThatChangesAtOnceStillLosesNothing() {
        control.handle(LiveEvent.AudioBitrateWanted(32_000))
        push(1)
        control.handle(LiveEvent.AudioBitrateWanted(64_000))
        push(1)
        control.handle(LiveEvent.AudioBitrateWanted(64_000))
        push(20)
        assertEquals(listOf(32_000, 64_000), made.map { it.bitRate })
        assertEquals(List(frames.size) { it.toShort() }, frames.map { it.second })
    }

    @Test
    fun aBroadcastBeginsWhereItsConfigurationSays() {
        control.handle(LiveEvent.AudioBitrateWanted(32_000))
        control.handle(LiveEvent.VideoBitrateWanted(300_000))
        push(2)
        control.handle(LiveEvent.StateChanged(LiveState.PENDING))
        push(4)
        assertEquals(listOf(32_000, 128_000), made.map { it.bitRate })
    }

    @Test
    fun oneThatBreaksIsMadeAnewByTheNextCall() {
        push(3)
        isBroken = true
        assertFailsWith<IllegalStateException> { push(1) }
        assertTrue(made.single().isReleased)
        isBroken = false
        control.handle(LiveEvent.AudioBitrateWanted(48_000))
        push(5)
        assertEquals(listOf(128_000, 48_000), made.map { it.bitRate })
        assertTrue(frames.zipWithNext().all { (a, b) -> a.first < b.first })
        control.close()
        assertTrue(made.last().isReleased)
    }
}
