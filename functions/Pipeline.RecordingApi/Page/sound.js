// From a segment's bytes to samples that Web Audio plays, piece by piece, with a bounded memory of the last ones.

import { ApiError } from './api.js';
import { pause } from './dom.js';
import { RATE, keyOf } from './segments.js';

/** @typedef {import('./types.js').Segment} Segment */

// 96 MB of floats: half a minute of 25 people who all talk.
const KEPT_SAMPLES = 24_000_000;
const BYTES_PER_VALUE = 2;
const POLL_MS = 1000;
// 40 ms of silence.
const OGG_OPUS = 'T2dnUwACAAAAAAAAAAABAAAAAAAAAIRs2SQBE09wdXNIZWFkAQEAAIC7AAAAAABPZ2dTAAAAAAAAAAAAAAEAAAABAAAAh1hgGgEQT3B1c1RhZ3MAAAAAAAAAAE9nZ1MABIAHAAAAAAAAAQAAAAIAAABX6HZrAgMD+P/++P/+';

/** @typedef {{ buffer: AudioBuffer, startSample: number }} Piece */

/** Sound that nobody can play: it is cut off or damaged, however often it is asked for. */
export class Unreadable extends Error {}

/** Sound that this browser will not play. */
export class Unplayable extends Unreadable {}

/**
 * Loads pieces of segments. A WAV is read by ranges, anything else is decoded as a whole. Where the browser does not decode Ogg Opus
 * (Safari before 2026) a segment comes as FLAC from the recording API.
 */
export class SoundLoader {
  /** @type {Map<string, Piece>} */
  #kept = new Map();
  /** @type {Map<string, { piece: Promise<Piece>, signal: AbortSignal | undefined }>} */
  #loading = new Map();
  #samples = 0;
  #api;
  #decodesOpus = decodesOpus();
  /** Names of tracks in FLAC, by user. @type {Map<string, string>} */
  #flacs = new Map();
  /** There are none, or this link does not open them. */
  #isWithoutFlac = false;

  /**
   * @param {import('./api.js').Api} api
   * @param {(userId: string, piece: Piece) => void} heard Called for every piece that was loaded.
   */
  constructor(api, heard) {
    this.#api = api;
    this.heard = heard;
  }

  /**
   * True where a piece can be cut out without reading the rest.
   * @param {Segment} segment
   */
  static isSliceable(segment) {
    return segment.format === 'wav' && !!segment.bytes && !!segment.channels;
  }

  /**
   * @param {Segment} segment
   * @param {number} start Sample of the recording; not before the segment's start.
   * @param {number} count
   * @param {BaseAudioContext} context
   * @param {AbortSignal} [signal]
   * @returns {Promise<Piece>} May hold more than was asked for.
   */
  load(segment, start, count, context, signal) {
    const slice = SoundLoader.isSliceable(segment);
    const key = slice ? `${keyOf(segment)}/${start}/${count}` : keyOf(segment);
    const kept = this.#kept.get(key);
    if (kept) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return Promise.resolve(kept);
    }
    const running = this.#loading.get(key);
    // One that was given up brings nothing any more, to nobody.
    if (running && !running.signal?.aborted) return running.piece;
    /** @type {Promise<Piece>} */
    const piece = (slice ? this.#slice(segment, start, count, context, signal) : this.#whole(segment, context, signal))
      .then(piece => this.#keep(key, segment.userId, piece))
      .finally(() => {
        if (this.#loading.get(key)?.piece === piece) this.#loading.delete(key);
      });
    this.#loading.set(key, { piece, signal });
    return piece;
  }

  /**
   * @param {string} key
   * @param {string} userId
   * @param {Piece} piece
   */
  #keep(key, userId, piece) {
    // One that was given up too late is here already.
    const kept = this.#kept.get(key);
    if (kept) return kept;
    this.#kept.set(key, piece);
    this.#samples += piece.buffer.length * piece.buffer.numberOfChannels;
    for (const [oldest, dropped] of this.#kept) {
      if (this.#samples <= KEPT_SAMPLES || oldest === key) break;
      this.#kept.delete(oldest);
      this.#samples -= dropped.buffer.length * dropped.buffer.numberOfChannels;
    }
    this.heard(userId, piece);
    return piece;
  }

  /**
   * @param {Segment} segment
   * @param {number} start
   * @param {number} count
   * @param {BaseAudioContext} context
   * @param {AbortSignal} [signal]
   * @returns {Promise<Piece>}
   */
  async #slice(segment, start, count, context, signal) {
    const channels = segment.channels ?? 2;
    const width = channels * BYTES_PER_VALUE;
    // The samples are the file's end; what stands before them is the header.
    const first = (segment.bytes ?? 0) - (segment.sampleCount - (start - segment.startSample)) * width;
    const answer = await fetch(segment.url, { headers: { range: `bytes=${first}-${first + count * width - 1}` }, signal });
    // 416: the file ends before.
    if (answer.status === 416) throw new Unreadable();
    if (!answer.ok) throw new Error(`the storage answered ${answer.status}`);
    let bytes = await answer.arrayBuffer();
    if (answer.status === 200) bytes = bytes.slice(first, first + count * width);
    if (bytes.byteLength < count * width) throw new Unreadable();
    return { buffer: fromPcm(new Int16Array(bytes, 0, count * channels), channels, context), startSample: start };
  }

  /**
   * @param {Segment} segment
   * @param {BaseAudioContext} context
   * @param {AbortSignal} [signal]
   * @returns {Promise<Piece>}
   */
  async #whole(segment, context, signal) {
    const isMade = segment.format === 'opus' && !await this.#decodesOpus;
    // What was heard before the recording's own start is in no file.
    const startSample = isMade ? Math.max(0, segment.startSample) : segment.startSample;
    const address = isMade ? await this.#flac(segment.userId, startSample, segment.startSample + segment.sampleCount, signal) : segment.url;
    const answer = await fetch(address, { signal });
    if (!answer.ok) throw new Error(`the storage answered ${answer.status}`);
    const bytes = await answer.arrayBuffer();
    const buffer = await context.decodeAudioData(bytes).catch(() => { throw new Unreadable(); });
    return { buffer, startSample };
  }

  /**
   * Has a stretch of a track made as FLAC.
   * @param {string} userId
   * @param {number} from Sample.
   * @param {number} to
   * @param {AbortSignal} [signal]
   * @returns {Promise<string>} Its address.
   */
  async #flac(userId, from, to, signal) {
    if (!this.#flacs.has(userId)) await this.#findFlacs();
    const track = this.#flacs.get(userId);
    if (!track) throw new Unplayable();
    const name = `cut-${from}-${to}-${track}`;
    try {
      while ((await this.#api.askFile(name, null, signal)).wait > 0) await pause(POLL_MS, signal);
    } catch (error) {
      // A track's name is its person's, who may have another by now.
      if (error instanceof ApiError && error.status === 404) this.#flacs.delete(userId);
      throw error;
    }
    return this.#api.fileAddress(name, null);
  }

  async #findFlacs() {
    if (this.#isWithoutFlac) return;
    const files = await this.#api.files().catch(error => {
      if (error instanceof ApiError && error.status === 403) return [];
      throw error;
    });
    for (const { kind, format, userId, name } of files) if (kind === 'track' && format === 'flac' && userId) this.#flacs.set(userId, name);
    this.#isWithoutFlac = this.#flacs.size === 0;
  }
}

/** Tries it: what a browser says of itself does not hold for Web Audio. */
async function decodesOpus() {
  try {
    const bytes = Uint8Array.from(atob(OGG_OPUS), letter => letter.charCodeAt(0));
    await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes.buffer);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {Int16Array} pcm `[samples, channels]`; little-endian like every machine that runs a browser.
 * @param {number} channels
 * @param {BaseAudioContext} context
 */
function fromPcm(pcm, channels, context) {
  const length = Math.max(1, Math.floor(pcm.length / channels));
  const buffer = context.createBuffer(channels, length, RATE);
  for (let channel = 0; channel < channels; channel++) {
    const to = buffer.getChannelData(channel);
    for (let i = 0, at = channel; at < pcm.length; i++, at += channels) to[i] = pcm[at] / 32768;
  }
  return buffer;
}
