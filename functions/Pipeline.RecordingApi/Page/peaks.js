// How loud each track is: ten pairs a second where it is looked at closely, one a second for the whole call.

import { RATE } from './segments.js';

/** @typedef {import('./types.js').Segment} Segment */

const PER_SECOND = 10;
const CHUNK_SECONDS = 600;
const KEPT_CHUNKS = 150;
const PARALLEL = 3;
// A track that has none yet is asked about again after so long.
const PATIENCE_MS = 20_000;
// What is drawn where somebody speaks and nobody has measured yet.
const UNMEASURED = 20;

/** One track's pairs. */
class TrackPeaks {
  /** Lowest and highest by second. @type {Int8Array} */
  seconds = new Int8Array(2 * CHUNK_SECONDS);
  /** Seconds below which everything was asked for and came. */
  askedTo = 0;
  emptyUntil = 0;

  /** @param {number} second */
  reserve(second) {
    if (second * 2 < this.seconds.length) return;
    const longer = new Int8Array(Math.max(this.seconds.length * 2, (second + 1) * 2));
    longer.set(this.seconds);
    this.seconds = longer;
  }

  /**
   * Takes in a pair; what was louder stays.
   * @param {number} second
   * @param {number} low
   * @param {number} high
   */
  add(second, low, high) {
    this.reserve(second);
    this.seconds[second * 2] = Math.min(this.seconds[second * 2], low);
    this.seconds[second * 2 + 1] = Math.max(this.seconds[second * 2 + 1], high);
  }
}

/** Peaks of all tracks, loaded bit by bit: what is on the screen first. */
export class Peaks {
  #api;
  #changed;
  /** @type {Map<string, TrackPeaks>} */
  #tracks = new Map();
  /** @type {Map<string, Int8Array>} */
  #chunks = new Map();
  /** @type {Set<string>} */
  #loading = new Set();
  #end = 0;

  /**
   * @param {import('./api.js').Api} api
   * @param {() => void} changed
   */
  constructor(api, changed) {
    this.#api = api;
    this.#changed = changed;
  }

  /** @param {string} userId */
  #of(userId) {
    const track = this.#tracks.get(userId) ?? new TrackPeaks();
    this.#tracks.set(userId, track);
    return track;
  }

  /**
   * Forgets a track that is no more.
   * @param {string} userId
   */
  remove(userId) {
    this.#tracks.delete(userId);
    for (const key of this.#chunks.keys()) if (key.startsWith(`${userId}/`)) this.#chunks.delete(key);
  }

  /**
   * Lowest and highest of a stretch, -128 to 127.
   * @param {string} userId
   * @param {number} from Seconds.
   * @param {number} to
   * @returns {[number, number]}
   */
  range(userId, from, to) {
    const fine = to - from < 1 ? this.#chunks.get(`${userId}/${Math.floor(from / CHUNK_SECONDS)}`) : undefined;
    const rate = fine ? PER_SECOND : 1;
    const origin = fine ? Math.floor(from / CHUNK_SECONDS) * CHUNK_SECONDS : 0;
    const pairs = fine ?? this.#of(userId).seconds;
    const last = Math.min(pairs.length / 2, Math.max(Math.floor((from - origin) * rate) + 1, Math.ceil((to - origin) * rate)));
    let low = 0;
    let high = 0;
    for (let at = Math.max(0, Math.floor((from - origin) * rate)); at < last; at++) {
      if (pairs[at * 2] < low) low = pairs[at * 2];
      if (pairs[at * 2 + 1] > high) high = pairs[at * 2 + 1];
    }
    return [low, high];
  }

  /**
   * Loads what is missing: the stretch on the screen first, then the rest.
   * @param {string[]} userIds
   * @param {number} from Seconds.
   * @param {number} to
   * @param {number} end Seconds up to which there may be peaks.
   */
  want(userIds, from, to, end) {
    this.#end = end;
    const now = Date.now();
    for (let chunk = Math.floor(from / CHUNK_SECONDS); chunk * CHUNK_SECONDS < Math.min(to, end); chunk++) {
      for (const userId of userIds) if (to - from < CHUNK_SECONDS * 2 && !this.#chunks.has(`${userId}/${chunk}`)) this.#load(userId, chunk);
    }
    for (const userId of userIds) {
      const track = this.#of(userId);
      // The last minute of a live call comes later: only whole minutes are asked for.
      if (track.askedTo + 1 < end && track.emptyUntil < now) this.#load(userId, Math.floor(track.askedTo / CHUNK_SECONDS));
    }
  }

  /**
   * @param {string} userId
   * @param {number} chunk
   */
  async #load(userId, chunk) {
    const key = `${userId}/${chunk}`;
    const track = this.#of(userId);
    if (this.#loading.size >= PARALLEL || this.#loading.has(key) || track.emptyUntil > Date.now()) return;
    this.#loading.add(key);
    try {
      const from = chunk * CHUNK_SECONDS;
      const pairs = await this.#api.peaks(userId, from, from + CHUNK_SECONDS);
      if (pairs) this.#take(track, key, from, pairs);
      if (!pairs || pairs.length < CHUNK_SECONDS * PER_SECOND * 2) track.emptyUntil = Date.now() + PATIENCE_MS;
    } catch {
      track.emptyUntil = Date.now() + PATIENCE_MS;
    } finally {
      this.#loading.delete(key);
      this.#changed();
    }
  }

  /**
   * @param {TrackPeaks} track
   * @param {string} key
   * @param {number} from
   * @param {Int8Array} pairs
   */
  #take(track, key, from, pairs) {
    const count = Math.floor(pairs.length / 2);
    if (count === 0) return;
    track.reserve(from + Math.ceil(count / PER_SECOND));
    // What was guessed for these seconds gives way to what was measured.
    track.seconds.fill(0, from * 2, (from + Math.ceil(count / PER_SECOND)) * 2);
    for (let i = 0; i < count; i++) track.add(from + Math.floor(i / PER_SECOND), pairs[i * 2], pairs[i * 2 + 1]);
    if (from <= track.askedTo) track.askedTo = Math.max(track.askedTo, from + count / PER_SECOND);
    if (count < Math.min(CHUNK_SECONDS, this.#end - from) * PER_SECOND - PER_SECOND) return;
    this.#chunks.delete(key);
    this.#chunks.set(key, pairs);
    for (const oldest of this.#chunks.keys()) {
      if (this.#chunks.size <= KEPT_CHUNKS) break;
      this.#chunks.delete(oldest);
    }
  }

  /**
   * Speech that nobody has measured yet is shown as a low bar.
   * @param {Segment[]} segments
   */
  guess(segments) {
    for (const segment of segments) {
      const track = this.#of(segment.userId);
      const from = Math.max(Math.floor(segment.startSample / RATE), Math.floor(track.askedTo));
      for (let second = from; second < (segment.startSample + segment.sampleCount) / RATE; second++) track.add(second, -UNMEASURED, UNMEASURED);
    }
  }

  /**
   * Sound that is here already is measured here.
   * @param {string} userId
   * @param {import('./sound.js').Piece} piece
   */
  measure(userId, piece) {
    const track = this.#of(userId);
    const samples = piece.buffer.getChannelData(0);
    const first = Math.floor(piece.startSample / RATE);
    if (first < track.askedTo) return;
    for (let second = first; second * RATE < piece.startSample + samples.length; second++) {
      const from = Math.max(0, second * RATE - piece.startSample);
      const to = Math.min(samples.length, (second + 1) * RATE - piece.startSample);
      let loudest = 0;
      for (let i = from; i < to; i += 7) loudest = Math.max(loudest, Math.abs(samples[i]));
      const level = Math.round(loudest * 127);
      track.add(second, -level, level);
    }
    this.#changed();
  }
}
