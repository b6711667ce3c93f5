package io.onair

// The core's words that are the same in every language.

/** Where a session or a destination stands; LFLiveKit's LFLiveState. */
public typealias LiveState = io.onair.ffi.LiveState

/** LFLiveKit's audio qualities. */
public typealias AudioQuality = io.onair.ffi.AudioQuality

/** LFLiveKit's video qualities, and 1080p beyond them. */
public typealias VideoQuality = io.onair.ffi.VideoQuality

/** How the picture stands. */
public typealias Orientation = io.onair.ffi.Orientation

/** H.264 profile. */
public typealias Profile = io.onair.ffi.Profile

/** What pictures are coded with. */
public typealias VideoCodec = io.onair.ffi.VideoCodec

/** What sound is coded with. */
public typealias AudioCodec = io.onair.ffi.AudioCodec

/** In which form a track is pushed: pictures or PCM that the core encodes, or access units. */
public typealias Source = io.onair.ffi.Source

/** Pictures or sound. */
public typealias Track = io.onair.ffi.Track

/** What the system says of the device's way to the network. */
public typealias NetworkPath = io.onair.ffi.NetworkPath

/** Which pictures are encoded: every one, every second one at half the bitrate, or none. */
public typealias VideoPace = io.onair.ffi.VideoPace

/** How the video bitrate follows the network. */
public typealias AdaptiveBitrate = io.onair.ffi.AdaptiveBitrate

/** Whose network decides what one encoder makes for several destinations. */
public typealias SharedBitrate = io.onair.ffi.SharedBitrate
