package io.onair.android

import android.graphics.Bitmap
import android.graphics.SurfaceTexture
import android.opengl.EGLSurface
import android.opengl.GLES20
import android.os.Handler
import android.os.HandlerThread
import android.os.SystemClock
import android.view.Surface
import io.onair.CaptureClock
import io.onair.Fit
import io.onair.FrameGate
import io.onair.LiveException
import io.onair.LiveSession
import io.onair.PictureHands
import io.onair.PictureRoute
import java.nio.ByteBuffer

/**
 * From a camera or a screen to encoder and preview: upright, cropped, mirrored, with times since boot. One thread, which
 * draws when a picture came. What the session's look changes goes through memory and back; the rest stays where it is.
 */
internal class PictureStage : PictureHands {
    private val thread = HandlerThread("onair-pictures").apply { start() }
    private val handler = Handler(thread.looper)
    private val matrix = FloatArray(16)
    private var egl: EglCore? = null
    private var program: TextureProgram? = null
    private var texture: SurfaceTexture? = null
    private var inputWidth = 1
    private var inputHeight = 1
    private var isUpright = false
    private var encoder: Window? = null
    private var preview: Window? = null
    private var lastUs = 0L
    private var route: PictureRoute? = null
    private var planes: PlanesProgram? = null
    private var hidden: Window? = null
    private var sentWidth = 0
    private var sentHeight = 0

    /** Hears of a look that cannot be drawn. */
    @Volatile var onFailed: (LiveException) -> Unit = {}
    private val waitingForImage = ArrayDeque<(Bitmap) -> Unit>()

    /** Which pictures go to the encoder; the preview shows all. */
    val gate: FrameGate = FrameGate()

    /** Whether what is sent is seen as in a mirror; the system mirrors front cameras by itself. */
    @Volatile var isFlipped: Boolean = false

    /** How far the device is turned from how it is usually held, in degrees. */
    @Volatile var rotation: Int = 0

    private class Window(
        val target: EGLSurface,
        val width: Int,
        val height: Int,
    )

    /**
     * A surface to fill with pictures of this size, on [onInput]'s call from the stage's thread. A camera's lie on their
     * side and follow [rotation]; a screen's are upright already.
     */
    fun input(
        width: Int,
        height: Int,
        isUpright: Boolean = false,
        onInput: (Surface) -> Unit,
    ) {
        post {
            val texture = this.texture ?: opened()
            inputWidth = width
            inputHeight = height
            this.isUpright = isUpright
            texture.setDefaultBufferSize(width, height)
            onInput(Surface(texture))
        }
    }

    /** Pictures of this size go out as the session's look says. */
    fun send(
        session: LiveSession,
        width: Int,
        height: Int,
    ) {
        post {
            sentWidth = width
            sentHeight = height
            route = PictureRoute(session, width, height, this)
        }
    }

    /** The slate or the last picture at this time, as the camera is away. */
    fun standIn(timeUs: Long) {
        post {
            val egl = egl ?: return@post
            if (encoder == null || !isWanted(timeUs)) return@post
            egl.leave()
            guarded { route?.standIn(timeUs) }
            showPreview(egl, timeUs)
        }
    }

    /** Draws into an encoder's input, in its size; null for none. */
    fun encode(
        surface: Surface?,
        width: Int,
        height: Int,
    ) {
        post { encoder = swapped(encoder, surface, width, height) }
    }

    /** Draws into a view; null for none. Waits until the old one is not used any more, since views are taken away. */
    fun show(surface: Surface?) {
        val done = java.util.concurrent.CountDownLatch(1)
        val isPosted =
            post {
                preview = swapped(preview, surface, 0, 0)
                done.countDown()
            }
        if (isPosted && surface == null) done.await(500, java.util.concurrent.TimeUnit.MILLISECONDS)
    }

    /** The next picture that is sent. */
    fun image(onImage: (Bitmap) -> Unit) {
        post { waitingForImage += onImage }
    }

    fun close() {
        post {
            encoder = swapped(encoder, null, 0, 0)
            preview = swapped(preview, null, 0, 0)
            hidden?.let { egl?.release(it.target) }
            hidden = null
            texture?.release()
            program?.close()
            planes?.close()
            egl?.close()
        }
        thread.quitSafely()
    }

    private fun post(body: () -> Unit): Boolean = handler.post(body)

    private fun opened(): SurfaceTexture {
        egl = EglCore()
        val program = TextureProgram().also { this.program = it }
        val texture = SurfaceTexture(program.texture)
        texture.setOnFrameAvailableListener({ draw(it) }, handler)
        this.texture = texture
        return texture
    }

    private fun swapped(
        old: Window?,
        surface: Surface?,
        width: Int,
        height: Int,
    ): Window? {
        if (surface != null && texture == null) opened()
        val egl = egl ?: return null
        egl.leave()
        old?.let { egl.release(it.target) }
        if (surface == null || !surface.isValid) return null
        val target = egl.window(surface)
        return if (width > 0) {
            Window(target, width, height)
        } else {
            Window(target, egl.width(target), egl.height(target))
        }
    }

    private fun draw(texture: SurfaceTexture) {
        val egl = egl ?: return
        egl.leave()
        texture.updateTexImage()
        texture.getTransformMatrix(matrix)
        val timeUs =
            CaptureClock.micros(texture.timestamp, SystemClock.elapsedRealtimeNanos(), System.nanoTime())
        val route = route
        if (encoder == null || route == null) return showPreview(egl, timeUs)
        guarded { route.handle(timeUs, ::isWanted) }
        showPreview(egl, timeUs)
    }

    /** An encoder wants times that grow, and fewer pictures when the network does. */
    private fun isWanted(timeUs: Long): Boolean {
        if (timeUs <= lastUs || !gate.lets()) return false
        lastUs = timeUs
        return true
    }

    private fun showPreview(
        egl: EglCore,
        timeUs: Long,
    ) {
        val window = preview ?: return
        val isShown = if (route?.isDrawn == true) shown(egl, window, isFlipped, timeUs) else drawn(egl, window, false, timeUs)
        if (!isShown) preview = null
    }

    private inline fun guarded(body: () -> Unit) {
        try {
            body()
        } catch (error: LiveException) {
            onFailed(error)
        } catch (error: IllegalStateException) {
            onFailed(LiveException.of(LiveException.DEVICE, "draw pictures: $error", "choose a smaller picture, or no look"))
        }
    }

    // --- what the route asks for ---

    override fun pass(timeUs: Long) {
        val egl = egl ?: return
        val window = encoder ?: return
        if (!drawn(egl, window, isFlipped, timeUs)) encoder = null
    }

    override fun read(into: ByteBuffer) {
        val egl = egl ?: return
        val window = hidden ?: Window(egl.hidden(sentWidth, sentHeight), sentWidth, sentHeight).also { hidden = it }
        if (!egl.enter(window.target)) return
        // Upside down, since pixels are read from the lowest row on.
        paint(window, isFlipped, isUpsideDown = true)
        GLES20.glReadPixels(0, 0, window.width, window.height, GLES20.GL_RGBA, GLES20.GL_UNSIGNED_BYTE, into)
    }

    override fun show(picture: ByteBuffer) {
        val egl = egl ?: return
        egl.leave()
        val planes = planes ?: PlanesProgram().also { planes = it }
        planes.load(picture, sentWidth, sentHeight)
    }

    override fun put(timeUs: Long) {
        val egl = egl ?: return
        val window = encoder ?: return
        if (!shown(egl, window, false, timeUs)) encoder = null
    }

    /** The picture that was drawn last; flipped back, it is as the camera sees it. */
    private fun shown(
        egl: EglCore,
        window: Window,
        isFlipped: Boolean,
        timeUs: Long,
    ): Boolean {
        if (!egl.enter(window.target)) return false
        val (x, y) = Fit.fill(sentWidth, sentHeight, window.width, window.height)
        planes?.draw(if (isFlipped) -x else x, y, window.width, window.height)
        if (window === encoder && waitingForImage.isNotEmpty()) takeImage(window)
        return egl.show(window.target, timeUs * 1000)
    }

    private fun drawn(
        egl: EglCore,
        window: Window,
        isFlipped: Boolean,
        timeUs: Long,
    ): Boolean {
        if (!egl.enter(window.target)) return false
        paint(window, isFlipped, isUpsideDown = false)
        if (window === encoder && waitingForImage.isNotEmpty()) takeImage(window)
        return egl.show(window.target, timeUs * 1000)
    }

    /** The camera's picture over a window. */
    private fun paint(
        window: Window,
        isFlipped: Boolean,
        isUpsideDown: Boolean,
    ) {
        val rotation = if (isUpright) 0 else rotation
        // The picture stands upright as the device is usually held; a camera's buffer lies.
        val isLying = !isUpright && rotation % 180 == 0
        val (width, height) = if (isLying) inputHeight to inputWidth else inputWidth to inputHeight
        val (x, y) = Fit.fill(width, height, window.width, window.height)
        val crop = turned(if (isFlipped) -x else x, y, rotation)
        // The second column: the window's up.
        if (isUpsideDown) for (index in 2..3) crop[index] = -crop[index]
        program?.draw(matrix, crop, window.width, window.height)
    }

    private fun turned(
        x: Float,
        y: Float,
        rotation: Int,
    ): FloatArray =
        when (rotation) {
            90 -> floatArrayOf(0f, x, -y, 0f)
            180 -> floatArrayOf(-x, 0f, 0f, -y)
            270 -> floatArrayOf(0f, -x, y, 0f)
            else -> floatArrayOf(x, 0f, 0f, y)
        }

    private fun takeImage(window: Window) {
        val pixels = ByteBuffer.allocateDirect(window.width * window.height * 4)
        GLES20.glReadPixels(0, 0, window.width, window.height, GLES20.GL_RGBA, GLES20.GL_UNSIGNED_BYTE, pixels)
        val upsideDown = Bitmap.createBitmap(window.width, window.height, Bitmap.Config.ARGB_8888)
        upsideDown.copyPixelsFromBuffer(pixels)
        val over = android.graphics.Matrix().apply { postScale(1f, -1f) }
        val image = Bitmap.createBitmap(upsideDown, 0, 0, window.width, window.height, over, false)
        while (waitingForImage.isNotEmpty()) waitingForImage.removeFirst()(image)
    }
}
