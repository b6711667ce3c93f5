package io.onair.android

import android.opengl.GLES20
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer

/** Draws a picture from memory, I420 of BT.709 limited without padding, over a window. Belongs to the thread of its context. */
internal class PlanesProgram {
    private val program: Int
    private val corner: Int
    private val crop: Int
    private val corners: FloatBuffer =
        ByteBuffer.allocateDirect(8 * 4).order(ByteOrder.nativeOrder()).asFloatBuffer()
    private val textures = IntArray(3)

    init {
        corners.put(floatArrayOf(-1f, -1f, 1f, -1f, -1f, 1f, 1f, 1f)).position(0)
        program = TextureProgram.linked(VERTEX, FRAGMENT)
        corner = GLES20.glGetAttribLocation(program, "corner")
        crop = GLES20.glGetUniformLocation(program, "crop")
        GLES20.glUseProgram(program)
        GLES20.glGenTextures(3, textures, 0)
        listOf("luma", "blue", "red").forEachIndexed { index, name ->
            GLES20.glUniform1i(GLES20.glGetUniformLocation(program, name), index)
            GLES20.glBindTexture(GLES20.GL_TEXTURE_2D, textures[index])
            for (filter in intArrayOf(GLES20.GL_TEXTURE_MIN_FILTER, GLES20.GL_TEXTURE_MAG_FILTER)) {
                GLES20.glTexParameteri(GLES20.GL_TEXTURE_2D, filter, GLES20.GL_LINEAR)
            }
            for (wrap in intArrayOf(GLES20.GL_TEXTURE_WRAP_S, GLES20.GL_TEXTURE_WRAP_T)) {
                GLES20.glTexParameteri(GLES20.GL_TEXTURE_2D, wrap, GLES20.GL_CLAMP_TO_EDGE)
            }
        }
    }

    /** Takes the picture, the top row first. */
    fun load(
        picture: ByteBuffer,
        width: Int,
        height: Int,
    ) {
        // Rows of odd halves are not aligned to four.
        GLES20.glPixelStorei(GLES20.GL_UNPACK_ALIGNMENT, 1)
        val planes = picture.duplicate()
        var offset = 0
        textures.forEachIndexed { index, texture ->
            val (across, down) = if (index == 0) width to height else width / 2 to height / 2
            planes.position(offset)
            offset += across * down
            GLES20.glActiveTexture(GLES20.GL_TEXTURE0 + index)
            GLES20.glBindTexture(GLES20.GL_TEXTURE_2D, texture)
            val format = GLES20.GL_LUMINANCE
            GLES20.glTexImage2D(GLES20.GL_TEXTURE_2D, 0, format, across, down, 0, format, GLES20.GL_UNSIGNED_BYTE, planes)
        }
        GLES20.glActiveTexture(GLES20.GL_TEXTURE0)
    }

    /** Draws it; [x] and [y] are the part of its width and height that is shown, negative for mirrored. */
    fun draw(
        x: Float,
        y: Float,
        width: Int,
        height: Int,
    ) {
        GLES20.glViewport(0, 0, width, height)
        GLES20.glUseProgram(program)
        textures.forEachIndexed { index, texture ->
            GLES20.glActiveTexture(GLES20.GL_TEXTURE0 + index)
            GLES20.glBindTexture(GLES20.GL_TEXTURE_2D, texture)
        }
        GLES20.glActiveTexture(GLES20.GL_TEXTURE0)
        // The first row that was loaded is the top one, and a window's first row is the lowest.
        GLES20.glUniform2f(crop, x * 0.5f, -y * 0.5f)
        GLES20.glEnableVertexAttribArray(corner)
        GLES20.glVertexAttribPointer(corner, 2, GLES20.GL_FLOAT, false, 0, corners)
        GLES20.glDrawArrays(GLES20.GL_TRIANGLE_STRIP, 0, 4)
    }

    fun close() {
        GLES20.glDeleteProgram(program)
        GLES20.glDeleteTextures(3, textures, 0)
    }

    private companion object {
        const val VERTEX = """
            attribute vec2 corner;
            uniform vec2 crop;
            varying vec2 at;
            void main() {
                gl_Position = vec4(corner, 0.0, 1.0);
                at = corner * crop + 0.5;
            }
        """
        const val FRAGMENT = """
            precision mediump float;
            uniform sampler2D luma;
            uniform sampler2D blue;
            uniform sampler2D red;
            varying vec2 at;
            void main() {
                float y = 1.16438 * (texture2D(luma, at).r - 0.0625);
                float u = texture2D(blue, at).r - 0.5;
                float v = texture2D(red, at).r - 0.5;
                gl_FragColor = vec4(y + 1.79274 * v, y - 0.21325 * u - 0.53291 * v, y + 2.11240 * u, 1.0);
            }
        """
    }
}
