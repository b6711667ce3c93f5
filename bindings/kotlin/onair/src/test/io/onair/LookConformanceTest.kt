package io.onair

import org.junit.jupiter.api.Test
import java.io.File
import java.nio.ByteBuffer
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** The looks of tests/conformance: the same pixels as natively, or the same words. */
class LookConformanceTest {
    @Test
    fun lf82LooksMakeTheSamePixelsOrAreRefusedWithTheSameWords() {
        val looks = Vectors.list("looks.json")
        val ends = Vectors.list("looked.json")
        assertEquals(looks.size, ends.size)
        val video = VideoConfiguration.of(VideoQuality.LOW1, Orientation.LANDSCAPE).copy(width = WIDTH, height = HEIGHT)
        val file = File.createTempFile("onair", ".mp4").also { it.delete() }
        file.deleteOnExit()
        val pixels = ByteBuffer.allocateDirect(WIDTH * HEIGHT * 4)
        for (y in 0 until HEIGHT) {
            for (x in 0 until WIDTH) for (byte in listOf(4 * x, 5 * y, 4 * (x xor y), 255)) pixels.put(byte.toByte())
        }
        LiveSession(null, video).use { session ->
            val recorder = Recorder(session)
            recorder.start(RecordingSettings(file.path))
            var pictures = 0L
            for ((vector, wanted) in looks.zip(ends)) {
                val look = vector["look"] as Map<*, *>
                val end =
                    try {
                        session.look = look(look)
                        session.setPreview(true, look["mirror"] == true)
                        assertTrue(session.pushVideo(pixels, 0, WIDTH * 4, WIDTH, HEIGHT, false, pictures++ * 100_000))
                        mapOf("hash" to hash(session))
                    } catch (error: LiveException) {
                        mapOf("code" to error.code.toLong(), "reason" to error.reason)
                    }
                assertEquals(wanted, end as Map<*, *>, "${vector["name"]}")
            }
            val made = recorder.stopNow()
            assertEquals(pictures to 0L, made?.run { frames to framesMissing })
        }
    }

    /** FNV-1a of the next preview's bytes R, G, B, A. */
    private fun hash(session: LiveSession): String {
        val shown = ByteBuffer.allocateDirect(WIDTH * HEIGHT * 4)
        var size: PictureSize? = null
        assertTrue(within(30_000, everyMillis = 5) { session.fetchPreview(shown).also { size = it } != null }, "no picture came")
        assertEquals(PictureSize(WIDTH, HEIGHT), size)
        var hash = 0xCBF29CE484222325uL
        for (at in 0 until shown.capacity()) hash = (hash xor (shown.get(at).toULong() and 255u)) * 0x100000001B3uL
        return hash.toString(16).padStart(16, '0')
    }

    private fun look(value: Map<*, *>): Look =
        Look(
            fit = value["fit"]?.let { PictureFit.valueOf("$it".uppercase()) } ?: PictureFit.FILL,
            rotationDegrees = value.whole("rotation_degrees"),
            mirror = value["mirror"] == true,
            zoom = value.real("zoom", 1f),
            beauty =
                Beauty(
                    isOn = value["beauty"] == true,
                    level = value.real("level", 0.5f),
                    bright = value.real("bright", 0.5f),
                    tone = value.real("tone", 0.5f),
                    zeroIsOff = value["zero_is_off"] == true,
                    isFast = value["fast"] == true,
                ),
            effects = value.all("effects").map { EFFECTS.getValue("$it") },
            overlays = value.all("overlays").map { overlay(it as Map<*, *>) },
        )

    private fun overlay(value: Map<*, *>): Overlay {
        val letters = value["text"]
        val content =
            when {
                "rgba" in value -> Overlay.Content.Image(OverlayImage(value.whole("width"), value.whole("height"), bytes(value)))
                letters != null -> text(value, "$letters")
                else -> Overlay.Content.Pushed
            }
        return Overlay(
            name = value["name"] as String,
            content = content,
            anchor = value["anchor"]?.let { ANCHORS.getValue("$it") } ?: OverlayAnchor.TOP_LEFT,
            x = value.whole("x"),
            y = value.whole("y"),
            width = value.whole("out_width"),
            height = value.whole("out_height"),
            stretch = value["stretch"] == true,
            opacity = value.real("opacity", 1f),
            z = value.whole("z"),
        )
    }

    private fun text(
        value: Map<*, *>,
        letters: String,
    ): Overlay.Content.Text {
        val colour = value.colour("colour") ?: -1
        return Overlay.Content.Text(letters, value.real("size_px", 24f), colour, value.colour("background"))
    }

    private fun bytes(value: Map<*, *>): ByteArray = (value["rgba"] as String).chunked(2).map { it.toInt(16).toByte() }.toByteArray()

    private fun Map<*, *>.whole(name: String): Int = ((this[name] ?: 0L) as Long).toInt()

    /** Numbers stand as texts, so that there can be some that are none. */
    private fun Map<*, *>.real(
        name: String,
        usual: Float,
    ): Float = this[name]?.let { if (it == "nan") Float.NaN else "$it".toFloat() } ?: usual

    private fun Map<*, *>.colour(name: String): Int? = this[name]?.let { "$it".toUInt(16).toInt() }

    private fun Map<*, *>.all(name: String): List<*> = (this[name] ?: emptyList<Any>()) as List<*>

    private companion object {
        const val WIDTH = 64
        const val HEIGHT = 48
        val EFFECTS = mapOf("Gray" to Effect.Gray, "Invert" to Effect.Invert, "Sepia" to Effect.Sepia)
        val ANCHORS = mapOf("BottomRight" to OverlayAnchor.BOTTOM_RIGHT, "Centre" to OverlayAnchor.CENTRE)
    }
}
