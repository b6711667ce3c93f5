package io.onair

import io.onair.ffi.Frames
import io.onair.ffi.NativeLibrary
import io.onair.ffi.Pictures
import io.onair.ffi.SnapshotFormat
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.flow.SharedFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asSharedFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.withContext
import java.nio.ByteBuffer
import java.util.concurrent.Executor
import io.onair.ffi.LiveSession as Core

/**
 * One broadcast at a time: started, stopped, started again. LFLiveKit: LFLiveSession, without camera and microphone;
 * `io.onair.android.LiveStudio` adds them.
 *
 * Every method may be called from any thread, and after [close] too: pushes then return false, calls throw
 * [LiveException.Call] (221).
 *
 * Pushes take direct buffers, read where they are and only while the call lasts. `offset` counts from a buffer's
 * beginning, whatever its position is; times are in microseconds of one clock, such as Android's elapsed time. A push
 * returns false when it was not taken because the session does not run, and throws [LiveException.Call] (216, 220) when
 * what was pushed is wrong.
 *
 * @throws LiveException.Configuration names the setting that does not fit
 */
public class LiveSession
    @JvmOverloads
    @Throws(LiveException::class)
    constructor(
        /** Sound; null for a silent film. */
        public val audio: AudioConfiguration? = AudioConfiguration.default(),
        /** Pictures; null for radio. */
        public val video: VideoConfiguration? = VideoConfiguration.default(),
        /** Everything else. */
        public val settings: LiveSettings = LiveSettings(),
    ) : AutoCloseable {
        internal val core: Core
        private val recorder: io.onair.ffi.Recorder
        internal val handle: Long
        internal val pump: EventPump

        init {
            NativeLibrary.load()
            core = bordered { Core(settings.options(audio, video)) }
            recorder = bordered { io.onair.ffi.Recorder(core) }
            handle = core.nativeHandle().toLong()
            pump = EventPump(core)
        }

        // --- start and stop ---

        /**
         * Connects and returns when the server takes media. Cancelled, it stops what it began. A server that says yes and
         * hangs up a moment later (nginx-rtmp, when it denies a key) is heard of as `LiveState.FAILED`.
         *
         * @throws LiveException says why the session is not live
         */
        public suspend fun startLive(url: String): Unit = startLive(listOf(Destination(url)))

        /** The same to several places at once, from one encode; returns when the first of them is live. */
        public suspend fun startLive(
            to: List<Destination>,
            sharedBitrate: SharedBitrate = SharedBitrate.FIRST,
        ) {
            start(to, sharedBitrate)
            try {
                pump.awaitLive()
            } catch (cancelled: CancellationException) {
                stopQuietly()
                throw cancelled
            }
        }

        /** Ends the broadcast, within 300 ms in every state. */
        public suspend fun stopLive(): Unit = withContext(NonCancellable + Dispatchers.IO) { stop() }

        /** Takes no more pushes, sends what was accepted, then ends. True when everything was sent within the time. */
        public suspend fun finishLive(deadlineMs: Long = 5_000): Boolean =
            withContext(NonCancellable + Dispatchers.IO) {
                val isSent = bordered { core.finish(deadlineMs.coerceAtLeast(0).toULong()) }
                pump.refresh()
                isSent
            }

        /** For Java: begins to connect and returns at once; a listener hears the rest. */
        @JvmOverloads
        @Throws(LiveException::class)
        public fun start(
            to: List<Destination>,
            sharedBitrate: SharedBitrate = SharedBitrate.FIRST,
        ) {
            bordered { core.start(to.map { it.options() }, sharedBitrate) }
            pump.refresh()
        }

        /** For Java: [stopLive] in the caller's thread. */
        @Throws(LiveException::class)
        public fun stop() {
            bordered { core.stop() }
            pump.refresh()
        }

        private suspend fun stopQuietly() {
            try {
                stopLive()
            } catch (_: LiveException) {
                // Closed meanwhile: it is stopped.
            }
        }

        /** Ends the broadcast and the session, within 300 ms; once or more often. */
        override fun close() {
            if (core.uniffiIsDestroyed) return
            pump.end()
            try {
                core.cancelEvents()
                core.stop()
            } catch (_: IllegalStateException) {
                // Somebody else was a moment earlier.
            }
            recorder.destroy()
            core.destroy()
            pump.refresh()
        }

        // --- what is told ---

        /** Where the session stands, now. */
        public val state: StateFlow<LiveState> = pump.state.asStateFlow()

        /** What happens, from the subscription on. Of a collector that is slower, the oldest of 256 are left out. */
        public val events: SharedFlow<LiveEvent> = pump.events.asSharedFlow()

        /** What ended the last broadcast, when it was an error. */
        public val lastError: LiveException? get() = pump.lastError()

        /** Tells [listener] on [executor]; on a phone `context.mainExecutor` or `io.onair.android.MainThread`. */
        public fun addListener(
            executor: Executor,
            listener: LiveListener,
        ): Unit = pump.add(executor, listener)

        /** Tells it no more. */
        public fun removeListener(listener: LiveListener): Unit = pump.remove(listener)

        /** What was counted up to now; after the end, the last broadcast's totals. */
        public val figures: LiveFigures get() = bordered { core.figures() }.own()

        /** What each destination got, in the order of the start. */
        public val destinations: List<DestinationFigures> get() = bordered { core.destinations() }.map { it.own() }

        /** What made the core decide as it did, for `onair lab replay`: no media, no address, no key. */
        public fun flightRecord(): ByteArray = bordered { core.flightRecord() }

        // --- while it is live ---

        /** While muted, raw sound is sent as silence. LFLiveKit: muted. */
        public var isMuted: Boolean
            get() = bordered { core.isMuted() }
            set(value) = bordered { core.setMuted(value) }

        // --- sound that the core mixes ---

        /**
         * Adds a source that is mixed with the first one: its own rate, channels, gain and mute, times on the same clock. It
         * stays over stop and start until it is removed; eight in all. Returns its number; 0 is the first source.
         */
        public fun addAudioSource(): Int = bordered { core.addAudioSource() }.toInt()

        /** Removes a source; the first one stays. */
        public fun removeAudioSource(source: Int): Unit = bordered { core.removeAudioSource(source.toUInt()) }

        /** How loud a source is in the mix: 0 is silence, 1 as it comes, 8 the most. */
        public fun setAudioSourceGain(
            source: Int,
            gain: Float,
        ): Unit = bordered { core.setAudioSourceGain(source.toUInt(), gain) }

        /** Mutes one source in the mix; its time runs on. */
        public fun setAudioSourceMuted(
            source: Int,
            isMuted: Boolean,
        ): Unit = bordered { core.setAudioSourceMuted(source.toUInt(), isMuted) }

        /** How loud all of it is: 0 to 8, 1 unless said. Survives stop and start. */
        public fun setGain(gain: Float): Unit = bordered { core.setGain(gain) }

        /** How loud the last tenth of a second was; silence when nothing runs. */
        public val levels: SoundLevels
            get() {
                val levels = bordered { core.levels() }
                return SoundLevels(levels.output, levels.sources.associate { it.source.toInt() to it.level })
            }

        /** As [pushAudio], for a source that was added. */
        public fun pushAudioTo(
            source: Int,
            pcm: ByteBuffer,
            offset: Int,
            sizeBytes: Int,
            sampleRateHz: Int,
            channels: Int,
            timeUs: Long,
        ): Boolean = isTaken(Frames.pushPcm(handle, source, pcm, offset, sizeBytes, sampleRateHz, channels, timeUs))

        /** As [pushAudioTo], of floats from −1 to 1, as `AudioFormat.ENCODING_PCM_FLOAT` has them; 0 is the first source. */
        public fun pushAudioFloat(
            source: Int,
            pcm: ByteBuffer,
            offset: Int,
            sizeBytes: Int,
            sampleRateHz: Int,
            channels: Int,
            timeUs: Long,
        ): Boolean = isTaken(Frames.pushFloat(handle, source, pcm, offset, sizeBytes, sampleRateHz, channels, timeUs))

        /**
         * A device is gone for a while, or another one takes its place: the stream gets the last picture (or the slate), and
         * silence, until [resume] and the first push after it. An app's own encoder stands in itself, by [Easel].
         */
        public fun interrupt(what: Absence) {
            bordered { core.interrupt(what) }
            onInterrupted?.invoke(what)
        }

        /** Who encodes on this side, and stands in. */
        @Volatile internal var onInterrupted: ((Absence) -> Unit)? = null

        /** The device is back: what is pushed counts again. */
        public fun resume(what: Absence): Unit = bordered { core.resume(what) }

        /**
         * The picture of interruptions, copied: four bytes a pixel, R, G, B, A in memory or B, G, R, A; null for the last one
         * that was pushed. Survives stop and start.
         */
        @JvmOverloads
        public fun setSlate(
            pixels: ByteBuffer?,
            stride: Int = 0,
            width: Int = 0,
            height: Int = 0,
            isBgra: Boolean = false,
        ) {
            isTaken(Frames.setSlate(handle, if (isBgra) BGRA else RGBA, pixels, stride, width, height))
        }

        /** Makes the next raw picture an IDR. */
        public fun requestKeyframe(): Unit = bordered { core.requestKeyframe() }

        /** Keeps the video bitrate within these, in the configuration's range, until the broadcast ends. */
        public fun setVideoBitRateRange(
            minBps: Int,
            maxBps: Int,
        ): Unit = bordered { core.setVideoBitrateRange(whole(minBps), whole(maxBps)) }

        /** What the system says of the device's way to the network. */
        public fun reportPath(path: NetworkPath): Unit = bordered { core.reportPath(path) }

        /**
         * How raw pictures look from the next one on; it stays over stop, start and every reconnect.
         *
         * @throws LiveException.Configuration names the value that does not fit; the look is as before
         */
        @set:Throws(LiveException::class)
        public var look: Look = Look()
            get() = synchronized(lookLock) { field }
            set(value) =
                synchronized(lookLock) {
                    bordered { core.setLook(value.options()) }
                    field = value
                }

        /** Changes some of the look, as one step: `session.changeLook { it.copy(mirror = true) }`. */
        public fun changeLook(change: (Look) -> Look): Unit = synchronized(lookLock) { look = change(look) }

        private val lookLock = Any()

        /**
         * The next raw picture as it is encoded, as a PNG file, or a JPEG file of this quality. LFLiveKit: currentImage.
         *
         * @throws LiveException.Call when none came in time (219), or the core gets none (208)
         */
        public suspend fun snapshot(
            jpegQuality: Int? = null,
            withinMs: Long = 1_000,
        ): ByteArray = withContext(Dispatchers.IO) { snapshotNow(jpegQuality, withinMs) }

        /** The same for Java: waits in the caller's thread. */
        @JvmOverloads
        @Throws(LiveException::class)
        public fun snapshotNow(
            jpegQuality: Int? = null,
            withinMs: Long = 1_000,
        ): ByteArray {
            val format = jpegQuality?.let { SnapshotFormat.Jpeg(it.coerceIn(0, 255).toUByte()) } ?: SnapshotFormat.Png
            return bordered { core.snapshot(format, withinMs.coerceAtLeast(0).toULong()) }
        }

        /**
         * Begins or ends to keep each picture that the core encodes for [fetchPreview]. What the camera sees is mirrored in
         * it or not, whatever viewers get; overlays never are.
         */
        @JvmOverloads
        public fun setPreview(
            isOn: Boolean,
            mirror: Boolean = false,
        ): Unit = bordered { core.setPreview(isOn, mirror) }

        /**
         * Writes the newest preview into all of a direct buffer as bytes R, G, B, A, rows without padding, and says how
         * large it is; null when there is none since the last call. Never waits.
         */
        public fun fetchPreview(buffer: ByteBuffer): PictureSize? {
            val size = Pictures.fetchPreview(handle, RGBA, buffer)
            if (size > 0) return PictureSize(size shr 16, size and 0xFFFF)
            isTaken(-size)
            return null
        }

        /**
         * Makes a copy of a picture of any size what the overlay [name] of the look shows from the next picture on: one
         * plane of four bytes a pixel. Never waits.
         */
        public fun pushOverlay(
            name: String,
            pixels: ByteBuffer,
            offset: Int,
            stride: Int,
            width: Int,
            height: Int,
            isBgra: Boolean = false,
        ): Boolean = isTaken(Pictures.pushOverlay(handle, name, if (isBgra) BGRA else RGBA, pixels, offset, stride, width, height))

        /** Writes what is streamed into a new file too: MP4, or FLV by its name. LFLiveKit: saveLocalVideo. */
        public fun startRecording(path: String): Unit = startRecording(RecordingSettings(path))

        /** The same, split or in a format of its own. */
        public fun startRecording(settings: RecordingSettings): Unit = bordered { core.startRecording(settings.options()) }

        /**
         * Keeps the newest so many ms of what is streamed in memory, 1,000 to 300,000, for [saveClip]; 0 keeps nothing.
         *
         * @throws LiveException.Configuration when the length is out of range
         */
        public fun keepClip(lengthMs: Long): Unit = bordered { core.keepClip(lengthMs.coerceAtLeast(0).toULong()) }

        /** Writes what is kept into a new file, beginning with an IDR, and waits for the disk; the stream goes on. */
        public fun saveClip(settings: RecordingSettings): RecordingFigures = bordered { core.saveClip(settings.options()) }.own()

        internal fun recordOnly(settings: RecordingSettings) {
            bordered { recorder.start(settings.options()) }
            pump.refresh()
        }

        internal fun endRecordOnly(deadlineMs: Long): RecordingFigures? {
            val made = bordered { recorder.stop(deadlineMs.coerceAtLeast(0).toULong()) }?.own()
            pump.refresh()
            return made
        }

        /** Completes the file, and waits for the disk. Null when there was no recording since the last call. */
        public fun stopRecording(): RecordingFigures? = bordered { core.stopRecording() }?.own()

        // --- pushes ---

        /**
         * A picture in three planes, as `android.media.Image` has them (YUV_420_888): chroma lies apart
         * ([chromaPixelStride] 1) or alternates (2). Of the configuration's size.
         */
        public fun pushVideo(
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
        ): Boolean =
            isTaken(
                Frames.pushYuv420(
                    handle,
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
                ),
            )

        /** A picture in one plane of four bytes a pixel: R, G, B, A in memory, or B, G, R, A. */
        public fun pushVideo(
            pixels: ByteBuffer,
            offset: Int,
            stride: Int,
            width: Int,
            height: Int,
            isBgra: Boolean,
            timeUs: Long,
        ): Boolean = isTaken(Frames.pushPacked(handle, if (isBgra) BGRA else RGBA, pixels, offset, stride, width, height, timeUs))

        /** Interleaved 16-bit samples in native byte order; [timeUs] is when the first was captured. */
        public fun pushAudio(
            pcm: ByteBuffer,
            offset: Int,
            sizeBytes: Int,
            sampleRateHz: Int,
            channels: Int,
            timeUs: Long,
        ): Boolean = isTaken(Frames.pushPcm(handle, 0, pcm, offset, sizeBytes, sampleRateHz, channels, timeUs))

        /**
         * One access unit. With start codes, as `MediaCodec` makes them, [header] holds the parameter sets (`csd-0` and
         * `csd-1`), from its beginning; null when nothing changed or when the key frame brings them itself. Without, NAL
         * units lie behind their lengths and [header] is the record (avcC, hvcC, av1C), as MP4 has them.
         */
        public fun pushEncodedVideo(
            payload: ByteBuffer,
            offset: Int,
            sizeBytes: Int,
            isKey: Boolean,
            ptsUs: Long,
            dtsUs: Long = ptsUs,
            header: ByteBuffer? = null,
            headerSizeBytes: Int = header?.capacity() ?: 0,
            hasStartCodes: Boolean = true,
        ): Boolean =
            isTaken(
                Frames.pushEncodedVideo(
                    handle,
                    if (hasStartCodes) 1 else 0,
                    if (isKey) 1 else 0,
                    header,
                    headerSizeBytes,
                    payload,
                    offset,
                    sizeBytes,
                    ptsUs,
                    dtsUs,
                ),
            )

        /** One AAC frame without ADTS, or one Opus packet; [header] is the AudioSpecificConfig (`csd-0`) or OpusHead. */
        public fun pushEncodedAudio(
            payload: ByteBuffer,
            offset: Int,
            sizeBytes: Int,
            ptsUs: Long,
            header: ByteBuffer? = null,
            headerSizeBytes: Int = header?.capacity() ?: 0,
        ): Boolean = isTaken(Frames.pushEncodedAudio(handle, header, headerSizeBytes, payload, offset, sizeBytes, ptsUs))

        /** False when the session does not run, or is gone: none of a caller's faults. Else what is wrong is thrown. */
        internal fun isTaken(status: Int): Boolean =
            when (status) {
                0 -> {
                    true
                }

                LiveException.MISUSE, LiveException.NO_SESSION -> {
                    false
                }

                else -> {
                    val (reason, advice) = (Frames.lastError() + "\n").split("\n", limit = 2)
                    throw LiveException.of(status, reason, advice.trim())
                }
            }

        private companion object {
            /** ONAIR_PIXELS_RGBA and ONAIR_PIXELS_BGRA of onair.h. */
            const val RGBA = 3
            const val BGRA = 4
        }
    }
