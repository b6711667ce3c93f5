package io.onair

import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * From microphone and apps to the phone's encoder: the microphone as it comes; from the first apps on, what the core makes
 * of both, so that what it still holds is never passed by. Each has a thread of its own.
 */
internal class SoundRoute(
    private val session: LiveSession,
    private val audio: AudioConfiguration,
    private val encoder: AudioEncoderControl,
    private val easel: Easel = Easel(session),
) {
    private val frameSize = 2 * audio.numberOfChannels
    private val silence = ByteBuffer.allocateDirect(SAMPLES * frameSize)
    private val block = ByteBuffer.allocateDirect(SAMPLES * frameSize).order(ByteOrder.nativeOrder())

    /** The apps' source in the mix; 0 while there is none. */
    @Volatile var apps: Int = 0
        private set

    @Volatile private var mixes = false

    /** Silence is sent. */
    var isMuted: Boolean by session::isMuted

    /** From now on apps are heard too, so loud. */
    fun addApps(gain: Float) {
        if (apps != 0) return
        apps = session.addAudioSource().also { session.setAudioSourceGain(it, gain) }
        mixes = true
    }

    /** The microphone alone again. */
    fun removeApps() {
        val source = apps
        apps = 0
        if (source != 0) session.removeAudioSource(source)
    }

    /**
     * Samples of the microphone, from the buffer's beginning on.
     *
     * @throws IllegalStateException when the encoder is broken; the next call makes a new one
     */
    fun microphone(
        pcm: ByteBuffer,
        size: Int,
        timeUs: Long,
    ) {
        // None: something else has the microphone's place.
        val placedUs = easel.placeSound(timeUs, size / frameSize * 1_000_000L / audio.audioSampleRate) ?: return
        if (mixes) return mix(MICROPHONE, pcm, size, placedUs)
        if (isMuted) for (index in 0 until size) pcm.put(index, 0)
        encoder.encode(pcm, size, placedUs)
    }

    /** Samples of apps; as [microphone]. */
    fun apps(
        pcm: ByteBuffer,
        size: Int,
        timeUs: Long,
    ) {
        val source = apps
        if (source != 0) mix(source, pcm, size, timeUs)
    }

    /** An AAC frame's time of silence in the microphone's place; as [microphone]. */
    fun standIn(timeUs: Long) {
        if (mixes) mix(MICROPHONE, silence, silence.capacity(), timeUs) else encoder.encode(silence, silence.capacity(), timeUs)
    }

    private fun mix(
        source: Int,
        pcm: ByteBuffer,
        size: Int,
        timeUs: Long,
    ) {
        easel.mixSound(source, pcm, 0, size, audio.audioSampleRate, audio.numberOfChannels, timeUs)
        // Two threads keep the blocks in order.
        synchronized(block) {
            while (true) encoder.encode(block, block.capacity(), easel.takeMixed(block) ?: return)
        }
    }

    private companion object {
        /** Samples of an AAC frame, of each channel. */
        const val SAMPLES = 1024
        const val MICROPHONE = 0
    }
}
