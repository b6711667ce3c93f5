// Plays one stream in one <video>: HTTP-FLV through mpegts.js where there are Media Source
// Extensions (under half a second behind), else low-latency HLS through hls.js (about a second
// behind, and steadier) or the browser itself.

const scripts = new Map();

/** Loads an embedded library once. */
function load(file) {
  if (!scripts.has(file)) {
    scripts.set(file, new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = `/assets/${file}`;
      script.onload = resolve;
      script.onerror = () => { scripts.delete(file); reject(new Error(`cannot load ${file}`)); };
      document.head.append(script);
    }));
  }
  return scripts.get(file);
}

/** Behind this much at the start, the picture jumps forward: it is still muted. */
const JUMP_AT_START_SECONDS = 0.4;
/** The same for HLS, above what it aims at. */
const TOO_OLD_SECONDS = 0.15;
/** Later jumps cost a hiccup, and pay only for more. */
const MUCH_TOO_OLD_SECONDS = 0.3;
const BETWEEN_JUMPS_MS = 2_000;
const KEEP_BEHIND_SECONDS = 0.35;
/** A picture that stands still for so long is started again. */
const STALLED_MS = 4000;

const socketUrl = (base) => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${base}.flv`;

export class LivePlayer {
  /** `wanted` is 'flv', 'ws' (FLV by a WebSocket), 'hls', 'native' or null for the soonest. `onEnd` is told when it stopped. */
  constructor(video, base, wanted, onEnd) {
    this.video = video;
    this.base = base;
    this.wanted = wanted;
    this.onEnd = onEnd;
    this.kind = null;
    this.close = null;
    this.generation = 0;
    this.paused = false;
    this.progress = { time: -1, at: 0 };
  }

  get running() {
    return this.close !== null;
  }

  async start() {
    this.stop();
    const generation = ++this.generation;
    // Replaced as soon as the library is there; until then stopping only needs to be noticed.
    this.close = () => {};
    this.progress = { time: -1, at: performance.now() };
    try {
      const attach = await this.choose();
      if (generation !== this.generation) return;
      const ended = () => {
        if (generation !== this.generation) return;
        this.stop();
        this.onEnd();
      };
      this.close = attach(ended);
      this.jumpWhenReady(generation);
      if (!this.paused) await this.video.play().catch(() => {});
    } catch {
      if (generation === this.generation) { this.stop(); this.onEnd(); }
    }
  }

  stop() {
    this.generation += 1;
    this.close?.();
    this.close = null;
  }

  /** The way to play that works here: a function that begins and returns how to end. */
  async choose() {
    if (this.wanted === null || this.wanted === 'flv' || this.wanted === 'ws') {
      await load('mpegts.js');
      if (mpegts.getFeatureList().mseLivePlayback) return (ended) => this.attachFlv(ended);
    }
    if (this.wanted !== 'native') {
      await load('hls.js');
      if (Hls.isSupported()) return (ended) => this.attachHls(ended);
    }
    return (ended) => this.attachNative(ended);
  }

  attachFlv(ended) {
    this.kind = 'flv';
    mpegts.LoggingControl.enableAll = false;
    mpegts.LoggingControl.enableError = true;
    const player = mpegts.createPlayer(
      { type: 'flv', isLive: true, url: this.wanted === 'ws' ? socketUrl(this.base) : `${this.base}.flv` },
      {
        enableStashBuffer: false,
        lazyLoad: false,
        deferLoadAfterSourceOpen: false,
        autoCleanupSourceBuffer: true,
        liveSync: true,
        liveSyncMaxLatency: 0.33,
        liveSyncTargetLatency: 0.25,
        liveSyncPlaybackRate: 1.15,
      },
    );
    player.on(mpegts.Events.ERROR, ended);
    player.on(mpegts.Events.LOADING_COMPLETE, ended);
    player.attachMediaElement(this.video);
    player.load();
    return () => player.destroy();
  }

  attachHls(ended) {
    this.kind = 'hls';
    const hls = new Hls({
      enableWorker: false,
      lowLatencyMode: true,
      maxLiveSyncPlaybackRate: 1.1,
      liveSyncOnStallIncrease: 0.1,
      backBufferLength: 10,
    });
    this.hls = hls;
    this.jumpedAt = null;
    hls.on(Hls.Events.ERROR, (_, error) => { if (error.fatal) ended(); });
    hls.on(Hls.Events.BUFFER_APPENDED, () => this.jumpToTarget(hls));
    hls.loadSource(`${this.base}/index.m3u8`);
    hls.attachMedia(this.video);
    this.video.addEventListener('ended', ended);
    return () => {
      this.video.removeEventListener('ended', ended);
      hls.destroy();
      this.hls = null;
    };
  }

  attachNative(ended) {
    this.kind = 'native';
    const { video } = this;
    video.src = `${this.base}/index.m3u8`;
    video.addEventListener('error', ended);
    video.addEventListener('ended', ended);
    return () => {
      video.removeEventListener('error', ended);
      video.removeEventListener('ended', ended);
      video.removeAttribute('src');
      video.load();
    };
  }

  /** The newest GOP comes at once: what is old of it is skipped. */
  jumpWhenReady(generation) {
    if (this.kind !== 'flv') return;
    this.video.addEventListener('playing', () => {
      if (generation === this.generation && this.latency() > JUMP_AT_START_SECONDS) this.goLive();
    }, { once: true });
  }

  /**
   * HLS begins at a key frame and stays as old as a stall left it: hls.js plays faster only with more than a second in
   * hand. As soon as enough is there, what is old is skipped.
   */
  jumpToTarget(hls) {
    const { buffered } = this.video;
    const target = hls.liveSyncPosition;
    const now = performance.now();
    if (target === null || !buffered.length) return;
    if (this.jumpedAt !== null && now - this.jumpedAt < BETWEEN_JUMPS_MS) return;
    if (buffered.end(buffered.length - 1) < target + KEEP_BEHIND_SECONDS) return;
    const most = this.jumpedAt === null ? TOO_OLD_SECONDS : MUCH_TOO_OLD_SECONDS;
    if (this.paused || hls.latency <= hls.targetLatency + most) return;
    this.jumpedAt = now;
    this.goLive();
  }

  /** Seconds between what is shown and the newest that came; null when unknown. */
  latency() {
    if (this.hls?.latency) return this.hls.latency;
    const { buffered, seekable, currentTime } = this.video;
    const ranges = buffered.length ? buffered : seekable;
    return ranges.length ? Math.max(0, ranges.end(ranges.length - 1) - currentTime) : null;
  }

  /** What `latency` is when all is well, in seconds. */
  usualLatency() {
    if (this.kind === 'flv') return 1;
    return this.hls?.targetLatency ?? 6;
  }

  goLive() {
    const { video } = this;
    if (this.hls?.liveSyncPosition) video.currentTime = this.hls.liveSyncPosition;
    else if (video.buffered.length) {
      video.currentTime = video.buffered.end(video.buffered.length - 1) - KEEP_BEHIND_SECONDS;
    }
    this.paused = false;
    video.play().catch(() => {});
  }

  pause() {
    this.paused = true;
    this.video.pause();
  }

  /** Starts again when the picture stands still although it should not. Call once a second. */
  watch(now) {
    const { video, progress } = this;
    if (!this.running || this.paused || document.hidden || video.currentTime !== progress.time) {
      this.progress = { time: video.currentTime, at: now };
    } else if (now - progress.at > STALLED_MS) {
      this.stop();
      this.onEnd();
    }
  }
}
