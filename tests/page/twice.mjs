// Two clicks at one place, while sound takes its time: what is heard from there, and what is said.
import { deafen, onsets, open, play, run } from './browser.mjs';

await run(async ({ page, input }) => {
  await page.route(url => url.searchParams.has('sig'), async route => {
    await new Promise(resolve => setTimeout(resolve, 300));
    await route.continue();
  });
  await open(page, input.url);
  await play(page);
  await page.evaluate(() => {
    const notice = document.getElementById('notice');
    window.__said = [];
    new MutationObserver(() => window.__said.push(notice.textContent)).observe(notice, { childList: true });
  });
  const { x, y, width } = await page.locator('.lane.all .lane-wave').boundingBox();
  const place = [x + (width * input.seekTo) / input.duration, y + 20];
  await deafen(page);
  await page.mouse.click(...place);
  await page.mouse.click(...place);
  await page.waitForTimeout(4000);
  return { heard: await onsets(page, input.pitches, input.duration), said: (await page.evaluate(() => window.__said)).filter(Boolean) };
});
