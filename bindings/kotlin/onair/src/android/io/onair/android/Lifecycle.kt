package io.onair.android

import android.app.Activity
import android.app.Application
import android.content.Context
import android.os.Bundle

/** Whether any of the app's activities is seen. */
internal class Lifecycle(
    context: Context,
    private val onSeen: (Boolean) -> Unit,
) : Application.ActivityLifecycleCallbacks {
    private val app = context.applicationContext as? Application
    private var seen = 0

    fun listen() {
        seen = 0
        app?.registerActivityLifecycleCallbacks(this)
    }

    fun stop() {
        app?.unregisterActivityLifecycleCallbacks(this)
    }

    override fun onActivityStarted(activity: Activity) {
        seen++
        onSeen(true)
    }

    override fun onActivityStopped(activity: Activity) {
        // Who was started before this listened is not counted.
        seen = (seen - 1).coerceAtLeast(0)
        if (seen == 0) onSeen(false)
    }

    override fun onActivityCreated(
        activity: Activity,
        savedInstanceState: Bundle?,
    ): Unit = Unit

    override fun onActivityResumed(activity: Activity): Unit = Unit

    override fun onActivityPaused(activity: Activity): Unit = Unit

    override fun onActivitySaveInstanceState(
        activity: Activity,
        outState: Bundle,
    ): Unit = Unit

    override fun onActivityDestroyed(activity: Activity): Unit = Unit
}
