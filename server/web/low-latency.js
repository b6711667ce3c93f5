// Low-latency HLS through hls.js in one <video>, as near to its live edge as `Pace` says, and without waiting for a
// whole segment where hls.js would.

import { Pace } from './pace.js';

/** Sound may end so much before its segment does. */
const MOST_MISSING_SECONDS = 0.5;

export class LowLatency {
  /** `Hls` is the library. `onEnd` is told when it cannot go on; `mayPlay` says whether the viewer wants a picture. */
  constructor(Hls, video, url, mayPlay, onEnd) {
    this.video = video;
    this.mayPlay = mayPlay;
    this.onEnd = onEnd;
    this.pace = new Pace();
    const hls = new Hls({
      enableWorker: false,
      lowLatencyMode: true,
      // Its own speeding up needs more than a second in hand, which nobody has who is a second behind.
      maxLiveSyncPlaybackRate: 1,
      liveSyncOnStallIncrease: 0.1,
      backBufferLength: 10,
    });
    this.hls = hls;
    goPastWhatIsLoaded(hls.streamController);
    hls.on(Hls.Events.ERROR, (_, error) => { if (error.fatal) onEnd(); });
    hls.on(Hls.Events.BUFFER_APPENDED, () => this.look());
    hls.loadSource(url);
    hls.attachMedia(video);
    this.onTime = () => this.look();
    video.addEventListener('timeupdate', this.onTime);
    video.addEventListener('ended', onEnd);
  }

  close() {
    this.video.removeEventListener('timeupdate', this.onTime);
    this.video.removeEventListener('ended', this.onEnd);
    this.hls.destroy();
    this.video.playbackRate = 1;
  }

  /** Seconds behind what the playlist ends with; null when unknown. */
  get latency() {
    return this.hls.latency || null;
  }

  /** What `latency` is when all is well. */
  get usualLatency() {
    return this.hls.targetLatency;
  }

  /** Where a viewer ought to be; null when unknown. */
  get place() {
    return this.hls.liveSyncPosition;
  }

  look() {
    const { video, place } = this;
    if (place === null || !this.mayPlay() || video.paused || video.seeking || !video.buffered.length) return;
    const { jump, rate } = this.pace.look(seconds(), place - video.currentTime, this.ahead());
    if (video.playbackRate !== rate) video.playbackRate = rate;
    if (jump > 0) video.currentTime += jump;
  }

  ahead() {
    const { buffered, currentTime } = this.video;
    return buffered.length ? buffered.end(buffered.length - 1) - currentTime : 0;
  }
}

/**
 * What is buffered of a segment ends where its sound does, mostly some milliseconds before the segment. hls.js (this very
 * version) then looks for the next part in the old segment, and where it does not know of all parts of that one that they
 * are here, as after a start in its middle or after trimming, it loads them again and again or waits for the whole of the
 * next one, two seconds. The last part decides: with that one loaded, the segment is done.
 */
function goPastWhatIsLoaded(controller) {
  const usual = controller.getFragmentAtPosition;
  controller.getFragmentAtPosition = (bufferEnd, end, details) => {
    const parts = (controller.loadingParts && details.partList) || [];
    const newest = parts.at(-1);
    if (newest?.loaded && bufferEnd > newest.start) return null;
    const segment = details.fragments.find((it) => it.end > bufferEnd && it.end - bufferEnd < MOST_MISSING_SECONDS);
    const last = segment && parts.findLast((part) => part.fragment.sn === segment.sn);
    return usual.call(controller, last?.loaded ? segment.end : bufferEnd, end, details);
  };
}

function seconds() {
  return performance.now() / 1_000;
}
