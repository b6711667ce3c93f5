package io.onair.android

import android.annotation.SuppressLint
import android.content.Context
import android.media.AudioManager
import android.net.ConnectivityManager
import android.net.Network
import android.os.Build
import android.os.PowerManager
import io.onair.AbsenceReason
import io.onair.Absences
import io.onair.Heat
import io.onair.PathWatch

/** What the system says of network, heat and other apps' sound, while it is listened to. */
internal class Surroundings(
    context: Context,
    private val paths: PathWatch,
    private val heat: Heat?,
    private val absences: Absences,
) {
    private val networks = context.getSystemService(Context.CONNECTIVITY_SERVICE) as ConnectivityManager
    private val power = context.getSystemService(Context.POWER_SERVICE) as PowerManager
    private val sound = context.getSystemService(Context.AUDIO_SERVICE) as AudioManager
    private var isListening = false

    private val network =
        object : ConnectivityManager.NetworkCallback() {
            override fun onAvailable(network: Network) = paths.available(network)

            override fun onLost(network: Network) = paths.lost(network)

            override fun onUnavailable() = paths.none()
        }
    private val thermal =
        if (Build.VERSION.SDK_INT >= 29) PowerManager.OnThermalStatusChangedListener { heat?.handle(it) } else null
    private val focus =
        AudioManager.OnAudioFocusChangeListener { change ->
            when (change) {
                AudioManager.AUDIOFOCUS_LOSS, AudioManager.AUDIOFOCUS_LOSS_TRANSIENT -> absences.set(AbsenceReason.SOUND_TAKEN, true)
                AudioManager.AUDIOFOCUS_GAIN -> absences.set(AbsenceReason.SOUND_TAKEN, false)
            }
        }

    /** A call, by telephone or another app: it has the microphone, whether or not it takes the focus. */
    private val mode =
        if (Build.VERSION.SDK_INT >= 31) {
            AudioManager.OnModeChangedListener { mode ->
                val isCall = mode == AudioManager.MODE_IN_CALL || mode == AudioManager.MODE_IN_COMMUNICATION
                absences.set(AbsenceReason.CALL, isCall)
            }
        } else {
            null
        }

    // ACCESS_NETWORK_STATE is in the library's manifest; the newer way to ask for focus needs Android 8.
    @SuppressLint("MissingPermission")
    @Suppress("DEPRECATION")
    fun listen() {
        if (isListening) return
        isListening = true
        networks.registerDefaultNetworkCallback(network)
        if (Build.VERSION.SDK_INT >= 29) thermal?.let(power::addThermalStatusListener)
        if (Build.VERSION.SDK_INT >= 31) mode?.let { sound.addOnModeChangedListener(MainThread, it) }
        sound.requestAudioFocus(focus, AudioManager.STREAM_MUSIC, AudioManager.AUDIOFOCUS_GAIN)
    }

    @Suppress("DEPRECATION")
    fun stop() {
        if (!isListening) return
        isListening = false
        networks.unregisterNetworkCallback(network)
        if (Build.VERSION.SDK_INT >= 29) thermal?.let(power::removeThermalStatusListener)
        if (Build.VERSION.SDK_INT >= 31) mode?.let(sound::removeOnModeChangedListener)
        sound.abandonAudioFocus(focus)
    }
}
