// What the line above the tracks says, and when it stops saying it.
import { open, run } from './browser.mjs';

await run(async ({ page, input }) => {
  if (input.noAudio) await page.addInitScript(() => { delete window.AudioContext; });
  await open(page, input.url);
  const notice = () => page.evaluate(() => { const { hidden, innerText } = document.getElementById('notice'); return hidden ? '' : innerText; });
  if (input.noAudio) {
    await page.click('#headline button.quiet');
    await page.fill('#headline input', 'Another');
    await page.click('#headline button[type=submit]');
    await page.waitForSelector('h1:has-text("Another")');
    await page.keyboard.press('k');
    return { after: await notice() };
  }
  let failed = 0;
  await page.route(url => url.searchParams.has('sig'), route => failed++ < 2 ? route.abort() : route.continue());
  await page.click('.play');
  await page.waitForSelector('#notice:not([hidden])');
  const during = await notice();
  await page.waitForSelector('#notice', { state: 'hidden' });
  return { during, after: await notice() };
});
