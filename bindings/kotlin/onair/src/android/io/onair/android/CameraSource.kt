package io.onair.android

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.Rect
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.params.MeteringRectangle
import android.os.Handler
import android.os.HandlerThread
import android.os.SystemClock
import android.util.Range
import android.view.Surface
import io.onair.Fit
import io.onair.Rebuilds
import io.onair.VideoConfiguration
import kotlin.math.max
import kotlin.math.min

/** Which side a camera looks to. LFLiveKit: captureDevicePosition. */
public enum class CameraPosition { FRONT, BACK }

/**
 * A camera through Camera2 into the stage, with a thread of its own. One that another app or the system took is opened
 * again when it is free, three times in thirty seconds at most.
 */
internal class CameraSource(
    context: Context,
    private val video: VideoConfiguration,
    private val stage: PictureStage,
    private val onThere: (isThere: Boolean) -> Unit,
    private val onFailed: (String) -> Unit,
) {
    private val manager = context.getSystemService(Context.CAMERA_SERVICE) as CameraManager
    private val thread = HandlerThread("onair-camera").apply { start() }
    private val handler = Handler(thread.looper)
    private var opening = 0
    private var device: CameraDevice? = null
    private var session: CameraCaptureSession? = null
    private var request: CaptureRequest.Builder? = null
    private var traits: CameraCharacteristics? = null
    private var zoom = 1f
    private var isTorchOn = false
    private val rebuilds = Rebuilds(SystemClock::elapsedRealtime)

    /** The side of a camera that should run and does not. */
    @Volatile var lost: CameraPosition? = null
        private set

    private val free =
        object : CameraManager.AvailabilityCallback() {
            override fun onCameraAvailable(cameraId: String) {
                val position = lost ?: return
                guarded { if (found(position) == cameraId && rebuilds.isAllowed()) open(position) }
            }
        }

    init {
        manager.registerAvailabilityCallback(free, handler)
    }

    /** Opens the camera of this side; the one that is open closes first. The app has the CAMERA permission. */
    @SuppressLint("MissingPermission")
    fun open(position: CameraPosition) {
        handler.post {
            // The one before is gone until this one shows something.
            onThere(false)
            shut()
            lost = null
            val turn = ++opening
            guarded {
                val id = found(position) ?: return@guarded onFailed("there is no camera on this side")
                val traits = manager.getCameraCharacteristics(id).also { this.traits = it }
                val map = traits.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP)
                val sizes = map?.getOutputSizes(SurfaceTexture::class.java).orEmpty().map { it.width to it.height }
                val longer = max(video.width, video.height)
                val (width, height) = Fit.size(sizes, longer, min(video.width, video.height)) ?: (longer to longer * 9 / 16)
                manager.openCamera(id, Opened(turn, position, width, height), handler)
            }
        }
    }

    fun close() {
        handler.post {
            opening++
            lost = null
            shut()
            // Nobody waits for it.
            onThere(true)
        }
    }

    fun release() {
        close()
        manager.unregisterAvailabilityCallback(free)
        thread.quitSafely()
    }

    /** 1 for all that the lens sees, up to what the camera can. LFLiveKit: zoomScale. */
    fun setZoom(scale: Float) {
        handler.post {
            zoom = scale
            changed()
        }
    }

    fun setTorch(isOn: Boolean) {
        handler.post {
            isTorchOn = isOn
            changed()
        }
    }

    /** Makes this point of the picture, 0…1 each from the top left as the sensor lies, sharp and rightly lit. */
    fun focus(
        x: Float,
        y: Float,
    ) {
        handler.post {
            val builder = request ?: return@post
            val area = traits?.get(CameraCharacteristics.SENSOR_INFO_ACTIVE_ARRAY_SIZE) ?: return@post
            val side = min(area.width(), area.height()) / 10
            val left = (x.coerceIn(0f, 1f) * (area.width() - side)).toInt()
            val top = (y.coerceIn(0f, 1f) * (area.height() - side)).toInt()
            val spot = arrayOf(MeteringRectangle(left, top, side, side, MeteringRectangle.METERING_WEIGHT_MAX))
            if ((traits?.get(CameraCharacteristics.CONTROL_MAX_REGIONS_AF) ?: 0) > 0) {
                builder.set(CaptureRequest.CONTROL_AF_REGIONS, spot)
            }
            if ((traits?.get(CameraCharacteristics.CONTROL_MAX_REGIONS_AE) ?: 0) > 0) {
                builder.set(CaptureRequest.CONTROL_AE_REGIONS, spot)
            }
            changed()
        }
    }

    private fun found(position: CameraPosition): String? {
        val wanted =
            when (position) {
                CameraPosition.FRONT -> CameraCharacteristics.LENS_FACING_FRONT
                CameraPosition.BACK -> CameraCharacteristics.LENS_FACING_BACK
            }
        return manager.cameraIdList.firstOrNull { id ->
            manager.getCameraCharacteristics(id).get(CameraCharacteristics.LENS_FACING) == wanted
        }
    }

    private inner class Opened(
        private val turn: Int,
        private val position: CameraPosition,
        private val width: Int,
        private val height: Int,
    ) : CameraDevice.StateCallback() {
        override fun onOpened(camera: CameraDevice) {
            if (turn != opening) return camera.close()
            device = camera
            stage.input(width, height) { surface -> handler.post { begin(turn, camera, surface) } }
        }

        override fun onDisconnected(camera: CameraDevice) = ended(camera, "another app took the camera")

        override fun onError(
            camera: CameraDevice,
            error: Int,
        ) = ended(camera, "the camera failed ($error)")

        private fun ended(
            camera: CameraDevice,
            reason: String,
        ) {
            camera.close()
            if (turn != opening) return
            device = null
            session = null
            request = null
            lost = position
            onThere(false)
            onFailed(reason)
        }
    }

    // The newer way needs Android 9; this one works in all.
    @Suppress("DEPRECATION")
    private fun begin(
        turn: Int,
        camera: CameraDevice,
        surface: Surface,
    ) {
        if (turn != opening) return
        guarded {
            val builder = camera.createCaptureRequest(CameraDevice.TEMPLATE_RECORD)
            builder.addTarget(surface)
            builder.set(CaptureRequest.CONTROL_AF_MODE, CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_VIDEO)
            frameRates()?.let { builder.set(CaptureRequest.CONTROL_AE_TARGET_FPS_RANGE, it) }
            val callback =
                object : CameraCaptureSession.StateCallback() {
                    override fun onConfigured(made: CameraCaptureSession) {
                        if (turn != opening) return
                        session = made
                        request = builder
                        changed()
                        onThere(true)
                    }

                    override fun onConfigureFailed(made: CameraCaptureSession) = onFailed("the camera takes no such size")
                }
            camera.createCaptureSession(listOf(surface), callback, handler)
        }
    }

    /** As many pictures as asked for, and fewer in the dark rather than none to see. */
    private fun frameRates(): Range<Int>? {
        val ranges = traits?.get(CameraCharacteristics.CONTROL_AE_AVAILABLE_TARGET_FPS_RANGES).orEmpty()
        val fits = ranges.filter { it.upper == video.videoFrameRate }
        return (fits.ifEmpty { ranges.filter { it.upper >= video.videoFrameRate } })
            .minWithOrNull(compareBy({ it.upper }, { kotlin.math.abs(it.lower - video.videoMinFrameRate) }))
    }

    private fun changed() {
        val builder = request ?: return
        val session = session ?: return
        val traits = traits ?: return
        traits.get(CameraCharacteristics.SENSOR_INFO_ACTIVE_ARRAY_SIZE)?.let { area ->
            val most = traits.get(CameraCharacteristics.SCALER_AVAILABLE_MAX_DIGITAL_ZOOM) ?: 1f
            val scale = zoom.coerceIn(1f, max(1f, most))
            val width = (area.width() / scale).toInt()
            val height = (area.height() / scale).toInt()
            val left = (area.width() - width) / 2
            val top = (area.height() - height) / 2
            builder.set(CaptureRequest.SCALER_CROP_REGION, Rect(left, top, left + width, top + height))
        }
        if (traits.get(CameraCharacteristics.FLASH_INFO_AVAILABLE) == true) {
            val mode = if (isTorchOn) CaptureRequest.FLASH_MODE_TORCH else CaptureRequest.FLASH_MODE_OFF
            builder.set(CaptureRequest.FLASH_MODE, mode)
        }
        guarded { session.setRepeatingRequest(builder.build(), null, handler) }
    }

    private fun shut() {
        session = null
        request = null
        device?.close()
        device = null
    }

    private inline fun guarded(body: () -> Unit) {
        try {
            body()
        } catch (error: CameraAccessException) {
            onFailed(error.toString())
        } catch (error: SecurityException) {
            onFailed("the app has no CAMERA permission")
        } catch (error: IllegalStateException) {
            onFailed(error.toString())
        } catch (error: IllegalArgumentException) {
            onFailed(error.toString())
        }
    }
}
