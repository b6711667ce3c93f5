package io.onair

import java.io.File
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.net.Socket
import java.nio.file.Files
import java.util.concurrent.TimeUnit

/** A real nginx-rtmp in a folder of its own: `live` records, in `closed` nobody may publish. */
class Nginx : AutoCloseable {
    private val folder: File = Files.createTempDirectory("onair-kotlin").toFile()
    private val port: Int = freePort()
    private val process: Process

    init {
        File(folder, "record").mkdir()
        val module = Tools.rtmpModule()
        File(folder, "nginx.conf").writeText(
            """
            load_module $module;
            ${if (System.getProperty("user.name") == "root") "user root;" else ""}
            daemon off;
            master_process off;
            pid $folder/nginx.pid;
            error_log $folder/error.log info;
            events { worker_connections 64; }
            rtmp {
              server {
                listen 127.0.0.1:$port;
                application live { live on; record all; record_path $folder/record; }
                application closed { live on; deny publish all; }
              }
            }
            """.trimIndent(),
        )
        val command = listOf(Tools.nginx()!!, "-p", folder.path, "-e", "$folder/error.log", "-c", "$folder/nginx.conf")
        process = ProcessBuilder(command).redirectErrorStream(true).redirectOutput(File(folder, "out.log")).start()
        val isUp =
            within(10_000) {
                runCatching { Socket().use { it.connect(InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500) } }.isSuccess
            }
        check(isUp) { File(folder, "error.log").readText() }
    }

    fun url(
        app: String,
        key: String,
    ): String = "rtmp://127.0.0.1:$port/$app/$key"

    fun recording(key: String): File = File(folder, "record/$key.flv")

    override fun close() {
        process.destroy()
        if (!process.waitFor(5, TimeUnit.SECONDS)) process.destroyForcibly()
        folder.deleteRecursively()
    }
}

/** The programs that the tests against real ones need. */
object Tools {
    fun nginx(): String? = program("nginx")

    fun rtmpModule(): File? =
        listOf("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules")
            .map { File(it, "ngx_rtmp_module.so") }
            .firstOrNull { it.isFile }

    fun program(name: String): String? =
        (System.getenv("PATH").split(':') + "/usr/sbin")
            .map { File(it, name) }
            .firstOrNull { it.canExecute() }
            ?.path

    /** Says in a line that scripts/test counts what cannot be done here. */
    fun skipWithout(vararg names: String) {
        val missing = names.filter { if (it == "nginx-rtmp") nginx() == null || rtmpModule() == null else program(it) == null }
        if (missing.isNotEmpty()) println("SKIPPED: Kotlin against a real server: no ${missing.joinToString()}")
        org.junit.jupiter.api.Assumptions
            .assumeTrue(missing.isEmpty())
    }

    /** What a program says, both ways, and its exit code. */
    fun run(vararg command: String): Pair<Int, String> {
        val process = ProcessBuilder(*command).redirectErrorStream(true).start()
        process.outputStream.close()
        val said = process.inputStream.bufferedReader().readText()
        return process.waitFor() to said.trim()
    }
}

fun freePort(): Int = ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { it.localPort }

/** Whether it becomes true within so many milliseconds. */
fun within(
    millis: Long,
    everyMillis: Long = 20,
    condition: () -> Boolean,
): Boolean {
    val end = System.nanoTime() + millis * 1_000_000
    while (System.nanoTime() < end) {
        if (condition()) return true
        Thread.sleep(everyMillis)
    }
    return condition()
}
