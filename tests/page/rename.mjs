// The button that renames, by keys alone, while the call goes on: the focus stays at it, and comes back to it.
import { createInterface } from 'node:readline';
import { open, run } from './browser.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const tell = async word => { console.log(`NOW ${word}`); await lines.next(); };

await run(async ({ page, input }) => {
  await open(page, input.url);
  const focused = () => page.evaluate(() => document.activeElement?.closest('#headline') ? document.activeElement.textContent : '');
  await page.focus('#headline button');
  await page.evaluate(() => { window.__button = document.activeElement; });
  await tell('speak');
  await page.waitForFunction(text => document.querySelector('#badges').textContent.includes(text), input.safe);
  const grown = [await focused(), await page.evaluate(() => window.__button === document.activeElement)];
  await page.keyboard.press('Enter');
  for (const key of ['Tab', 'Tab', 'Enter']) await page.keyboard.press(key);
  const cancelled = [await focused(), await page.textContent('#headline h1')];
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+a');
  await page.keyboard.type(input.title);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#headline h1');
  return { grown, cancelled, saved: [await focused(), await page.textContent('#headline h1')], buttons: await page.locator('#headline button').count() };
});
