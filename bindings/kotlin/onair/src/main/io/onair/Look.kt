package io.onair

import io.onair.ffi.BeautyOptions
import io.onair.ffi.LookOptions
import io.onair.ffi.OverlayContent
import io.onair.ffi.OverlayOptions
import io.onair.ffi.PictureEffect

/** How a source of another shape becomes the picture: cropped, with black bars, or out of shape. VideoCore: aspectMode. */
public typealias PictureFit = io.onair.ffi.Fit

/** Which point of an overlay is placed, and from which corner of the picture it counts. */
public typealias OverlayAnchor = io.onair.ffi.OverlayAnchor

/** How raw pictures look on their way to the core's encoder: set at any time, from the next picture on. */
public data class Look
    @JvmOverloads
    constructor(
        /** When the source has another shape. */
        val fit: PictureFit = PictureFit.FILL,
        /** Clockwise, a multiple of 90. */
        val rotationDegrees: Int = 0,
        /** Left and right change places for viewers. */
        val mirror: Boolean = false,
        /** 1 shows all, 2 the middle half each way; the core clamps it to 1…8. */
        val zoom: Float = 1f,
        /** LFLiveKit's filter for faces. */
        val beauty: Beauty = Beauty(),
        /** In the order in which they are applied. */
        val effects: List<Effect> = emptyList(),
        /** At most 64, each with a name of its own. */
        val overlays: List<Overlay> = emptyList(),
    ) {
        internal fun options(): LookOptions =
            LookOptions(fit, rotationDegrees, mirror, zoom, beauty.options(), effects.map { it.options() }, overlays.map { it.options() })
    }

/** LFLiveKit's filter for faces, in its arithmetic. */
public data class Beauty
    @JvmOverloads
    constructor(
        /** Off, the levels are kept for later. */
        val isOn: Boolean = false,
        /** LFLiveKit's beautyLevel, how much skin is smoothed: 0 to 1. */
        val level: Float = 0.5f,
        /** LFLiveKit's brightLevel: 0 darker, 0.5 as it is, 1 brighter. */
        val bright: Float = 0.5f,
        /** LFLiveKit's toneLevel, how much colour is added: 0 to 1. */
        val tone: Float = 0.5f,
        /** At level 0 the filter is left out, which it is not in LFLiveKit. */
        val zeroIsOff: Boolean = false,
        /** Straight on Y'CbCr, several times as fast for cameras, and nearly the same. */
        val isFast: Boolean = false,
    ) {
        internal fun options(): BeautyOptions = BeautyOptions(isOn, level, bright, tone, zeroIsOff, isFast)
    }

/** A filter of the whole picture: VideoCore's, or a table. */
public sealed interface Effect {
    /** Without colours. */
    public data object Gray : Effect

    /** Each colour's opposite. */
    public data object Invert : Effect

    /** Brownish gray. */
    public data object Sepia : Effect

    /** A lens that pulls in the corners. */
    public data object Fisheye : Effect

    /** Edges that shine on black. */
    public data object Glow : Effect

    /** A table of colours. */
    public data class Table(
        val table: ColourTable,
    ) : Effect
}

/** One thing over the picture, in the stream, the recording and snapshots. VideoCore: a pixel buffer source. */
public data class Overlay
    @JvmOverloads
    constructor(
        /** Of its own in a look. */
        val name: String,
        /** What is shown. */
        val content: Content,
        /** Which point of it is placed. */
        val anchor: OverlayAnchor = OverlayAnchor.TOP_LEFT,
        /** Pixels of the picture, −16,384 to 16,384. */
        val x: Int = 0,
        /** Pixels of the picture, −16,384 to 16,384. */
        val y: Int = 0,
        /** Pixels, to 3,840; 0 leaves it to the height and the content. */
        val width: Int = 0,
        /** Pixels, to 3,840; 0 leaves it to the width and the content. */
        val height: Int = 0,
        /** With both given: fills them, whatever the content's shape. */
        val stretch: Boolean = false,
        /** 0 (not there) to 1. */
        val opacity: Float = 1f,
        /** The higher lies over the lower. */
        val z: Int = 0,
    ) {
        /** What is shown. */
        public sealed interface Content {
            /** With its alpha. */
            public data class Image(
                val image: OverlayImage,
            ) : Content

            /** Letters, from left to right; a line break begins a new line. */
            public data class Text
                @JvmOverloads
                constructor(
                    /** At most 2,000 characters. */
                    val text: String,
                    /** Pixels of the em, 4 to 512. */
                    val sizePx: Float = 24f,
                    /** 0xRRGGBBAA. */
                    val colour: Int = -1,
                    /** 0xRRGGBBAA of a box behind them; null for none. */
                    val background: Int? = null,
                    /** Null for the one that is built in: Latin, Greek and Cyrillic. */
                    val font: OverlayFont? = null,
                ) : Content

            /** The newest picture of [LiveSession.pushOverlay] under the overlay's name. */
            public data object Pushed : Content
        }

        internal fun options(): OverlayOptions =
            OverlayOptions(name, content.options(), anchor, x, y, whole(width), whole(height), stretch, opacity, z)
    }

private fun Effect.options(): PictureEffect =
    when (this) {
        Effect.Gray -> PictureEffect.Gray
        Effect.Invert -> PictureEffect.Invert
        Effect.Sepia -> PictureEffect.Sepia
        Effect.Fisheye -> PictureEffect.Fisheye
        Effect.Glow -> PictureEffect.Glow
        is Effect.Table -> PictureEffect.Table(table.core)
    }

private fun Overlay.Content.options(): OverlayContent =
    when (this) {
        is Overlay.Content.Image -> OverlayContent.Still(image.core)
        is Overlay.Content.Text -> OverlayContent.Letters(text, sizePx, colour.toUInt(), background?.toUInt(), font?.core)
        Overlay.Content.Pushed -> OverlayContent.Pushed
    }

/** Pixels. */
public data class PictureSize(
    val width: Int,
    val height: Int,
)
