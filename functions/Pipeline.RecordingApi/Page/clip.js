// A chosen stretch as files: WAVs that are put together here, from the same segments that are played.

import { h } from './dom.js';
import { RATE } from './segments.js';
import { SoundLoader } from './sound.js';
import { clock, percent, t } from './texts.js';
import { zip } from './zip.js';

/** @typedef {import('./types.js').Recording} Recording */
/** @typedef {import('./types.js').Segment} Segment */

const LONGEST_SECONDS = 600;
const CHANNELS = 2;
// As much is fetched at a time.
const PIECE_SAMPLES = 4 * RATE;

/**
 * One channel pair of a stretch.
 * @param {Segment[]} segments Of the tracks that go into it.
 * @param {number} from Sample.
 * @param {number} count
 * @param {(done: number) => void} progress 0 to 1.
 */
async function collect(segments, from, count, progress) {
  const context = new OfflineAudioContext(CHANNELS, 1, RATE);
  const loader = new SoundLoader(() => {});
  const sum = [new Float32Array(count), new Float32Array(count)];
  for (const [index, segment] of segments.entries()) {
    const end = Math.min(segment.startSample + segment.sampleCount, from + count);
    for (let start = Math.max(segment.startSample, from); start < end; start += PIECE_SAMPLES) {
      const { buffer, startSample } = await loader.load(segment, start, Math.min(PIECE_SAMPLES, end - start), context);
      for (let channel = 0; channel < CHANNELS; channel++) {
        const samples = buffer.getChannelData(Math.min(channel, buffer.numberOfChannels - 1));
        const stop = Math.min(start + PIECE_SAMPLES, end, startSample + samples.length);
        for (let at = start; at < stop; at++) sum[channel][at - from] += samples[at - startSample];
      }
    }
    progress((index + 1) / segments.length);
  }
  return sum;
}

/**
 * RIFF, PCM of 16 bits.
 * @param {Float32Array[]} channels
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function wav(channels) {
  const count = channels[0].length;
  const bytes = new ArrayBuffer(44 + count * CHANNELS * 2);
  const head = new DataView(bytes);
  const text = (/** @type {number} */ at, /** @type {string} */ word) => [...word].forEach((letter, i) => head.setUint8(at + i, letter.charCodeAt(0)));
  text(0, 'RIFF');
  head.setUint32(4, bytes.byteLength - 8, true);
  text(8, 'WAVEfmt ');
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, CHANNELS, true);
  head.setUint32(24, RATE, true);
  head.setUint32(28, RATE * CHANNELS * 2, true);
  head.setUint16(32, CHANNELS * 2, true);
  head.setUint16(34, 16, true);
  text(36, 'data');
  head.setUint32(40, count * CHANNELS * 2, true);
  const pcm = new Int16Array(bytes, 44);
  for (let i = 0; i < count; i++) {
    for (let channel = 0; channel < CHANNELS; channel++) pcm[i * CHANNELS + channel] = Math.max(-32768, Math.min(32767, Math.round(channels[channel][i] * 32768)));
  }
  return new Uint8Array(bytes);
}

/**
 * A name that every file system takes.
 * @param {string} name
 */
const fileName = name => name.replace(/[\u0000-\u001f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '_').trim().slice(0, 80) || '_';

/**
 * @param {BlobPart} content
 * @param {string} name
 */
function save(content, name) {
  const address = URL.createObjectURL(new Blob([content]));
  const link = h('a', { href: address, download: name, hidden: true });
  document.body.append(link);
  /** @type {HTMLAnchorElement} */ (link).click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * The bar that appears with a selection.
 * @param {HTMLElement} bar
 * @param {import('./board.js').Board} board
 * @param {import('./segments.js').SegmentStore} store
 * @param {() => Recording} recording
 */
export function buildStretch(bar, board, store, recording) {
  const { view, player } = board;
  const text = h('span', { role: 'status' });
  const select = h('button.toggle', { type: 'button', 'aria-pressed': 'false', onclick: () => {
    board.selecting = !board.selecting;
    select.setAttribute('aria-pressed', String(board.selecting));
  } }, t('select'));
  const mix = h('button', { type: 'button', onclick: () => run(false) }, t('stretchMix'));
  const tracks = h('button', { type: 'button', onclick: () => run(true) }, t('stretchTracks'));
  const clear = h('button', { type: 'button', onclick: () => view.select(null) }, t('stretchClear'));
  bar.append(text, select, mix, tracks, clear);
  let busy = false;

  const update = () => {
    const { selection } = view;
    const isLong = !!selection && selection.to - selection.from > LONGEST_SECONDS;
    for (const button of [mix, tracks]) /** @type {HTMLButtonElement} */ (button).disabled = busy || isLong;
    for (const button of [mix, tracks, clear]) button.hidden = !selection;
    mix.hidden ||= !may(recording());
    tracks.hidden ||= !may(recording());
    if (busy) return;
    text.textContent = !selection ? t('stretchHint') : isLong ? t('stretchLong', { time: clock(LONGEST_SECONDS) })
      : t('stretch', { from: clock(selection.from, true), to: clock(selection.to, true), length: clock(selection.to - selection.from, true) });
  };

  const run = async (/** @type {boolean} */ apart) => {
    const selection = view.selection;
    if (!selection || busy) return;
    busy = true;
    update();
    const progress = (/** @type {number} */ done) => { text.textContent = t('stretchWork', { share: percent(done) }); };
    try {
      text.textContent = await write(selection, apart, progress) ? '' : t('stretchEmpty');
    } catch {
      text.textContent = t('downloadFailed');
    }
    busy = false;
    setTimeout(update, 2000);
  };

  const write = async (/** @type {{from: number, to: number}} */ selection, /** @type {boolean} */ apart, /** @type {(done: number) => void} */ progress) => {
    const from = Math.round(selection.from * RATE);
    const count = Math.round((selection.to - selection.from) * RATE);
    const all = (await store.range(selection.from, selection.to)).filter(segment => player.isAudible(segment.userId));
    if (all.length === 0) return false;
    const stamp = `${clock(selection.from)}-${clock(selection.to)}`.replaceAll(':', '.');
    const title = fileName(`${recording().title ?? t('recording')} ${stamp}`);
    if (!apart) {
      save(wav(await collect(all, from, count, progress)), `${title}.wav`);
      return true;
    }
    const speakers = recording().tracks.filter(track => all.some(segment => segment.userId === track.userId));
    /** @type {[string, Uint8Array<ArrayBuffer>][]} */
    const files = [];
    for (const [index, track] of speakers.entries()) {
      const own = all.filter(segment => segment.userId === track.userId);
      const number = String(track.trackNumber).padStart(2, '0');
      files.push([`${number}-${fileName(track.username)}.wav`, wav(await collect(own, from, count, done => progress((index + done) / speakers.length)))]);
    }
    save(zip(files), `${title}.zip`);
    return true;
  };

  view.changed.on(update);
  update();
}

/** @param {Recording} recording */
const may = recording => (recording.scopes ?? ['download']).includes('download');
