package io.onair

import io.onair.Vectors.call
import org.junit.jupiter.api.Test
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.math.abs
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** Encoders on this side: the session's look, one timeline, and what stands in. */
class EaselTest {
    private val small = VideoConfiguration.of(VideoQuality.LOW3).copy(width = 64, height = 48)
    private val place = Destination("rtmp://rehearsal.local/live/key")

    /** An encoder and a camera that keep what they were told. */
    private class Fakes : PictureHands {
        /** "pass" or "put", its time, and the first byte of luma that was put. */
        val sent = LinkedBlockingQueue<Triple<String, Long, Int>>()
        var luma = 60
        var reads = 0
        private var shown = -1

        override fun pass(timeUs: Long) {
            sent += Triple("pass", timeUs, -1)
        }

        override fun read(into: ByteBuffer) {
            reads++
            for (index in 0 until into.capacity()) into.put(index, if (index % 4 == 3) -1 else luma.toByte())
        }

        override fun show(picture: ByteBuffer) {
            shown = picture.get(0).toInt() and 0xFF
        }

        override fun put(timeUs: Long) {
            sent += Triple("put", timeUs, shown)
        }

        fun next(): Triple<String, Long, Int> = checkNotNull(sent.poll(20, TimeUnit.SECONDS)) { "nothing is sent" }
    }

    private fun rehearsed(): LiveSession {
        call("begin", 7)
        try {
            return LiveSession(
                AudioConfiguration.default(),
                small,
                LiveSettings(videoSource = Source.ENCODED, audioSource = Source.ENCODED),
            )
        } finally {
            call("end")
        }
    }

    @Test
    fun withoutALookNothingIsReadBackAndWithOneItIsDrawn() {
        rehearsed().use { session ->
            val fakes = Fakes()
            val route = PictureRoute(session, small.width, small.height, fakes)
            route.handle(1_000) { true }
            assertEquals(Triple("pass", 1_000L, -1), fakes.next())
            assertEquals(0, fakes.reads, "it stays where it is")
            assertFalse(route.isDrawn)

            session.look = Look(effects = listOf(Effect.Invert))
            route.handle(34_000) { true }
            val (way, time, white) = fakes.next()
            assertEquals("put" to 34_000L, way to time)
            // Of R'G'B' 60, limited: 16 + 60 · 219 / 255; inverted about the middle of 16 and 235.
            assertTrue(abs(white - (16 + 235 - 67.5)) <= 1.5, "$white")
            assertTrue(route.isDrawn)
            route.handle(67_000) { false }
            assertTrue(fakes.sent.isEmpty(), "a pace that leaves it out")
            assertEquals(2, fakes.reads, "and the preview shows it all the same")

            session.look = Look(beauty = Beauty(level = 1f))
            route.handle(100_000) { true }
            assertEquals("pass", fakes.next().first)
        }
    }

    @Test
    fun anInterruptionShowsTheLastPictureOrTheSlateOnOneTimeline() {
        rehearsed().use { session ->
            val fakes = Fakes()
            val route = PictureRoute(session, small.width, small.height, fakes)
            val silences = LinkedBlockingQueue<Long>()
            val easel = Easel(session)
            val standIns =
                StandIns(easel) { track, timeUs -> if (track == Track.VIDEO) route.standIn(timeUs) else silences += timeUs }
            session.onInterrupted = standIns::begin
            assertEquals(200, assertFailsWith<LiveException> { session.interrupt(Absence.SOUND) }.code, "was never placed")
            session.look = Look(effects = listOf(Effect.Invert))
            session.start(listOf(place))
            route.handle(1_000_000) { true }
            val drawn = fakes.next().third
            assertEquals(1_000_000L, easel.placeSound(1_000_000, 23_220))

            session.interrupt(Absence.BOTH)
            route.handle(1_010_000) { true }
            assertNull(easel.placeSound(1_023_220, 23_220))
            call("pass", session.handle, 40_000)
            assertEquals(Triple("put", 1_033_333L, drawn), fakes.next(), "the last picture")
            assertEquals(1_023_220L, silences.poll(20, TimeUnit.SECONDS))

            val white = ByteBuffer.allocateDirect(16 * 16 * 4)
            for (index in 0 until white.capacity()) white.put(index, -1)
            session.setSlate(white, 64, 16, 16)
            call("pass", session.handle, 30_000)
            assertEquals(Triple("put", 1_066_666L, 16), fakes.next(), "the slate, inverted")
            assertEquals(1_046_439L, silences.poll(20, TimeUnit.SECONDS)!!, "no gap")

            session.setSlate(null)
            session.look = Look()
            session.resume(Absence.PICTURE)
            call("pass", session.handle, 33_333)
            assertEquals(Triple("pass", 1_100_000L, -1), fakes.next(), "until the camera is back, and as it is")
            // Another camera's clock.
            route.handle(90_000_000) { true }
            assertEquals(Triple("pass", 1_103_333L, -1), fakes.next())
            session.stop()
            assertEquals(StandIn.Over, easel.waitStandIn(Track.AUDIO, 20_000))
        }
    }

    /** The encoder gets one sound of both, with even times, and the microphone as it comes before. */
    @Test
    fun aScreensAppsAreMixedWithTheMicrophoneForThePhonesEncoder() {
        rehearsed().use { session ->
            val heard = mutableListOf<Pair<Long, Short>>()
            val route = route(session, heard)
            session.start(listOf(place))
            route.microphone(block(1_000), 882 * 4, 1_000_000)
            assertEquals(listOf(1_000_000L to 1_000.toShort()), heard, "as it comes")
            route.addApps(2f)
            heard.clear()
            for (number in 0L until 100) {
                val timeUs = 1_020_000 + number * 20_000
                if (number == 80L) route.isMuted = true
                if (number == 40L) session.interrupt(Absence.SOUND)
                if (number == 50L) session.resume(Absence.SOUND)
                route.apps(block(300), 882 * 4, timeUs)
                route.microphone(block(1_000), 882 * 4, timeUs)
            }
            val values = heard.map { it.second.toInt() }
            assertEquals(1_600, values[20], "both, the apps' twice as loud")
            assertTrue(600 in values, "the apps alone while the microphone is away")
            assertEquals(0, values.last(), "muted")
            heard.forEachIndexed { index, (timeUs, _) -> assertTrue(abs(timeUs - heard[0].first - index * 1_024_000L * 10 / 441) <= 1) }
        }
    }

    /** The row of times goes on, and nothing that the core still holds is passed by. */
    @Test
    fun appsThatGoAndComeAgainLeaveNoGap() {
        rehearsed().use { session ->
            val heard = mutableListOf<Pair<Long, Short>>()
            val route = route(session, heard)
            session.start(listOf(place))
            route.addApps(1f)
            for (number in 0L until 250) {
                val timeUs = 1_020_000 + number * 20_000
                if (number == 50L) route.removeApps()
                if (number == 150L) route.addApps(1f)
                if (number < 50 || number >= 150) route.apps(block(300), 882 * 4, timeUs)
                route.microphone(block(1_000), 882 * 4, timeUs)
            }
            val values = heard.map { it.second.toInt() }
            assertEquals(listOf(1_300, 1_000, 1_300), listOf(values[20], values[90], values.last()))
            heard.forEachIndexed { index, (timeUs, _) -> assertTrue(abs(timeUs - heard[0].first - index * 1_024_000L * 10 / 441) <= 1) }
        }
    }

    /** To an encoder that keeps the time and the first sample of each block in `heard`. */
    private fun route(
        session: LiveSession,
        heard: MutableList<Pair<Long, Short>>,
    ): SoundRoute {
        val device =
            object : AudioEncoderDevice {
                override fun encode(
                    pcm: ByteBuffer,
                    offset: Int,
                    size: Int,
                    timeUs: Long,
                ) {
                    heard += timeUs to pcm.order(ByteOrder.nativeOrder()).getShort(offset)
                }

                override fun finish() = Unit

                override fun release() = Unit
            }
        val audio = AudioConfiguration.default()
        return SoundRoute(session, audio, AudioEncoderControl(audio, SessionSink(session)) { _, _ -> device })
    }

    /** 20 ms of one value. */
    private fun block(value: Short): ByteBuffer {
        val pcm = ByteBuffer.allocateDirect(882 * 4).order(ByteOrder.nativeOrder())
        while (pcm.hasRemaining()) pcm.putShort(value)
        return pcm
    }

    @Test
    fun anAppsEncoderHasItsBuffersFilledInPlace() {
        rehearsed().use { session ->
            val easel = Easel(session)
            assertEquals(PlacedPicture(7_000, false), easel.placePicture(7_000))
            assertEquals(8_000L, easel.placeSound(8_000, 23_220))
            val source = ByteBuffer.allocateDirect(64 * 48 * 3 / 2)
            for (index in 0 until 64 * 48 * 3 / 2) source.put(index, if (index < 64 * 48) 60 else 128.toByte())
            // An encoder's rows are longer than the picture's, and more.
            val input = PictureBuffer.nv12(ByteBuffer.allocateDirect(80 * 64 + 80 * 24), 64, 48, 80, 64)
            session.look = Look(effects = listOf(Effect.Invert))
            val (u, v) = 64 * 48 to 64 * 48 * 5 / 4
            easel.draw(source, 0, 64, source, u, source, v, 32, 1, 64, 48, 0, input)
            assertTrue(abs((input.buffer.get(80 * 47 + 63).toInt() and 0xFF) - 191) <= 1)
            assertTrue(abs((input.buffer.get(80 * 64 + 80 * 23 + 63).toInt() and 0xFF) - 128) <= 1)
            assertEquals(0, input.buffer.get(64).toInt(), "padding is left alone")
            assertFalse(easel.drawSlate(0, input))

            fun code(body: () -> Any?) = assertFailsWith<LiveException.Call> { body() }.code
            val short = PictureBuffer.i420(ByteBuffer.allocateDirect(64 * 48), 64, 48)
            assertEquals(216, code { easel.draw(source, 0, 64, source, u, source, v, 32, 1, 64, 48, 0, short) })
            val onHeap = PictureBuffer.i420(ByteBuffer.allocate(64 * 48 * 2), 64, 48)
            assertEquals(220, code { easel.drawSlate(0, onHeap) })
            val same = PictureBuffer.i420(source, 64, 48)
            assertEquals(220, code { easel.draw(source, 0, 64, source, u, source, v, 32, 1, 64, 48, 0, same) })
        }
        LiveSession(null, small).use { raw -> assertEquals(216, assertFailsWith<LiveException.Call> { Easel(raw).placePicture(0) }.code) }
        val closed = rehearsed()
        closed.close()
        // Gone when the thread that told its events has let go of it too.
        assertTrue(within(5_000) { Easel(closed).placePicture(0) == null })
    }
}
