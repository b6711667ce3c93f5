package io.onair

import io.onair.ffi.DestinationOptions
import io.onair.ffi.ReconnectOptions
import io.onair.ffi.SessionOptions
import io.onair.ffi.TrustOptions

/** How a session behaves beyond what its pictures and sound are. */
public data class LiveSettings
    @JvmOverloads
    constructor(
        /** How pictures are pushed. */
        val videoSource: Source = Source.RAW,
        /** How sound is pushed. */
        val audioSource: Source = Source.RAW,
        /** The codec of pictures that are pushed encoded. */
        val videoCodec: VideoCodec = VideoCodec.H264,
        /** The codec of sound that is pushed encoded. */
        val audioCodec: AudioCodec = AudioCodec.AAC,
        /** How the video bitrate follows the network. LFLiveKit: adaptiveBitrate, which was off unless said. */
        val adaptiveBitrate: AdaptiveBitrate = AdaptiveBitrate.LAG,
        /** What is done when the connection is lost. */
        val reconnect: ReconnectSettings = ReconnectSettings(),
        /** Whom `rtmps://` believes. */
        val trust: TrustSettings = TrustSettings(),
        /**
         * Whether `rtmp://` may go beyond this device and private networks, where everybody on the way can read the stream
         * key.
         */
        val allowPlaintext: Boolean = false,
        /** Fields of the app's own in onMetaData, up to 32. They go with every connection, and into recordings. */
        val metadata: List<Field> = emptyList(),
    ) {
        internal fun options(
            audio: AudioConfiguration?,
            video: VideoConfiguration?,
        ): SessionOptions =
            SessionOptions(
                audio = audio?.options(),
                video = video?.options(),
                audioSource = audioSource,
                videoSource = videoSource,
                audioCodec = audioCodec,
                videoCodec = videoCodec,
                adaptiveBitrate = adaptiveBitrate,
                reconnect = reconnect.options(),
                trust = trust.options(),
                allowPlaintext = allowPlaintext,
                metadata = metadata.map { it.native() },
            )
    }

/** What is done when the connection is lost. */
public data class ReconnectSettings
    @JvmOverloads
    constructor(
        /** Whether the very first connection is tried again as well. */
        val retryFirstConnection: Boolean = false,
        /** All time without being live before it gives up, ms; null for ever. */
        val budgetMs: Long? = 600_000,
        /** Attempts before it gives up; null for any number. */
        val maxRetries: Int? = null,
        /** Waits exactly so long before each attempt, ms, instead of a random time that grows. */
        val fixedDelayMs: Long? = null,
    ) {
        internal fun options(): ReconnectOptions =
            ReconnectOptions(
                retryFirstConnection = retryFirstConnection,
                budgetMs = budgetMs?.coerceAtLeast(0)?.toULong(),
                maxRetries = maxRetries?.let(::whole),
                fixedDelayMs = fixedDelayMs?.coerceAtLeast(0)?.toULong(),
            )

        public companion object {
            /** LFLiveKit's reconnectInterval and reconnectCount. */
            @JvmStatic
            @JvmOverloads
            public fun lfLiveKit(
                reconnectIntervalSeconds: Int = 3,
                reconnectCount: Int = 5,
            ): ReconnectSettings =
                ReconnectSettings(
                    retryFirstConnection = true,
                    budgetMs = null,
                    maxRetries = reconnectCount,
                    fixedDelayMs = reconnectIntervalSeconds * 1000L,
                )
        }
    }

/** Whom `rtmps://` believes beyond what the device does. There is no way to accept everybody. */
public data class TrustSettings
    @JvmOverloads
    constructor(
        /** Certificate authorities of the app's own, PEM. */
        val rootsPem: String? = null,
        /** Keys of the server, `sha256/` and Base64 each; any of them is enough. */
        val pins: List<String> = emptyList(),
    ) {
        internal fun options(): TrustOptions = TrustOptions(rootsPem, pins)
    }

/** A place to publish to. Its text shows no address, since that holds the stream key. */
public class Destination
    @JvmOverloads
    constructor(
        /** `rtmp[s]://host[:port]/app/key`. With [key] it ends with the app, with [app] too with the host. */
        public val url: String,
        /** Taken when [url] cannot be had; of the same form. */
        public val backupUrl: String? = null,
        /** What events call it; its host unless said. */
        public val name: String? = null,
        /** The stream key as the service shows it, which may hold spaces and slashes. Never log it. */
        public val key: String? = null,
        /** The app with its instance, for both addresses; with [key] only. */
        public val app: String? = null,
        /** The stream key of [backupUrl], where it is not [key]. Never log it. */
        public val backupKey: String? = null,
        /**
         * How long one address may be without a live stream before the other one is taken, ms; 5000 unless said. One that
         * was just taken has a second at least.
         */
        public val backupAfterMs: Long? = null,
    ) {
        internal fun options(): DestinationOptions =
            DestinationOptions(
                url = url,
                backupUrl = backupUrl,
                name = name,
                key = key,
                app = app,
                backupKey = backupKey,
                backupAfterMs = backupAfterMs?.coerceAtLeast(0)?.toULong(),
            )

        override fun toString(): String = "Destination(${name ?: "…"})"
    }
