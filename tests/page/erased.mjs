// Somebody is erased while the page is open; then the link is withdrawn: what is left, and where the focus goes.
import { createInterface } from 'node:readline';
import { axe, open, run } from './browser.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const tell = async word => { console.log(`NOW ${word}`); await lines.next(); };

await run(async ({ page, input }) => {
  await open(page, input.url);
  await page.waitForSelector('.lane:nth-child(4)');
  const names = () => page.evaluate(() => [...document.querySelectorAll('.lane:not(.all) .name')].map(name => name.textContent));
  const quiet = () => page.evaluate(() => [...document.querySelectorAll('.lane.silent .name')].map(name => name.textContent));
  // Who is to go is the only one to be heard; then nobody is kept silent for them.
  const all = await names();
  await page.keyboard.press(String(all.indexOf(input.name) + 1));
  const before = await quiet();
  await tell('erase');
  await page.waitForFunction(name => !document.querySelector('#people').textContent.includes(name), input.name);
  await page.waitForTimeout(300);
  const left = await names();
  const after = await quiet();
  const text = await page.evaluate(() => document.body.outerHTML);
  // The second key is now the next one's.
  await page.keyboard.press('2');
  const second = await quiet();
  await page.focus('.play');
  await tell('withdraw');
  await page.waitForSelector('#state:not([hidden])');
  const end = await page.evaluate(() => {
    const state = document.querySelector('#state');
    return { role: state.getAttribute('role'), focused: document.activeElement === state, text: state.innerText };
  });
  return { all, before, left, after, second, isNamed: text.includes(input.name), end, findings: await axe(page) };
});
