package io.onair.android

import android.content.Context
import android.content.Intent
import android.graphics.Bitmap
import android.os.Build
import android.os.Handler
import android.os.Looper
import android.os.SystemClock
import android.view.Surface
import android.view.WindowManager
import io.onair.Absence
import io.onair.AbsenceReason
import io.onair.Absences
import io.onair.AudioConfiguration
import io.onair.Beauty
import io.onair.Easel
import io.onair.Heat
import io.onair.LiveEvent
import io.onair.LiveException
import io.onair.LiveSession
import io.onair.LiveSettings
import io.onair.LiveState
import io.onair.Overlay
import io.onair.OverlayImage
import io.onair.PathWatch
import io.onair.PictureOrder
import io.onair.SessionSink
import io.onair.Source
import io.onair.StandIns
import io.onair.Track
import io.onair.VideoCodec
import io.onair.VideoConfiguration
import io.onair.VideoEncoderControl
import kotlinx.coroutines.suspendCancellableCoroutine
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.coroutines.resume

/**
 * A session with camera, microphone, the phone's encoders and a preview. The rest of LFLiveKit's LFLiveSession: its
 * properties have its names. For the main thread, [close] included.
 *
 * The app has the permissions CAMERA and RECORD_AUDIO before [running] becomes true. What breaks is told to
 * [onDeviceFailed]; the broadcast goes on with what is left.
 *
 * @throws LiveException.Configuration names the setting that does not fit
 */
public class LiveStudio
    @JvmOverloads
    constructor(
        context: Context,
        private val audio: AudioConfiguration? = AudioConfiguration.default(),
        private val video: VideoConfiguration? = VideoConfiguration.default(),
        settings: LiveSettings = LiveSettings(),
    ) : AutoCloseable {
        private val app: Context = context.applicationContext

        /** The broadcast: start, stop, states, events, figures, recording. */
        public val session: LiveSession =
            LiveSession(audio, video, settings.copy(videoSource = Source.ENCODED, audioSource = Source.ENCODED))

        /** What broke: camera, microphone, screen or encoder. On the main thread. */
        public var onDeviceFailed: ((LiveException) -> Unit)? = null

        private val sink = SessionSink(session)
        private val main = Handler(Looper.getMainLooper())
        private val stage = PictureStage()
        private val encoder = video?.let { VideoControl(it, settings.videoCodec) }
        private val easel = Easel(session)
        private val standIns = StandIns(easel, ::standIn)
        private val absences = Absences(::tellAbsence)
        private val camera =
            video?.let { CameraSource(app, it, stage, { there -> absences.set(AbsenceReason.CAMERA_LOST, !there) }, ::cameraFailed) }
        private val screen = video?.let { ScreenSource(app, it, stage, ::screenEnded) }
        private val microphone = audio?.let { MicrophoneSource(it, session, sink, ::microphoneFailed, ::failed) }
        private val surroundings =
            Surroundings(app, PathWatch(session::reportPath), video?.let { Heat(it, ::setRange) }, absences)
        private val lifecycle = Lifecycle(app, ::seenChanged)
        private var isScreen = false
        private var isClosed = false

        init {
            encoder?.let { session.pump.encoders += it.control::handle }
            microphone?.let { session.pump.encoders += it.encoder::handle }
            video?.let { stage.send(session, it.width, it.height) }
            stage.onFailed = ::failed
            session.onInterrupted = standIns::begin
            session.pump.encoders += { if (it == LiveEvent.StateChanged(LiveState.PENDING)) absences.again() }
        }

        // --- LFLiveKit's properties ---

        /** Whether camera, microphone and encoders run; independent of whether it is published. */
        public var running: Boolean = false
            set(value) {
                if (value == field || isClosed) return
                field = value
                if (value) begin() else end()
            }

        /** Where the camera is seen. */
        public var preview: LivePreview? = null
            set(value) {
                if (field !== value) field?.stage = null
                field = value
                value?.stage = stage
            }

        /** LFLiveKit: captureDevicePosition. */
        public var cameraPosition: CameraPosition = CameraPosition.FRONT
            set(value) {
                if (value == field) return
                field = value
                reflect()
                if (running && !isScreen) camera?.open(value)
            }

        /** 1…3, and what the camera can at most. */
        public var zoomScale: Float = 1f
            set(value) {
                field = value.coerceAtLeast(1f)
                camera?.setZoom(field)
            }

        /** The lamp of a back camera. */
        public var torch: Boolean = false
            set(value) {
                field = value
                camera?.setTorch(value)
            }

        /** Whether viewers see a front camera's picture as in a mirror; the preview always is. */
        public var mirror: Boolean = true
            set(value) {
                field = value
                reflect()
            }

        /** Whether silence is sent. */
        public var muted: Boolean = false
            set(value) {
                field = value
                microphone?.isMuted = value
            }

        /** Whether the video bitrate follows the network; false keeps it where the configuration starts. */
        public var adaptiveBitrate: Boolean = true
            set(value) {
                field = value
                val video = video ?: return
                if (value) setRange(video.videoMinBitRate, video.videoMaxBitRate) else setRange(video.videoBitRate, video.videoBitRate)
            }

        /** Whether pictures are encoded in software, since the phone's encoder could not be made or broke twice. */
        public val isEncodingInSoftware: Boolean get() = encoder?.control?.isSoftware == true

        /** LFLiveKit's filter for faces, in the stream, its recording and the preview; it and the next two are [LiveSession.look]'s. */
        public var beautyFace: Boolean
            get() = session.look.beauty.isOn
            set(value) = changeBeauty { it.copy(isOn = value) }

        /** 0…1: how much skin is smoothed. */
        public var beautyLevel: Float
            get() = session.look.beauty.level
            set(value) = changeBeauty { it.copy(level = value.coerceIn(0f, 1f)) }

        /** 0…1: 0.5 as it is. */
        public var brightLevel: Float
            get() = session.look.beauty.bright
            set(value) = changeBeauty { it.copy(bright = value.coerceIn(0f, 1f)) }

        /** LFLiveKit: warterMarkView. Lies in the upper left corner, pixel for pixel; null for none. */
        public var watermark: Bitmap? = null
            set(value) {
                val mark = value?.let { Overlay(WATERMARK, Overlay.Content.Image(image(it)), z = Int.MAX_VALUE) }
                session.changeLook { look -> look.copy(overlays = look.overlays.filter { it.name != WATERMARK } + listOfNotNull(mark)) }
                field = value
            }

        /** The next picture that is sent; null while nothing is captured. */
        public suspend fun currentImage(): Bitmap? {
            if (!running || video == null) return null
            return suspendCancellableCoroutine { waiting ->
                stage.image { if (waiting.isActive) waiting.resume(it) }
            }
        }

        /** Where [saveLocalVideo] writes to, a file that does not exist yet: MP4, or FLV by its name. */
        public var saveLocalVideoPath: String? = null

        /** Whether what is streamed is written into a file too. */
        public var saveLocalVideo: Boolean = false
            set(value) {
                if (value == field) return
                if (value) session.startRecording(saveLocalVideoPath ?: return) else session.stopRecording()
                field = value
            }

        // --- beyond them ---

        /** Makes this point sharp and rightly lit; 0…1 each, as the sensor lies. */
        public fun focus(
            x: Float,
            y: Float,
        ): Unit = camera?.focus(x, y) ?: Unit

        /**
         * How loud apps are beside the microphone while the screen is captured: 0…8, 1 as they come, 0 not at all. From Android
         * 10 on, and of apps that allow it.
         */
        public var screenGain: Float = 1f
            set(value) {
                field = value.coerceIn(0f, MOST_GAIN)
                val source = microphone?.appsSource ?: 0
                if (source != 0) session.setAudioSourceGain(source, field)
            }

        /** The screen instead of the camera; what the activity of MediaProjectionManager's question returned. */
        public fun startScreen(
            resultCode: Int,
            data: Intent,
        ) {
            isScreen = true
            camera?.close()
            // Those of a screen before, or that gave up.
            microphone?.stopApps()
            screen?.start(resultCode, data)
            if (running) hearApps()
        }

        /** The camera again. */
        public fun stopScreen() {
            if (!isScreen) return
            isScreen = false
            microphone?.stopApps()
            screen?.stop()
            if (running) camera?.open(cameraPosition)
        }

        /** Goes live; returns when the server takes media. See [LiveSession.startLive]. */
        public suspend fun startLive(url: String) {
            session.startLive(url)
            if (!adaptiveBitrate) adaptiveBitrate = false
        }

        /** Ends the broadcast; camera and preview stay. */
        public suspend fun stopLive(): Unit = session.stopLive()

        override fun close() {
            if (isClosed) return
            running = false
            isClosed = true
            preview = null
            screen?.stop()
            camera?.release()
            stage.close()
            session.close()
        }

        private fun changeBeauty(change: (Beauty) -> Beauty) {
            // What a phone has the time for.
            session.changeLook { it.copy(beauty = change(it.beauty).copy(isFast = true)) }
        }

        private fun image(bitmap: Bitmap): OverlayImage {
            val plain = if (bitmap.config == Bitmap.Config.ARGB_8888) bitmap else bitmap.copy(Bitmap.Config.ARGB_8888, false)
            val pixels = IntArray(plain.width * plain.height)
            // Straight alpha, as it is asked for.
            plain.getPixels(pixels, 0, plain.width, 0, 0, plain.width, plain.height)
            val bytes = ByteArray(pixels.size * 4)
            pixels.forEachIndexed { index, colour ->
                bytes[index * 4] = (colour shr 16).toByte()
                bytes[index * 4 + 1] = (colour shr 8).toByte()
                bytes[index * 4 + 2] = colour.toByte()
                bytes[index * 4 + 3] = (colour ushr 24).toByte()
            }
            return OverlayImage(plain.width, plain.height, bytes)
        }

        private fun begin() {
            turn()
            reflect()
            encoder?.control?.start()
            if (!isScreen) camera?.open(cameraPosition)
            startMicrophone()
            hearApps()
            surroundings.listen()
            lifecycle.listen()
        }

        private fun end() {
            lifecycle.stop()
            surroundings.stop()
            camera?.close()
            microphone?.stopApps()
            microphone?.stop()
            encoder?.control?.stop()
            absences.clear()
            for (what in listOf(Absence.PICTURE, Absence.SOUND)) tellAbsence(what, false)
        }

        /**
         * The system takes camera and microphone away from apps that are not seen, unless a foreground service says so: then
         * the slate or the last picture goes out, and silence, until the app is seen again.
         */
        private fun seenChanged(isSeen: Boolean) {
            if (!running || isScreen) return
            absences.set(AbsenceReason.HIDDEN, !isSeen && !LiveService.isRunning)
            if (!isSeen) return
            turn()
            if (camera?.lost != null) camera.open(cameraPosition)
            if (microphone?.isRunning == false) startMicrophone()
        }

        private fun hearApps() {
            val projection = screen?.projection ?: return
            microphone?.startApps(projection, screenGain)
        }

        private fun startMicrophone() {
            absences.set(AbsenceReason.MICROPHONE_LOST, false)
            microphone?.start()
        }

        private fun microphoneFailed(error: LiveException) {
            absences.set(AbsenceReason.MICROPHONE_LOST, true)
            failed(error)
        }

        /** The core stands in for what is away, and begins again with the first that comes after it. */
        private fun tellAbsence(
            what: Absence,
            isAway: Boolean,
        ) {
            // A call that is over gives the microphone back.
            if (!isAway && what == Absence.SOUND && running && microphone?.isRunning == false) main.post { if (running) startMicrophone() }
            try {
                if (isAway) session.interrupt(what) else session.resume(what)
            } catch (_: LiveException) {
                // Nothing is live, or nothing of this track was ever sent: there is nothing to stand in for.
            }
        }

        /** Something has to go out at this time in a device's place. */
        private fun standIn(
            track: Track,
            timeUs: Long,
        ) {
            if (!running) return
            if (track == Track.VIDEO) stage.standIn(timeUs) else microphone?.standIn(timeUs)
        }

        private fun cameraFailed(reason: String) {
            failed(LiveException.of(LiveException.DEVICE, "take pictures: $reason", "allow the camera, and close other apps that use it"))
        }

        private fun screenEnded() {
            main.post { stopScreen() }
        }

        private fun failed(error: LiveException) {
            main.post { onDeviceFailed?.invoke(error) }
        }

        private fun reflect() {
            stage.isFlipped = cameraPosition == CameraPosition.FRONT && !mirror && !isScreen
        }

        @Suppress("DEPRECATION")
        private fun turn() {
            val windows = app.getSystemService(Context.WINDOW_SERVICE) as WindowManager
            stage.rotation =
                when (windows.defaultDisplay.rotation) {
                    Surface.ROTATION_90 -> 90
                    Surface.ROTATION_180 -> 180
                    Surface.ROTATION_270 -> 270
                    else -> 0
                }
        }

        private fun setRange(
            minBps: Int,
            maxBps: Int,
        ) {
            try {
                session.setVideoBitRateRange(minBps, maxBps)
            } catch (_: LiveException.Call) {
                // Nothing is live: the next start sets it again.
            }
        }

        private companion object {
            const val WATERMARK = "watermark"
            const val MOST_GAIN = 8f
        }

        private inner class VideoControl(
            video: VideoConfiguration,
            codec: VideoCodec,
        ) {
            val control =
                VideoEncoderControl(
                    video,
                    sink,
                    SystemClock::elapsedRealtime,
                    ::failed,
                    { PictureOrder.of(codec, it, video.videoFrameRate, Build.VERSION.SDK_INT) },
                ) { bitRate, pace, isSoftware, output ->
                    CodecVideo(stage, video, codec, bitRate, pace, isSoftware, output)
                }
        }
    }
