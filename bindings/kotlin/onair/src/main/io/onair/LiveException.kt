package io.onair

import io.onair.ffi.InternalException
import io.onair.ffi.LiveException as NativeException

/**
 * What was wrong and what to do. [code] is stable and the same in every language (docs/kotlin.md has the table); the
 * subclass says what the app can do next. No text holds a stream key.
 */
public sealed class LiveException(
    /** The stable number. */
    public val code: Int,
    /** What was wrong. */
    public val reason: String,
    /** What to do. */
    public val advice: String,
) : Exception("$reason; $advice") {
    /** Change the named setting or address. */
    public class Configuration internal constructor(
        code: Int,
        reason: String,
        advice: String,
    ) : LiveException(code, reason, advice)

    /** Wait for the network, or look after it. */
    public class Network internal constructor(
        code: Int,
        reason: String,
        advice: String,
    ) : LiveException(code, reason, advice)

    /** The server said no; trying again does not help. */
    public class Refused internal constructor(
        code: Int,
        reason: String,
        advice: String,
    ) : LiveException(code, reason, advice)

    /** An encoder, a camera, a microphone, the disk or the system failed. */
    public class Device internal constructor(
        code: Int,
        reason: String,
        advice: String,
    ) : LiveException(code, reason, advice)

    /** The call does not fit: mend the app. */
    public class Call internal constructor(
        code: Int,
        reason: String,
        advice: String,
    ) : LiveException(code, reason, advice)

    /** A fault inside OnAir. Stop the session and report this. */
    public class Internal internal constructor(
        code: Int,
        reason: String,
        advice: String,
    ) : LiveException(code, reason, advice)

    internal companion object {
        const val DEVICE = 209
        const val MISUSE = 208
        const val NO_SESSION = 221
        const val INTERNAL = 299

        /** The kind follows from the code, as in the core. */
        fun of(
            code: Int,
            reason: String,
            advice: String,
        ): LiveException =
            when (code) {
                200, 202, 215 -> Configuration(code, reason, advice)
                203, 205, 211, 212 -> Network(code, reason, advice)
                204, 206, 213, 214, 218 -> Refused(code, reason, advice)
                207, 209, 210 -> Device(code, reason, advice)
                INTERNAL -> Internal(code, reason, advice)
                else -> Call(code, reason, advice)
            }

        fun of(native: NativeException): LiveException =
            when (native) {
                is NativeException.Configuration -> of(native.code.toInt(), native.reason, native.advice)
                is NativeException.Network -> of(native.code.toInt(), native.reason, native.advice)
                is NativeException.Refused -> of(native.code.toInt(), native.reason, native.advice)
                is NativeException.Device -> of(native.code.toInt(), native.reason, native.advice)
                is NativeException.Call -> of(native.code.toInt(), native.reason, native.advice)
                is NativeException.Internal -> of(native.code.toInt(), native.reason, native.advice)
            }

        fun closed(): LiveException = of(NO_SESSION, "the session is closed", "use a session until it is closed")

        fun stopped(): LiveException = of(MISUSE, "the session was stopped before it was live", "start it again when it should be live")

        fun fault(text: String?): LiveException =
            of(INTERNAL, "a fault inside OnAir (${text.orEmpty()})", "stop the session, and report this with its log")
    }
}

/** Runs `body` at the border: what it throws is a [LiveException]. */
internal inline fun <T> bordered(body: () -> T): T =
    try {
        body()
    } catch (error: NativeException) {
        throw LiveException.of(error)
    } catch (error: InternalException) {
        throw LiveException.fault(error.message)
    } catch (error: IllegalStateException) {
        // A coroutine's end is one of these too.
        if (error is java.util.concurrent.CancellationException) throw error
        // The generated object's word for one that was destroyed.
        throw LiveException.closed()
    }
