package io.onair

import java.nio.ByteBuffer

/** What a stage can do with the picture that it has, the camera's newest. Called from its thread. */
internal interface PictureHands {
    /** Straight into the encoder, as it is. */
    fun pass(timeUs: Long)

    /** Into memory, upright: R, G, B, A, of the encoder's size, the top row first. */
    fun read(into: ByteBuffer)

    /** Keeps a drawn picture, I420 of the encoder's size without padding: for [put], and for the preview. */
    fun show(picture: ByteBuffer)

    /** What was shown last into the encoder. */
    fun put(timeUs: Long)
}

/**
 * The way of each picture to the encoder: as it is while nothing wants it changed, else through the session's look; and what
 * stands in for a camera that is away.
 */
internal class PictureRoute(
    private val session: LiveSession,
    private val width: Int,
    private val height: Int,
    private val hands: PictureHands,
) {
    private val easel = Easel(session)
    private val pixels by lazy { ByteBuffer.allocateDirect(width * height * 4) }
    private val drawn by lazy { PictureBuffer.i420(ByteBuffer.allocateDirect(width * height * 3 / 2), width, height) }
    private var hasPicture = false

    /** Whether what was drawn last is the camera's newest. */
    var isDrawn: Boolean = false
        private set

    /** A picture came. [isWanted] says of its time whether the encoder takes it. */
    fun handle(
        timeUs: Long,
        isWanted: (timeUs: Long) -> Boolean,
    ) {
        hasPicture = true
        val placed = easel.placePicture(timeUs)
        isDrawn = placed != null && placed.isDrawn
        if (placed == null) return
        if (placed.isDrawn) draw(placed.timeUs)
        if (!isWanted(placed.timeUs)) return
        if (placed.isDrawn) hands.put(placed.timeUs) else hands.pass(placed.timeUs)
    }

    /** The slate, or the picture before, in the camera's place. */
    fun standIn(timeUs: Long) {
        if (easel.drawSlate(timeUs, drawn)) {
            hands.show(drawn.buffer)
            isDrawn = true
            hands.put(timeUs)
        } else if (hasPicture && session.look != Look()) {
            draw(timeUs)
            isDrawn = true
            hands.put(timeUs)
        } else if (hasPicture) {
            isDrawn = false
            hands.pass(timeUs)
        }
    }

    private fun draw(timeUs: Long) {
        hands.read(pixels)
        easel.draw(pixels, 0, width * 4, width, height, false, timeUs, drawn)
        hands.show(drawn.buffer)
    }
}
