// What was asked for is not done: the sentence that is shown, for a new title and for the deletion.
import { axe, open, run } from './browser.mjs';

await run(async ({ page, input }) => {
  let status = 0;
  await page.route('**/r/*/api', (route, request) => request.method() === 'GET' ? route.continue()
    : route.fulfill({ status, contentType: 'application/problem+json', body: '{}' }));
  await open(page, input.url);
  const said = {};
  for (status of [403, 503]) {
    await page.click('#headline button.quiet');
    await page.fill('#headline input', 'Another');
    await page.click('#headline button[type=submit]');
    await page.waitForFunction(() => document.querySelector('#headline .status')?.textContent);
    const title = await page.textContent('#headline .status');
    await page.click('#headline button[type=button]');
    await page.click('#more button.quiet');
    await page.click('#more button.danger');
    await page.waitForFunction(() => document.querySelector('#more .status')?.textContent);
    said[status] = [title, await page.textContent('#more .status')];
    if (status === 403) said.findings = await axe(page);
    await page.click('#more div button:not(.danger)');
    await page.evaluate(() => { document.querySelector('#more .status').textContent = ''; });
  }
  status = 410;
  await page.click('#headline button.quiet');
  await page.click('#headline button[type=submit]');
  await page.waitForSelector('#state:not([hidden])');
  return { said, state: await page.getAttribute('#state', 'data-state') };
});
