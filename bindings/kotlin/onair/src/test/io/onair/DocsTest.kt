package io.onair

import org.junit.jupiter.api.Test
import java.io.File
import kotlin.test.assertTrue

/** What the pages show is compiled: here, or with the demo app. */
class DocsTest {
    private val root = generateSequence(File("").absoluteFile) { it.parentFile }.first { File(it, "ARCHITECTURE.md").exists() }

    @Test
    fun everyExampleInKotlinIsCompiled() {
        val compiled =
            listOf("bindings/kotlin/onair/src/test/io/onair/Example.kt", "android-demo/src/main/kotlin/io/onair/demo/Readme.kt")
                .map { file -> File(root, file).readText().lines().joinToString("\n") { it.trim() } }
        val pages = File(root, "docs").listFiles().orEmpty().filter { it.extension == "md" } + File(root, "README.md")
        val shown = mutableSetOf<String>()
        for (page in pages) {
            val blocks = Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(page.readText()).toList()
            if (blocks.isNotEmpty()) shown += page.name
            for (block in blocks) {
                val example =
                    block.groupValues[1]
                        .trim()
                        .lines()
                        .joinToString("\n") { it.trim() }
                assertTrue(compiled.any { example in it }, "${page.name} shows what is not compiled:\n$example")
            }
        }
        assertTrue(shown.containsAll(listOf("README.md", "kotlin.md", "picture.md", "recording.md", "sound.md", "rooms.md")), "$shown")
    }

    /** The demo app is compiled; that its controls do something is seen by their names. */
    @Test
    fun everyControlOfTheDemoAppIsConnected() {
        val demo = File(root, "android-demo/src/main")
        val sources = File(demo, "kotlin").walk().filter { it.extension == "kt" }.joinToString("\n") { it.readText() }
        val used = Regex("R\\.id\\.(\\w+)").findAll(sources).map { it.groupValues[1] }.toSet()
        val layouts = File(demo, "res/layout").listFiles().orEmpty()
        assertTrue(layouts.isNotEmpty(), "no layouts in $demo")
        val controls = setOf("Button", "CheckBox", "SeekBar", "EditText", "ListView")
        for (layout in layouts) {
            for (view in Regex("<(\\w+)[^>]*@\\+id/(\\w+)").findAll(layout.readText())) {
                val (kind, name) = view.destructured
                if (kind in controls) assertTrue(name in used, "${layout.name}: nothing is done with the $kind $name")
            }
        }
    }
}
