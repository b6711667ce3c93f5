package io.onair.ffi

import java.io.File

/**
 * Finds the native library once, for JNI and JNA alike. Both must hold the same file: two copies would be two libraries,
 * and a session of one is unknown in the other.
 *
 * On a phone the system finds it among the app's libraries. On the JVM it is the one in `java.library.path`, else the one
 * that the jar carries for this machine, unpacked into a folder of its own.
 */
internal object NativeLibrary {
    private const val NAME = "onair_ffi"
    private const val JNA_OVERRIDE = "uniffi.component.onair_ffi.libraryOverride"

    init {
        val isPhone = System.getProperty("java.vm.name") == "Dalvik"
        val file = if (isPhone) null else inLibraryPath() ?: fromJar()
        if (file == null) {
            System.loadLibrary(NAME)
        } else {
            System.load(file.path)
            if (System.getProperty(JNA_OVERRIDE) == null) System.setProperty(JNA_OVERRIDE, file.path)
        }
    }

    /** Loads it when that was not done yet. */
    fun load(): Unit = Unit

    /** The name of the folder that JNA and the jar keep a machine's libraries in. */
    fun folder(): String {
        val system = System.getProperty("os.name").orEmpty().lowercase()
        val machine = System.getProperty("os.arch").orEmpty()
        val name =
            when {
                system.startsWith("mac") -> "darwin"
                system.startsWith("windows") -> "win32"
                else -> "linux"
            }
        return name + "-" + if (machine == "amd64") "x86-64" else machine
    }

    private fun inLibraryPath(): File? =
        System
            .getProperty("java.library.path")
            .orEmpty()
            .split(File.pathSeparator)
            .filter { it.isNotEmpty() }
            .map { File(it, System.mapLibraryName(NAME)).absoluteFile }
            .firstOrNull { it.isFile }

    private fun fromJar(): File? {
        val name = System.mapLibraryName(NAME)
        val resource = NativeLibrary::class.java.getResourceAsStream("/${folder()}/$name") ?: return null
        val home = File.createTempFile("onair", "")
        check(home.delete() && home.mkdir()) { "no folder can be made in ${home.parent}" }
        val file = File(home, name)
        // In the reverse order, when the JVM ends.
        home.deleteOnExit()
        file.deleteOnExit()
        resource.use { from -> file.outputStream().use { from.copyTo(it) } }
        return file
    }
}
