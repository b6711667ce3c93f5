// node controls.mjs CHROMIUM URL: the watch page's own controls, by each way to play, and a phone held across. Writes one JSON object:
//   flv, hls  offered    whether "Go live" is offered at the live edge, while paused, and after it was used
//             paused     seconds for which the picture stood
//             behind     seconds behind after "Go live", and after the key `l` from a picture that is old
//             readout    what is said below the picture: seconds behind, bitrate, size
//             details    the rows of the statistics that the key `s` opens; none when it closes them
//   across    what of the page a phone in landscape does not show whole, with the room and without it
import { DESK, isPlaying, launch, noting } from './browser.mjs';

const [executablePath, url] = process.argv.slice(2);
const browser = await launch(executablePath);
const seen = { foreign: [], complaints: [] };

async function open(device, player) {
  const page = await (await browser.newContext(device)).newPage();
  noting(page, new URL(url).host, seen);
  await page.goto(`${url}?player=${player}`, { waitUntil: 'domcontentloaded' });
  await isPlaying(page);
  return page;
}

async function controls(player) {
  const page = await open(DESK, player);
  const offered = () => page.isVisible('#go-live');
  const behind = () => page.evaluate(() => window.onairStats().latencySeconds);
  const moves = async () => {
    const from = await page.evaluate(() => window.onairStats().currentTime);
    await page.waitForFunction((time) => window.onairStats().currentTime > time + 0.3, from, { timeout: 10_000, polling: 50 });
  };
  await moves();
  const it = { offered: [await offered()], behind: [] };
  await page.click('#play');
  const stood = await page.evaluate(() => window.onairStats().currentTime);
  await page.waitForSelector('#go-live', { state: 'visible', timeout: 5_000 });
  await page.waitForTimeout(1_500);
  it.offered.push(await offered());
  it.paused = await page.evaluate((time) => window.onairStats().paused && window.onairStats().currentTime === time, stood);
  await page.click('#go-live');
  await moves();
  it.behind.push(await behind());
  await page.waitForSelector('#go-live', { state: 'hidden', timeout: 5_000 });
  it.offered.push(await offered());
  // An old picture, as after a network that stood still.
  await page.evaluate(() => { const video = document.getElementById('video'); video.currentTime = video.buffered.start(0); });
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press('l');
  await moves();
  it.behind.push(await behind());
  it.readout = await page.textContent('.readout');
  const rows = () => page.$$eval('#details:not([hidden]) dt', (terms) => terms.map((term) => term.textContent));
  await page.keyboard.press('s');
  it.details = await rows();
  await page.keyboard.press('s');
  it.closed = await rows();
  return it;
}

async function across() {
  const page = await open({ viewport: { width: 844, height: 390 }, hasTouch: true, isMobile: true }, 'flv');
  await page.waitForSelector('#comment-send:enabled', { timeout: 10_000 });
  const cut = (ids) => page.evaluate((wanted) => wanted.filter((id) => {
    const { left, top, right, bottom, width } = document.getElementById(id).getBoundingClientRect();
    return width === 0 || left < 0 || top < 0 || right > innerWidth || bottom > innerHeight;
  }), ids);
  const width = () => page.evaluate(() => Math.round(document.getElementById('stage').getBoundingClientRect().width));
  const sideways = () => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  const controls = ['stage', 'mute', 'share', 'badge', 'title', 'viewers', 'fullscreen', 'chat-toggle'];
  const it = { beside: await cut([...controls, 'comments', 'comment-text', 'like', 'gift']), sideways: await sideways(), widths: [await width()] };
  await page.tap('#chat-toggle');
  it.alone = await cut(controls);
  it.widths.push(await width());
  return it;
}

try {
  const [flv, hls, phone] = await Promise.all([controls('flv'), controls('hls'), across()]);
  console.log(JSON.stringify({ flv, hls, across: phone, ...seen }));
} finally {
  await browser.close();
}
