// Which segments there are, a minute at a time, with addresses that are still good.

import { ApiError } from './api.js';
import { clamp } from './dom.js';

/** @typedef {import('./types.js').Segment} Segment */

/** Samples per second of every position. */
export const RATE = 48000;

const BLOCK_SECONDS = 60;
const KEPT_BLOCKS = 90;
const PAGE = 1000;
const NEAR_PAGE = 200;
// An address that ends so soon is not begun with.
const SPARE_MS = 45_000;
// How long a list is used at least and at most, whatever the clocks say.
const SHORTEST_USE_MS = 60_000;
const LONGEST_USE_MS = 600_000;
// What could not be had is asked for again so much later, then twice as late each time.
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/** @param {Segment} segment */
export const keyOf = segment => `${segment.userId}/${segment.segmentIndex}`;

/**
 * @typedef {object} Block
 * @property {Segment[]} segments
 * @property {number} revision What the recording's state was when it was asked for.
 * @property {boolean} settled Nothing can be added any more.
 * @property {number} expires Unix ms by this machine's clock.
 */

/** @typedef {{ until: number, pause: number }} Failure When a block may be asked for again (performance.now), and the pause before, ms. */

/** Segments by time; asks the API for what is missing and forgets what was not looked at for long. */
export class SegmentStore {
  #api;
  #changed;
  #failed;
  /** @type {Map<number, Block>} */
  #blocks = new Map();
  /** @type {Set<number>} */
  #asked = new Set();
  /** @type {Map<number, Failure>} */
  #failures = new Map();
  #revision = 0;
  #settledTo = 0;

  /**
   * @param {import('./api.js').Api} api
   * @param {(segments: Segment[]) => void} changed Called with what has come.
   * @param {(error: unknown) => void} failed Called with what stood in the way, and with null when it is over.
   */
  constructor(api, changed, failed) {
    this.#api = api;
    this.#changed = changed;
    this.#failed = failed;
  }

  /**
   * The recording has grown or ended.
   * @param {number} settledTo Seconds before which no segment can come any more.
   */
  grown(settledTo) {
    this.#revision++;
    this.#settledTo = settledTo;
  }

  /**
   * What is known of a stretch, at once; what is not known yet is asked for.
   * @param {number} from Seconds.
   * @param {number} to
   * @returns {{ segments: Segment[], complete: boolean }}
   */
  peek(from, to) {
    /** @type {Map<string, Segment>} */
    const found = new Map();
    let complete = true;
    for (let number = Math.max(0, Math.floor(from / BLOCK_SECONDS)); number * BLOCK_SECONDS < to; number++) {
      const block = this.#blocks.get(number);
      if (!block || !this.#isGood(block)) {
        this.#ask(number);
        if (!block || block.expires < Date.now()) complete = false;
      }
      for (const segment of block?.segments ?? []) {
        const start = segment.startSample / RATE;
        if (start < to && start + segment.sampleCount / RATE > from) found.set(keyOf(segment), segment);
      }
    }
    return { segments: [...found.values()].sort((a, b) => a.startSample - b.startSample), complete };
  }

  /**
   * Forgets the segments of somebody who is gone.
   * @param {string} userId
   */
  remove(userId) {
    for (const block of this.#blocks.values()) block.segments = block.segments.filter(segment => segment.userId !== userId);
  }

  /**
   * Its file could not be had where the list says: the list is asked for again, and used until then.
   * @param {Segment} segment
   */
  doubt(segment) {
    for (const block of this.#blocks.values()) {
      if (block.segments.some(one => keyOf(one) === keyOf(segment))) [block.settled, block.revision] = [false, NaN];
    }
  }

  /**
   * The first segment from a position on that fits, however far it is.
   * @param {number} from Seconds.
   * @param {(segment: Segment) => boolean} fits
   * @param {AbortSignal} [signal]
   * @returns {Promise<Segment | null>} Null where there is none, or nobody wants to know any more.
   * @throws {import('./api.js').ApiError} After it has been told.
   */
  async next(from, fits, signal) {
    const near = this.peek(from, from + BLOCK_SECONDS).segments.find(fits);
    if (near) return near;
    /** @type {string | undefined} */
    let after;
    do {
      // As a rule it is on the first page.
      const page = await this.#tell(this.#api.segments(from, null, after ? PAGE : NEAR_PAGE, after));
      const found = page.segments.find(fits);
      if (found) return found;
      after = page.next;
    } while (after && !signal?.aborted);
    return null;
  }

  /** @param {Block} block */
  #isGood(block) {
    return block.expires - SPARE_MS > Date.now() && (block.settled || block.revision === this.#revision);
  }

  /** @param {number} number */
  async #ask(number) {
    const failure = this.#failures.get(number);
    if (this.#asked.has(number) || (failure && performance.now() < failure.until)) return;
    this.#asked.add(number);
    try {
      await this.#load(number);
      this.#failures.delete(number);
    } catch (error) {
      const pause = Math.min(failure ? failure.pause * 2 : FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
      const named = error instanceof ApiError ? error.retryAfter * 1000 : 0;
      this.#failures.set(number, { until: performance.now() + Math.max(pause, named), pause });
    } finally {
      this.#asked.delete(number);
    }
  }

  /**
   * @template T
   * @param {Promise<T>} answer
   * @returns {Promise<T>}
   */
  async #tell(answer) {
    try {
      const result = await answer;
      this.#failed(null);
      return result;
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  /** @param {number} number */
  async #load(number) {
    const revision = this.#revision;
    const settled = (number + 1) * BLOCK_SECONDS <= this.#settledTo;
    /** @type {Segment[]} */
    const segments = [];
    /** @type {string | undefined} */
    let after;
    let expires = Infinity;
    do {
      const began = Date.now();
      const page = await this.#tell(this.#api.segments(number * BLOCK_SECONDS, (number + 1) * BLOCK_SECONDS, PAGE, after));
      segments.push(...page.segments);
      expires = Math.min(expires, began + clamp(page.left, SHORTEST_USE_MS, LONGEST_USE_MS));
      after = page.next;
    } while (after);
    this.#blocks.delete(number);
    this.#blocks.set(number, { segments, revision, settled, expires });
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= KEPT_BLOCKS) break;
      this.#blocks.delete(oldest);
    }
    this.#changed(segments);
  }
}
