// node markup.mjs CHROMIUM ORIGIN FILE: says each line of FILE in a room as comment, as name and as title, while a page is open, and tells
// what became of them there. Writes one JSON object:
//   policy       the page's content security policy
//   comments     lines that stand on the page as the text they are
//   names        the same, of names, as far as a name may be so long
//   titles       the same, of titles, on the watch page
//   elements     kinds of elements on the page that were not there before
//   ran          what of the lines was run
import { readFile } from 'node:fs/promises';
import { io } from 'socket.io-client';
import { DESK, launch, noting } from './browser.mjs';

const [executablePath, origin, file] = process.argv.slice(2);
const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
const browser = await launch(executablePath);
const seen = { lines: lines.length, comments: 0, names: 0, titles: 0, elements: [], ran: [], foreign: [], complaints: [] };
const patience = { timeout: 10_000 };

const connect = () => new Promise((resolve) => {
  const socket = io(origin, { transports: ['websocket'], forceNew: true });
  socket.on('connect', () => resolve(socket));
});
const ask = (socket, ...words) => socket.timeout(5_000).emitWithAck(...words);
const kinds = (page) => page.evaluate(() => {
  const names = [...document.querySelectorAll('*')].map((element) => element.localName);
  const handlers = [...document.querySelectorAll('*')].flatMap((element) => element.getAttributeNames()).filter((name) => name.startsWith('on'));
  return [...new Set([...names, ...handlers])];
});
const whatRan = (page) => page.evaluate(() => (window.ran === undefined ? [] : ['window.ran']));

try {
  const host = await connect();
  await ask(host, 'create_room', { key: 'markup', title: 'Plain' });
  const page = await browser.newPage(DESK);
  noting(page, new URL(origin).host, seen);
  page.on('dialog', (dialog) => { seen.ran.push(dialog.message()); dialog.dismiss(); });
  const answer = await page.goto(`${origin}/watch/live/markup`, { waitUntil: 'domcontentloaded' });
  seen.policy = answer.headers()['content-security-policy'];
  await page.waitForSelector('#comment-send:enabled', { timeout: 20_000 });
  // One plain comment first, whose elements are the page's own.
  const first = await connect();
  await ask(first, 'join_room', 'markup');
  await ask(first, 'comment', { roomKey: 'markup', text: 'Plain', name: 'Plain' });
  await page.waitForSelector('.comment');
  const before = await kinds(page);

  let talker;
  for (const [number, line] of lines.entries()) {
    // Four from each connection: nobody may say more at once.
    if (number % 2 === 0) {
      talker?.disconnect();
      talker = await connect();
      await ask(talker, 'join_room', 'markup');
    }
    const name = [...line].slice(0, 32).join('');
    for (const [text, from] of [[line, 'Ada'], [`line ${number}`, name]]) {
      const said = await ask(talker, 'comment', { roomKey: 'markup', text, name: from });
      if (!said.ok) throw new Error(`${line}: ${said.error}`);
    }
    await page.waitForFunction(
      (wanted) => [...document.querySelectorAll('.comment .text')].some((it) => it.textContent === wanted), `line ${number}`, patience,
    );
    const found = await page.evaluate(([text, from]) => {
      const texts = (kind) => [...document.querySelectorAll(`.comment ${kind}`)].map((it) => it.textContent.trim());
      return [texts('.text').includes(text.trim()), texts('.who').some((it) => it.startsWith(from.trim()))];
    }, [line, name]);
    seen.comments += Number(found[0]);
    seen.names += Number(found[1]);
  }
  const titled = await browser.newPage(DESK);
  noting(titled, new URL(origin).host, seen);
  titled.on('dialog', (dialog) => { seen.ran.push(dialog.message()); dialog.dismiss(); });
  for (const [number, line] of lines.entries()) {
    const title = [...line].slice(0, 100).join('');
    const key = `title-${number}`;
    // A room a connection: each may ask for so many things at once.
    const owner = await connect();
    await ask(owner, 'create_room', { key, title });
    await titled.goto(`${origin}/watch/live/${key}`, { waitUntil: 'domcontentloaded' });
    await titled.waitForFunction((wanted) => document.getElementById('title').textContent.trim() === wanted, title.trim(), patience);
    seen.titles += 1;
    seen.elements.push(...(await kinds(titled)).filter((kind) => !before.includes(kind)));
    // Before the next address, which is a window of its own.
    seen.ran.push(...await whatRan(titled));
    owner.disconnect();
  }
  seen.elements.push(...(await kinds(page)).filter((kind) => !before.includes(kind)));
  seen.ran.push(...await whatRan(page));
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
process.exit(0);
