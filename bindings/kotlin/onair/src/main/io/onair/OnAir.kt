package io.onair

import io.onair.ffi.NativeLibrary
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import io.onair.ffi.parseAddress as nativeParse
import io.onair.ffi.preflight as nativePreflight

/** Looks and checks that need no session. */
public object OnAir {
    /**
     * Looks at name, connection, TLS, handshake, app and user of an address, within 5 s; with [uploads] publishes black
     * pictures for about a second and a half under its stream key, and says what the network carried. [allowPlaintext] as in
     * [LiveSettings].
     *
     * @throws LiveException.Configuration when the address cannot be used
     */
    public suspend fun preflight(
        url: String,
        uploads: Boolean = false,
        trust: TrustSettings = TrustSettings(),
        allowPlaintext: Boolean = false,
    ): PreflightFigures = withContext(Dispatchers.IO) { preflightNow(url, uploads, trust, allowPlaintext) }

    /** The same for Java: waits, 5 s at most; not for the main thread. */
    @JvmStatic
    @JvmOverloads
    @Throws(LiveException::class)
    public fun preflightNow(
        url: String,
        uploads: Boolean = false,
        trust: TrustSettings = TrustSettings(),
        allowPlaintext: Boolean = false,
    ): PreflightFigures {
        NativeLibrary.load()
        return bordered { nativePreflight(url, uploads, allowPlaintext, trust.options()) }.own()
    }

    /**
     * Takes an address apart, or says what is wrong with it.
     *
     * @throws LiveException.Configuration when it cannot be published to
     */
    @JvmStatic
    @Throws(LiveException::class)
    public fun parseAddress(url: String): AddressParts {
        NativeLibrary.load()
        return bordered { nativeParse(url) }.own()
    }
}
