// The list of streams, kept up to date.

import { $, bitrate, duration, fetchRooms, fetchStreams, icon, showPublishAddress, wireCopyButton } from './common.js';

const POLL_MS = 2000;

function text(className, words) {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = words;
  return element;
}

/** The room beside a stream, which is called like it. */
let rooms = new Map();
const roomOf = (stream) => (stream.app === 'live' ? rooms.get(stream.name) : undefined);

function facts(stream) {
  if (stream.state !== 'live') return 'Waiting for the broadcaster';
  const rate = bitrate((stream.video?.bitrate_bps ?? 0) + (stream.audio?.bitrate_bps ?? 0));
  const likes = roomOf(stream)?.likes;
  const liked = likes ? `${likes.toLocaleString('en')} likes` : '';
  return [`Live for ${duration(stream.uptime_ms)}`, liked, rate].filter(Boolean).join(' · ');
}

function quality(stream) {
  if (stream.video) return `${stream.video.width}×${stream.video.height}`;
  return stream.audio ? 'Sound' : '';
}

function tile(stream) {
  const link = document.createElement('a');
  link.className = 'tile';
  link.href = `/watch/${stream.app}/${stream.name}`;
  link.dataset.state = stream.state;
  const picture = document.createElement('div');
  picture.className = 'tile-picture';
  const viewers = text('pill', '');
  const count = roomOf(stream)?.viewers ?? stream.viewers;
  viewers.append(icon('eye'), String(count), hidden(' viewers'));
  picture.append(icon('play'), text('badge', stream.state === 'live' ? 'Live' : 'Waiting'), viewers);
  if (quality(stream)) picture.append(text('quality', quality(stream)));
  const words = document.createElement('div');
  words.className = 'tile-text';
  const name = text('tile-name', roomOf(stream)?.title || stream.name);
  name.dir = 'auto';
  const line = document.createElement('div');
  line.className = 'tile-facts';
  line.textContent = facts(stream);
  words.append(name, line);
  link.append(picture, words);
  return link;
}

function hidden(words) {
  return text('visually-hidden', words);
}

/** Changes tiles in place, so that focus and screen readers stay where they are. */
function show(streams) {
  const list = $('streams');
  const known = new Map([...list.children].map((item) => [item.dataset.key, item]));
  streams.forEach((stream, place) => {
    const key = `${stream.app}/${stream.name}`;
    let item = known.get(key);
    if (item) {
      known.delete(key);
      const fresh = tile(stream);
      const old = item.firstElementChild;
      old.dataset.state = stream.state;
      old.replaceChildren(...fresh.children);
    } else {
      item = document.createElement('li');
      item.dataset.key = key;
      item.append(tile(stream));
    }
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
  known.forEach((item) => item.remove());
}

async function refresh() {
  try {
    const [list, answer] = await Promise.all([fetchStreams(), fetchRooms()]);
    const { streams } = list;
    rooms = new Map(answer.map((room) => [room.key, room]));
    show(streams);
    const live = streams.filter((stream) => stream.state === 'live').length;
    $('count').textContent = live ? `${live} live` : '';
    $('empty').hidden = streams.length > 0;
    $('publish').hidden = false;
    $('empty-title').textContent = 'Nothing is live yet';
    $('empty-text').textContent = 'A stream shows up here as soon as somebody sends one.';
    showPublishAddress(list, 'live', 'demo');
  } catch {
    show([]);
    $('count').textContent = '';
    $('empty').hidden = false;
    $('publish').hidden = true;
    $('empty-title').textContent = 'The server does not answer';
    $('empty-text').textContent = 'This page goes on by itself when it is back.';
  }
  setTimeout(refresh, POLL_MS);
}

wireCopyButton();
refresh();
