// A call that runs: tracks grow, sound follows, and the end comes by itself. The test speaks when this script says so.
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { onsets, open, play, run } from './browser.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const tell = async word => { console.log(`NOW ${word}`); await lines.next(); };

await run(async ({ page, input }) => {
  await open(page, input.url);
  const before = await page.textContent('#badges');
  await tell('speak');
  const began = Date.now();
  await page.waitForFunction(text => document.querySelector('#badges').textContent.includes(text), input.safe, { polling: 50 });
  const appeared = Date.now() - began;
  await play(page);
  await page.waitForTimeout(3500);
  const heard = await onsets(page, input.pitches, input.duration);
  await page.screenshot({ path: join(input.shots, 'live.png') });
  await tell('stop');
  await page.waitForFunction(() => !document.querySelector('.badge.live'), null, { polling: 50 });
  return { before, appeared, heard, after: await page.textContent('#facts') };
});
