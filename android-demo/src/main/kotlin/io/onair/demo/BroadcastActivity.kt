package io.onair.demo

import android.Manifest
import android.content.pm.PackageManager
import android.graphics.Bitmap
import android.graphics.Canvas
import android.os.Bundle
import android.view.WindowManager
import android.widget.Button
import android.widget.CheckBox
import android.widget.SeekBar
import android.widget.TextView
import android.widget.Toast
import io.onair.LiveEvent
import io.onair.LiveException
import io.onair.LiveState
import io.onair.RecordingSettings
import io.onair.VideoConfiguration
import io.onair.VideoQuality
import io.onair.android.CameraPosition
import io.onair.android.LiveService
import io.onair.android.LiveStudio
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import java.io.File
import java.io.IOException

/** Camera, preview, figures, and what the network made of them. */
class BroadcastActivity : DemoActivity() {
    private var studio: LiveStudio? = null
    private var chat: Chat? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.broadcast)
        window.addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
        val wanted = arrayOf(Manifest.permission.CAMERA, Manifest.permission.RECORD_AUDIO)
        if (wanted.all { checkSelfPermission(it) == PackageManager.PERMISSION_GRANTED }) begin() else requestPermissions(wanted, 1)
    }

    override fun onRequestPermissionsResult(
        requestCode: Int,
        permissions: Array<String>,
        grantResults: IntArray,
    ) {
        if (grantResults.isNotEmpty() && grantResults.all { it == PackageManager.PERMISSION_GRANTED }) return begin()
        Toast.makeText(this, R.string.permission_needed, Toast.LENGTH_LONG).show()
        finish()
    }

    override fun onDestroy() {
        LiveService.stop(this, BroadcastService::class.java)
        chat?.close()
        studio?.close()
        super.onDestroy()
    }

    private fun begin() {
        val studio = LiveStudio(this, video = VideoConfiguration.of(VideoQuality.HIGH2))
        this.studio = studio
        studio.preview = view(R.id.preview)
        studio.onDeviceFailed = ::show
        studio.running = true
        studio.session.keepClip(CLIP_MS)
        studio.beautyFace = true
        check(R.id.is_beautiful) { studio.beautyFace = it }
        slide(R.id.beauty) { studio.beautyLevel = it }
        slide(R.id.bright) { studio.brightLevel = it }
        slide(R.id.tone) { tone -> studio.session.changeLook { it.copy(beauty = it.beauty.copy(tone = tone)) } }
        check(R.id.watermark) { studio.watermark = if (it) mark() else null }
        slide(R.id.zoom) { studio.zoomScale = 1 + 2 * it }
        check(R.id.mirror) { studio.mirror = it }
        check(R.id.torch) { studio.torch = it }
        check(R.id.muted) { studio.muted = it }
        check(R.id.record) { record(studio, it) }
        view<Button>(R.id.turn).setOnClickListener {
            val isFront = studio.cameraPosition == CameraPosition.FRONT
            studio.cameraPosition = if (isFront) CameraPosition.BACK else CameraPosition.FRONT
        }
        view<Button>(R.id.picture).setOnClickListener { scope.launch { takePicture(studio) } }
        view<Button>(R.id.clip).setOnClickListener { scope.launch { saveClip(studio) } }
        val live = view<Button>(R.id.live)
        live.setOnClickListener {
            if (studio.session.state.value in RUNNING) scope.launch { studio.stopLive() } else start(studio)
        }
        scope.launch {
            studio.session.state.collect { state ->
                live.setText(if (state in RUNNING) R.string.stop else R.string.go_live)
                // A stream that runs before its room is made keeps its name as the room's.
                if (state == LiveState.LIVE && chat == null && settings.server.isNotEmpty()) talk()
                if (state !in RUNNING) LiveService.stop(this@BroadcastActivity, BroadcastService::class.java)
            }
        }
        scope.launch { studio.session.events.collect(::heard) }
    }

    private fun talk() {
        try {
            chat = Chat(this, scope, settings.rooms, isHost = true).also { it.follow(settings.name) }
        } catch (error: LiveException) {
            show(error)
        }
    }

    private fun start(studio: LiveStudio) {
        LiveService.start(this, BroadcastService::class.java)
        scope.launch {
            try {
                studio.startLive(settings.url)
            } catch (error: LiveException) {
                show(error)
            }
        }
    }

    private fun heard(event: LiveEvent) {
        val reason = view<TextView>(R.id.reason)
        when (event) {
            is LiveEvent.Figures -> {
                val figures = event.figures
                view<TextView>(R.id.figures).text =
                    "${figures.state}  %.0f fps  %d kbit/s of %d  RTT %d ms  waits %d ms  dropped %d".format(
                        figures.fps,
                        figures.bitrateBps / 1000,
                        figures.targetBitrateBps / 1000,
                        figures.rttUs / 1000,
                        figures.queueAgeMs,
                        figures.framesDropped,
                    )
            }

            is LiveEvent.BitrateChanged -> {
                reason.text = event.reason
            }

            is LiveEvent.PaceChanged -> {
                reason.text = event.reason
            }

            is LiveEvent.Lost -> {
                reason.text = event.error.message
            }

            is LiveEvent.RecordingFailed -> {
                show(event.error)
            }

            else -> {}
        }
    }

    private fun record(
        studio: LiveStudio,
        isOn: Boolean,
    ) {
        try {
            if (isOn) studio.saveLocalVideoPath = file("mp4").path
            studio.saveLocalVideo = isOn
        } catch (error: LiveException) {
            show(error)
        }
    }

    private suspend fun takePicture(studio: LiveStudio) {
        val picture = studio.currentImage() ?: return
        try {
            withContext(Dispatchers.IO) { file("jpg").outputStream().use { picture.compress(Bitmap.CompressFormat.JPEG, 90, it) } }
        } catch (error: IOException) {
            Toast.makeText(this, error.message, Toast.LENGTH_LONG).show()
        }
    }

    private suspend fun saveClip(studio: LiveStudio) {
        try {
            withContext(Dispatchers.IO) { studio.session.saveClip(RecordingSettings(file("mp4").path)) }
        } catch (error: LiveException) {
            show(error)
        }
    }

    private fun file(kind: String) = File(getExternalFilesDir(null), "${System.currentTimeMillis()}.$kind")

    /** The app's own icon, small. */
    private fun mark(): Bitmap {
        val icon = checkNotNull(getDrawable(R.drawable.icon))
        val bitmap = Bitmap.createBitmap(MARK, MARK, Bitmap.Config.ARGB_8888)
        icon.setBounds(0, 0, MARK, MARK)
        icon.draw(Canvas(bitmap))
        return bitmap
    }

    private fun show(error: LiveException) {
        Toast.makeText(this, "${error.code}: ${error.message}", Toast.LENGTH_LONG).show()
    }

    private fun slide(
        id: Int,
        onChange: (Float) -> Unit,
    ) {
        view<SeekBar>(id).setOnSeekBarChangeListener(
            object : SeekBar.OnSeekBarChangeListener {
                override fun onProgressChanged(
                    bar: SeekBar,
                    progress: Int,
                    fromUser: Boolean,
                ) = onChange(progress / 100f)

                override fun onStartTrackingTouch(bar: SeekBar) = Unit

                override fun onStopTrackingTouch(bar: SeekBar) = Unit
            },
        )
    }

    private fun check(
        id: Int,
        onChange: (Boolean) -> Unit,
    ) = view<CheckBox>(id).setOnCheckedChangeListener { _, isOn -> onChange(isOn) }

    private companion object {
        const val CLIP_MS = 30_000L

        /** Pixels. */
        const val MARK = 72
        val RUNNING = setOf(LiveState.PENDING, LiveState.LIVE, LiveState.RECONNECTING)
    }
}
