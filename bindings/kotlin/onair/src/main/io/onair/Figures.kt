package io.onair

import io.onair.ffi.AddressParts as NativeAddressParts
import io.onair.ffi.DestinationFigures as NativeDestinationFigures
import io.onair.ffi.EncoderFigures as NativeEncoderFigures
import io.onair.ffi.PreflightFigures as NativePreflightFigures
import io.onair.ffi.RecordingFigures as NativeRecordingFigures
import io.onair.ffi.SessionFigures as NativeSessionFigures

/** Totals since start, gauges of the moment, and rates over the last full second. LFLiveKit: LFLiveDebug. */
public data class LiveFigures(
    /** Where the session stands. */
    val state: LiveState,
    /** Time since start, ms. */
    val elapsedMs: Long,
    /** Pictures accepted. */
    val framesIn: Long,
    /** Pictures dropped before the encoder. */
    val framesSkipped: Long,
    /** Pictures encoded. */
    val framesEncoded: Long,
    /** Pictures the encoder refused. */
    val framesFailed: Long,
    /** Pictures handed to a socket completely. */
    val framesSent: Long,
    /** Encoded pictures dropped because a network was too slow. */
    val framesDropped: Long,
    /** Sound dropped before the encoder, ms. */
    val soundSkippedMs: Long,
    /** AAC frames or Opus packets encoded. */
    val audioFramesEncoded: Long,
    /** Those handed to a socket completely. */
    val audioFramesSent: Long,
    /** Those dropped because a network was too slow. */
    val audioFramesDropped: Long,
    /** Bytes the sockets took. */
    val bytesSent: Long,
    /** Bytes received. */
    val bytesReceived: Long,
    /** Connections lost while live and made again. */
    val reconnects: Int,
    /** Events the app did not fetch in time. */
    val eventsLost: Long,
    /** Access units waiting to be sent. */
    val queueUnits: Int,
    /** Bytes waiting to be sent. */
    val queueBytes: Long,
    /** Age of the oldest unit waiting, ms. */
    val queueAgeMs: Long,
    /** Bytes that the sockets took and the servers are not known to have. */
    val inflightBytes: Long,
    /** Round trip, µs; 0 where the system does not tell. */
    val rttUs: Long,
    /** Pictures sent in the last full second. */
    val fps: Double,
    /** Bits sent in the last full second. */
    val bitrateBps: Long,
    /** What the video encoder aims at, bit/s. */
    val targetBitrateBps: Int,
    /** The session's own video encoder, once open. */
    val videoEncoder: EncoderFigures?,
    /** The session's own audio encoder, once open. */
    val audioEncoder: EncoderFigures?,
)

/** An encoder of the session's own. */
public data class EncoderFigures(
    /** Which and what it does, for people. */
    val name: String,
    /** For the user's eyes. */
    val warning: String?,
)

/** What one destination got. */
public data class DestinationFigures(
    /** Its name: given, or its host. */
    val name: String,
    /** Where it stands. */
    val state: LiveState,
    /** Whether its backup address is used. */
    val isBackup: Boolean,
    /** Pictures handed to the socket completely. */
    val framesSent: Long,
    /** Encoded pictures that it did not get. */
    val framesDropped: Long,
    /** AAC frames or Opus packets handed to the socket completely. */
    val audioFramesSent: Long,
    /** Those that it did not get. */
    val audioFramesDropped: Long,
    /** Bytes the socket took. */
    val bytesSent: Long,
    /** Connections lost while live and made again. */
    val reconnects: Int,
    /** Bytes waiting to be sent. */
    val queueBytes: Long,
    /** Age of the oldest unit waiting, ms. */
    val queueAgeMs: Long,
    /** Round trip, µs; 0 where the system does not tell. */
    val rttUs: Long,
    /** Pictures sent in the last full second. */
    val fps: Double,
    /** Bits sent in the last full second. */
    val bitrateBps: Long,
    /** What its network would give the video encoder, bit/s. */
    val wantedBitrateBps: Int,
)

/** A file beside a stream. */
public data class RecordingFigures(
    /** Where it is. */
    val path: String,
    /** Pictures in it. */
    val frames: Long,
    /** AAC frames or Opus packets in it. */
    val audioFrames: Long,
    /** Its size. */
    val sizeBytes: Long,
    /** Its length, ms. */
    val durationMs: Long,
    /** Pictures that a slow disk cost. */
    val framesMissing: Long,
    /** AAC frames or Opus packets that a slow disk cost. */
    val audioFramesMissing: Long,
)

/** What a look before going live found. */
public data class PreflightFigures(
    /** Whether a broadcast would work, as far as was looked. */
    val isReady: Boolean,
    /** In a sentence. */
    val verdict: String,
    /** The step that failed, in a word. */
    val failedStep: String?,
    /** Why it failed. */
    val error: LiveException?,
    /** What the network carried, bit/s; with `uploads` only. */
    val uploadBps: Long?,
    /** The best quality that fits. */
    val quality: VideoQuality?,
    /** Ms. */
    val tookMs: Long,
)

/** An address, taken apart; the key is left out. */
public data class AddressParts(
    /** Whether it is `rtmps://`. */
    val isSecure: Boolean,
    /** The host. */
    val host: String,
    /** The port, said or not. */
    val port: Int,
    /** The app, with its instance. */
    val app: String,
    /** What the server is told, without a key. */
    val tcUrl: String,
)

internal fun NativeSessionFigures.own(): LiveFigures =
    LiveFigures(
        state = state,
        elapsedMs = elapsedMs.toLong(),
        framesIn = framesIn.toLong(),
        framesSkipped = framesSkipped.toLong(),
        framesEncoded = framesEncoded.toLong(),
        framesFailed = framesFailed.toLong(),
        framesSent = framesSent.toLong(),
        framesDropped = framesDropped.toLong(),
        soundSkippedMs = soundSkippedMs.toLong(),
        audioFramesEncoded = audioFramesEncoded.toLong(),
        audioFramesSent = audioFramesSent.toLong(),
        audioFramesDropped = audioFramesDropped.toLong(),
        bytesSent = bytesSent.toLong(),
        bytesReceived = bytesReceived.toLong(),
        reconnects = reconnects.toInt(),
        eventsLost = eventsLost.toLong(),
        queueUnits = queueUnits.toInt(),
        queueBytes = queueBytes.toLong(),
        queueAgeMs = queueAgeMs.toLong(),
        inflightBytes = inflightBytes.toLong(),
        rttUs = rttUs.toLong(),
        fps = fps,
        bitrateBps = bitrateBps.toLong(),
        targetBitrateBps = targetBitrateBps.toInt(),
        videoEncoder = videoEncoder?.own(),
        audioEncoder = audioEncoder?.own(),
    )

internal fun NativeEncoderFigures.own(): EncoderFigures =
    EncoderFigures(
        name = name,
        warning = warning,
    )

internal fun NativeDestinationFigures.own(): DestinationFigures =
    DestinationFigures(
        name = name,
        state = state,
        isBackup = isBackup,
        framesSent = framesSent.toLong(),
        framesDropped = framesDropped.toLong(),
        audioFramesSent = audioFramesSent.toLong(),
        audioFramesDropped = audioFramesDropped.toLong(),
        bytesSent = bytesSent.toLong(),
        reconnects = reconnects.toInt(),
        queueBytes = queueBytes.toLong(),
        queueAgeMs = queueAgeMs.toLong(),
        rttUs = rttUs.toLong(),
        fps = fps,
        bitrateBps = bitrateBps.toLong(),
        wantedBitrateBps = wantedBitrateBps.toInt(),
    )

internal fun NativeRecordingFigures.own(): RecordingFigures =
    RecordingFigures(
        path = path,
        frames = frames.toLong(),
        audioFrames = audioFrames.toLong(),
        sizeBytes = sizeBytes.toLong(),
        durationMs = durationMs.toLong(),
        framesMissing = framesMissing.toLong(),
        audioFramesMissing = audioFramesMissing.toLong(),
    )

internal fun NativePreflightFigures.own(): PreflightFigures =
    PreflightFigures(
        isReady = isReady,
        verdict = verdict,
        failedStep = failedStep,
        error = error?.let { LiveException.of(it) },
        uploadBps = uploadBps?.toLong(),
        quality = quality,
        tookMs = tookMs.toLong(),
    )

internal fun NativeAddressParts.own(): AddressParts =
    AddressParts(
        isSecure = isSecure,
        host = host,
        port = port.toInt(),
        app = app,
        tcUrl = tcUrl,
    )
