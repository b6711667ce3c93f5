// SwiftPM wants a source in every target; the functions are in the core.
