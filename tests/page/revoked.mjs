// The link is withdrawn while somebody listens.
import { open, play, run } from './browser.mjs';

await run(async ({ page, input }) => {
  await open(page, input.url);
  await play(page);
  const answer = await fetch(input.revoke, { method: 'DELETE', headers: { 'x-functions-key': input.key } });
  await page.waitForSelector('#state:not([hidden])');
  const state = await page.getAttribute('#state', 'data-state');
  return { revoked: answer.status, state, playing: await page.isVisible('.play') };
});
