// Two links of one recording in one browser: they share the cookie, each keeps what it may do.
import { open, run } from './browser.mjs';

await run(async ({ page, context, input }) => {
  await open(page, input.url);
  const other = await context.newPage();
  await open(other, input.other);
  await page.waitForResponse(answer => answer.url().includes('segments=none'));
  await page.waitForTimeout(200);
  const mayRename = await page.locator('#headline button').count();
  await page.click('#more button.quiet');
  await page.click('#more button.danger');
  await page.waitForSelector('#state:not([hidden])');
  return { mayRename, state: await page.getAttribute('#state', 'data-state') };
});
