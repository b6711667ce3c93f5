package io.onair.android

import android.content.Context
import android.content.Intent
import android.hardware.display.DisplayManager
import android.hardware.display.VirtualDisplay
import android.media.projection.MediaProjection
import android.media.projection.MediaProjectionManager
import android.os.Handler
import android.os.Looper
import io.onair.VideoConfiguration

/** The screen instead of a camera, after the user said yes to MediaProjection's question. */
internal class ScreenSource(
    private val context: Context,
    private val video: VideoConfiguration,
    private val stage: PictureStage,
    private val onEnded: () -> Unit,
) {
    /** While it is captured. */
    var projection: MediaProjection? = null
        private set
    private var display: VirtualDisplay? = null

    /** What the question's activity returned. From Android 10 on a foreground service of type mediaProjection runs already. */
    fun start(
        resultCode: Int,
        data: Intent,
    ) {
        val manager = context.getSystemService(Context.MEDIA_PROJECTION_SERVICE) as MediaProjectionManager
        val projection = manager.getMediaProjection(resultCode, data) ?: return onEnded()
        this.projection = projection
        val main = Handler(Looper.getMainLooper())
        val ended =
            object : MediaProjection.Callback() {
                override fun onStop() {
                    stop()
                    onEnded()
                }
            }
        // Android 14 wants this before anything is shown.
        projection.registerCallback(ended, main)
        stage.input(video.width, video.height, isUpright = true) { surface ->
            main.post {
                if (this.projection !== projection) return@post
                display =
                    projection.createVirtualDisplay(
                        "onair",
                        video.width,
                        video.height,
                        context.resources.displayMetrics.densityDpi,
                        DisplayManager.VIRTUAL_DISPLAY_FLAG_AUTO_MIRROR,
                        surface,
                        null,
                        null,
                    )
            }
        }
    }

    fun stop() {
        display?.release()
        display = null
        val projection = projection
        this.projection = null
        projection?.stop()
    }
}
