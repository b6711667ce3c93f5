package io.onair.demo

import android.Manifest
import android.content.pm.PackageManager
import android.graphics.Bitmap
import android.os.Bundle
import com.google.zxing.BinaryBitmap
import com.google.zxing.NotFoundException
import com.google.zxing.RGBLuminanceSource
import com.google.zxing.ReaderException
import com.google.zxing.common.HybridBinarizer
import com.google.zxing.qrcode.QRCodeReader
import io.onair.VideoConfiguration
import io.onair.android.CameraPosition
import io.onair.android.LiveStudio
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/** Looks for the QR code that `onair demo --lan` prints. */
class ScanActivity : DemoActivity() {
    private var studio: LiveStudio? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.scan)
        val camera = Manifest.permission.CAMERA
        if (checkSelfPermission(camera) == PackageManager.PERMISSION_GRANTED) begin() else requestPermissions(arrayOf(camera), 1)
    }

    override fun onRequestPermissionsResult(
        requestCode: Int,
        permissions: Array<String>,
        grantResults: IntArray,
    ) {
        if (grantResults.firstOrNull() == PackageManager.PERMISSION_GRANTED) begin() else finish()
    }

    override fun onDestroy() {
        studio?.close()
        super.onDestroy()
    }

    private fun begin() {
        val studio = LiveStudio(this, null, VideoConfiguration.default())
        this.studio = studio
        studio.cameraPosition = CameraPosition.BACK
        studio.preview = view(R.id.preview)
        studio.running = true
        scope.launch {
            while (isActive) {
                val image = studio.currentImage() ?: break
                val text = withContext(Dispatchers.Default) { read(image) }
                if (text != null && settings.scanned(text)) return@launch finish()
                delay(200)
            }
        }
    }

    private fun read(image: Bitmap): String? {
        val pixels = IntArray(image.width * image.height)
        image.getPixels(pixels, 0, image.width, 0, 0, image.width, image.height)
        val light = RGBLuminanceSource(image.width, image.height, pixels)
        // A terminal may draw it light on dark.
        for (source in listOf(light, light.invert())) {
            try {
                return QRCodeReader().decode(BinaryBitmap(HybridBinarizer(source))).text
            } catch (_: NotFoundException) {
                continue
            } catch (_: ReaderException) {
                continue
            }
        }
        return null
    }
}
