package io.onair.demo

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.content.Context
import android.os.Build
import io.onair.android.LiveService

/** Keeps camera and microphone while the app is not seen. */
class BroadcastService : LiveService() {
    @Suppress("DEPRECATION")
    override fun notification(): Notification {
        val builder =
            if (Build.VERSION.SDK_INT >= 26) {
                val channel = NotificationChannel(CHANNEL, getString(R.string.app_name), NotificationManager.IMPORTANCE_LOW)
                (getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager).createNotificationChannel(channel)
                Notification.Builder(this, CHANNEL)
            } else {
                Notification.Builder(this)
            }
        return builder.setContentTitle(getString(R.string.is_live)).setSmallIcon(R.drawable.icon).build()
    }

    private companion object {
        const val CHANNEL = "live"
    }
}
