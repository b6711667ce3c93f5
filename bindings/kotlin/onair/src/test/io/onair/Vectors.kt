package io.onair

import com.sun.jna.NativeLibrary
import java.io.File
import kotlin.test.assertEquals

/** tests/conformance, and the functions `onair_rehearsal_…` of onair.h that play network and clock to it. */
internal object Vectors {
    private val folder = File(System.getenv("ONAIR_VECTORS") ?: "tests/conformance")
    private val library: NativeLibrary by lazy {
        io.onair.ffi.NativeLibrary
            .load()
        NativeLibrary.getInstance(System.getProperty("uniffi.component.onair_ffi.libraryOverride") ?: "onair_ffi")
    }

    fun read(name: String): Any? = Json.read(File(folder, name).readText())

    fun list(name: String): List<Map<String, Any?>> = read(name).list()

    /** One that has to go well. */
    fun call(
        name: String,
        vararg arguments: Any?,
    ): Unit = assertEquals(0, library.getFunction("onair_rehearsal_$name").invokeInt(arguments), name)

    fun Any?.map(): Map<String, Any?> {
        @Suppress("UNCHECKED_CAST")
        return this as Map<String, Any?>
    }

    fun Any?.list(): List<Map<String, Any?>> = (this as List<*>).map { it.map() }
}
