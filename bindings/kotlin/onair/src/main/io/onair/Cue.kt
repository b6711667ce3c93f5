package io.onair

import io.onair.ffi.FieldValue
import io.onair.ffi.LiveCue
import io.onair.ffi.Field as NativeField

/**
 * A name and what it holds, in metadata or a cue: a text (512 bytes in metadata), a finite number, or yes or no. In metadata a
 * name has 1 to 64 printable bytes and is none of those that say what the stream is.
 */
public class Field private constructor(
    /** Its name. */
    public val name: String,
    private val value: FieldValue,
) {
    /** Holds a text. */
    public constructor(name: String, text: String) : this(name, FieldValue.Text(text))

    /** Holds a number. */
    public constructor(name: String, number: Double) : this(name, FieldValue.Number(number))

    /** Holds yes or no. */
    public constructor(name: String, flag: Boolean) : this(name, FieldValue.Flag(flag))

    internal fun native(): NativeField = NativeField(name, value)
}

/** A message for viewers' players, 16 KiB at most. */
public class Cue private constructor(
    internal val native: LiveCue,
) {
    public companion object {
        /** `onTextData` with this text, such as a caption. */
        @JvmStatic
        public fun text(text: String): Cue = Cue(LiveCue.Text(text))

        /** `onCuePoint` of type `event`; its time is the one on the wire. */
        @JvmStatic
        @JvmOverloads
        public fun point(
            name: String,
            parameters: List<Field> = emptyList(),
        ): Cue = Cue(LiveCue.Point(name, parameters.map { it.native() }))

        /** A message that players hand to [handler], with one object of these fields. */
        @JvmStatic
        public fun data(
            handler: String,
            fields: List<Field>,
        ): Cue = Cue(LiveCue.Data(handler, fields.map { it.native() }))
    }
}

/**
 * Sends [cue] with the media captured at [timeUs], on the clock of the pushes: in the order of their times, or with the next
 * unit when that went already. It waits up to 10 s for its media and holds nothing up. Every destination gets it; a recording
 * does not.
 *
 * @throws LiveException.Configuration for a cue that cannot be, [LiveException.Call] when the session does not run
 */
@Throws(LiveException::class)
public fun LiveSession.send(
    cue: Cue,
    timeUs: Long,
): Unit = bordered { core.sendCue(cue.native, timeUs) }
