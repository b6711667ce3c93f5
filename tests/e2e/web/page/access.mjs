// node access.mjs CHROMIUM ORIGIN STUDIO: axe-core on home, the watch page, its share sheet and the studio, at a desk and on a phone,
// dark and light; then the keyboard alone, reduced motion and 200 % zoom. Writes one JSON object:
//   violations  what axe found, and where
//   sideways    pages that scroll sideways
//   keyboard    what could be done by keys alone
//   moving      what still moves where less motion is asked for
//   qr          what a reader makes of the share sheet's code, and the link beside it
import { createRequire } from 'node:module';
import { DESK, PHONE, isPlaying, launch, noting } from './browser.mjs';

const require = createRequire(import.meta.url);
const jsQR = require('jsqr');
const axe = require.resolve('axe-core/axe.min.js');

const [executablePath, origin, studioUrl] = process.argv.slice(2);
const browser = await launch(executablePath);
const seen = { violations: [], sideways: [], checked: 0, keyboard: {}, moving: -1, qr: {}, foreign: [], complaints: [] };

async function check(page, what) {
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  if (sideways) seen.sideways.push(what);
  const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  seen.checked += passes.length;
  for (const { id, nodes } of violations) seen.violations.push(`${what}: ${id} at ${nodes.map((node) => node.target).join(', ')}`);
}

/** Opens a page; axe comes in by the debugger, past the page's own policy. */
async function open(context, path) {
  const page = await context.newPage();
  noting(page, new URL(origin).host, seen);
  await page.goto(origin + path, { waitUntil: 'domcontentloaded' });
  return page;
}

const axeIn = (page) => page.addScriptTag({ path: axe });

try {
  for (const [size, device] of [['desk', DESK], ['phone', PHONE]]) {
    for (const colorScheme of ['dark', 'light']) {
      const context = await browser.newContext({ ...device, colorScheme, bypassCSP: true });
      const what = (name) => `${name}, ${size}, ${colorScheme}`;
      const home = await open(context, '/');
      await home.waitForSelector('.tile');
      await axeIn(home);
      await check(home, what('home'));
      await home.close();
      const watch = await open(context, '/watch/live/demo');
      await isPlaying(watch);
      await watch.waitForSelector('.comment');
      await axeIn(watch);
      await check(watch, what('watch'));
      await watch.click('#share');
      await watch.waitForSelector('#share-qr path');
      await check(watch, what('share'));
      await watch.close();
      // Made of the same things: once for each size and colour.
      if ((size === 'desk') === (colorScheme === 'dark')) {
        const waiting = await open(context, '/watch/live/nobody');
        await waiting.waitForSelector('html[data-state=waiting]');
        await axeIn(waiting);
        await check(waiting, what('waiting'));
        await waiting.close();
        const studio = await open(context, new URL(studioUrl).pathname + new URL(studioUrl).hash);
        await studio.waitForSelector('#numbers dd');
        await axeIn(studio);
        await check(studio, what('studio'));
      }
      await context.close();
    }
  }

  // The keyboard alone, with little motion.
  const context = await browser.newContext({ ...DESK, reducedMotion: 'reduce' });
  const page = await open(context, '/watch/live/demo');
  await isPlaying(page);
  await page.waitForSelector('#comment-send:enabled');
  /** Tab until the element has the focus. */
  const tabTo = async (id) => {
    for (let i = 0; i < 60; i += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate((wanted) => document.activeElement?.id === wanted, id)) return true;
    }
    return false;
  };
  const { keyboard } = seen;
  await tabTo('mute');
  await page.keyboard.press('Enter');
  keyboard.mute = await page.evaluate(() => !document.getElementById('video').muted);
  await tabTo('low-latency');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => window.onairStats().player === 'hls' && window.onairStats().decodedFrames > 0, null, { timeout: 15_000 });
  keyboard.lowLatency = await page.evaluate(() => document.getElementById('low-latency').getAttribute('aria-pressed') === 'false');
  await tabTo('comment-text');
  await page.keyboard.type('By keys alone');
  await page.keyboard.press('Enter');
  keyboard.comment = await page.waitForFunction(
    () => [...document.querySelectorAll('.comment .text')].some((text) => text.textContent === 'By keys alone'), null, { timeout: 8_000 },
  ).then(() => true);
  const likes = () => page.evaluate(() => Number(document.getElementById('like-count').textContent.replace(/\D/g, '')));
  const before = await likes();
  await tabTo('like');
  await page.keyboard.press('Enter');
  await page.waitForFunction((n) => Number(document.getElementById('like-count').textContent.replace(/\D/g, '')) > n, before, { timeout: 8_000 });
  keyboard.like = true;
  // A heart fades and does not rise; nothing else moves.
  await page.waitForSelector('.floating-heart');
  seen.moving = await page.evaluate(() => document.getAnimations()
    .filter((animation) => animation.effect.getKeyframes().some((frame) => frame.transform && frame.transform !== 'none')).length);
  await tabTo('share');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#share-qr path');
  keyboard.share = await page.evaluate(() => document.getElementById('share-sheet').contains(document.activeElement));

  // The code as a camera sees it.
  const url = await page.textContent('#share-url');
  const picture = (await page.locator('#share-qr').screenshot()).toString('base64');
  const blank = await context.newPage();
  const { data, width, height } = await blank.evaluate(async (png) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    const drawing = canvas.getContext('2d');
    drawing.drawImage(image, 0, 0);
    return { data: [...drawing.getImageData(0, 0, image.width, image.height).data], width: image.width, height: image.height };
  }, picture);
  await blank.close();
  seen.qr = { url, read: jsQR(Uint8ClampedArray.from(data), width, height)?.data ?? null };
  await page.keyboard.press('Escape');
  keyboard.escape = await page.evaluate(() => !document.getElementById('share-sheet').open);

  // 200 % zoom: half as many CSS pixels.
  await page.setViewportSize({ width: 640, height: 400 });
  const hidden = await page.evaluate(() => ['mute', 'like', 'comment-text', 'share'].filter((id) => {
    const { left, top, right, bottom, width } = document.getElementById(id).getBoundingClientRect();
    return width === 0 || left < 0 || top < 0 || right > innerWidth || bottom > innerHeight;
  }));
  keyboard.zoomed = hidden;
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
