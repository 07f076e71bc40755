// A stretch is chosen and taken by keys alone; and what is read out meanwhile is read out once.
import { open, run } from './browser.mjs';

await run(async ({ page, input }) => {
  await open(page, input.url);
  await page.waitForSelector(input.take ? '#downloads .file' : '#downloads .status:not(:empty)');
  await page.evaluate(() => {
    window.__again = [];
    for (const place of document.querySelectorAll('[role=status]')) {
      let said = place.textContent;
      new MutationObserver(() => {
        if (place.textContent === said && said) window.__again.push(said);
        said = place.textContent;
      }).observe(place, { childList: true, characterData: true, subtree: true });
    }
  });
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  await press('l', '[', 'l', ']', '+', '-');
  const said = await page.textContent('#stretch [role=status]');
  // The list of files is looked at every ten seconds.
  const looked = () => page.waitForResponse(answer => answer.url().endsWith('/files'));
  await looked();
  await looked();
  await page.waitForTimeout(300);
  const again = await page.evaluate(() => window.__again);
  if (!input.take) return { said, again };
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
  for (let steps = 0; await focused() !== 'Save the mix'; steps++) {
    if (steps > 100) throw new Error('no key leads to the button');
    await press('Tab');
  }
  const [download] = await Promise.all([page.waitForEvent('download'), press('Enter')]);
  await press('[', 'j', ']');
  await page.waitForFunction(() => document.querySelector('#stretch [role=status]').textContent.startsWith('Selected: 0:00'));
  return { said, again, name: download.suggestedFilename(), turned: await page.textContent('#stretch [role=status]') };
});
