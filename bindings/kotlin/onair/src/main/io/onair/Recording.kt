package io.onair

import io.onair.ffi.NativeLibrary
import io.onair.ffi.RecordingOptions
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext
import io.onair.ffi.RecoveredFigures as NativeRecovered
import io.onair.ffi.recoverRecording as nativeRecover
import io.onair.ffi.recoverRecordingTo as nativeRecoverTo

/** Which container a file is; by its name, `.flv` is FLV, everything else MP4. */
public typealias RecordingFormat = io.onair.ffi.RecordingFormat

/** What is recorded into which files. */
public data class RecordingSettings
    @JvmOverloads
    constructor(
        /** The file, which must not exist. Further ones of a split recording are NAME-2.EXT and so on. */
        val path: String,
        /** Which container. */
        val format: RecordingFormat = RecordingFormat.BY_NAME,
        /** At the first IDR after so long a new file begins, ms; 1,000 or more. */
        val splitAfterMs: Long? = null,
        /** At the first IDR after so many bytes a new file begins; 100,000 or more. */
        val splitBytes: Long? = null,
    ) {
        internal fun options(): RecordingOptions =
            RecordingOptions(path, format, splitAfterMs?.coerceAtLeast(0)?.toULong(), splitBytes?.coerceAtLeast(0)?.toULong())
    }

/** What a crash left, complete again. */
public data class RecoveredFigures(
    /** The complete file. */
    val path: String,
    /** It had been complete before, and was left as it is. */
    val wasComplete: Boolean,
    /** Pictures in it. */
    val frames: Long,
    /** AAC frames or Opus packets in it. */
    val audioFrames: Long,
    /** Its length, ms. */
    val durationMs: Long,
    /** Bytes at the end that were of no use. */
    val bytesLost: Long,
)

/**
 * Records without publishing: its session is live at once, with no network. Pushes, look and events are the session's.
 */
public class Recorder(
    /** What is pushed to it is recorded. */
    public val session: LiveSession,
) {
    /**
     * Makes the file and takes pushes from now on.
     *
     * @throws LiveException.Device when the file cannot be made
     */
    @Throws(LiveException::class)
    public fun start(settings: RecordingSettings): Unit = session.recordOnly(settings)

    /** Takes no more pushes, writes what was accepted, and completes the file. Null when nothing was recorded. */
    public suspend fun stop(deadlineMs: Long = 5_000): RecordingFigures? =
        withContext(NonCancellable + Dispatchers.IO) { stopNow(deadlineMs) }

    /** The same for Java: waits in the caller's thread. */
    @JvmOverloads
    @Throws(LiveException::class)
    public fun stopNow(deadlineMs: Long = 5_000): RecordingFigures? = session.endRecordOnly(deadlineMs)

    public companion object {
        /**
         * Completes an MP4 recording that a crash or a power cut ended: in its place, or as a new file at [to]. Waits for
         * the disk.
         *
         * @throws LiveException.Device when it is none of OnAir's or holds nothing; it is as it was then
         */
        @JvmStatic
        @JvmOverloads
        @Throws(LiveException::class)
        public fun recover(
            path: String,
            to: String? = null,
        ): RecoveredFigures {
            NativeLibrary.load()
            return bordered { if (to == null) nativeRecover(path) else nativeRecoverTo(path, to) }.own()
        }
    }
}

private fun NativeRecovered.own(): RecoveredFigures =
    RecoveredFigures(path, wasComplete, frames.toLong(), audioFrames.toLong(), durationMs.toLong(), bytesLost.toLong())
