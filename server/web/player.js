// Plays one stream in one <video>: HTTP-FLV through mpegts.js where there are Media Source
// Extensions (under half a second behind), else low-latency HLS through hls.js (about a second
// behind, and steadier) or the browser itself.

import { LowLatency } from './low-latency.js';

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
const KEEP_BEHIND_SECONDS = 0.35;
/** A picture that stands still for so long is started again. */
const STALLED_MS = 4000;

/** So many words of the server about where the stream stands are remembered. */
const PLACES = 10;

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
    /** While `kind` is 'hls'. */
    this.lowLatency = null;
    this.generation = 0;
    this.paused = false;
    this.progress = { time: -1, at: 0 };
    /** Stream time less the player's own time, ms, by each of the server's last words. */
    this.places = [];
  }

  get running() {
    return this.close !== null;
  }

  async start() {
    this.stop();
    this.places = [];
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
    const player = new LowLatency(Hls, this.video, `${this.base}/index.m3u8`, () => !this.paused, ended);
    this.lowLatency = player;
    return () => {
      this.lowLatency = null;
      player.close();
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

  /** Seconds between what is shown and the newest that came; null when unknown. */
  latency() {
    if (this.lowLatency?.latency) return this.lowLatency.latency;
    const { buffered, seekable, currentTime } = this.video;
    const ranges = buffered.length ? buffered : seekable;
    return ranges.length ? Math.max(0, ranges.end(ranges.length - 1) - currentTime) : null;
  }

  /** The server says where its newest media lies, ms. */
  noteNewest(ms) {
    const { buffered } = this.video;
    if (!this.running || !buffered.length || !Number.isFinite(ms)) return;
    this.places.push(ms - buffered.end(buffered.length - 1) * 1000);
    if (this.places.length > PLACES) this.places.shift();
  }

  /**
   * Where on the stream's own time the picture is that is shown, ms; null while nobody knows. What has come ends before the
   * newest, by as much as is on its way: of the differences between the two the smallest is the nearest.
   */
  position() {
    return this.places.length ? Math.min(...this.places) + this.video.currentTime * 1000 : null;
  }

  /** What `latency` is when all is well, in seconds. */
  usualLatency() {
    if (this.kind === 'flv') return 1;
    return this.lowLatency?.usualLatency ?? 6;
  }

  goLive() {
    const { video } = this;
    const place = this.lowLatency?.place;
    if (place) video.currentTime = place;
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
