import java.nio.file.Files;
import java.nio.file.Path;
import kotlin.Unit;
import org.jetbrains.dokka.ConfigurationJsonUtilsKt;
import org.jetbrains.dokka.DokkaGenerator;
import org.jetbrains.dokka.utilities.DokkaConsoleLogger;
import org.jetbrains.dokka.utilities.LoggingLevel;

/** Dokka without its command: makes the pages that a configuration in JSON asks for, and says on stderr what it minds. */
final class Pages {
    public static void main(String[] arguments) throws Exception {
        var configuration = ConfigurationJsonUtilsKt.DokkaConfigurationImpl(Files.readString(Path.of(arguments[0])));
        var logger = new DokkaConsoleLogger(LoggingLevel.WARN, words -> {
            System.err.println(words);
            return Unit.INSTANCE;
        });
        new DokkaGenerator(configuration, logger).generate();
    }
}
