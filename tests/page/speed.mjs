// Twice as fast with the pitch kept, and pauses left out.
import { deafen, onsets, open, play, position, run } from './browser.mjs';

await run(async ({ page, input }) => {
  await open(page, input.url);
  await page.selectOption('#transport select', '2');
  await play(page);
  let gained, took, began, heard, tries = 0;
  // A busy machine starves the sound: then once more from the start.
  do {
    if (tries > 0) await page.keyboard.press('Home');
    await deafen(page);
    const from = await position(page);
    began = Date.now();
    await page.waitForTimeout(4000);
    gained = await position(page) - from;
    took = (Date.now() - began) / 1000;
    heard = await onsets(page, input.pitches, input.duration);
  } while (++tries < 5 && Math.abs(gained / took - 2) > 0.4);
  await page.selectOption('#transport select', '1');
  await page.click('text=Skip silence');
  await page.keyboard.press('Home');
  await deafen(page);
  await page.waitForFunction(until => document.querySelector('.position').value >= until, input.skipTo, { polling: 50 });
  return { gained, took, heard: Object.fromEntries(Object.entries(heard).map(([pitch, list]) => [pitch, list.length])), skipped: (Date.now() - began) / 1000 - took };
});
