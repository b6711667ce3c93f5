package io.onair

/** Reads JSON as maps, lists, strings, longs, doubles, booleans and null: what tests/conformance needs of it. */
class Json private constructor(
    private val text: String,
) {
    private var at = 0

    private fun value(): Any? {
        skipBlanks()
        return when (text[at]) {
            '{' -> members()
            '[' -> elements()
            '"' -> string()
            't' -> word("true", true)
            'f' -> word("false", false)
            'n' -> word("null", null)
            else -> number()
        }
    }

    private fun members(): Map<String, Any?> {
        val members = LinkedHashMap<String, Any?>()
        list('}') {
            val name = string()
            skipBlanks()
            expect(':')
            members[name] = value()
        }
        return members
    }

    private fun elements(): List<Any?> {
        val elements = ArrayList<Any?>()
        list(']') { elements += value() }
        return elements
    }

    private fun list(
        end: Char,
        element: () -> Unit,
    ) {
        at++
        skipBlanks()
        while (text[at] != end) {
            element()
            skipBlanks()
            if (text[at] == ',') at++
            skipBlanks()
        }
        at++
    }

    private fun string(): String {
        expect('"')
        val read = StringBuilder()
        while (text[at] != '"') {
            if (text[at] == '\\') {
                at++
                require(text[at] in "\"\\n") { "an escape at $at that the vectors have not" }
                read.append(if (text[at] == 'n') '\n' else text[at])
                at++
            } else {
                read.append(text[at++])
            }
        }
        at++
        return read.toString()
    }

    private fun number(): Number {
        val from = at
        while (at < text.length && (text[at].isDigit() || text[at] in "-.")) at++
        val digits = text.substring(from, at)
        return if ('.' in digits) digits.toDouble() else digits.toLong()
    }

    private fun word(
        word: String,
        value: Any?,
    ): Any? {
        require(text.startsWith(word, at)) { "no JSON at $at" }
        at += word.length
        return value
    }

    private fun expect(char: Char) {
        require(text[at] == char) { "no $char at $at" }
        at++
    }

    private fun skipBlanks() {
        while (at < text.length && text[at].isWhitespace()) at++
    }

    companion object {
        fun read(text: String): Any? = Json(text).value()
    }
}
