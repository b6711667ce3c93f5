package io.onair.android

import android.content.Context
import android.util.AttributeSet
import android.view.SurfaceHolder
import android.view.SurfaceView

/** Shows what the camera sees. LFLiveKit: preView. Give it to [LiveStudio.preview]. */
public class LivePreview
    @JvmOverloads
    constructor(
        context: Context,
        attributes: AttributeSet? = null,
    ) : SurfaceView(context, attributes),
        SurfaceHolder.Callback {
        internal var stage: PictureStage? = null
            set(value) {
                if (field !== value) field?.show(null)
                field = value
                if (holder.surface?.isValid == true) value?.show(holder.surface)
            }

        init {
            holder.addCallback(this)
        }

        override fun surfaceCreated(holder: SurfaceHolder): Unit = Unit

        override fun surfaceChanged(
            holder: SurfaceHolder,
            format: Int,
            width: Int,
            height: Int,
        ) {
            stage?.show(holder.surface)
        }

        override fun surfaceDestroyed(holder: SurfaceHolder) {
            stage?.show(null)
        }
    }
