package io.onair

import com.sun.jna.Memory
import com.sun.jna.ptr.LongByReference
import io.onair.Vectors.call
import io.onair.Vectors.list
import io.onair.Vectors.map
import org.junit.jupiter.api.Test
import java.nio.ByteBuffer
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executor
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** The vectors of tests/conformance: what they end in natively, they end in here. */
class ConformanceTest {
    @Test
    fun configurationsAreJudgedAlike() {
        for (vector in Vectors.list("configurations.json")) {
            val code =
                codeOf {
                    LiveSession(vector["audio"]?.let { audio(it.map()) }, vector["video"]?.let { video(it.map()) }).close()
                }
            assertEquals(vector.int("code"), code, vector.toString())
        }
    }

    @Test
    fun addressesAreTakenApartAlike() {
        for (vector in Vectors.list("addresses.json")) {
            val url = vector["url"] as String
            val said =
                try {
                    val parts = OnAir.parseAddress(url)
                    mapOf<String, Any?>(
                        "is_secure" to parts.isSecure,
                        "host" to parts.host,
                        "port" to parts.port.toLong(),
                        "app" to parts.app,
                        "tc_url" to parts.tcUrl,
                    )
                } catch (error: LiveException) {
                    mapOf<String, Any?>("code" to error.code.toLong())
                }
            assertEquals(vector - "url", said, url)
        }
    }

    @Test
    fun sessionsPutTheSameBytesOnTheWire() {
        val outcomes = Vectors.read("outcomes.json").map()
        val scripts = Vectors.list("sessions.json")
        for (script in scripts) {
            val name = script["name"] as String
            Player(script).use { player ->
                for (step in script["steps"].list()) {
                    assertEquals(step.int("expect_code", 0), player.play(step), "$name: $step")
                }
                assertEquals(outcomes[name], player.outcome(), name)
            }
        }
        assertEquals(scripts.size, outcomes.size)
    }

    @Test
    fun networksLeadToTheSameDecisions() {
        val decisions = Vectors.read("decisions.json").map()
        val traces = Vectors.list("adaptation.json")
        for (trace in traces) {
            val name = trace["name"] as String
            Player(trace).use { player ->
                for (step in trace["steps"].list()) assertEquals(0, player.play(step), "$name: $step")
                val states = player.outcome()["states"]
                assertEquals(decisions[name], mapOf("decisions" to player.decisions.toList(), "states" to states), name)
            }
        }
        assertEquals(traces.size, decisions.size)
    }

    private class Player(
        script: Map<String, Any?>,
    ) : AutoCloseable {
        private val session: LiveSession
        private val states = CopyOnWriteArrayList<String>()
        private val lost = CopyOnWriteArrayList<Long>()
        private var pushed = 0L
        private var streamed = 0L

        /** Of bitrate and pace, with the reasons. */
        val decisions = CopyOnWriteArrayList<String>()

        init {
            val options = script["options"].map()
            call("begin", script.int("seed"))
            try {
                session =
                    LiveSession(options["audio"]?.let { audio(it.map()) }, options["video"]?.let { video(it.map()) }, settings(options))
            } finally {
                call("end")
            }
            session.addListener(
                Executor { it.run() },
                object : LiveListener {
                    override fun onEvent(event: LiveEvent) {
                        when (event) {
                            is LiveEvent.StateChanged -> {
                                states +=
                                    event.state.name
                                        .lowercase()
                                        .replaceFirstChar(Char::uppercase)
                            }

                            is LiveEvent.Lost -> {
                                lost += event.error.code.toLong()
                            }

                            is LiveEvent.BitrateChanged -> {
                                decisions += "bitrate ${event.fromBps} ${event.toBps} ${event.reason}"
                            }

                            is LiveEvent.PaceChanged -> {
                                val pace =
                                    event.pace.name
                                        .lowercase()
                                        .replaceFirstChar(Char::uppercase)
                                decisions += "pace $pace ${event.reason}"
                            }

                            else -> {}
                        }
                    }
                },
            )
        }

        /** Plays a step: 0, or an error's code. */
        fun play(step: Map<String, Any?>): Int {
            val handle = session.handle
            when (val what = step["do"]) {
                "start" -> {
                    val given = { name: String -> step[name] as String? }
                    val to =
                        Destination(
                            step["url"] as String,
                            backupUrl = given("backup_url"),
                            key = given("key"),
                            app = given("app"),
                            backupKey = given("backup_key"),
                            backupAfterMs = step["backup_after_ms"]?.let { step.long("backup_after_ms") },
                        )
                    return codeOf { session.start(listOf(to)) }
                }

                "await" -> {
                    assertTrue(within(30_000) { states.lastOrNull() == step["state"] }, "$step: $states")
                }

                "video" -> {
                    return pushVideo(step)
                }

                "audio" -> {
                    return pushAudio(step)
                }

                "cue" -> {
                    return codeOf { session.send(cue(step), step.long("time_us")) }
                }

                "settle" -> {
                    call("pass", handle, 0)
                    assertEquals(pushed, gone(), "not sent")
                }

                "pass" -> {
                    call("pass", handle, step.int("us"))
                }

                "limit" -> {
                    call("limit", handle, step.int("bps"))
                }

                "stream" -> {
                    stream(step)
                }

                "cut" -> {
                    call("cut", handle)
                }

                "refuse" -> {
                    call("refuse", handle, step.int("attempts"))
                }

                "finish" -> {
                    assertTrue(kotlinx.coroutines.runBlocking { session.finishLive() }, "not everything was sent")
                }

                "stop" -> {
                    session.stop()
                }

                else -> {
                    error("no step $what")
                }
            }
            return 0
        }

        /** Pictures at an even pace; the clock goes on when each was taken. */
        private fun stream(step: Map<String, Any?>) {
            val header = bytes(step["header"])
            val size = step.int("size")
            val payload = ByteBuffer.allocateDirect(size)
            for (at in 5 until size) payload.put(at, 0x55)
            payload.putInt(0, size - 4)
            repeat(step.int("frames")) {
                call("pass", session.handle, step.int("interval_us"))
                val isKey = streamed % step.int("key_every") == 0L
                payload.put(4, if (isKey) 0x65 else 0x41)
                val timeUs = streamed * step.int("interval_us")
                val isTaken =
                    session.pushEncodedVideo(
                        payload,
                        0,
                        size,
                        isKey,
                        timeUs,
                        timeUs,
                        header.takeIf { isKey },
                        hasStartCodes = false,
                    )
                assertTrue(isTaken)
                pushed++
                streamed++
            }
        }

        private fun gone(): Long = session.figures.run { framesSent + audioFramesSent + framesDropped + audioFramesDropped }

        private fun pushVideo(step: Map<String, Any?>): Int {
            val payload = bytes(step["payload"])
            val header = bytes(step["header"]).takeIf { it.capacity() > 0 }
            return counted(
                codeOf(LiveException.MISUSE) {
                    session.pushEncodedVideo(
                        payload,
                        0,
                        payload.capacity(),
                        step["is_key"] == true,
                        step.long("pts_us"),
                        step.long("dts_us"),
                        header,
                        hasStartCodes = step["layout"] == "start_codes",
                    )
                },
            )
        }

        private fun pushAudio(step: Map<String, Any?>): Int {
            val payload = bytes(step["payload"])
            val header = bytes(step["header"]).takeIf { it.capacity() > 0 }
            return counted(
                codeOf(LiveException.MISUSE) {
                    session.pushEncodedAudio(payload, 0, payload.capacity(), step.long("pts_us"), header)
                },
            )
        }

        private fun counted(code: Int): Int {
            if (code == 0) pushed++
            return code
        }

        /** States and losses are those that were told once the session's own is told too. */
        fun outcome(): Map<String, Any?> {
            val last = session.state.value
            if (last != LiveState.READY) assertTrue(within(30_000) { states.lastOrNull().equals(last.name, ignoreCase = true) })
            val wire = generateSequence(0) { it + 1 }.map(::wire).takeWhile { it.isNotEmpty() }.toList()
            return mapOf("lost" to lost.toList(), "states" to states.toList(), "wire" to wire)
        }

        private fun wire(connection: Int): String {
            val size = LongByReference()
            call("wire", session.handle, connection, null, 0L, size)
            if (size.value == 0L) return ""
            val memory = Memory(size.value)
            call("wire", session.handle, connection, memory, size.value, size)
            return memory.getByteArray(0, size.value.toInt()).joinToString("") { "%02x".format(it) }
        }

        override fun close(): Unit = session.close()
    }

    private companion object {
        /** 0, or the code of what is thrown; a push that is not taken is [refused]. */
        fun codeOf(
            refused: Int = 0,
            body: () -> Any?,
        ): Int =
            try {
                if (body() == false) refused else 0
            } catch (error: LiveException) {
                error.code
            }

        fun audio(value: Map<String, Any?>): AudioConfiguration {
            val usual = AudioConfiguration.default()
            return AudioConfiguration(
                value.int("sample_rate_hz", usual.audioSampleRate),
                value.int("channels", usual.numberOfChannels),
                value.int("bitrate_bps", usual.audioBitrate),
            )
        }

        fun video(value: Map<String, Any?>): VideoConfiguration {
            val usual = VideoConfiguration.default()
            return VideoConfiguration(
                value.int("width", usual.width),
                value.int("height", usual.height),
                value.int("fps", usual.videoFrameRate),
                value.int("min_fps", usual.videoMinFrameRate),
                value.int("max_fps", usual.videoMaxFrameRate),
                value.int("bitrate_bps", usual.videoBitRate),
                value.int("min_bitrate_bps", usual.videoMinBitRate),
                value.int("max_bitrate_bps", usual.videoMaxBitRate),
                value.int("keyframe_interval_frames", usual.videoMaxKeyframeInterval),
                if (value["profile"] == "Baseline") Profile.BASELINE else usual.profile,
            )
        }

        fun settings(value: Map<String, Any?>): LiveSettings {
            fun source(name: String) = if (value[name] == "Encoded") Source.ENCODED else Source.RAW
            assertEquals("Lag", value["adaptive_bitrate"])
            return LiveSettings(
                videoSource = source("video_source"),
                audioSource = source("audio_source"),
                allowPlaintext = value["allow_plaintext"] == true,
                metadata = fields(value["metadata"]),
                reconnect = ReconnectSettings(maxRetries = value.int("max_retries"), fixedDelayMs = value.long("fixed_delay_ms")),
            )
        }

        fun fields(list: Any?): List<Field> =
            (list as? List<*>).orEmpty().map { entry ->
                val field = entry as Map<*, *>
                val name = field["name"] as String
                when (val value = field["text"] ?: field["flag"] ?: field["number"]) {
                    is String -> Field(name, value)
                    is Boolean -> Field(name, value)
                    else -> Field(name, (value as Number).toDouble())
                }
            }

        fun cue(step: Map<String, Any?>): Cue {
            val words = step["words"] as String
            return when (step["kind"]) {
                "text" -> Cue.text(words)
                "point" -> Cue.point(words, fields(step["fields"]))
                else -> Cue.data(words, fields(step["fields"]))
            }
        }

        fun bytes(hex: Any?): ByteBuffer {
            val bytes = (hex as String).chunked(2).map { it.toInt(16).toByte() }.toByteArray()
            return ByteBuffer.allocateDirect(bytes.size).put(bytes)
        }

        fun Map<String, Any?>.long(name: String): Long = this[name] as Long

        /** Beyond what an Int holds it is as little a setting as the greatest Int. */
        fun Map<String, Any?>.int(
            name: String,
            usual: Int? = null,
        ): Int = (this[name] as Long?)?.coerceAtMost(Int.MAX_VALUE.toLong())?.toInt() ?: usual ?: error("no $name in $this")
    }
}
