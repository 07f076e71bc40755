// A track is muted while its sound is still on the way, and comes back.
import { deafen, onsets, open, run, tallest } from './browser.mjs';

await run(async ({ page, input }) => {
  let letGo;
  const gate = new Promise(resolve => { letGo = resolve; });
  await page.route(url => url.searchParams.has('sig'), async route => { await gate; await route.continue(); });
  await open(page, input.url);
  const mute = page.locator('.lane', { hasText: input.name }).locator('.knob:nth-child(1)');
  await page.click('.play');
  await page.waitForTimeout(500);
  await mute.click();
  letGo();
  await page.waitForFunction(() => window.__ear.blocks.some(({ samples }) => samples.some(sample => Math.abs(sample) > 0.01)), null, { polling: 20 });
  const without = await onsets(page, input.pitches, input.duration);
  await mute.click();
  await page.waitForTimeout(200);
  await deafen(page);
  // Until it was heard four times: on a busy machine it comes back late.
  const end = Date.now() + 20_000;
  let back;
  do {
    await page.waitForTimeout(500);
    back = await onsets(page, input.pitches, input.duration);
  } while (back[input.pitches[0]].length < 4 && Date.now() < end);
  return { without, back, tallest: await tallest(page, input.pitches[0]) };
});
