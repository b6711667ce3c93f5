// The broadcaster's side panel: what the app behind it tells, and what it may change.

import { $, bitrate, duration } from './common.js';

const POLL_MS = 1000;
const FORBIDDEN = 403;
const SWITCHES = ['beauty', 'overlay', 'text', 'muted'];

/** Comes behind the `#` of the address that the app prints, where no server sees it, and is kept for this tab. */
let token = '';

function keepToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  try {
    if (given) sessionStorage.setItem('onair-token', given);
    token = given ?? sessionStorage.getItem('onair-token') ?? '';
  } catch {
    token = given ?? '';
  }
  if (given) history.replaceState(null, '', location.pathname);
}

let timer = 0;
/** Answers that were asked for before the last change are old. */
let turn = 0;

async function ask(command) {
  clearTimeout(timer);
  const mine = ++turn;
  try {
    const headers = { Authorization: `Bearer ${token}` };
    const signal = AbortSignal.timeout(4000);
    const answer = await fetch('/api/studio', command
      ? { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(command), signal }
      : { cache: 'no-store', headers, signal });
    if (mine !== turn) return;
    if (answer.status === FORBIDDEN) {
      $('state').textContent = 'The token is needed';
      $('token-form').hidden = false;
      return;
    }
    const problem = answer.ok ? '' : await answer.text();
    if (mine !== turn) return;
    if (answer.ok) show(await answer.json());
    if (command || problem) $('problem').textContent = problem;
  } catch {
    if (mine !== turn) return;
    $('state').textContent = 'The stream has ended, or its server does not answer';
  }
  timer = setTimeout(ask, POLL_MS);
}

function show(now) {
  $('state').textContent = { live: 'Live', connecting: 'Connecting…', reconnecting: 'Reconnecting…' }[now.state] ?? now.state;
  for (const name of SWITCHES) $(name).setAttribute('aria-checked', String(now[name]));
  if (document.activeElement !== $('throttle')) $('throttle').value = String(now.throttle_bps);
  $('watch').href = now.watch;
  numbers(now.stats);
  reasons(now.decisions);
}

function numbers(stats) {
  const rows = [
    ['Live for', duration(stats.seconds * 1000)],
    ['Bitrate', bitrate(stats.bitrate_bps) || '0'],
    ['Target', bitrate(stats.target_bps)],
    ['Frames a second', stats.fps.toFixed(1)],
    ['Waiting to be sent', `${stats.queue_ms} ms`],
    ['Round trip', `${stats.rtt_ms} ms`],
    ['Dropped frames', String(stats.dropped)],
    ['Reconnects', String(stats.reconnects)],
  ];
  if (!$('numbers').childElementCount) {
    $('numbers').append(...rows.flatMap(([name]) => {
      const term = document.createElement('dt');
      term.textContent = name;
      return [term, document.createElement('dd')];
    }));
  }
  $('numbers').querySelectorAll('dd').forEach((cell, row) => { cell.textContent = rows[row][1]; });
}

/** The newest first. */
function reasons(decisions) {
  const known = Number($('reasons').dataset.known ?? 0);
  $('no-reasons').hidden = decisions.length > 0;
  for (const { number, seconds, message } of decisions.filter((decision) => decision.number > known)) {
    const item = document.createElement('li');
    const time = document.createElement('time');
    time.textContent = duration(seconds * 1000);
    item.append(time, ` ${message}`);
    $('reasons').prepend(item);
    $('reasons').dataset.known = String(number);
  }
  while ($('reasons').childElementCount > 50) $('reasons').lastElementChild.remove();
}

for (const name of SWITCHES) {
  $(name).addEventListener('click', () => ask({ [name]: $(name).getAttribute('aria-checked') !== 'true' }));
}
$('throttle').addEventListener('change', () => ask({ throttle_bps: Number($('throttle').value) }));
$('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  token = $('token').value.trim();
  $('token-form').hidden = true;
  ask();
});
window.addEventListener('hashchange', () => { keepToken(); ask(); });
keepToken();
ask();
