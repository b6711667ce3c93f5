package io.onair.android

import android.opengl.GLES11Ext
import android.opengl.GLES20
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer

/** Draws a camera's or a screen's texture over a window. Belongs to the thread of its context. */
internal class TextureProgram {
    private val program: Int
    private val corner: Int
    private val place: Int
    private val crop: Int
    private val corners: FloatBuffer =
        ByteBuffer.allocateDirect(8 * 4).order(ByteOrder.nativeOrder()).asFloatBuffer()

    /** The texture that a SurfaceTexture fills. */
    val texture: Int

    init {
        corners.put(floatArrayOf(-1f, -1f, 1f, -1f, -1f, 1f, 1f, 1f)).position(0)
        program = linked(VERTEX, FRAGMENT)
        corner = GLES20.glGetAttribLocation(program, "corner")
        place = GLES20.glGetUniformLocation(program, "place")
        crop = GLES20.glGetUniformLocation(program, "crop")
        val made = IntArray(1)
        GLES20.glGenTextures(1, made, 0)
        texture = made[0]
        GLES20.glBindTexture(GLES11Ext.GL_TEXTURE_EXTERNAL_OES, texture)
        for (filter in intArrayOf(GLES20.GL_TEXTURE_MIN_FILTER, GLES20.GL_TEXTURE_MAG_FILTER)) {
            GLES20.glTexParameteri(GLES11Ext.GL_TEXTURE_EXTERNAL_OES, filter, GLES20.GL_LINEAR)
        }
        for (wrap in intArrayOf(GLES20.GL_TEXTURE_WRAP_S, GLES20.GL_TEXTURE_WRAP_T)) {
            GLES20.glTexParameteri(GLES11Ext.GL_TEXTURE_EXTERNAL_OES, wrap, GLES20.GL_CLAMP_TO_EDGE)
        }
    }

    /** [crop] is the part of the picture's width and height that is shown; negative for mirrored. */
    fun draw(
        matrix: FloatArray,
        crop: FloatArray,
        width: Int,
        height: Int,
    ) {
        GLES20.glViewport(0, 0, width, height)
        GLES20.glUseProgram(program)
        GLES20.glBindTexture(GLES11Ext.GL_TEXTURE_EXTERNAL_OES, texture)
        GLES20.glUniformMatrix4fv(place, 1, false, matrix, 0)
        // Columns: the window's right and up in the picture.
        GLES20.glUniformMatrix2fv(this.crop, 1, false, crop, 0)
        GLES20.glEnableVertexAttribArray(corner)
        GLES20.glVertexAttribPointer(corner, 2, GLES20.GL_FLOAT, false, 0, corners)
        GLES20.glDrawArrays(GLES20.GL_TRIANGLE_STRIP, 0, 4)
    }

    fun close() {
        GLES20.glDeleteProgram(program)
        GLES20.glDeleteTextures(1, intArrayOf(texture), 0)
    }

    internal companion object {
        /** A program of these two, or why there is none. */
        fun linked(
            vertexSource: String,
            fragmentSource: String,
        ): Int {
            val vertex = compiled(GLES20.GL_VERTEX_SHADER, vertexSource)
            val fragment = compiled(GLES20.GL_FRAGMENT_SHADER, fragmentSource)
            val program = GLES20.glCreateProgram()
            GLES20.glAttachShader(program, vertex)
            GLES20.glAttachShader(program, fragment)
            GLES20.glLinkProgram(program)
            val status = IntArray(1)
            GLES20.glGetProgramiv(program, GLES20.GL_LINK_STATUS, status, 0)
            check(status[0] == GLES20.GL_TRUE) { GLES20.glGetProgramInfoLog(program) }
            GLES20.glDeleteShader(vertex)
            GLES20.glDeleteShader(fragment)
            return program
        }

        private fun compiled(
            kind: Int,
            source: String,
        ): Int {
            val shader = GLES20.glCreateShader(kind)
            GLES20.glShaderSource(shader, source)
            GLES20.glCompileShader(shader)
            val status = IntArray(1)
            GLES20.glGetShaderiv(shader, GLES20.GL_COMPILE_STATUS, status, 0)
            check(status[0] == GLES20.GL_TRUE) { GLES20.glGetShaderInfoLog(shader) }
            return shader
        }

        private const val VERTEX = """
            attribute vec2 corner;
            uniform mat4 place;
            uniform mat2 crop;
            varying vec2 at;
            void main() {
                gl_Position = vec4(corner, 0.0, 1.0);
                at = (place * vec4(crop * corner * 0.5 + 0.5, 0.0, 1.0)).xy;
            }
        """
        private const val FRAGMENT = """
            #extension GL_OES_EGL_image_external : require
            precision mediump float;
            uniform samplerExternalOES picture;
            varying vec2 at;
            void main() {
                gl_FragColor = texture2D(picture, at);
            }
        """
    }
}
