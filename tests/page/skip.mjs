// One track alone, whose next word lies behind more segments of the others than one page of the list holds.
import { open, position, run } from './browser.mjs';

await run(async ({ page, input }) => {
  await open(page, input.url);
  const isPast = () => page.waitForFunction(seconds => Number(document.querySelector('.position').value) >= seconds, input.past, { polling: 20 });
  await page.locator('.lane', { hasText: input.name }).locator('.knob:nth-child(2)').click();
  await page.click('text=Skip silence');
  await page.click('.play');
  await isPast();
  const skipped = await position(page);
  await page.keyboard.press('k');
  await page.keyboard.press('Home');
  await page.keyboard.press('n');
  await isPast();
  return { skipped, next: await position(page) };
});
