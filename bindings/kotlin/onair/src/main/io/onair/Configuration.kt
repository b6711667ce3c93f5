package io.onair

import io.onair.ffi.AudioOptions
import io.onair.ffi.NativeLibrary
import io.onair.ffi.VideoOptions
import io.onair.ffi.audioPreset
import io.onair.ffi.videoPreset

/** Sound, AAC-LC. LFLiveKit: LFLiveAudioConfiguration. */
public data class AudioConfiguration(
    /** 8,000…48,000 Hz. */
    val audioSampleRate: Int,
    /** 1 or 2. */
    val numberOfChannels: Int,
    /** Bit/s. */
    val audioBitrate: Int,
) {
    internal fun options(): AudioOptions =
        AudioOptions(whole(audioSampleRate), numberOfChannels.coerceIn(0, 255).toUByte(), whole(audioBitrate))

    public companion object {
        /** LFLiveKit's preset: 64, 96, 128 and 128 kbit/s in stereo. */
        @JvmStatic
        public fun of(quality: AudioQuality): AudioConfiguration {
            NativeLibrary.load()
            val made = audioPreset(quality)
            return AudioConfiguration(made.sampleRateHz.toInt(), made.channels.toInt(), made.bitrateBps.toInt())
        }

        /** 44,100 Hz, stereo, 128 kbit/s. */
        @JvmStatic
        public fun default(): AudioConfiguration = of(AudioQuality.HIGH)
    }
}

/** The picture, in pixels, both sides even. LFLiveKit: LFLiveVideoConfiguration. */
public data class VideoConfiguration(
    /** Pixels. */
    val width: Int,
    /** Pixels. */
    val height: Int,
    /** Pictures a second. */
    val videoFrameRate: Int,
    /** The lowest that adaptation may choose. */
    val videoMinFrameRate: Int,
    /** The highest that adaptation may choose. */
    val videoMaxFrameRate: Int,
    /** Where the bitrate starts, bit/s. */
    val videoBitRate: Int,
    /** The lowest that adaptation may choose, bit/s. */
    val videoMinBitRate: Int,
    /** The highest that adaptation may choose, bit/s. */
    val videoMaxBitRate: Int,
    /** Pictures from one IDR to the next. */
    val videoMaxKeyframeInterval: Int,
    /** H.264 profile. */
    val profile: Profile = Profile.MAIN,
) {
    /** Whether it is wider than high. */
    val isLandscape: Boolean get() = width > height

    internal fun options(): VideoOptions =
        VideoOptions(
            width = whole(width),
            height = whole(height),
            fps = whole(videoFrameRate),
            minFps = whole(videoMinFrameRate),
            maxFps = whole(videoMaxFrameRate),
            bitrateBps = whole(videoBitRate),
            minBitrateBps = whole(videoMinBitRate),
            maxBitrateBps = whole(videoMaxBitRate),
            keyframeIntervalFrames = whole(videoMaxKeyframeInterval),
            profile = profile,
        )

    public companion object {
        /** LFLiveKit's preset (360×640, 540×960, 720×1280), or 1080p beyond them. */
        @JvmStatic
        @JvmOverloads
        public fun of(
            quality: VideoQuality,
            orientation: Orientation = Orientation.PORTRAIT,
        ): VideoConfiguration {
            NativeLibrary.load()
            val made = videoPreset(quality, orientation)
            return VideoConfiguration(
                width = made.width.toInt(),
                height = made.height.toInt(),
                videoFrameRate = made.fps.toInt(),
                videoMinFrameRate = made.minFps.toInt(),
                videoMaxFrameRate = made.maxFps.toInt(),
                videoBitRate = made.bitrateBps.toInt(),
                videoMinBitRate = made.minBitrateBps.toInt(),
                videoMaxBitRate = made.maxBitrateBps.toInt(),
                videoMaxKeyframeInterval = made.keyframeIntervalFrames.toInt(),
                profile = made.profile,
            )
        }

        /** LFLiveKit's: 360×640, 24 pictures a second, 600 kbit/s. */
        @JvmStatic
        public fun default(): VideoConfiguration = of(VideoQuality.LOW2)
    }
}

/** What is below zero becomes zero, which the core refuses with the setting's name. */
internal fun whole(number: Int): UInt = number.coerceAtLeast(0).toUInt()
