// The room beside the picture: comments, hearts and gifts over Socket.IO. docs/rooms.md
//
// Everything that people wrote goes into the page as text, never as markup.

import { $, icon, kept } from './common.js';

const LOOK_MS = 3000;
const KEPT_COMMENTS = 200;
/** Hearts drawn in a second, whatever the count. */
const HEARTS_PER_SECOND = 12;
/** Likes within so long of the one before are sent together. */
const LIKE_MS = 100;
const ANSWER_MS = 4000;
/** What belongs to a later picture than is shown waits for it, but no longer than this. */
const MOST_WAIT_MS = 12_000;

const WORDS = {
  rate_limited: 'Too fast. Try again in a moment.',
  bad_length: 'Comments have 1 to 200 characters.',
  not_in_room: 'The room was left. Reload the page.',
  no_such_room: 'The room is closed.',
  blocked: 'The broadcaster has blocked you.',
};

export class Room {
  /**
   * `key` is the stream's name. `onViewers` is told how many are here, and null without a room; `position` tells where on the
   * stream's own time the picture is that is shown, ms, or null.
   */
  constructor(key, onViewers, position) {
    this.key = key;
    this.onViewers = onViewers;
    this.position = position;
    this.socket = null;
    this.joined = false;
    this.seen = new Set();
    this.place = {};
    this.likes = { waiting: 0, timer: 0, total: 0 };
    this.hearts = { left: HEARTS_PER_SECOND, second: 0 };
    this.unread = 0;
    this.wire();
  }

  /** Looks for the room until there is one; to be called again and again. */
  async look(now) {
    if (this.socket || this.isOut || now < (this.lookAt ?? 0)) return;
    this.lookAt = now + LOOK_MS;
    try {
      const answer = await fetch('/rooms', { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS) });
      const rooms = answer.ok ? await answer.json() : [];
      if (!this.socket && rooms.some((room) => room.key === this.key)) await this.connect();
    } catch {
      // The page says elsewhere that the server does not answer.
    }
  }

  async connect() {
    const { io } = await import('/assets/socket.io.js');
    if (this.socket) return;
    const socket = io({ transports: ['websocket'], reconnectionDelay: 300, reconnectionDelayMax: 5000, timeout: 5000 });
    this.socket = socket;
    socket.on('connect', () => this.join());
    socket.on('disconnect', (reason) => {
      this.joined = false;
      this.show('Reconnecting…');
      if (reason === 'io server disconnect') socket.connect();
    });
    const ours = (handle) => (event) => event?.key === this.key && handle(event);
    socket.on('comment', (comment) => comment?.roomKey === this.key && this.addInTime(comment));
    socket.on('gift', (gift) => gift?.roomKey === this.key && this.addInTime(gift));
    socket.on('comment_removed', ours(({ id }) => {
      this.seen.add(id); // also while it waits for its picture
      this.row(id)?.remove();
    }));
    socket.on('upvote', ours(({ n, total }) => this.liked(n, total)));
    socket.on('viewers', (count, key) => key === this.key && this.onViewers(count));
    socket.on('room_closed', ours(({ reason }) => {
      // Who was shown the door does not come in again by itself.
      this.isOut = reason === 'blocked';
      this.close(this.isOut ? WORDS.blocked : WORDS.no_such_room);
    }));
  }

  async ask(event, ...args) {
    try {
      return await this.socket.timeout(ANSWER_MS).emitWithAck(event, ...args);
    } catch {
      return { ok: false, error: 'no_answer' };
    }
  }

  async join() {
    const answer = await this.ask('join_room', this.key, this.place);
    if (!answer.ok) {
      if (answer.error === 'no_answer') this.show('Reconnecting…');
      else this.close(WORDS[answer.error] ?? 'The room cannot be joined.');
      return;
    }
    this.place = { since: answer.seq, epoch: answer.epoch };
    this.joined = true;
    document.body.toggleAttribute('data-room', true);
    $('room').hidden = false;
    $('chat-toggle').hidden = false;
    if (answer.title) $('title').textContent = answer.title;
    this.setTotal(answer.likes);
    this.onViewers(answer.viewers);
    for (const comment of answer.comments ?? []) this.add(comment);
    this.show('');
  }

  close(words) {
    this.socket?.disconnect();
    this.socket = null;
    this.joined = false;
    this.place = {};
    this.onViewers(null);
    this.show(words);
  }

  /** What is wrong, above the field; nothing when all is well. */
  show(words) {
    $('room-status').textContent = words;
    for (const id of ['comment-text', 'comment-send', 'like', 'gift']) $(id).disabled = !this.joined;
  }

  // Comments and gifts

  /** With the picture it belongs to: whoever said it may have seen that sooner than it is shown here. */
  addInTime(said) {
    const [at, here] = [said.at, this.position()];
    const wait = Number.isFinite(at) && here !== null ? at - here : 0;
    if (wait <= 0 || wait > MOST_WAIT_MS) this.add(said);
    else setTimeout(() => this.add(said), wait);
  }

  /** For what is said here: the moment of the picture that is shown. */
  moment() {
    const here = this.position();
    return here === null ? {} : { at: Math.round(here) };
  }

  add(said) {
    if (typeof said.id !== 'string' || this.seen.has(said.id)) return;
    this.seen.add(said.id);
    if (Number.isSafeInteger(said.seq)) this.place.since = Math.max(this.place.since ?? 0, said.seq);
    const list = $('comments');
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 48;
    list.append(this.entry(said));
    while (list.childElementCount > KEPT_COMMENTS) {
      this.seen.delete(list.firstElementChild.dataset.id);
      list.firstElementChild.remove();
    }
    if (atEnd) this.toEnd();
    else this.setUnread(this.unread + 1);
  }

  entry(said) {
    const row = document.createElement('div');
    row.className = 'comment';
    row.dataset.id = said.id;
    const name = document.createElement('span');
    name.className = 'who';
    name.dir = 'auto';
    name.textContent = said.name || 'Guest';
    name.dataset.hue = String(hue(name.textContent));
    const text = document.createElement('span');
    text.className = 'text';
    text.dir = 'auto';
    if (said.giftId === undefined) {
      text.textContent = said.text;
    } else {
      row.classList.add('gift-row');
      text.append(icon('gift'), said.giftCount > 1 ? ` sent ${said.giftCount} gifts` : ' sent a gift');
    }
    row.append(name, ' ', text);
    if (said.giftId === undefined) row.append(this.reportButton(said));
    return row;
  }

  reportButton(said) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'report';
    button.setAttribute('aria-label', `Report this comment by ${said.name || 'Guest'} and hide it`);
    button.append(icon('flag'));
    button.addEventListener('click', async () => {
      this.row(said.id)?.remove();
      const answer = await this.ask('report', { roomKey: this.key, id: said.id, reason: 'viewer' });
      this.show(answer.ok ? 'Reported and hidden.' : WORDS[answer.error] ?? 'Hidden. It could not be reported.');
    });
    return button;
  }

  row(id) {
    return [...$('comments').children].find((row) => row.dataset.id === id);
  }

  toEnd() {
    $('comments').scrollTop = $('comments').scrollHeight;
    this.setUnread(0);
  }

  setUnread(count) {
    this.unread = count;
    $('new-comments').hidden = count === 0;
  }

  async comment() {
    const text = $('comment-text').value.trim();
    if (!text || !this.joined) return;
    const answer = await this.ask('comment', { roomKey: this.key, text, name: $('comment-name').value.trim(), ...this.moment() });
    if (answer.ok) {
      $('comment-text').value = '';
      this.show('');
      this.toEnd();
    } else {
      this.show(WORDS[answer.error] ?? 'Not sent. Try again.');
    }
  }

  async gift() {
    if (!this.joined) return;
    const gift = { roomKey: this.key, giftId: 1, giftCount: 1, senderId: 0, name: $('comment-name').value.trim(), ...this.moment() };
    const answer = await this.ask('gift', gift);
    this.show(answer.ok ? '' : WORDS[answer.error] ?? 'Not sent. Try again.');
  }

  // Likes and hearts

  like() {
    if (!this.joined) return;
    this.heart();
    this.likes.waiting += 1;
    if (!this.likes.timer) this.sendLikes();
  }

  /** The first goes at once; those that follow within `LIKE_MS` go together. */
  async sendLikes() {
    const n = this.likes.waiting;
    Object.assign(this.likes, { waiting: 0, timer: n ? setTimeout(() => this.sendLikes(), LIKE_MS) : 0 });
    if (!n) return;
    this.own = (this.own ?? 0) + n;
    const answer = await this.ask('upvote', this.key, { n });
    if (!answer.ok) this.show(WORDS[answer.error] ?? '');
  }

  liked(n, total) {
    this.setTotal(total);
    // One's own are drawn already.
    const own = Math.min(this.own ?? 0, n);
    this.own = (this.own ?? 0) - own;
    const fresh = Math.min(n - own, HEARTS_PER_SECOND);
    for (let i = 0; i < fresh; i += 1) setTimeout(() => this.heart(), (i * 1000) / HEARTS_PER_SECOND);
  }

  setTotal(total) {
    this.likes.total = Number(total) || 0;
    $('like-count').textContent = this.likes.total.toLocaleString('en');
  }

  heart() {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.hearts.second) this.hearts = { left: HEARTS_PER_SECOND, second };
    if (this.hearts.left === 0 || document.hidden) return;
    this.hearts.left -= 1;
    const heart = icon('heart-full');
    heart.classList.add('floating-heart');
    for (const [name, from, width] of [['--from', 0, 70], ['--sway', -40, 80], ['--size', 22, 18], ['--hue', 330, 50]]) {
      heart.style.setProperty(name, String(from + Math.random() * width));
    }
    heart.addEventListener('animationend', () => heart.remove());
    $('hearts').append(heart);
  }

  wire() {
    $('comment-form').addEventListener('submit', (event) => { event.preventDefault(); this.comment(); });
    $('like').addEventListener('click', () => this.like());
    $('gift').addEventListener('click', () => this.gift());
    $('new-comments').addEventListener('click', () => this.toEnd());
    $('comments').addEventListener('scroll', () => {
      const list = $('comments');
      if (list.scrollHeight - list.scrollTop - list.clientHeight < 8) this.setUnread(0);
    }, { passive: true });
    $('video').addEventListener('dblclick', () => this.like());
    $('comment-name').value = kept.get('name') ?? '';
    $('comment-name').addEventListener('change', () => kept.set('name', $('comment-name').value.trim()));
    $('chat-toggle').addEventListener('click', () => {
      const shown = document.body.toggleAttribute('data-chat-hidden') === false;
      $('chat-toggle').setAttribute('aria-expanded', String(shown));
    });
  }
}

/** One of eight colours for a name, always the same. */
function hue(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return sum % 8;
}
