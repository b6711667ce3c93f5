package io.onair

/** Why a device is away. */
internal enum class AbsenceReason(
    val what: Absence,
) {
    /** A phone call. */
    CALL(Absence.SOUND),

    /** Another app has the sound. */
    SOUND_TAKEN(Absence.SOUND),

    /** The app is not seen, and no service of its keeps camera and microphone. */
    HIDDEN(Absence.BOTH),

    /** Another app, or the system, took the camera. */
    CAMERA_LOST(Absence.PICTURE),

    /** The microphone broke or was taken. */
    MICROPHONE_LOST(Absence.SOUND),
}

/** What is away for which reasons; [tell] hears when a track goes with its first one, and is back with its last. */
internal class Absences(
    private val tell: (what: Absence, isAway: Boolean) -> Unit,
) {
    private val reasons = mutableSetOf<AbsenceReason>()

    @Synchronized
    fun set(
        reason: AbsenceReason,
        isAway: Boolean,
    ) {
        val before = away()
        if (isAway) reasons += reason else reasons -= reason
        val now = away()
        for (what in TRACKS) if ((what in now) != (what in before)) tell(what, what in now)
    }

    /** A broadcast began: it does not know yet. */
    @Synchronized
    fun again() {
        away().forEach { tell(it, true) }
    }

    /** Nothing is away any more, and nobody hears of it. */
    @Synchronized
    fun clear() {
        reasons.clear()
    }

    private fun away(): Set<Absence> =
        TRACKS.filterTo(mutableSetOf()) { what -> reasons.any { it.what == what || it.what == Absence.BOTH } }

    private companion object {
        val TRACKS = listOf(Absence.PICTURE, Absence.SOUND)
    }
}
