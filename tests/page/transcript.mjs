// The pane of what was said: text, search, a click that goes there; and the file of captions as the browser's own reader takes it.
import { axe, run } from './browser.mjs';

await run(async ({ page, context, input }) => {
  await page.goto(input.url);
  await page.waitForSelector('#transcript:not([hidden]) .words');
  const shown = await page.$$eval('#transcript .phrase', rows => rows.map(row => row.innerText));
  await page.fill('#transcript .search', input.search);
  const found = await page.$$eval('#transcript li:not([hidden]) .words', rows => rows.map(row => row.innerText));
  const findings = await axe(page);
  const vtt = await (await context.request.get(input.vtt)).text();
  const blank = await context.newPage();
  const cues = await blank.evaluate(async text => {
    const video = document.createElement('video');
    const track = document.createElement('track');
    track.kind = 'captions';
    track.src = URL.createObjectURL(new Blob([text], { type: 'text/vtt' }));
    video.append(track);
    document.body.append(video);
    const read = new Promise((done, fail) => { track.onload = done; track.onerror = () => fail(new Error('no captions')); });
    track.track.mode = 'showing';
    await read;
    return [...track.track.cues].map(cue => {
      const said = cue.getCueAsHTML();
      return { start: cue.startTime, end: cue.endTime, speaker: said.querySelector('span[title]')?.title ?? '', text: said.textContent };
    });
  }, vtt);
  return { shown, found, findings, cues };
});
