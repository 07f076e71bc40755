// The text of a call that runs: what somebody does with it stays while it grows, and the last words come after the end.
import { createInterface } from 'node:readline';
import { run } from './browser.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const tell = async word => { console.log(`NOW ${word}`); await lines.next(); };

await run(async ({ page, input }) => {
  await page.addInitScript(() => {
    const set = window.setInterval;
    window.intervals = 0;
    window.setInterval = (...rest) => { window.intervals++; return set(...rest); };
  });
  const rows = () => page.$$eval('#transcript li', all => all.map(row => ({ text: row.querySelector('.words').textContent, hidden: row.hidden })));
  const come = text => page.waitForFunction(part => document.querySelector('#transcript').textContent.includes(part), text, { polling: 100 });
  await page.goto(input.url);
  await come(input.first);
  await page.locator('#transcript .search').pressSequentially(input.search);
  await page.evaluate(() => { document.querySelector('#transcript li').marked = true; });
  const before = await page.evaluate(() => window.intervals);
  await tell('speak');
  await come(input.second);
  const during = await page.evaluate(() => ({
    intervals: window.intervals,
    value: document.querySelector('#transcript .search').value,
    isFocused: document.activeElement === document.querySelector('#transcript .search'),
    isSameRow: document.querySelector('#transcript li').marked === true,
  }));
  const grown = await rows();
  await page.locator('#transcript .search').fill('');
  await tell('stop');
  await page.waitForFunction(() => !document.querySelector('.badge.live'), null, { polling: 50 });
  // The text is read once more at the end, without the last words.
  await page.waitForTimeout(3000);
  const atEnd = await rows();
  await tell('answer');
  await come(input.last);
  return { before, during, grown, atEnd, after: await rows() };
});
