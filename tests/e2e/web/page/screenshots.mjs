// node screenshots.mjs CHROMIUM ORIGIN FOLDER STUDIO: the running demo at a desk and on a phone, dark and light, into FOLDER; after a while, so
// that the room has something to say. Prints the names.
import { DESK, PHONE, isPlaying, launch } from './browser.mjs';

const [executablePath, origin, folder, studio] = process.argv.slice(2);
const browser = await launch(executablePath);
const LANDSCAPE = { ...PHONE, viewport: { width: 844, height: 390 } };
try {
  const shot = async (page, name) => {
    await page.screenshot({ path: `${folder}/${name}.jpg`, type: 'jpeg', quality: 82 });
    console.log(`${name}.jpg`);
  };
  for (const [device, colorScheme, name] of [
    [DESK, 'dark', 'watch-desk-dark'], [DESK, 'light', 'watch-desk-light'],
    [PHONE, 'dark', 'watch-phone-dark'], [PHONE, 'light', 'watch-phone-light'], [LANDSCAPE, 'dark', 'watch-phone-landscape'],
  ]) {
    const context = await browser.newContext({ ...device, colorScheme });
    const page = await context.newPage();
    await page.goto(`${origin}/watch/live/demo`);
    await isPlaying(page);
    await page.waitForFunction(() => document.querySelectorAll('.comment').length > 2, null, { timeout: 60_000 });
    await page.click('#unmute');
    for (let i = 0; i < 5; i += 1) {
      await page.click('#like');
      await page.waitForTimeout(180);
    }
    await page.mouse.move(300, 300);
    await shot(page, name);
    if (name === 'watch-desk-light') {
      await page.click('#share');
      await page.waitForSelector('#share-qr path');
      await shot(page, 'watch-share');
      await page.goto(`${origin}/watch/live/nobody`);
      await page.waitForSelector('html[data-state=waiting]');
      await shot(page, 'watch-waiting');
    }
    if (name === 'watch-desk-dark') {
      await page.goto(studio);
      await page.waitForSelector('#reasons li', { timeout: 60_000 });
      await shot(page, 'studio');
    }
    await context.close();
  }
} finally {
  await browser.close();
}
