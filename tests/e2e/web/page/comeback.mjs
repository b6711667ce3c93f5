// node comeback.mjs CHROMIUM URL PLAYER: follows one page while its publisher goes and comes back, and writes a line of JSON for each
// change of what it shows: {at, state, frames}, wall clock in ms. `playing` is told when pictures move again.
import { DESK, launch, noting } from './browser.mjs';

const [executablePath, url, player] = process.argv.slice(2);
const browser = await launch(executablePath);
const seen = { foreign: [], complaints: [] };
const say = (event) => console.log(JSON.stringify({ at: Date.now(), ...event }));
try {
  const page = await browser.newPage(DESK);
  noting(page, new URL(url).host, seen);
  let loads = 0;
  page.on('load', () => { loads += 1; });
  await page.goto(`${url}?player=${player}`, { waitUntil: 'domcontentloaded' });
  const playing = async () => {
    const from = await page.evaluate(() => window.onairStats().currentTime);
    await page.waitForFunction((time) => {
      const now = window.onairStats();
      return now.state === 'live' && now.player && Math.abs(now.currentTime - time) > 0.2;
    }, from, { timeout: 30_000, polling: 50 });
    say({ event: 'playing' });
  };
  await page.waitForSelector('html[data-state=live]');
  await playing();
  await page.waitForSelector('html[data-state=waiting]', { timeout: 30_000 });
  say({ event: 'waiting', address: await page.textContent('#publish-url'), shown: await page.isVisible('#publish') });
  await page.waitForSelector('html[data-state=live]', { timeout: 30_000 });
  await playing();
  say({ event: 'end', loads, ...seen });
} finally {
  await browser.close();
}
