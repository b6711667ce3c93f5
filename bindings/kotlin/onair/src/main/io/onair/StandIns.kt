package io.onair

import kotlin.concurrent.thread

/**
 * Has something stand in for tracks that are encoded on this side, from an interruption until the device is back: asks the
 * core when, in a thread for each track.
 */
internal class StandIns(
    private val easel: Easel,
    private val onDue: (track: Track, timeUs: Long) -> Unit,
) {
    private val lock = Any()
    private val asked = IntArray(2)
    private val isRunning = BooleanArray(2)

    /** The core knows of an interruption. */
    fun begin(what: Absence) {
        if (what != Absence.SOUND) begin(Track.VIDEO)
        if (what != Absence.PICTURE) begin(Track.AUDIO)
    }

    private fun begin(track: Track) {
        synchronized(lock) {
            asked[track.ordinal]++
            if (isRunning[track.ordinal]) return
            isRunning[track.ordinal] = true
        }
        thread(name = "onair-stand-in", isDaemon = true) { run(track) }
    }

    private fun run(track: Track) {
        while (true) {
            val before = synchronized(lock) { asked[track.ordinal] }
            when (val next = easel.waitStandIn(track, WITHIN_MS)) {
                is StandIn.Due -> {
                    onDue(track, next.timeUs)
                }

                StandIn.Later -> {
                    continue
                }

                StandIn.Over -> {
                    synchronized(lock) {
                        // One that came since the core answered is not forgotten.
                        if (asked[track.ordinal] == before) {
                            isRunning[track.ordinal] = false
                            return
                        }
                    }
                }
            }
        }
    }

    private companion object {
        const val WITHIN_MS = 1_000
    }
}
