package io.onair

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Test
import java.awt.Color
import java.awt.image.BufferedImage
import java.io.ByteArrayInputStream
import java.io.File
import java.nio.file.Files
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executor
import javax.imageio.ImageIO
import kotlin.math.abs
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertTrue

/** Looks, snapshots and files of a session that runs, as an app uses them. */
class PictureTest {
    private val video = VideoConfiguration.of(VideoQuality.LOW1).copy(videoMaxKeyframeInterval = 8)

    @Test
    fun aShowIsLookedAtSnappedRecordedSplitClippedAndRecovered() {
        Tools.skipWithout("nginx-rtmp", "ffmpeg", "ffprobe")
        val folder = Files.createTempDirectory("onair-kotlin").toFile()
        val split = CopyOnWriteArrayList<RecordingFigures>()
        try {
            Nginx().use { nginx ->
                LiveSession(AudioConfiguration.default(), video).use { session ->
                    session.addListener(
                        Executor { it.run() },
                        object : LiveListener {
                            override fun onEvent(event: LiveEvent) {
                                if (event is LiveEvent.RecordingSplit) split += event.file
                            }
                        },
                    )
                    session.look = decorated
                    session.keepClip(1_000)
                    val files = runBlocking { show(session, nginx.url("live", "kotlin-looked"), folder) }
                    assertTrue(runBlocking { session.finishLive() }, "everything was sent")
                    val last = assertNotNull(session.stopRecording())
                    assertTrue(within(5_000) { split.size >= 2 }, "$split")
                    for (file in split + last + files) decodes(File(file.path), file.frames)
                    assertEquals(File(folder, "show-${split.size + 1}.mp4").path, last.path)
                }
                val stream = nginx.recording("kotlin-looked")
                decodes(stream, null)
                // lf86: what lay over the picture is in the stream and in the file, as in the snapshot.
                for (file in listOf(stream, File(folder, "show.mp4"))) {
                    val corner = Color(first(file).getRGB(10, 10))
                    assertTrue(near(corner, Color.RED), "${file.name}: $corner")
                }
            }
        } finally {
            folder.deleteRecursively()
        }
    }

    /** Pushes four seconds, and looks at them meanwhile. */
    private suspend fun show(
        session: LiveSession,
        url: String,
        folder: File,
    ): List<RecordingFigures> =
        coroutineScope {
            session.startLive(url)
            session.startRecording(RecordingSettings(File(folder, "show.mp4").path, splitAfterMs = 1_000))
            val pushing = async(Dispatchers.IO) { Pattern(video.width, video.height, 15).stream(session, 4_000) }
            val first = picture(session.snapshot(withinMs = 5_000))
            assertTrue(near(Color(first.getRGB(10, 10)), Color.RED), "the image lies there: ${Color(first.getRGB(10, 10))}")
            assertTrue((0 until 40).any { near(Color(first.getRGB(100 + it, 110)), Color.YELLOW) }, "the text lies in its box")

            session.changeLook { it.copy(effects = listOf(Effect.Gray), overlays = emptyList()) }
            // The picture that was being drawn may still have the look before.
            session.snapshot(withinMs = 5_000)
            val gray = picture(session.snapshot(withinMs = 5_000))
            val colours = (0 until 16).map { Color(gray.getRGB(20 * it, 30 * it)) }
            assertTrue(colours.all { abs(it.red - it.green) < 8 && abs(it.green - it.blue) < 8 }, "$colours")
            assertFalse(near(Color(gray.getRGB(10, 10)), Color.RED))

            assertFailsWith<LiveException.Configuration> { session.changeLook { it.copy(zoom = Float.NaN) } }
            assertEquals(listOf<Effect>(Effect.Gray), session.look.effects)
            val jpeg = session.snapshot(jpegQuality = 80, withinMs = 5_000)
            assertContentEquals(byteArrayOf(-1, 0xD8.toByte()), jpeg.copyOf(2))
            assertEquals(video.width, picture(jpeg).width)

            // Two seconds are in files: more than the clip wants.
            assertTrue(within(20_000) { File(folder, "show-3.mp4").exists() }, "no third file")
            val clip = session.saveClip(RecordingSettings(File(folder, "clip.mp4").path))
            assertTrue(clip.durationMs in 900..2_200, "$clip")
            pushing.await()
            // What a crash of now would leave of the newest file.
            val growing =
                folder
                    .listFiles()
                    .orEmpty()
                    .filter { it.name.startsWith("show-") }
                    .maxBy { it.name }
            val crashed = growing.copyTo(File(folder, "crashed.mp4"))
            val recovered = Recorder.recover(crashed.path, File(folder, "recovered.mp4").path)
            assertFalse(recovered.wasComplete)
            decodes(File(recovered.path), recovered.frames)
            assertEquals(recovered.frames, Recorder.recover(crashed.path).frames)
            assertTrue(Recorder.recover(crashed.path).wasComplete)
            listOf(clip)
        }

    @Test
    fun aRecorderNeedsNoServerAndRefusesAFileThatIsThere() {
        Tools.skipWithout("ffmpeg", "ffprobe")
        val file = File.createTempFile("onair", ".mp4")
        try {
            LiveSession(AudioConfiguration.default(), video).use { session ->
                val recorder = Recorder(session)
                assertIs<LiveException.Device>(assertFailsWith<LiveException> { recorder.start(RecordingSettings(file.path)) })
                file.delete()
                recorder.start(RecordingSettings(file.path))
                assertTrue(within(5_000) { session.state.value == LiveState.LIVE })
                Pattern(video.width, video.height, 15).stream(session, 1_000)
                val made = assertNotNull(runBlocking { recorder.stop() })
                assertEquals(0, made.framesMissing)
                decodes(file, made.frames)
            }
        } finally {
            file.delete()
        }
    }

    private val decorated: Look
        get() {
            val red = OverlayImage(1, 1, byteArrayOf(-1, 0, 0, -1))
            val title = Overlay.Content.Text("Ön air", 40f, 0xFFFF00FF.toInt(), 0x000000FF)
            val overlays =
                listOf(
                    Overlay("mark", Overlay.Content.Image(red), width = 40, height = 40, stretch = true),
                    Overlay("title", title, x = 90, y = 90, z = 1),
                )
            return Look(beauty = Beauty(isOn = true), overlays = overlays)
        }

    private fun picture(file: ByteArray): BufferedImage = assertNotNull(ImageIO.read(ByteArrayInputStream(file)), "a picture")

    /** The first picture of a file. */
    private fun first(file: File): BufferedImage {
        val still = File(file.parentFile, "first.png")
        val said = Tools.run("ffmpeg", "-v", "error", "-y", "-i", file.path, "-frames:v", "1", still.path)
        assertEquals(0 to "", said, file.name)
        return picture(still.readBytes())
    }

    private fun near(
        one: Color,
        other: Color,
    ): Boolean = abs(one.red - other.red) + abs(one.green - other.green) + abs(one.blue - other.blue) < 60

    /** All of it, without a word from ffmpeg; so many pictures. */
    private fun decodes(
        file: File,
        frames: Long?,
    ) {
        assertEquals(0 to "", Tools.run("ffmpeg", "-v", "error", "-xerror", "-i", file.path, "-f", "null", "-"), file.name)
        if (frames == null) return
        val count = arrayOf("ffprobe", "-v", "error", "-count_packets", "-select_streams", "v:0")
        val shown = Tools.run(*count, "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", file.path)
        assertEquals(0 to "$frames", shown, file.name)
    }
}
