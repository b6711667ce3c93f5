// What both pages need: the list of streams, words for numbers, copying.

export const $ = (id) => document.getElementById(id);

/** The server's list: { rtmp_port, streams }. Rejects when the server does not answer. */
export async function fetchStreams() {
  const answer = await fetch('/api/streams', { cache: 'no-store', signal: AbortSignal.timeout(4000) });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

/** The server's rooms: [{ key, title, viewers, likes, … }]; none when it does not say. */
export async function fetchRooms() {
  const answer = await fetch('/rooms', { cache: 'no-store', signal: AbortSignal.timeout(4000) }).catch(() => null);
  return answer?.ok ? answer.json() : [];
}

export function setIcon(element, name) {
  const use = element.querySelector('use');
  const href = `/assets/icons.svg#${name}`;
  if (use.getAttribute('href') !== href) use.setAttribute('href', href);
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `/assets/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export function bitrate(bps) {
  if (!bps) return '';
  return bps >= 1e6 ? `${(bps / 1e6).toFixed(1)} Mb/s` : `${Math.round(bps / 1e3)} kb/s`;
}

export function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A QR code: `path` is its modules as the server draws them, in a square of `size`. */
export function qr(size, path) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  const modules = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  modules.setAttribute('d', path);
  svg.append(modules);
  return svg;
}

/** What publishers need, where the address of this page says it behind its `#`: no server sends it. */
const publishToken = new URLSearchParams(location.hash.slice(1)).get('token');

/** Shows where to publish `app/name`, by the server's list. */
export function showPublishAddress(list, app, name) {
  const port = list.rtmp_port === 1935 ? '' : `:${list.rtmp_port}`;
  const server = `rtmp://${location.hostname}${port}/${app}`;
  const key = list.needs_token ? `${name}?token=${publishToken ?? '…'}` : name;
  $('publish-url').textContent = `${server}/${key}`;
  $('publish-server').textContent = server;
  $('publish-key').textContent = key;
  $('publish-token').hidden = !list.needs_token || publishToken !== null;
}

/** The button copies what the element shows, and says so for a moment. */
export function wireCopyButton(button = 'copy-url', source = 'publish-url') {
  $(button).addEventListener('click', async () => {
    const done = await copy($(source).textContent, $(button).parentElement);
    const label = $(button).querySelector('span');
    label.textContent = done ? 'Copied' : 'Select and copy';
    setIcon($(button), done ? 'check' : 'copy');
    setTimeout(() => { label.textContent = 'Copy'; setIcon($(button), 'copy'); }, 2000);
  });
}

/** What this page keeps for the next visit. A browser that may not keep anything works all the same. */
export const kept = {
  get(name) {
    try { return localStorage.getItem(`onair-${name}`); } catch { return null; }
  },
  set(name, value) {
    try { localStorage.setItem(`onair-${name}`, value); } catch { /* nothing is kept */ }
  },
};

/** Copies text; the clipboard API exists only on https and localhost. */
export async function copy(text, near = document.body) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'visually-hidden';
    near.append(area); // behind an open dialog nothing can be selected
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
