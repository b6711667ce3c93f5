// What the scripts here share: a Chromium, and a page whose requests and complaints are noted.
import { chromium } from 'playwright-core';

export const DESK = { viewport: { width: 1280, height: 800 } };
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

export const launch = (executablePath) => chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-gpu', '--mute-audio'],
});

/** Notes what leaves the page's host and what it complains of. */
export function noting(page, host, seen) {
  page.on('console', (message) => message.type() === 'error' && seen.complaints.push(message.text()));
  page.on('pageerror', (error) => seen.complaints.push(String(error)));
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (/^(http|ws)/.test(to.protocol) && to.host !== host) seen.foreign.push(request.url());
  });
}

export const isPlaying = (page, timeout = 20_000) => page.waitForFunction(
  () => window.onairStats?.().state === 'live' && window.onairStats().decodedFrames > 0, null, { timeout },
);
