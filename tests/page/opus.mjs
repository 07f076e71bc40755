// Segments of Opus, in a browser that may be made to decode none: what is heard, what is asked of the storage, what is said.
import { onsets, open, position, run } from './browser.mjs';

await run(async ({ page, input }) => {
  if (input.deaf) {
    await page.addInitScript(() => {
      const decode = BaseAudioContext.prototype.decodeAudioData;
      BaseAudioContext.prototype.decodeAudioData = function (bytes, ...rest) {
        const isOgg = String.fromCharCode(...new Uint8Array(bytes, 0, 4)) === 'OggS';
        return isOgg ? Promise.reject(new DOMException('no decoder', 'EncodingError')) : decode.call(this, bytes, ...rest);
      };
    });
  }
  if (input.damaged) {
    await page.route(url => url.searchParams.has('sig') && url.pathname.includes(input.damaged),
      route => route.fulfill({ headers: { 'access-control-allow-origin': '*' }, body: 'OggS'.repeat(500) }));
  }
  await open(page, input.url);
  const asked = [];
  let lists = 0;
  // Finished: a redirection that is not followed is a request too.
  page.on('requestfinished', request => {
    const { pathname, searchParams } = new URL(request.url());
    if (searchParams.has('sig')) asked.push(decodeURIComponent(pathname.split('/').at(-1)));
    if (pathname.endsWith('/files')) lists++;
  });
  await page.click('.play');
  await page.waitForFunction(until => Number(document.querySelector('.position').value) >= until, input.until, { polling: 50 });
  const at = await position(page);
  const heard = await onsets(page, input.pitches, input.duration);
  const notice = await page.evaluate(() => { const { hidden, innerText } = document.getElementById('notice'); return hidden ? '' : innerText; });
  return { asked, lists, at, heard, notice };
});
