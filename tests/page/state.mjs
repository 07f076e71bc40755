// A link that does not lead to a recording, or to some of it: the sentence that is shown, and what is not.
import { axe, run } from './browser.mjs';

await run(async ({ page, input }) => {
  if (input.noAudio) await page.addInitScript(() => { delete window.AudioContext; });
  const answer = { page: { contentType: 'text/html', body: '<h1>Sign in</h1>' }, fault: { status: 503, contentType: 'application/problem+json', body: '{}' } }[input.away];
  if (answer) await page.route('**/r/*/api**', route => route.fulfill(answer));
  if (input.noTexts) await page.route('**/texts/*.js', route => route.request().url().endsWith('/en.js') ? route.continue() : route.abort());
  await page.goto(input.url);
  await page.waitForSelector(input.wait ?? (input.noAudio ? '#notice:not([hidden])' : '#state:not([hidden])'));
  await page.waitForTimeout(300);
  const shown = await page.evaluate(() => ({ state: document.querySelector('#state').dataset.state, text: document.body.innerText, language: document.documentElement.lang }));
  const gone = await page.evaluate(places => places.filter(place => !document.querySelector(place).checkVisibility()), input.hidden ?? []);
  const findings = await axe(page);
  if (input.away) {
    await page.unroute('**/r/*/api**');
    await page.waitForSelector('.lane:nth-child(2)');
  }
  return { ...shown, gone, findings };
});
