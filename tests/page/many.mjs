// Many tracks, or a long call: how soon it sounds, and what memory it takes.
import { join } from 'node:path';
import { open, play, run, seek } from './browser.mjs';

await run(async ({ page, context, input }) => {
  const began = Date.now();
  await open(page, input.url);
  const shown = Date.now() - began;
  await page.waitForTimeout(1500);
  // Whose sound is asked for, in what order.
  const asked = [];
  page.on('request', request => { if (request.headers().range) asked.push(new URL(request.url()).pathname.split('/').at(-2)); });
  const started = await play(page);
  const lanes = await page.locator('.lane').count();
  const first = new Set(asked.slice(0, lanes - 1)).size;
  const seeks = [];
  for (const to of input.seeks) {
    await page.waitForTimeout(800);
    seeks.push(await seek(page, to, input.duration));
  }
  await page.screenshot({ path: join(input.shots, `${input.name}.png`) });
  const session = await context.newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return { shown, started, seeks, lanes, first, megabytes: Math.round(usedSize / 1e6) };
});
