// A reader whose clock is minutes ahead of the server's: what sounds, and how often the list of segments is asked for.
import { open, play, run } from './browser.mjs';

await run(async ({ page, input }) => {
  await page.addInitScript(ahead => {
    const now = Date.now;
    Date.now = () => now() + ahead;
  }, input.ahead);
  let lists = 0;
  page.on('request', request => { if (new URL(request.url()).pathname.endsWith('/segments')) lists++; });
  await open(page, input.url);
  await play(page);
  await page.waitForTimeout(3000);
  return { lists };
});
