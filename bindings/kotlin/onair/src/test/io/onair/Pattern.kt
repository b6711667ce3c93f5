package io.onair

import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.PI
import kotlin.math.sin

/** A moving picture, I420 in one buffer as a camera gives it, and a tone. */
class Pattern(
    private val width: Int,
    private val height: Int,
    private val fps: Int,
    private val sampleRate: Int = 44_100,
) {
    private val luma = width * height
    val picture: ByteBuffer = ByteBuffer.allocateDirect(luma * 3 / 2)
    private val samples = sampleRate / 50
    private val sound = ByteBuffer.allocateDirect(samples * 4).order(ByteOrder.nativeOrder())

    init {
        for (index in luma until luma * 3 / 2) picture.put(index, (96 + index % 64).toByte())
    }

    fun draw(number: Int) {
        for (row in 0 until height) {
            for (column in 0 until width) picture.put(row * width + column, (column + row + number * 4).toByte())
        }
    }

    fun push(
        session: LiveSession,
        timeUs: Long,
    ): Boolean =
        session.pushVideo(
            picture,
            0,
            width,
            picture,
            luma,
            picture,
            luma * 5 / 4,
            width / 2,
            1,
            width,
            height,
            timeUs,
        )

    fun pushSound(
        session: LiveSession,
        number: Int,
        timeUs: Long,
    ): Boolean {
        for (index in 0 until samples) {
            val sample = (8_000 * sin(2 * PI * 440 * (number * samples + index) / sampleRate)).toInt().toShort()
            sound.putShort(index * 4, sample).putShort(index * 4 + 2, sample)
        }
        return session.pushAudio(sound, 0, samples * 4, sampleRate, 2, timeUs)
    }

    /** So long in real time; how many pictures and blocks of 20 ms were taken. */
    fun stream(
        session: LiveSession,
        millis: Int,
    ): Pair<Int, Int> {
        val began = System.nanoTime()
        var pictures = 0
        var blocks = 0
        for (at in 0 until millis) {
            if (at % 20 == 0 && pushSound(session, at / 20, at * 1000L)) blocks++
            val number = at * fps / 1000
            if (at == 0 || number != (at - 1) * fps / 1000) {
                draw(number)
                if (push(session, number * 1_000_000L / fps)) pictures++
            }
            val ahead = began + (at + 1) * 1_000_000L - System.nanoTime()
            if (ahead > 1_000_000) Thread.sleep(ahead / 1_000_000)
        }
        return pictures to blocks
    }
}
