package io.onair.android

import android.media.MediaCodec
import android.media.MediaCodecInfo
import android.media.MediaCodecList
import android.media.MediaFormat
import android.os.Build
import android.os.Bundle
import android.os.Handler
import android.os.HandlerThread
import android.view.Surface
import io.onair.EncoderOutput
import io.onair.PictureOrder
import io.onair.Profile
import io.onair.SystemCodecs
import io.onair.VideoCodec
import io.onair.VideoConfiguration
import io.onair.VideoEncoderDevice
import io.onair.VideoPace

/** The phone's H.264 or HEVC encoder, fed by the stage: no B-frames, a bitrate that follows, an IDR when asked. */
internal class CodecVideo(
    private val stage: PictureStage,
    video: VideoConfiguration,
    codec: VideoCodec,
    bitRate: Int,
    pace: VideoPace,
    isSoftware: Boolean,
    private val output: EncoderOutput,
) : VideoEncoderDevice {
    private val thread = HandlerThread("onair-codec").apply { start() }
    private val encoder: MediaCodec
    private val surface: Surface

    init {
        val type = if (codec == VideoCodec.HEVC) MediaFormat.MIMETYPE_VIDEO_HEVC else MediaFormat.MIMETYPE_VIDEO_AVC
        var made: MediaCodec? = null
        try {
            encoder =
                (if (isSoftware) MediaCodec.createByCodecName(software(type)) else MediaCodec.createEncoderByType(type))
                    .also { made = it }
            encoder.setCallback(Units(), Handler(thread.looper))
            val format = format(type, video, bitRate)
            if (codec == VideoCodec.H264) profile(format, encoder.codecInfo.getCapabilitiesForType(type), video.profile)
            encoder.configure(format, null, null, MediaCodec.CONFIGURE_FLAG_ENCODE)
            surface = encoder.createInputSurface()
            encoder.start()
        } catch (error: Exception) {
            made?.release()
            thread.quitSafely()
            throw error
        }
        setPace(pace)
        stage.encode(surface, video.width, video.height)
    }

    override fun setBitRate(bps: Int): Unit = parameter(MediaCodec.PARAMETER_KEY_VIDEO_BITRATE, bps)

    override fun requestSyncFrame(): Unit = parameter(MediaCodec.PARAMETER_KEY_REQUEST_SYNC_FRAME, 0)

    override fun setPace(pace: VideoPace) {
        stage.gate.pace = pace
    }

    override fun release() {
        stage.encode(null, 0, 0)
        try {
            encoder.stop()
        } catch (_: IllegalStateException) {
            // It broke before.
        }
        encoder.release()
        surface.release()
        thread.quitSafely()
    }

    private fun parameter(
        name: String,
        value: Int,
    ) {
        try {
            encoder.setParameters(Bundle().apply { putInt(name, value) })
        } catch (_: IllegalStateException) {
            // Its callback says that it broke.
        }
    }

    private inner class Units : MediaCodec.Callback() {
        override fun onInputBufferAvailable(
            codec: MediaCodec,
            index: Int,
        ): Unit = Unit

        override fun onOutputBufferAvailable(
            codec: MediaCodec,
            index: Int,
            info: MediaCodec.BufferInfo,
        ) {
            try {
                val bytes = codec.getOutputBuffer(index)
                if (bytes != null && info.size > 0) {
                    if (info.flags and MediaCodec.BUFFER_FLAG_CODEC_CONFIG != 0) {
                        output.header(bytes, info.offset, info.size)
                    } else {
                        val isKey = info.flags and MediaCodec.BUFFER_FLAG_KEY_FRAME != 0
                        output.unit(bytes, info.offset, info.size, info.presentationTimeUs, isKey)
                    }
                }
                codec.releaseOutputBuffer(index, false)
            } catch (_: IllegalStateException) {
                // Released, or broken, which onError says.
            }
        }

        override fun onError(
            codec: MediaCodec,
            error: MediaCodec.CodecException,
        ): Unit = output.failed(error.diagnosticInfo)

        override fun onOutputFormatChanged(
            codec: MediaCodec,
            format: MediaFormat,
        ): Unit = Unit
    }

    private companion object {
        /** The name of the system's own encoder, which computes in software and takes surfaces too. */
        fun software(type: String): String =
            MediaCodecList(MediaCodecList.REGULAR_CODECS)
                .codecInfos
                .firstOrNull { info ->
                    val isSoftware = if (Build.VERSION.SDK_INT >= 29) info.isSoftwareOnly else SystemCodecs.isSoftware(info.name)
                    info.isEncoder && isSoftware && info.supportedTypes.any { it.equals(type, ignoreCase = true) }
                }?.name ?: throw IllegalStateException("the system has no encoder of its own for $type")

        fun format(
            type: String,
            video: VideoConfiguration,
            bitRate: Int,
        ): MediaFormat =
            MediaFormat.createVideoFormat(type, video.width, video.height).apply {
                setInteger(MediaFormat.KEY_COLOR_FORMAT, MediaCodecInfo.CodecCapabilities.COLOR_FormatSurface)
                setInteger(MediaFormat.KEY_BIT_RATE, bitRate)
                setInteger(MediaFormat.KEY_FRAME_RATE, video.videoFrameRate)
                val seconds = video.videoMaxKeyframeInterval.toFloat() / video.videoFrameRate
                if (Build.VERSION.SDK_INT >= 25) {
                    setFloat(MediaFormat.KEY_I_FRAME_INTERVAL, seconds)
                } else {
                    setInteger(MediaFormat.KEY_I_FRAME_INTERVAL, seconds.toInt().coerceAtLeast(1))
                }
                if (Build.VERSION.SDK_INT >= PictureOrder.SAYS_NONE) setInteger(MediaFormat.KEY_MAX_B_FRAMES, 0)
                setInteger(MediaFormat.KEY_PRIORITY, 0)
                // A screen that stands still sends nothing by itself.
                setLong(MediaFormat.KEY_REPEAT_PREVIOUS_FRAME_AFTER, 500_000)
            }

        /** Constant bitrate and the wanted profile where the encoder has them; B-frames need Main, so without a word 29 has for it Baseline. */
        fun profile(
            format: MediaFormat,
            can: MediaCodecInfo.CodecCapabilities,
            wanted: Profile,
        ) {
            val constant = MediaCodecInfo.EncoderCapabilities.BITRATE_MODE_CBR
            if (can.encoderCapabilities.isBitrateModeSupported(constant)) {
                format.setInteger(MediaFormat.KEY_BITRATE_MODE, constant)
            }
            val isMain = wanted == Profile.MAIN && Build.VERSION.SDK_INT >= PictureOrder.SAYS_NONE
            val profile =
                if (isMain) {
                    MediaCodecInfo.CodecProfileLevel.AVCProfileMain
                } else {
                    MediaCodecInfo.CodecProfileLevel.AVCProfileBaseline
                }
            val level = can.profileLevels.filter { it.profile == profile }.maxOfOrNull { it.level } ?: return
            format.setInteger(MediaFormat.KEY_PROFILE, profile)
            format.setInteger(MediaFormat.KEY_LEVEL, minOf(level, MediaCodecInfo.CodecProfileLevel.AVCLevel41))
        }
    }
}
