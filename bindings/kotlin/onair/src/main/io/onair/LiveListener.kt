package io.onair

/** For Java, and for who likes calls better than flows. Called on the executor it was added with, in order. */
public interface LiveListener {
    /** LFLiveKit: liveStateDidChange. */
    public fun onState(state: LiveState): Unit = Unit

    /** A broadcast could not be started or was ended by this. LFLiveKit: errorCode. */
    public fun onError(error: LiveException): Unit = Unit

    /** Once a second. LFLiveKit: debugInfo. */
    public fun onFigures(figures: LiveFigures): Unit = Unit

    /** Everything, these among it. */
    public fun onEvent(event: LiveEvent): Unit = Unit
}
