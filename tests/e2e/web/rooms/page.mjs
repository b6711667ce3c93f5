// node page.mjs CHROMIUM URL: two people on one watch page, one at a desk and one with a phone, who comment, like and send a
// gift by mouse, touch and keyboard alone. Writes one JSON object: what each of them saw, and ms from each of 20 likes to its
// heart on the other's page. Nobody else is to be in the room.
import { chromium } from "playwright-core";

const [executablePath, url] = process.argv.slice(2);
const host = new URL(url).host;
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-gpu", "--mute-audio"],
});
const foreign = [];
const complaints = [];

async function visit(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (/^(http|ws)/.test(to.protocol) && to.host !== host) foreign.push(request.url());
  });
  const answer = await page.goto(url, { waitUntil: "domcontentloaded" });
  await page.waitForSelector("#comment-send:enabled", { timeout: 20_000 });
  return { page, policy: answer.headers()["content-security-policy"] };
}

const patience = { timeout: 10_000 };
const comment = (page, words) => page.waitForFunction(
  (wanted) => [...document.querySelectorAll(".comment .text")].some((text) => text.textContent === wanted), words, patience,
);
const likes = (page, count) => page.waitForFunction(
  (wanted) => Number(document.getElementById("like-count").textContent.replace(/\D/g, "")) >= wanted, count, patience,
);
const total = (page) => page.evaluate(() => Number(document.getElementById("like-count").textContent.replace(/\D/g, "")));

try {
  const { page: desk, policy } = await visit({ viewport: { width: 1280, height: 760 } });
  const phoneIs = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, reducedMotion: "reduce" };
  const { page: phone } = await visit(phoneIs);

  // By the keyboard alone.
  const markup = '<script>window.caught = 1</script><img src=x onerror="window.caught = 1">';
  await desk.focus("#comment-name");
  await desk.keyboard.type("Ada");
  await desk.keyboard.press("Tab");
  await desk.keyboard.type(markup);
  await desk.keyboard.press("Enter");
  await Promise.all([comment(desk, markup), comment(phone, markup)]);
  const before = await total(phone);
  await desk.focus("#like");
  await desk.keyboard.press("Enter");
  await likes(phone, before + 1);
  await desk.focus("#mute");
  await desk.keyboard.press("Enter");
  const unmuted = await desk.evaluate(() => !document.getElementById("video").muted);

  // By touch.
  await phone.fill("#comment-text", "Καλησπέρα");
  await phone.tap("#comment-send");
  await Promise.all([comment(desk, "Καλησπέρα"), comment(phone, "Καλησπέρα")]);
  await desk.evaluate(() => {
    window.hearts = 0;
    new MutationObserver((changes) => { window.hearts += changes.flatMap((change) => [...change.addedNodes]).length; })
      .observe(document.getElementById("hearts"), { childList: true });
  });
  const here = await total(desk);
  for (let i = 0; i < 3; i += 1) await phone.tap("#like");
  await likes(desk, here + 3);
  await desk.waitForFunction(() => window.hearts >= 3, null, patience);
  // By one clock: both pages are of this browser.
  await desk.evaluate(() => {
    window.heartsAt = [];
    new MutationObserver((changes) => {
      if (changes.some((change) => change.addedNodes.length)) window.heartsAt.push(performance.timeOrigin + performance.now());
    }).observe(document.getElementById("hearts"), { childList: true });
  });
  const delays = [];
  for (let i = 0; i < 20; i += 1) {
    const at = await phone.evaluate(() => {
      document.getElementById("like").click();
      return performance.timeOrigin + performance.now();
    });
    const came = await desk.waitForFunction((since) => window.heartsAt.find((heart) => heart >= since), at, patience);
    delays.push(Math.round(await came.jsonValue() - at));
    // One by one: what follows at once goes with the next.
    await phone.waitForTimeout(150);
  }
  const words = (page) => page.$$eval(".comment .text", (texts) => texts.map((text) => text.textContent));
  const said = await words(desk);
  await phone.tap("#gift");
  await desk.waitForSelector(".gift-row", patience);

  const seen = (page) => page.evaluate(() => ({
    caught: window.caught ?? 0,
    markup: document.querySelectorAll("#comments script, #comments img").length,
    sideways: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    viewers: Number(document.getElementById("viewer-count").textContent),
    nameless: [...document.querySelectorAll("button, input")].filter((control) => control.offsetParent
      && !(control.getAttribute("aria-label") || control.labels?.length || control.textContent.trim())).length,
  }));
  console.log(JSON.stringify({ policy, unmuted, desk: await seen(desk), phone: await seen(phone), delays, said, foreign, complaints }));
} finally {
  await browser.close();
}
process.exit(0);
