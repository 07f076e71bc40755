// The link is withdrawn while somebody listens; or later, when the page looks for no news any more.
import { open, play, run } from './browser.mjs';

await run(async ({ page, input }) => {
  const isLook = message => message.url().includes('segments=none');
  if (input.later) await page.clock.install();
  await open(page, input.url);
  if (input.later) {
    await page.clock.pauseAt(Date.now() + 60_000);
    // Three seconds at a time, until no look follows.
    for (let missed = 0; missed < 2;) {
      const answer = page.waitForResponse(isLook, { timeout: 2000 }).catch(() => null);
      await page.clock.runFor(3000);
      missed = await answer ? 0 : missed + 1;
      await page.waitForTimeout(20);
    }
  } else {
    await play(page);
  }
  const answer = await fetch(input.revoke, { method: 'DELETE', headers: { 'x-functions-key': input.key } });
  if (input.later) {
    await page.click('.play');
    await page.clock.fastForward(6 * 60_000);
    await page.clock.resume();
  }
  await page.waitForSelector('#state:not([hidden])');
  const state = await page.getAttribute('#state', 'data-state');
  let asked = 0;
  page.on('request', () => { asked++; });
  await page.keyboard.press(' ');
  await page.waitForTimeout(input.later ? 10_000 : 4000);
  return { revoked: answer.status, state, playing: await page.isVisible('.play'), asked };
});
