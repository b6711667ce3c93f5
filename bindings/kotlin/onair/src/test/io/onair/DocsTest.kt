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
        for (page in listOf("README.md", "docs/kotlin.md")) {
            val blocks = Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(File(root, page).readText()).toList()
            assertTrue(blocks.isNotEmpty(), "$page shows none")
            for (block in blocks) {
                val example =
                    block.groupValues[1]
                        .trim()
                        .lines()
                        .joinToString("\n") { it.trim() }
                assertTrue(compiled.any { example in it }, "$page shows what is not compiled:\n$example")
            }
        }
    }
}
