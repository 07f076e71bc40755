// Opens the page in Debian's Chromium, listens to what it plays, and hands what was measured to the test as JSON.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--autoplay-policy=user-gesture-required', '--no-proxy-server',
];

export const DESKTOP = { width: 1360, height: 900 };
export const PHONE = { width: 390, height: 844 };

/**
 * Runs a scenario in a browser with an empty profile; prints its result, and what the browser complained about, as one line of JSON.
 * @param {(tools: Tools) => Promise<object>} scenario
 */
export async function run(scenario) {
  const input = JSON.parse(process.env.PAGE_TEST ?? '{}');
  const profile = await mkdtemp(join(tmpdir(), 'page-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS, viewport: input.phone ? PHONE : DESKTOP,
    colorScheme: input.dark ? 'dark' : 'light', locale: input.locale ?? 'en-GB', timezoneId: 'Etc/UTC', deviceScaleFactor: 1,
    hasTouch: !!input.phone, acceptDownloads: true, bypassCSP: !!input.listen,
  });
  context.setDefaultTimeout(input.timeout ?? 60_000);
  const complaints = [];
  const page = context.pages()[0] ?? await context.newPage();
  page.on('console', message => {
    const { url } = message.location();
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.text()} ${url}`);
  });
  page.on('pageerror', error => complaints.push(String(error.stack ?? error)));
  if (input.listen) await listen(page);
  let result;
  try {
    result = await scenario({ page, context, input, complaints });
  } catch (error) {
    result = { failed: String(error.stack ?? error), seen: await page.evaluate(() => document.body?.innerText.slice(0, 2000)).catch(() => '') };
    if (input.shots) await page.screenshot({ path: join(input.shots, 'failed.png') }).catch(() => {});
  }
  await context.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  console.log(`RESULT ${JSON.stringify({ ...result, complaints })}`);
  // Who reads the line ends this process: at an end of its own the last line could be missed.
  process.stdin.resume();
}

/**
 * Puts an ear before the speakers: every sample that the page plays, with the clock's frame at which it was played.
 * A script of the test's own needs the page's policy out of the way, so scenarios that do not listen run under it.
 */
async function listen(page) {
  await page.addInitScript(code => {
    const state = window.__ear = { context: null, blocks: [], places: [], from: 0 };
    const Original = window.AudioContext;
    // Square of a tone's height, over 10 ms.
    const WINDOW = 480;
    const power = (samples, at, pitch) => {
      const turn = 2 * Math.cos((2 * Math.PI * pitch) / 48000);
      let a = 0, b = 0;
      for (let i = at; i < at + WINDOW; i++) [a, b] = [samples[i] + turn * a - b, a];
      return (a * a + b * b - turn * a * b) / (WINDOW * WINDOW / 4);
    };
    window.__goertzel = { power, WINDOW };
    const connect = AudioNode.prototype.connect;
    window.AudioContext = class extends Original {
      constructor(...options) {
        super(...options);
        state.context = this;
        this.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))).then(() => {
          const ear = new AudioWorkletNode(this, 'ear', { channelCount: 1, channelCountMode: 'explicit' });
          ear.port.onmessage = ({ data }) => { if (data.frame >= state.from) state.blocks.push(data); };
          if (state.node) connect.call(state.node, ear);
          // Silent, but a node that leads nowhere is not asked for anything.
          connect.call(ear, this.destination);
          state.ear = ear;
        });
      }
    };
    AudioNode.prototype.connect = function (to, ...rest) {
      if (to === state.context?.destination) {
        state.node = this;
        if (state.ear) connect.call(this, state.ear);
      }
      return connect.call(this, to, ...rest);
    };
    // Which place of the recording the cursor shows at which time of the clock.
    const look = () => {
      const left = parseFloat(document.getElementById('map-cursor')?.style.left ?? '');
      if (state.context && !Number.isNaN(left)) state.places.push([state.context.currentTime, left / 100]);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, EAR);
}

const EAR = `
registerProcessor('ear', class extends AudioWorkletProcessor {
  constructor() { super(); this.kept = []; this.first = 0; }
  process([input]) {
    if (this.kept.length === 0) this.first = currentFrame;
    this.kept.push(input[0] ? input[0].slice() : new Float32Array(128));
    if (this.kept.length === 32) {
      const samples = new Float32Array(32 * 128);
      this.kept.forEach((block, i) => samples.set(block, i * 128));
      this.port.postMessage({ frame: this.first, samples });
      this.kept = [];
    }
    return true;
  }
});`;

/** Forgets what was heard so far; what the ear holds in its hand and has not told yet, too. */
export const deafen = page => page.evaluate(() => {
  const ear = window.__ear;
  ear.blocks.length = ear.places.length = 0;
  ear.from = Math.round((ear.context?.currentTime ?? 0) * 48000);
});

/**
 * Where in the recording tones of these pitches began, in seconds, by what the ear heard and where the cursor stood.
 * A tone is there where its share of 10 ms (Goertzel) passes a threshold after 50 ms without it.
 */
export async function onsets(page, pitches, duration) {
  return page.evaluate(({ pitches, duration }) => {
    const { blocks, places } = window.__ear;
    const RATE = 48000, STEP = 96;
    const { power, WINDOW } = window.__goertzel;
    // Between cursor and clock lies the same time from one seek to the next. The cursor is read a little late, and a busy machine tells one of
    // the two some 10 ms late now and then: of many looks the earliest but a few says where it stood.
    const placeOf = time => {
      const near = places.filter(([clock]) => Math.abs(clock - time) < 2).map(([clock, share]) => share * duration - clock).sort((a, b) => a - b);
      return near.length > 0 ? time + near[Math.floor(near.length * 0.9)] : NaN;
    };
    const found = {};
    for (const pitch of pitches) {
      found[pitch] = [];
      let last = -1;
      for (const { frame, samples } of blocks) {
        for (let at = 0; at + WINDOW <= samples.length; at += STEP) {
          if (power(samples, at, pitch) < 0.002) continue;
          const time = (frame + at + WINDOW / 2) / RATE;
          if (last < 0 || time - last > 0.08) found[pitch].push(placeOf(time));
          last = time;
        }
      }
    }
    return found;
  }, { pitches, duration });
}

/** What was heard without a break since the last deafening, from its first sound on, as base64 of s16le. */
export const capture = page => page.evaluate(() => {
  const { blocks } = window.__ear;
  const loud = blocks.findIndex(({ samples }) => samples.some(sample => Math.abs(sample) > 0.01));
  const run = [];
  for (const block of blocks.slice(loud)) {
    const last = run.at(-1);
    if (last && block.frame !== last.frame + last.samples.length) break;
    run.push(block);
  }
  const pcm = new Int16Array(run.flatMap(({ samples }) => [...samples].map(sample => Math.max(-32768, Math.min(32767, Math.round(sample * 32768))))));
  let text = '';
  for (const byte of new Uint8Array(pcm.buffer)) text += String.fromCharCode(byte);
  return btoa(text);
});

/** Greatest height of a tone of this pitch over 10 ms since the last deafening: 0.5 where one of 0.25 is played over itself. */
export const tallest = (page, pitch) => page.evaluate(pitch => {
  const { power, WINDOW } = window.__goertzel;
  let most = 0;
  for (const { samples } of window.__ear.blocks) for (let at = 0; at + WINDOW <= samples.length; at += WINDOW / 4) most = Math.max(most, power(samples, at, pitch));
  return Math.sqrt(most);
}, pitch);

/** Loudest sample since the last deafening. */
export const loudest = page => page.evaluate(() => window.__ear.blocks.reduce((most, { samples }) => samples.reduce((m, s) => Math.max(m, Math.abs(s)), most), 0));

/** Opens a link and waits until tracks are shown. */
export async function open(page, url) {
  await page.goto(url);
  await page.waitForSelector('.lane:nth-child(2)');
}

/** Presses play; milliseconds until something sounds. */
export async function play(page) {
  await deafen(page);
  const began = Date.now();
  await page.click('.play');
  await page.waitForFunction(() => window.__ear.blocks.some(({ samples }) => samples.some(sample => Math.abs(sample) > 0.01)), null, { polling: 20 });
  return Date.now() - began;
}

/** Clicks into the first waveform at a time; milliseconds until something sounds from there. */
export async function seek(page, seconds, duration) {
  const { x, y, width } = await page.locator('.lane.all .lane-wave').boundingBox();
  await deafen(page);
  const began = Date.now();
  await page.mouse.click(x + (width * seconds) / duration, y + 20);
  await page.waitForFunction(() => window.__ear.blocks.some(({ samples }) => samples.some(sample => Math.abs(sample) > 0.01)), null, { polling: 20 });
  return Date.now() - began;
}

/** Seconds that the bar shows. */
export const position = page => page.evaluate(() => document.querySelector('.time').textContent.split('/')[0].trim().split(':').reduce((sum, part) => sum * 60 + Number(part), 0));

/** What axe finds, in one line each. */
export async function axe(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(found => `${found.id}: ${found.help}: ${found.nodes.map(node => node.target.join(' ')).slice(0, 3).join(', ')}`);
}
