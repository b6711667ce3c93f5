package io.onair.android

import android.os.Handler
import android.os.Looper
import java.util.concurrent.Executor

/** The main thread, for listeners. */
public object MainThread : Executor {
    private val handler = Handler(Looper.getMainLooper())

    override fun execute(command: Runnable) {
        handler.post(command)
    }
}
