package io.onair

import kotlin.math.abs
import kotlin.math.max
import kotlin.math.min

// What capture on a phone needs to decide, as functions of what the phone says.

/** Which pictures go to an encoder. */
internal class FrameGate {
    private var number = 0L

    @Volatile var pace: VideoPace = VideoPace.FULL

    fun lets(): Boolean =
        when (pace) {
            VideoPace.FULL -> true
            VideoPace.HALF -> number++ % 2 == 0L
            VideoPace.NONE -> false
        }
}

/**
 * Stamps of cameras, screens and microphones on one clock, the time since boot. Some devices count the time asleep, others
 * do not; a stamp is of the clock that it is nearer to.
 */
internal object CaptureClock {
    /** Microseconds since boot. */
    fun micros(
        stampNs: Long,
        sinceBootNs: Long,
        awakeNs: Long,
    ): Long {
        val isAwake = abs(awakeNs - stampNs) < abs(sinceBootNs - stampNs)
        return (if (isAwake) stampNs + (sinceBootNs - awakeNs) else stampNs) / 1000
    }

    /** When sample [frame] was captured, after a device said that [anchorFrame] was at [anchorNs]. */
    fun sampleNs(
        frame: Long,
        anchorFrame: Long,
        anchorNs: Long,
        sampleRate: Int,
    ): Long = anchorNs + (frame - anchorFrame) * 1_000_000_000L / sampleRate
}

/** Which encoders are the system's own. */
internal object SystemCodecs {
    /** By its name, for systems before Android 10, which cannot be asked. */
    fun isSoftware(name: String): Boolean = name.startsWith("OMX.google.") || name.startsWith("c2.android.")
}

/** How a picture lies in another one's frame. */
internal object Fit {
    /** The part of the source's width and height that is shown when it fills the target. */
    fun fill(
        width: Int,
        height: Int,
        targetWidth: Int,
        targetHeight: Int,
    ): Pair<Float, Float> {
        val source = width.toFloat() / height
        val target = targetWidth.toFloat() / targetHeight
        return min(1f, target / source) to min(1f, source / target)
    }

    /** The part of the target that is covered when all of the source is shown. */
    fun fit(
        width: Int,
        height: Int,
        targetWidth: Int,
        targetHeight: Int,
    ): Pair<Float, Float> = fill(targetWidth, targetHeight, width, height)

    /** The smallest size that needs no scaling up for this longer and shorter side; else the largest. */
    fun size(
        sizes: List<Pair<Int, Int>>,
        longer: Int,
        shorter: Int,
    ): Pair<Int, Int>? {
        val enough = sizes.filter { max(it.first, it.second) >= longer && min(it.first, it.second) >= shorter }
        val ratio = longer.toFloat() / shorter
        return enough.minWithOrNull(
            compareBy({ it.first * it.second }, { abs(max(it.first, it.second).toFloat() / min(it.first, it.second) - ratio) }),
        ) ?: sizes.maxByOrNull { it.first * it.second }
    }
}

/** What the system tells of networks, as what the core wants to know. */
internal class PathWatch(
    private val report: (NetworkPath) -> Unit,
) {
    private var current: Any? = null
    private var wasDown = false

    /** This one is the default from now on. */
    @Synchronized
    fun available(network: Any) {
        when {
            wasDown -> report(NetworkPath.UP)
            current != null && current != network -> report(NetworkPath.CHANGED)
        }
        wasDown = false
        current = network
    }

    /** There is none any more; of one that was replaced it means nothing. */
    @Synchronized
    fun lost(network: Any) {
        if (network != current) return
        current = null
        wasDown = true
        report(NetworkPath.DOWN)
    }

    /** There is none from the beginning. */
    @Synchronized
    fun none() {
        if (current != null || wasDown) return
        wasDown = true
        report(NetworkPath.DOWN)
    }
}

/** What a phone that becomes hot gets less of. */
internal class Heat(
    private val video: VideoConfiguration,
    private val setRange: (Int, Int) -> Unit,
) {
    private var isHot = false

    /** `PowerManager`'s thermal status: 3 is severe, from where on the system takes the processor's speed away. */
    fun handle(status: Int) {
        val now = status >= SEVERE
        if (now == isHot) return
        isHot = now
        val most = if (now) max(video.videoMinBitRate, video.videoMaxBitRate / 2) else video.videoMaxBitRate
        setRange(video.videoMinBitRate, most)
    }

    private companion object {
        const val SEVERE = 3
    }
}
