// People talk while the page is open: it grows, and each of them sounds alone as they were recorded.
import { capture, deafen, play, run } from './browser.mjs';

await run(async ({ page, input }) => {
  await page.goto(input.url);
  const drawn = () => page.evaluate(() => document.querySelectorAll('.lane').length);
  await page.waitForFunction(count => document.querySelectorAll('.lane').length > count, input.names.length, { timeout: 120_000, polling: 200 });
  // Safe up to 0:14 or more.
  await page.waitForFunction(seconds => {
    const [, minutes, rest] = /(\d+):(\d\d)/.exec(document.querySelector('#badges').textContent) ?? [];
    return Number(minutes) * 60 + Number(rest) >= seconds;
  }, input.seconds, { timeout: 120_000, polling: 200 });
  const grown = await page.evaluate(() => [...document.querySelectorAll('.lane canvas')].every(canvas =>
    canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value !== 0)));
  const heard = {};
  for (const name of input.names) {
    const solo = page.locator('.lane', { hasText: name }).locator('.knob:nth-child(2)');
    await solo.click();
    await page.keyboard.press('Home');
    await play(page);
    await page.waitForTimeout(7000);
    heard[name] = await capture(page);
    await page.keyboard.press('k');
    await solo.click();
    await deafen(page);
  }
  return { lanes: await drawn(), grown, heard };
});
