// A finished call: what is played, from where, and by whom.
import { deafen, loudest, onsets, open, play, position, run, seek } from './browser.mjs';

await run(async ({ page, input }) => {
  await open(page, input.url);
  const started = await play(page);
  await page.waitForTimeout(4500);
  const first = await onsets(page, input.pitches, input.duration);
  const seeking = await seek(page, input.seekTo, input.duration);
  await page.waitForTimeout(3500);
  const afterSeek = await onsets(page, input.pitches, input.duration);
  const at = await position(page);

  await page.click('.lane:nth-child(2) .knob:nth-child(2)');
  await page.waitForTimeout(300);
  await deafen(page);
  await page.waitForTimeout(3000);
  const solo = await onsets(page, input.pitches, input.duration);
  await page.keyboard.press('m');
  await page.waitForTimeout(300);
  await deafen(page);
  await page.waitForTimeout(800);
  const muted = await loudest(page);
  await page.keyboard.press('m');
  await page.keyboard.press('k');
  const paused = await page.getAttribute('.play', 'aria-label');
  return { started, first, seeking, afterSeek, at, solo, muted, paused };
});
