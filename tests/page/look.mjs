// What is to be seen, by eye, by keyboard and by screen reader.
import { join } from 'node:path';
import { axe, open, run } from './browser.mjs';

await run(async ({ page, input }) => {
  await open(page, input.url);
  await page.waitForTimeout(input.settle ?? 1500);
  const findings = await axe(page);
  await page.screenshot({ path: join(input.shots, `${input.name}.png`), fullPage: !!input.full });
  return page.evaluate(findings => ({
    findings,
    title: document.title,
    language: document.documentElement.lang,
    heading: document.querySelector('h1')?.textContent,
    facts: document.querySelector('#facts').textContent,
    badges: document.querySelector('#badges').textContent,
    names: [...document.querySelectorAll('.lane .name')].map(name => name.textContent),
    details: [...document.querySelectorAll('.lane .detail')].map(detail => detail.textContent),
    flags: [...document.querySelectorAll('.flag')].map(flag => flag.getAttribute('aria-label')),
    notes: document.querySelector('#notes').innerText,
    gaps: document.querySelector('#gaps').innerText,
    scripts: document.querySelectorAll('#head script, #board script, #panes script').length,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    drawn: [...document.querySelectorAll('.lane canvas')].map(canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value !== 0)),
    requests: performance.getEntriesByType('resource').map(entry => new URL(entry.name).origin).filter((origin, i, all) => all.indexOf(origin) === i),
    weight: performance.getEntriesByType('resource').filter(entry => entry.name.includes('/r/page/')).reduce((sum, entry) => sum + entry.encodedBodySize, 0),
  }), findings);
});
