// People talk while the page is open: it grows, and each of them alone, and both together, sound as they spoke.
import { capture, play, run } from './browser.mjs';

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
  const take = async () => {
    await page.keyboard.press('Home');
    await play(page);
    await page.waitForTimeout(7000);
    const sound = await capture(page);
    await page.keyboard.press('k');
    return sound;
  };
  const heard = {};
  for (const name of input.names) {
    const solo = page.locator('.lane', { hasText: name }).locator('.knob:nth-child(2)');
    await solo.click();
    heard[name] = await take();
    await solo.click();
  }
  heard.all = await take();
  return { lanes: await drawn(), grown, heard };
});
