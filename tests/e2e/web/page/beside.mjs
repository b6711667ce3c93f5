// node beside.mjs CHROMIUM ORIGIN: comments beside the pictures they belong to. The stream `live/show` runs from its first picture on, 30
// a second with their numbers in them; its host speaks, and so does a page. Writes one JSON object:
//   off      [player, ms]: where a page says that its picture lies, less where the number in the picture says it does
//   beside   [player, ms]: the position of a page when a comment of the host's appears on it, less the comment's moment
//   own      [player, ms]: the moment that a page's own comment carries, less the page's position when it was sent
import { io } from 'socket.io-client';
import { numbers } from '../numbers.mjs';
import { DESK, isPlaying, launch, noting } from './browser.mjs';

const [executablePath, origin] = process.argv.slice(2);
const browser = await launch(executablePath);
const seen = { off: [], beside: [], own: [], foreign: [], complaints: [] };
const patience = { timeout: 15_000 };

/** A page that notes each comment's text with its own position, and asks its picture for its number. */
async function open(player) {
  const page = await browser.newPage(DESK);
  noting(page, new URL(origin).host, seen);
  await page.addInitScript(numbers);
  await page.goto(`${origin}/watch/live/show?player=${player}`, { waitUntil: 'domcontentloaded' });
  await isPlaying(page);
  await page.waitForSelector('#comment-send:enabled', patience);
  await page.evaluate(() => {
    const came = {};
    window.cameAt = came;
    new MutationObserver((changes) => {
      const position = window.onairStats().positionMs;
      for (const row of changes.flatMap((change) => [...change.addedNodes])) came[row.querySelector('.text').textContent] = position;
    }).observe(document.getElementById('comments'), { childList: true });
    const video = document.getElementById('video');
    const each = () => {
      const number = window.readNumber(video);
      if (number !== null) window.isOff = window.onairStats().positionMs - (number * 1000) / 30;
      video.requestVideoFrameCallback(each);
    };
    video.requestVideoFrameCallback(each);
  });
  return page;
}

try {
  const host = io(origin, { transports: ['websocket'], forceNew: true });
  const ask = (...words) => host.timeout(5_000).emitWithAck(...words);
  const heard = new Map();
  host.on('comment', (comment) => heard.set(comment.text, comment.at));
  await new Promise((resolve) => { host.on('connect', resolve); });
  const made = await ask('create_room', { key: 'show', title: 'A show' });
  if (!made.ok) throw new Error(made.error);
  const pages = { flv: await open('flv'), hls: await open('hls') };
  // Until the server has said a few times where the stream stands.
  await pages.hls.waitForTimeout(6_000);
  for (let round = 0; round < 4; round += 1) {
    const words = `of the newest picture, ${round}`;
    await ask('comment', { roomKey: 'show', text: words });
    for (const [player, page] of Object.entries(pages)) {
      const came = await page.waitForFunction((text) => window.cameAt[text], words, patience);
      seen.beside.push([player, Math.round(await came.jsonValue() - heard.get(words))]);
      seen.off.push([player, Math.round(await page.evaluate(() => window.isOff))]);
    }
  }
  for (const [player, page] of Object.entries(pages)) {
    await page.fill('#comment-text', `from ${player}`);
    const sentAt = await page.evaluate(() => {
      document.getElementById('comment-send').click();
      return window.onairStats().positionMs;
    });
    await page.waitForFunction((text) => window.cameAt[text], `from ${player}`, patience);
    seen.own.push([player, Math.round(heard.get(`from ${player}`) - sentAt)]);
  }
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
process.exit(0);
