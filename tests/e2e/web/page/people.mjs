// node people.mjs CHROMIUM ORIGIN: what a show's host and stores ask for on the pages: the stream `live/show` runs, its host speaks by
// socket.io, a viewer has a page. Writes one JSON object:
//   before    the home page's tile before there is a room, and `after` with one: its name, badge, numbers and address
//   heading   title, badge and viewers on the watch page
//   hearts    the most hearts that were drawn for 200 likes at once, in a second
//   reported  what the host hears when the viewer reports a comment, and whether the viewer still sees it
//   removed   whether a comment that the host takes away goes from the page
//   muted     what the page says when the host has muted the viewer, and `blocked` when it must leave; whether it stays out
//   unread    whether newer comments are offered to who has scrolled up, and lead to the newest
//   copied    what the waiting screen's button put into the clipboard, and what was shown beside it
import { io } from 'socket.io-client';
import { DESK, isPlaying, launch, noting } from './browser.mjs';

const [executablePath, origin] = process.argv.slice(2);
const browser = await launch(executablePath);
const seen = { foreign: [], complaints: [] };
const patience = { timeout: 15_000 };

const connect = () => new Promise((resolve) => {
  const socket = io(origin, { transports: ['websocket'], forceNew: true });
  socket.on('connect', () => resolve(socket));
});
const ask = (socket, ...words) => socket.timeout(5_000).emitWithAck(...words);
const next = (socket, event) => new Promise((resolve) => { socket.once(event, resolve); });

try {
  const context = await browser.newContext({ ...DESK, permissions: ['clipboard-read', 'clipboard-write'] });
  const open = async (path) => {
    const page = await context.newPage();
    noting(page, new URL(origin).host, seen);
    await page.goto(origin + path, { waitUntil: 'domcontentloaded' });
    return page;
  };
  const home = await open('/');
  const tile = () => home.evaluate(() => {
    const text = (kind) => document.querySelector(`.tile ${kind}`)?.textContent ?? '';
    return [text('.tile-name'), text('.badge'), text('.pill'), text('.tile-facts'), document.querySelector('.tile').pathname];
  });
  await home.waitForSelector('.tile[data-state=live]', patience);
  seen.before = await tile();

  const host = await connect();
  const made = await ask(host, 'create_room', { key: 'show', title: 'An evening' });
  if (!made.ok) throw new Error(made.error);
  const page = await open('/watch/live/show');
  await isPlaying(page);
  await page.waitForSelector('#comment-send:enabled', patience);
  await page.waitForFunction(() => document.getElementById('viewer-count').textContent === '2', null, patience);
  seen.heading = await page.evaluate(() => ['title', 'badge', 'viewer-count'].map((id) => document.getElementById(id).textContent));

  // Whatever the count, so many in a second and no more.
  await page.evaluate(() => {
    const drawn = [];
    window.mostHearts = 0;
    new MutationObserver((changes) => {
      const now = performance.now();
      for (const change of changes) for (const _ of change.addedNodes) drawn.push(now);
      window.mostHearts = Math.max(window.mostHearts, drawn.filter((at) => at > now - 900).length);
    }).observe(document.getElementById('hearts'), { childList: true });
  });
  for (let i = 0; i < 10; i += 1) {
    const fan = await connect();
    await ask(fan, 'join_room', 'show');
    await ask(fan, 'upvote', 'show', { n: 20 });
    fan.disconnect();
  }
  await page.waitForFunction(() => Number(document.getElementById('like-count').textContent) === 200, null, patience);
  await page.waitForTimeout(1_500);
  seen.hearts = await page.evaluate(() => window.mostHearts);
  await home.waitForFunction(() => document.querySelector('.tile-facts').textContent.includes('200 likes'), null, patience);
  seen.after = await tile();

  const row = (text) => page.locator('.comment', { hasText: text });
  const say = async (socket, text) => {
    const said = await ask(socket, 'comment', { roomKey: 'show', text, name: 'Pest' });
    await row(text).waitFor(patience);
    return said;
  };
  const pest = await connect();
  await ask(pest, 'join_room', 'show');
  const said = await say(pest, 'Buy this');
  const reported = next(host, 'reported');
  await row('Buy this').hover();
  await row('Buy this').locator('.report').click();
  const heard = await reported;
  seen.reported = { same: heard.id === said.id, hidden: await row('Buy this').count() === 0, status: '' };
  await page.waitForFunction(() => document.getElementById('room-status').textContent, null, patience);
  seen.reported.status = await page.textContent('#room-status');

  const second = await say(pest, 'Buy that');
  await ask(host, 'remove_comment', { roomKey: 'show', id: second.id });
  await row('Buy that').waitFor({ state: 'detached', ...patience });
  seen.removed = true;

  // The viewer's own words, and then none of them any more.
  const own = next(host, 'comment');
  await page.fill('#comment-text', 'Mine');
  await page.press('#comment-text', 'Enter');
  const mark = (await own).id.split('-')[0];
  await ask(host, 'mute', { roomKey: 'show', sender: mark });
  await page.fill('#comment-text', 'More of mine');
  await page.press('#comment-text', 'Enter');
  await page.waitForFunction(() => document.getElementById('room-status').textContent.includes('blocked'), null, patience);
  seen.muted = await page.textContent('#room-status');
  seen.mutedShown = await row('More of mine').count();

  // Newer comments do not pull the list away from who reads older ones.
  for (let i = 0; i < 24; i += 1) {
    const talker = await connect();
    await ask(talker, 'join_room', 'show');
    await say(talker, `Line ${i}`);
    talker.disconnect();
  }
  await page.evaluate(() => { document.getElementById('comments').scrollTop = 0; });
  await page.waitForTimeout(200);
  await say(await connect().then(async (talker) => { await ask(talker, 'join_room', 'show'); return talker; }), 'The newest');
  const top = await page.evaluate(() => document.getElementById('comments').scrollTop);
  const offered = await page.isVisible('#new-comments');
  await page.click('#new-comments');
  const isAtEnd = await page.evaluate(() => {
    const list = document.getElementById('comments');
    return list.scrollHeight - list.scrollTop - list.clientHeight < 8;
  });
  seen.unread = [top, offered, isAtEnd, await page.isVisible('#new-comments')];

  await ask(host, 'block', { roomKey: 'show', sender: mark });
  await page.waitForSelector('#comment-send:disabled', patience);
  // Longer than the page takes to look for a room again.
  await page.waitForTimeout(4_000);
  seen.blocked = await page.textContent('#room-status');
  seen.isOut = await page.isDisabled('#comment-send');

  const waiting = await open('/watch/live/later');
  await waiting.waitForSelector('html[data-state=waiting]', patience);
  await waiting.click('#copy-url');
  await waiting.waitForFunction(() => document.querySelector('#copy-url span').textContent === 'Copied', null, patience);
  seen.copied = [await waiting.evaluate(() => navigator.clipboard.readText()), await waiting.textContent('#publish-url')];
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
process.exit(0);
