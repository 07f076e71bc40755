// The answer that says that the call is over breaks off on its way, once.
import { createInterface } from 'node:readline';
import { open, run } from './browser.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const tell = async word => { console.log(`NOW ${word}`); await lines.next(); };

await run(async ({ page, input }) => {
  await open(page, input.url);
  let cut = 0;
  await page.route(url => url.searchParams.get('segments') === 'none', async route => {
    if (cut > 0) return route.continue();
    const answer = await route.fetch();
    const body = await answer.text();
    if (answer.status() !== 200 || JSON.parse(body).status === 'live') return route.continue();
    cut++;
    await route.fulfill({ response: answer, body: body.slice(0, body.length / 2) });
  });
  await tell('stop');
  await page.waitForFunction(() => !document.querySelector('.badge.live'), null, { polling: 50 });
  return { cut };
});
