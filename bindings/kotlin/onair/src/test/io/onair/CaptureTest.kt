package io.onair

import org.junit.jupiter.api.Test
import kotlin.test.assertEquals

/** What capture decides, without a phone. */
class CaptureTest {
    @Test
    fun stampsOfBothClocksBecomeTimeSinceBoot() {
        val asleep = 7_200_000_000_000
        val awake = 1_000_000_000_000
        val sinceBoot = awake + asleep
        assertEquals((sinceBoot - 5_000_000) / 1000, CaptureClock.micros(awake - 5_000_000, sinceBoot, awake))
        assertEquals((sinceBoot - 5_000_000) / 1000, CaptureClock.micros(sinceBoot - 5_000_000, sinceBoot, awake))
        assertEquals(1_000_000_000L + 500_000_000, CaptureClock.sampleNs(66_150, 44_100, 1_000_000_000, 44_100))
    }

    @Test
    fun halfThePicturesAreEverySecondOne() {
        val gate = FrameGate()
        assertEquals(6, (1..6).count { gate.lets() })
        gate.pace = VideoPace.HALF
        assertEquals(listOf(true, false, true, false), List(4) { gate.lets() })
        gate.pace = VideoPace.NONE
        assertEquals(0, (1..6).count { gate.lets() })
    }

    @Test
    fun aPictureFillsOrFits() {
        assertEquals(1f to 1f, Fit.fill(1280, 720, 640, 360))
        assertEquals(0.75f to 1f, Fit.fill(1280, 720, 960, 720))
        assertEquals(1f to 0.75f, Fit.fill(960, 720, 1280, 720))
        assertEquals(0.75f to 1f, Fit.fit(960, 720, 1280, 720))
        val sizes = listOf(4000 to 3000, 1920 to 1080, 1280 to 960, 1280 to 720, 640 to 480)
        assertEquals(1280 to 720, Fit.size(sizes, 1280, 720))
        assertEquals(1280 to 720, Fit.size(sizes, 640, 540))
        assertEquals(4000 to 3000, Fit.size(sizes, 7680, 4320))
        assertEquals(null, Fit.size(emptyList(), 1, 1))
    }

    @Test
    fun networksThatComeAndGoAreTold() {
        val told = mutableListOf<NetworkPath>()
        val watch = PathWatch { told += it }
        watch.available("wifi")
        watch.available("wifi")
        assertEquals(emptyList(), told)
        watch.available("cellular")
        watch.lost("wifi")
        assertEquals(listOf(NetworkPath.CHANGED), told)
        watch.lost("cellular")
        watch.none()
        watch.available("wifi")
        assertEquals(listOf(NetworkPath.CHANGED, NetworkPath.DOWN, NetworkPath.UP), told)
    }

    @Test
    fun aHotPhoneGetsHalfAndACoolOneAllAgain() {
        val ranges = mutableListOf<Pair<Int, Int>>()
        val heat =
            Heat(VideoConfiguration(720, 1280, 30, 15, 30, 1_200_000, 500_000, 1_440_000, 60)) { min, max ->
                ranges += min to max
            }
        listOf(0, 2, 3, 4, 3, 1).forEach(heat::handle)
        assertEquals(listOf(500_000 to 720_000, 500_000 to 1_440_000), ranges)
    }

    @Test
    fun aTrackIsAwayWithItsFirstReasonAndBackWithItsLast() {
        val told = mutableListOf<Pair<Absence, Boolean>>()
        val absences = Absences { what, isAway -> told += what to isAway }

        fun heard() = told.toList().also { told.clear() }
        absences.set(AbsenceReason.SOUND_TAKEN, true)
        absences.set(AbsenceReason.CALL, true)
        assertEquals(listOf(Absence.SOUND to true), heard())
        absences.set(AbsenceReason.HIDDEN, true)
        assertEquals(listOf(Absence.PICTURE to true), heard(), "the sound was away already")
        absences.set(AbsenceReason.SOUND_TAKEN, false)
        absences.set(AbsenceReason.HIDDEN, false)
        assertEquals(listOf(Absence.PICTURE to false), heard(), "the call goes on")
        absences.again()
        assertEquals(listOf(Absence.SOUND to true), heard(), "for a broadcast that begins meanwhile")
        absences.set(AbsenceReason.CALL, false)
        absences.set(AbsenceReason.CALL, false)
        assertEquals(listOf(Absence.SOUND to false), heard())
        absences.set(AbsenceReason.CAMERA_LOST, true)
        absences.clear()
        absences.set(AbsenceReason.CAMERA_LOST, false)
        assertEquals(listOf(Absence.PICTURE to true), heard())
    }
}
