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
import io.onair.AudioConfiguration
import io.onair.Heat
import io.onair.Interruption
import io.onair.LiveException
import io.onair.LiveSession
import io.onair.LiveSettings
import io.onair.PathWatch
import io.onair.PictureOrder
import io.onair.SessionSink
import io.onair.Source
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
        private val camera = video?.let { CameraSource(app, it, stage, ::cameraFailed) }
        private val screen = video?.let { ScreenSource(app, it, stage, ::screenEnded) }
        private val microphone = audio?.let { MicrophoneSource(it, sink, ::failed) }
        private val interruption = Interruption { microphone?.isMuted = it }
        private val surroundings =
            Surroundings(app, PathWatch(session::reportPath), video?.let { Heat(it, ::setRange) }, interruption)
        private val lifecycle = Lifecycle(app, ::seenChanged)
        private var isScreen = false
        private var isClosed = false

        init {
            encoder?.let { session.pump.encoders += it.control::handle }
            microphone?.let { session.pump.encoders += it.encoder::handle }
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
        public var muted: Boolean
            get() = interruption.isMuted
            set(value) {
                interruption.isMuted = value
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

        /** Kept for the core's picture chain: this version's core smooths no skin. */
        public var beautyFace: Boolean = false

        /** 0…1. Kept for the core's picture chain: this version's core does not apply it. */
        public var beautyLevel: Float = 0.5f
            set(value) {
                field = value.coerceIn(0f, 1f)
            }

        /** 0…1. Kept for the core's picture chain: this version's core does not apply it. */
        public var brightLevel: Float = 0.5f
            set(value) {
                field = value.coerceIn(0f, 1f)
            }

        /** LFLiveKit: warterMarkView. Kept for the core's picture chain: this version's core does not apply it. */
        public var watermark: Bitmap? = null

        /** The next picture that is sent; null while nothing is captured. */
        public suspend fun currentImage(): Bitmap? {
            if (!running || video == null) return null
            return suspendCancellableCoroutine { waiting ->
                stage.image { if (waiting.isActive) waiting.resume(it) }
            }
        }

        /** Where [saveLocalVideo] writes to: a new FLV file. */
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

        /** The screen instead of the camera; what the activity of MediaProjectionManager's question returned. */
        public fun startScreen(
            resultCode: Int,
            data: Intent,
        ) {
            isScreen = true
            camera?.close()
            screen?.start(resultCode, data)
        }

        /** The camera again. */
        public fun stopScreen() {
            if (!isScreen) return
            isScreen = false
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

        private fun begin() {
            turn()
            reflect()
            encoder?.control?.start()
            if (!isScreen) camera?.open(cameraPosition)
            microphone?.start()
            surroundings.listen()
            lifecycle.listen()
        }

        private fun end() {
            lifecycle.stop()
            surroundings.stop()
            camera?.close()
            microphone?.stop()
            encoder?.control?.stop()
        }

        /** The system takes cameras away from apps that are not seen, unless a foreground service says so. */
        private fun seenChanged(isSeen: Boolean) {
            if (!running || isScreen || !isSeen) return
            turn()
            if (camera?.lost != null) camera.open(cameraPosition)
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
