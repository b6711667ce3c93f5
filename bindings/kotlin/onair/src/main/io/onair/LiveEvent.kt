package io.onair

import io.onair.ffi.LiveEvent as NativeEvent

/** What happened. `destination` counts from 0 in the order of the start. */
public sealed interface LiveEvent {
    /** The session's state changed. */
    public data class StateChanged(
        val state: LiveState,
    ) : LiveEvent

    /** One of several destinations is in another state. */
    public data class DestinationChanged(
        val destination: Int,
        val name: String,
        val state: LiveState,
    ) : LiveEvent

    /** A destination's other address is taken from now on. */
    public data class AddressChanged(
        val destination: Int,
        val isBackup: Boolean,
    ) : LiveEvent

    /**
     * An attempt failed ([attempt] counts from 1) or the live connection was lost (0). The next attempt begins in
     * [retryInMs]; null when this was the end.
     */
    public data class Lost(
        val destination: Int,
        val error: LiveException,
        val attempt: Int,
        val retryInMs: Long?,
    ) : LiveEvent

    /** The server takes nothing of what waits for it, or takes it again. */
    public data class Suspect(
        val destination: Int,
        val isSuspect: Boolean,
    ) : LiveEvent

    /** An encoder of the session's own failed; the stream goes on unless a state says otherwise. */
    public data class EncoderFailed(
        val track: Track,
        val error: LiveException,
    ) : LiveEvent

    /** Encoded pictures and AAC frames were dropped since the last such event. */
    public data class Dropped(
        val destination: Int,
        val video: Int,
        val audio: Int,
    ) : LiveEvent

    /** For an encoder of the app's own: make the next picture an IDR. */
    public object KeyframeWanted : LiveEvent {
        override fun toString(): String = "KeyframeWanted"
    }

    /** For a video encoder of the app's own: aim at this. */
    public data class VideoBitrateWanted(
        val bitrateBps: Int,
    ) : LiveEvent

    /** For an audio encoder of the app's own: aim at this. */
    public data class AudioBitrateWanted(
        val bitrateBps: Int,
    ) : LiveEvent

    /** For a video encoder of the app's own: encode these pictures; the first after none is an IDR. */
    public data class VideoPaceWanted(
        val pace: VideoPace,
    ) : LiveEvent

    /** The video bitrate follows the network; [reason] says in words why. */
    public data class BitrateChanged(
        val destination: Int,
        val fromBps: Int,
        val toBps: Int,
        val reason: String,
    ) : LiveEvent

    /** Another part of the pictures is sent from now on; [reason] says in words why. */
    public data class PaceChanged(
        val destination: Int,
        val pace: VideoPace,
        val reason: String,
    ) : LiveEvent

    /** The system does not tell what the server received; its acknowledgements steer instead. */
    public object AcknowledgementsOnly : LiveEvent {
        override fun toString(): String = "AcknowledgementsOnly"
    }

    /** The disk did not keep up: so many are missing in the recording so far. */
    public data class RecordingGap(
        val video: Long,
        val audio: Long,
    ) : LiveEvent

    /** The disk is slow: the file is behind the stream. Nothing is missing yet. */
    public data class RecordingBehind(
        val byMs: Long,
    ) : LiveEvent

    /** A file of a recording that goes on in another one is complete. */
    public data class RecordingSplit(
        val file: RecordingFigures,
    ) : LiveEvent

    /** The recording ended before its time. */
    public data class RecordingFailed(
        val error: LiveException,
    ) : LiveEvent

    /** Once a second. LFLiveKit: debugInfo. */
    public data class Figures(
        val figures: LiveFigures,
    ) : LiveEvent

    /** What this version has no name for. */
    public data class Other(
        val text: String,
    ) : LiveEvent
}

internal fun NativeEvent.own(): LiveEvent =
    when (this) {
        is NativeEvent.StateChanged -> {
            LiveEvent.StateChanged(state)
        }

        is NativeEvent.DestinationChanged -> {
            LiveEvent.DestinationChanged(destination.toInt(), name, state)
        }

        is NativeEvent.AddressChanged -> {
            LiveEvent.AddressChanged(destination.toInt(), isBackup)
        }

        is NativeEvent.Lost -> {
            val retryInMs = this.retryInMs?.toLong()
            LiveEvent.Lost(destination.toInt(), LiveException.of(error), attempt.toInt(), retryInMs)
        }

        is NativeEvent.Suspect -> {
            LiveEvent.Suspect(destination.toInt(), isSuspect)
        }

        is NativeEvent.EncoderFailed -> {
            LiveEvent.EncoderFailed(track, LiveException.of(error))
        }

        is NativeEvent.Dropped -> {
            LiveEvent.Dropped(destination.toInt(), video.toInt(), audio.toInt())
        }

        is NativeEvent.KeyframeWanted -> {
            LiveEvent.KeyframeWanted
        }

        is NativeEvent.VideoBitrateWanted -> {
            LiveEvent.VideoBitrateWanted(bitrateBps.toInt())
        }

        is NativeEvent.AudioBitrateWanted -> {
            LiveEvent.AudioBitrateWanted(bitrateBps.toInt())
        }

        is NativeEvent.VideoPaceWanted -> {
            LiveEvent.VideoPaceWanted(pace)
        }

        is NativeEvent.BitrateChanged -> {
            LiveEvent.BitrateChanged(destination.toInt(), fromBps.toInt(), toBps.toInt(), reason)
        }

        is NativeEvent.PaceChanged -> {
            LiveEvent.PaceChanged(destination.toInt(), pace, reason)
        }

        is NativeEvent.AcknowledgementsOnly -> {
            LiveEvent.AcknowledgementsOnly
        }

        is NativeEvent.RecordingGap -> {
            LiveEvent.RecordingGap(video.toLong(), audio.toLong())
        }

        is NativeEvent.RecordingBehind -> {
            LiveEvent.RecordingBehind(byMs.toLong())
        }

        is NativeEvent.RecordingSplit -> {
            LiveEvent.RecordingSplit(file.own())
        }

        is NativeEvent.RecordingFailed -> {
            LiveEvent.RecordingFailed(LiveException.of(error))
        }

        is NativeEvent.Figures -> {
            LiveEvent.Figures(figures.own())
        }

        is NativeEvent.Other -> {
            LiveEvent.Other(text)
        }
    }
