package io.onair.demo

import android.app.Activity
import android.os.Bundle
import android.view.View
import io.onair.android.MainThread
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.cancel

/** An activity whose coroutines end with it, on the main thread. */
abstract class DemoActivity : Activity() {
    protected lateinit var scope: CoroutineScope
        private set
    protected lateinit var settings: Settings
        private set

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        scope = CoroutineScope(SupervisorJob() + MainThread.asCoroutineDispatcher())
        settings = Settings(this)
    }

    /** What the layout has under this number. */
    protected fun <T : View> view(id: Int): T = checkNotNull(findViewById<T>(id))

    override fun onDestroy() {
        scope.cancel()
        super.onDestroy()
    }
}
