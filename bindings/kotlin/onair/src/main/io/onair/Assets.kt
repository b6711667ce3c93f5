package io.onair

import io.onair.ffi.Disposable
import io.onair.ffi.NativeLibrary
import java.lang.ref.PhantomReference
import java.lang.ref.ReferenceQueue
import java.util.concurrent.ConcurrentHashMap
import io.onair.ffi.ColourTable as NativeTable
import io.onair.ffi.OverlayFont as NativeFont
import io.onair.ffi.OverlayImage as NativeImage

/** A still for overlays, decoded once. What the core holds of it goes when nobody has it any more. */
public class OverlayImage private constructor(
    internal val core: NativeImage,
) {
    init {
        Reaper.watch(this, core)
    }

    /**
     * Decodes a PNG or JPEG file, of 4,096 pixels each way at most.
     *
     * @throws LiveException.Configuration says what is wrong with it
     */
    @Throws(LiveException::class)
    public constructor(file: ByteArray) : this(loaded { NativeImage(file) })

    /**
     * Takes bytes R, G, B, A with straight alpha, rows without padding.
     *
     * @throws LiveException.Configuration when they are not as many as the size asks for
     */
    @Throws(LiveException::class)
    public constructor(width: Int, height: Int, rgba: ByteArray) :
        this(loaded { NativeImage.fromRgba(whole(width), whole(height), rgba) })

    /** Pixels. */
    public val width: Int get() = core.width().toInt()

    /** Pixels. */
    public val height: Int get() = core.height().toInt()
}

/** A TrueType or OpenType font, read once. */
public class OverlayFont
    @Throws(LiveException::class)
    constructor(
        file: ByteArray,
    ) {
        internal val core: NativeFont = loaded { NativeFont(file) }

        init {
            Reaper.watch(this, core)
        }
    }

/** A .cube file, read once; what cannot be used of it is named by its line. */
public class ColourTable
    @Throws(LiveException::class)
    constructor(
        cube: ByteArray,
    ) {
        internal val core: NativeTable = loaded { NativeTable(cube) }

        init {
            Reaper.watch(this, core)
        }
    }

private inline fun <T> loaded(body: () -> T): T {
    NativeLibrary.load()
    return bordered(body)
}

/**
 * Lets the core's part of what nobody has any more go whenever another one is made: old Androids have no
 * `java.lang.ref.Cleaner`, and a thread of our own would not be worth it.
 */
private object Reaper {
    private val gone = ReferenceQueue<Any>()
    private val watched = ConcurrentHashMap<PhantomReference<Any>, Disposable>()

    fun watch(
        owner: Any,
        core: Disposable,
    ) {
        while (true) watched.remove(gone.poll() ?: break)?.destroy()
        watched[PhantomReference(owner, gone)] = core
    }
}
