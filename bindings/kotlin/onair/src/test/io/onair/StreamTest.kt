package io.onair

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Test
import java.net.InetAddress
import java.net.ServerSocket
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executors
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** A session against real servers. */
class StreamTest {
    private val video = VideoConfiguration.of(VideoQuality.LOW3)

    @Test
    fun fiveSecondsReachNginxAndDecodeWithoutError() {
        Tools.skipWithout("nginx-rtmp", "ffmpeg", "ffprobe")
        Nginx().use { nginx ->
            LiveSession(AudioConfiguration.default(), video).use { session ->
                assertEquals(LiveState.READY, session.state.value)
                runBlocking { withTimeout(10_000) { session.startLive(nginx.url("live", "kotlin")) } }
                assertEquals(LiveState.LIVE, session.state.value)
                val (pictures, blocks) = Pattern(video.width, video.height, 30).stream(session, 5_000)
                assertEquals(150 to 250, pictures to blocks)
                assertTrue(runBlocking { session.finishLive() }, "everything was sent")
                assertEquals(LiveState.STOPPED, session.state.value)
                val figures = session.figures
                assertEquals(150, figures.framesIn)
                assertEquals(0, figures.framesDropped)
            }
            val file = nginx.recording("kotlin")
            assertTrue(within(5_000) { file.length() > 100_000 })
            assertEquals(0 to "", Tools.run("ffmpeg", "-v", "error", "-xerror", "-i", file.path, "-f", "null", "-"))
            val count =
                Tools.run(
                    "ffprobe",
                    "-v",
                    "error",
                    "-count_frames",
                    "-show_entries",
                    "stream=codec_name,width,nb_read_frames",
                    "-of",
                    "csv=p=0",
                    file.path,
                )
            assertEquals(0, count.first, count.second)
            val lines = count.second.lines().map { it.split(',') }
            val pictures = lines.single { it[0] == "h264" }
            assertEquals(video.width.toString(), pictures[1])
            // Until both tracks are there nothing is sent; not more than that is missing.
            assertTrue(pictures.last().toInt() >= 140, count.second)
            assertTrue(lines.single { it[0] == "aac" }.last().toInt() >= 200, count.second)
        }
    }

    @Test
    fun aServerThatRefusesIsATypedErrorAndTheListenerHearsIt() {
        Tools.skipWithout("nginx-rtmp")
        Nginx().use { nginx ->
            LiveSession(AudioConfiguration.default(), video).use { session ->
                val states = CopyOnWriteArrayList<LiveState>()
                val heard = CompletableDeferred<LiveException>()
                val executor = Executors.newSingleThreadExecutor()
                session.addListener(
                    executor,
                    object : LiveListener {
                        override fun onState(state: LiveState) {
                            states += state
                        }

                        override fun onError(error: LiveException) {
                            heard.complete(error)
                        }
                    },
                )
                // nginx says yes, and no a moment later: the start may have returned by then.
                val thrown =
                    runBlocking {
                        withTimeout(20_000) {
                            try {
                                session.startLive(nginx.url("closed", "secretkey"))
                                session.state.first { it == LiveState.FAILED }
                                session.lastError
                            } catch (thrown: LiveException) {
                                thrown
                            }
                        }
                    }
                assertIs<LiveException.Refused>(thrown)
                assertEquals(204, thrown.code)
                assertFalse("secretkey" in thrown.message!!, "no text holds a key")
                assertEquals(LiveState.FAILED, session.state.value)
                assertEquals(204, runBlocking { withTimeout(5_000) { heard.await() } }.code)
                assertEquals(listOf(LiveState.PENDING, LiveState.LIVE, LiveState.FAILED), states.toList())
                executor.shutdown()
                // A failure leaves nothing behind: the same session goes live.
                runBlocking { withTimeout(10_000) { session.startLive(nginx.url("live", "again")) } }
                assertEquals(LiveState.LIVE, session.state.value)
                runBlocking { session.stopLive() }
                assertEquals(LiveState.STOPPED, session.state.value)
            }
        }
    }

    @Test
    fun nobodyThereIsATypedErrorWithCodeAndAdvice() {
        LiveSession(AudioConfiguration.default(), video).use { session ->
            val thrown =
                assertFailsWith<LiveException.Network> {
                    runBlocking { withTimeout(20_000) { session.startLive("rtmp://127.0.0.1:${freePort()}/live/key") } }
                }
            assertEquals(203, thrown.code)
            assertTrue(thrown.reason.isNotEmpty() && thrown.advice.isNotEmpty())
            assertEquals(LiveState.FAILED, session.state.value)
            assertEquals(203, session.lastError?.code)
        }
    }

    @Test
    fun aStartThatIsCancelledStopsWhatItBegan() {
        // Takes connections and says nothing.
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { silent ->
            LiveSession(AudioConfiguration.default(), video).use { session ->
                runBlocking {
                    val start = async { session.startLive("rtmp://127.0.0.1:${silent.localPort}/live/key") }
                    while (session.state.value != LiveState.PENDING) delay(1)
                    val second = assertFailsWith<LiveException.Call> { session.startLive("rtmp://127.0.0.1/live/key") }
                    assertEquals(208, second.code)
                    start.cancel()
                    start.join()
                    assertEquals(LiveState.STOPPED, session.state.value)
                }
            }
        }
    }

    @Test
    fun stopAndCloseEndAStartThatWaits() {
        ServerSocket(0, 8, InetAddress.getLoopbackAddress()).use { silent ->
            val ends = listOf<Pair<Int, suspend (LiveSession) -> Unit>>(208 to { it.stopLive() }, 221 to { it.close() })
            for ((expected, end) in ends) {
                val session = LiveSession(null, video)
                runBlocking {
                    var code = 0
                    val start =
                        launch {
                            code =
                                assertFailsWith<LiveException.Call> {
                                    session.startLive("rtmp://127.0.0.1:${silent.localPort}/live/key")
                                }.code
                        }
                    while (session.state.value != LiveState.PENDING) delay(1)
                    end(session)
                    withTimeout(5_000) { start.join() }
                    assertEquals(expected, code)
                }
                session.close()
                runBlocking { withTimeout(5_000) { session.pump.join() } }
            }
        }
    }

    @Test
    fun aLookBeforeSaysWhatWouldHappen() {
        Tools.skipWithout("nginx-rtmp")
        Nginx().use { nginx ->
            val good = runBlocking { OnAir.preflight(nginx.url("live", "look")) }
            assertTrue(good.isReady, good.verdict)
            val nobody = runBlocking { OnAir.preflight("rtmp://127.0.0.1:${freePort()}/live/key") }
            assertFalse(nobody.isReady)
            assertEquals(203, nobody.error?.code)
        }
    }
}
