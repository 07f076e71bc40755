// How far a call that runs can be heard: the key End goes there.
import { run } from './browser.mjs';

await run(async ({ page, input }) => {
  await page.goto(input.url);
  await page.waitForFunction(() => document.querySelector('#badges').textContent.includes('0:10') && document.querySelector('.lane:nth-child(2)'), null, { polling: 100 });
  await page.keyboard.press('End');
  await page.waitForFunction(() => parseFloat(document.querySelector('#map-cursor').style.left) > 0, null, { polling: 100 });
  const left = await page.evaluate(() => parseFloat(document.querySelector('#map-cursor').style.left));
  return { badges: await page.textContent('#badges'), end: left * 2 };
});
