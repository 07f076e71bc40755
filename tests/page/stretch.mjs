// A stretch is chosen with the mouse and taken as a file and as a ZIP.
import { extname, join } from 'node:path';
import { open, run } from './browser.mjs';

await run(async ({ page, input }) => {
  await open(page, input.url);
  const { x, y, width } = await page.locator('.lane.all .lane-wave').boundingBox();
  const place = seconds => x + (width * seconds) / input.duration;
  await page.mouse.move(place(input.from), y + 20);
  await page.mouse.down();
  await page.mouse.move(place((input.from + input.to) / 2), y + 22);
  await page.mouse.move(place(input.to), y + 20);
  await page.mouse.up();
  const take = async text => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(`#stretch button:has-text("${text}")`)]);
    const path = join(input.shots, `stretch${extname(download.suggestedFilename())}`);
    await download.saveAs(path);
    return { name: download.suggestedFilename(), path };
  };
  const said = await page.textContent('#stretch span');
  await page.selectOption('#stretch select', 'wav');
  const mix = await take('Save the mix');
  await page.waitForSelector('#stretch button:has-text("Save tracks as ZIP"):enabled');
  const zip = await take('Save tracks as ZIP');
  return { said, mix, zip };
});
