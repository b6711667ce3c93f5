package io.onair

/** How loud the last tenth of a second was: `peakDbfs` and `rmsDbfs`; 0 dBFS is full scale, −100 silence. */
public typealias SoundLevel = io.onair.ffi.SoundLevel

/** A device that is taken away for a while: the camera, the microphone, or both. */
public typealias Absence = io.onair.ffi.Interruption

/** How loud everything was. */
public data class SoundLevels(
    /** What goes to the encoder: after mixing, gain and mute. */
    val output: SoundLevel,
    /** Each source by its number, before its own gain and mute; 0 is the first. */
    val sources: Map<Int, SoundLevel>,
)
