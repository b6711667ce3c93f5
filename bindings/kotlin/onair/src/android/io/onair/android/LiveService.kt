package io.onair.android

import android.app.Notification
import android.app.Service
import android.content.Context
import android.content.Intent
import android.os.Build
import android.os.IBinder

/**
 * Keeps a broadcast alive while the app is not seen. An app makes a subclass with its notification, and declares it with
 * the types that it captures:
 *
 * ```xml
 * <service android:name=".OnAirService" android:foregroundServiceType="camera|microphone" />
 * ```
 *
 * It holds nothing of the broadcast: the app's own object does, and ends the service when it stops.
 */
public abstract class LiveService : Service() {
    /** What the user sees; its channel was made before (Android 8). */
    protected abstract fun notification(): Notification

    /** One of the app's own. */
    protected open val notificationId: Int get() = 1935

    /** Of [android.content.pm.ServiceInfo]; camera and microphone unless said. */
    protected open val captureTypes: Int get() = CAMERA or MICROPHONE

    override fun onBind(intent: Intent?): IBinder? = null

    override fun onStartCommand(
        intent: Intent?,
        flags: Int,
        startId: Int,
    ): Int {
        when {
            Build.VERSION.SDK_INT >= 30 -> {
                startForeground(notificationId, notification(), captureTypes)
            }

            // Android 10 does not know these two.
            Build.VERSION.SDK_INT == 29 -> {
                startForeground(notificationId, notification(), captureTypes and (CAMERA or MICROPHONE).inv())
            }

            else -> {
                startForeground(notificationId, notification())
            }
        }
        isRunning = true
        // A broadcast that died with its process does not begin by itself.
        return START_NOT_STICKY
    }

    override fun onDestroy() {
        isRunning = false
        super.onDestroy()
    }

    public companion object {
        /** Whether one keeps camera and microphone. */
        @Volatile
        internal var isRunning: Boolean = false
            private set

        private const val CAMERA = 0x40
        private const val MICROPHONE = 0x80

        /** Starts it; while the app is seen, or the system refuses. */
        @JvmStatic
        public fun start(
            context: Context,
            service: Class<out LiveService>,
        ) {
            val intent = Intent(context, service)
            if (Build.VERSION.SDK_INT >= 26) context.startForegroundService(intent) else context.startService(intent)
        }

        /** Ends it. */
        @JvmStatic
        public fun stop(
            context: Context,
            service: Class<out LiveService>,
        ) {
            context.stopService(Intent(context, service))
        }
    }
}
