package io.onair.android

import android.opengl.EGL14
import android.opengl.EGLConfig
import android.opengl.EGLContext
import android.opengl.EGLDisplay
import android.opengl.EGLExt
import android.opengl.EGLSurface
import android.view.Surface

/** An OpenGL context of one thread, and windows to draw into. */
internal class EglCore {
    private val display: EGLDisplay = EGL14.eglGetDisplay(EGL14.EGL_DEFAULT_DISPLAY)
    private val config: EGLConfig
    private val context: EGLContext
    private val nowhere: EGLSurface

    init {
        val version = IntArray(2)
        check(EGL14.eglInitialize(display, version, 0, version, 1)) { "no EGL" }
        val wanted =
            intArrayOf(
                EGL14.EGL_RED_SIZE,
                8,
                EGL14.EGL_GREEN_SIZE,
                8,
                EGL14.EGL_BLUE_SIZE,
                8,
                EGL14.EGL_ALPHA_SIZE,
                8,
                EGL14.EGL_RENDERABLE_TYPE,
                EGL14.EGL_OPENGL_ES2_BIT,
                EGL14.EGL_SURFACE_TYPE,
                EGL14.EGL_WINDOW_BIT or EGL14.EGL_PBUFFER_BIT,
                RECORDABLE,
                1,
                EGL14.EGL_NONE,
            )
        val found = arrayOfNulls<EGLConfig>(1)
        val count = IntArray(1)
        check(EGL14.eglChooseConfig(display, wanted, 0, found, 0, 1, count, 0) && count[0] > 0) { "no EGL configuration" }
        config = checkNotNull(found[0])
        val attributes = intArrayOf(EGL14.EGL_CONTEXT_CLIENT_VERSION, 2, EGL14.EGL_NONE)
        context = EGL14.eglCreateContext(display, config, EGL14.EGL_NO_CONTEXT, attributes, 0)
        check(context != EGL14.EGL_NO_CONTEXT) { "no OpenGL context" }
        val tiny = intArrayOf(EGL14.EGL_WIDTH, 1, EGL14.EGL_HEIGHT, 1, EGL14.EGL_NONE)
        nowhere = EGL14.eglCreatePbufferSurface(display, config, tiny, 0)
        enter(nowhere)
    }

    fun window(surface: Surface): EGLSurface {
        val window = EGL14.eglCreateWindowSurface(display, config, surface, intArrayOf(EGL14.EGL_NONE), 0)
        check(window != null && window != EGL14.EGL_NO_SURFACE) { "no EGL surface" }
        return window
    }

    /** A picture of this size that no window shows. */
    fun hidden(
        width: Int,
        height: Int,
    ): EGLSurface {
        val size = intArrayOf(EGL14.EGL_WIDTH, width, EGL14.EGL_HEIGHT, height, EGL14.EGL_NONE)
        val hidden = EGL14.eglCreatePbufferSurface(display, config, size, 0)
        check(hidden != null && hidden != EGL14.EGL_NO_SURFACE) { "no EGL surface of $width x $height" }
        return hidden
    }

    /** Draws into this from now on; false when it is gone. */
    fun enter(window: EGLSurface): Boolean = EGL14.eglMakeCurrent(display, window, window, context)

    fun leave(): Boolean = enter(nowhere)

    fun width(window: EGLSurface): Int = asked(window, EGL14.EGL_WIDTH)

    fun height(window: EGLSurface): Int = asked(window, EGL14.EGL_HEIGHT)

    private fun asked(
        window: EGLSurface,
        what: Int,
    ): Int {
        val answer = IntArray(1)
        EGL14.eglQuerySurface(display, window, what, answer, 0)
        return answer[0]
    }

    /** Shows what was drawn; false when the window is gone. */
    fun show(
        window: EGLSurface,
        timeNs: Long,
    ): Boolean {
        EGLExt.eglPresentationTimeANDROID(display, window, timeNs)
        return EGL14.eglSwapBuffers(display, window)
    }

    fun release(window: EGLSurface) {
        EGL14.eglDestroySurface(display, window)
    }

    fun close() {
        EGL14.eglMakeCurrent(display, EGL14.EGL_NO_SURFACE, EGL14.EGL_NO_SURFACE, EGL14.EGL_NO_CONTEXT)
        EGL14.eglDestroySurface(display, nowhere)
        EGL14.eglDestroyContext(display, context)
        EGL14.eglReleaseThread()
        EGL14.eglTerminate(display)
    }

    private companion object {
        /** EGL_RECORDABLE_ANDROID. */
        const val RECORDABLE = 0x3142
    }
}
