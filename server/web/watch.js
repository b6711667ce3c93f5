// The watch page: follows the server's list, plays while the stream is live, waits while it is
// not, and goes on by itself.

import { $, bitrate, duration, fetchStreams, kept, qr, setIcon, showPublishAddress, wireCopyButton } from './common.js';
import { LivePlayer } from './player.js';
import { Room } from './room.js';

const POLL_MS = 1000;
const CHROME_MS = 3000;
const BEHIND_SECONDS = 3;

const [, , app, name] = location.pathname.split('/');
const video = $('video');
const page = document.documentElement;
const player = new LivePlayer(video, `/${app}/${name}`, wantedPlayer(), () => { restarts += 1; poll(); });

/** Rooms are called like the streams of this app. */
const room = app === 'live' ? new Room(name, (count) => { roomViewers = count; }, () => player.position()) : null;

let roomViewers = null;
let state = 'connecting';
let stream = null;
let playedSession = 0;
let restarts = 0;
let timer = 0;
let polling = false;

function wantedPlayer() {
  const wanted = new URLSearchParams(location.search).get('player');
  if (['flv', 'ws', 'hls', 'native'].includes(wanted)) return wanted;
  return kept.get('low-latency') === 'off' ? 'hls' : null;
}

// Following the stream

async function poll() {
  if (polling) return;
  polling = true;
  clearTimeout(timer);
  try {
    const list = await fetchStreams();
    stream = list.streams.find((entry) => entry.app === app && entry.name === name) ?? null;
    showPublishAddress(list, app, name);
    if (stream?.state === 'live') {
      follow();
      player.noteNewest(stream.position_ms);
    }
    else leave('waiting');
  } catch {
    // The picture may well go on while the list does not come.
    if (!player.running) leave('offline');
  }
  polling = false;
  player.watch(performance.now());
  showNumbers();
  room?.look(performance.now());
  timer = setTimeout(poll, POLL_MS);
}

function follow() {
  // HTTP-FLV ends with its session or is taken over by the next; HLS must look again.
  const stale = player.kind !== 'flv' && playedSession !== stream.session;
  if (!player.running || stale) {
    playedSession = stream.session;
    player.start();
  }
  setState('live');
}

function leave(next) {
  if (player.running) player.stop();
  setState(next);
}

const WORDS = {
  waiting: ['Waiting for the broadcaster', 'The picture starts by itself as soon as the stream begins.', 'logo'],
  offline: ['The server does not answer', 'This page goes on by itself when it is back.', 'offline'],
};

function setState(next) {
  if (state === next) return;
  state = next;
  page.dataset.state = next;
  document.title = `${next === 'live' ? '● ' : ''}${name} · OnAir`;
  if (WORDS[next]) {
    const [title, text, image] = WORDS[next];
    $('card-title').textContent = title;
    $('card-text').textContent = text;
    setIcon($('card'), image);
  }
  showSound();
  wakeChrome();
}

// Numbers

function showNumbers() {
  const info = state === 'live' ? stream : null;
  $('viewer-count').textContent = roomViewers ?? info?.viewers ?? 0;
  page.toggleAttribute('data-sound-only', Boolean(info && info.audio && !info.video));
  const latency = player.latency();
  const rate = bitrate((info?.video?.bitrate_bps ?? 0) + (info?.audio?.bitrate_bps ?? 0));
  const size = video.videoWidth ? `${video.videoWidth}×${video.videoHeight}` : '';
  const behind = latency === null ? '' : `${latency.toFixed(1)} s`;
  $('readout-numbers').textContent = behind;
  const rest = [rate, size].filter(Boolean).join(' · ');
  $('readout-size').textContent = rest && behind ? ` · ${rest}` : rest;
  showGoLive();
  if (!$('details').hidden) showDetails(info, latency);
}

/** Offered to who has paused or fell behind; before there is a picture there is nothing to go on with. */
function showGoLive() {
  const stands = video.paused && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  $('go-live').hidden = !(stands || (player.latency() ?? 0) > player.usualLatency() + BEHIND_SECONDS);
}

function showDetails(info, latency) {
  const stats = window.onairStats();
  const rows = [
    ['Player', { flv: 'HTTP-FLV', hls: 'HLS', native: 'HLS (browser)' }[stats.player] ?? ''],
    ['Latency', latency === null ? '' : `${latency.toFixed(2)} s`],
    ['Video', info?.video ? `${info.video.codec} ${bitrate(info.video.bitrate_bps)}` : 'none'],
    ['Picture', `${stats.width}×${stats.height}, ${info?.video?.fps.toFixed(1) ?? 0} fps`],
    ['Audio', info?.audio ? `${info.audio.codec} ${info.audio.sample_rate_hz} Hz ${bitrate(info.audio.bitrate_bps)}` : 'none'],
    ['Frames', `${stats.decodedFrames} decoded, ${stats.droppedFrames} dropped`],
    ['Live for', info ? duration(info.uptime_ms) : ''],
  ];
  const cells = rows.flatMap(([key, value]) => {
    const [term, definition] = [document.createElement('dt'), document.createElement('dd')];
    term.textContent = key;
    definition.textContent = value;
    return [term, definition];
  });
  $('details').replaceChildren(...cells);
}

/** For tests and for the curious: what is playing, in numbers. */
window.onairStats = () => {
  const quality = video.getVideoPlaybackQuality?.();
  return {
    state,
    app,
    name,
    session: stream?.session ?? 0,
    player: player.running ? player.kind : null,
    restarts,
    currentTime: video.currentTime,
    paused: video.paused,
    muted: video.muted,
    width: video.videoWidth,
    height: video.videoHeight,
    decodedFrames: quality?.totalVideoFrames ?? 0,
    droppedFrames: quality?.droppedVideoFrames ?? 0,
    audioBytes: video.webkitAudioDecodedByteCount ?? null,
    latencySeconds: player.latency(),
    positionMs: player.position(),
    bitrateBps: (stream?.video?.bitrate_bps ?? 0) + (stream?.audio?.bitrate_bps ?? 0),
  };
};

// Controls

function showSound() {
  const muted = video.muted || video.volume === 0;
  setIcon($('mute'), muted ? 'muted' : 'sound');
  $('mute').setAttribute('aria-label', muted ? 'Unmute' : 'Mute');
  $('unmute').hidden = !muted || touchedSound || (stream !== null && !stream.audio);
  $('volume').value = video.muted ? 0 : video.volume;
  wakeChrome();
}

let touchedSound = false;

function setMuted(muted) {
  touchedSound = true;
  if (!muted && video.volume === 0) video.volume = 1;
  video.muted = muted;
  if (!muted && !player.paused) video.play().catch(() => {});
}

function togglePlay() {
  if (video.paused) player.goLive();
  else player.pause();
}

function showPlay() {
  setIcon($('play'), video.paused ? 'play' : 'pause');
  $('play').setAttribute('aria-label', video.paused ? 'Play' : 'Pause');
  showGoLive();
  wakeChrome();
}

function toggleFullscreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if ($('stage').requestFullscreen) $('stage').requestFullscreen().catch(() => {});
  else video.webkitEnterFullscreen?.();
}

function toggleDetails() {
  $('details').hidden = !$('details').hidden;
  $('details-toggle').setAttribute('aria-expanded', String(!$('details').hidden));
  showNumbers();
}

/** HTTP-FLV is soonest; HLS is about a second behind, and steadier on a network that stumbles. */
function toggleLowLatency() {
  const isOn = $('low-latency').getAttribute('aria-pressed') !== 'true';
  kept.set('low-latency', isOn ? 'on' : 'off');
  player.wanted = isOn ? null : 'hls';
  showLowLatency();
  toast(isOn ? 'As soon as possible' : 'A second later, and steadier');
  if (player.running) player.start();
}

function showLowLatency() {
  $('low-latency').setAttribute('aria-pressed', String(player.wanted === null || player.wanted === 'flv'));
}

async function share() {
  const answer = await fetch(`/api/share/${app}/${name}`, { cache: 'no-store' }).catch(() => null);
  const link = answer?.ok ? await answer.json() : { url: location.href, size: 0, path: '' };
  $('share-url').textContent = link.url;
  $('share-qr').hidden = !link.path;
  $('share-qr').replaceChildren(qr(link.size, link.path));
  $('share-hint').hidden = !/^(localhost|127\.|\[::1\])/.test(new URL(link.url).hostname);
  $('share-more').hidden = !navigator.share;
  $('share-sheet').showModal();
}

let toastTimer = 0;
function toast(words) {
  $('toast').textContent = words;
  $('toast').toggleAttribute('data-on', true);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => $('toast').toggleAttribute('data-on', false), 2500);
}

/** What lies over the picture goes away while nobody moves. */
let chromeTimer = 0;
function wakeChrome() {
  document.body.dataset.chrome = 'on';
  clearTimeout(chromeTimer);
  chromeTimer = setTimeout(() => {
    const idle = state === 'live' && !video.paused && $('details').hidden && $('unmute').hidden;
    if (idle) document.body.dataset.chrome = 'off';
  }, CHROME_MS);
}

$('title').textContent = name;
$('heading').textContent = `Live stream ${name}`;
$('unmute').addEventListener('click', () => setMuted(false));
$('mute').addEventListener('click', () => setMuted(!video.muted && video.volume > 0));
$('volume').addEventListener('input', () => {
  video.volume = Number($('volume').value);
  setMuted(video.volume === 0);
});
$('play').addEventListener('click', togglePlay);
$('go-live').addEventListener('click', () => player.goLive());
$('fullscreen').addEventListener('click', toggleFullscreen);
$('details-toggle').addEventListener('click', toggleDetails);
$('share').addEventListener('click', share);
$('share-more').addEventListener('click', () => {
  navigator.share({ title: document.title, url: $('share-url').textContent }).catch(() => {});
});
$('low-latency').addEventListener('click', toggleLowLatency);
video.addEventListener('volumechange', showSound);
video.addEventListener('play', showPlay);
video.addEventListener('pause', showPlay);
document.addEventListener('fullscreenchange', () => {
  const full = document.fullscreenElement !== null;
  setIcon($('fullscreen'), full ? 'window' : 'fullscreen');
  $('fullscreen').setAttribute('aria-label', full ? 'Leave full screen' : 'Full screen');
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && player.running && !player.paused) player.goLive();
});
for (const event of ['pointermove', 'pointerdown', 'keydown', 'focusin']) {
  document.addEventListener(event, wakeChrome, { passive: true });
}
document.addEventListener('keydown', (event) => {
  const onControl = event.target instanceof HTMLElement && event.target.closest('button, input, a');
  if (event.target instanceof HTMLInputElement && event.target.type !== 'range') return;
  if ($('share-sheet').open) return;
  if (event.ctrlKey || event.metaKey || event.altKey || state !== 'live') return;
  const actions = { m: () => setMuted(!video.muted), f: toggleFullscreen, s: toggleDetails, l: () => player.goLive(), h: () => room?.like() };
  if (event.key === ' ' && !onControl) { event.preventDefault(); togglePlay(); }
  else actions[event.key]?.();
});

wireCopyButton();
wireCopyButton('copy-share', 'share-url');
showLowLatency();
poll();
