// Which segments there are, a minute at a time, with addresses that are still good.

/** @typedef {import('./types.js').Segment} Segment */

/** Samples per second of every position. */
export const RATE = 48000;

const BLOCK_SECONDS = 60;
const KEPT_BLOCKS = 90;
const PAGE = 1000;
const NEAR_PAGE = 200;
// An address that ends so soon is not begun with.
const SPARE_MS = 45_000;

/** @param {Segment} segment */
export const keyOf = segment => `${segment.userId}/${segment.segmentIndex}`;

/**
 * @typedef {object} Block
 * @property {Segment[]} segments
 * @property {number} revision What the recording's state was when it was asked for.
 * @property {boolean} settled Nothing can be added any more.
 * @property {number} expires Unix ms.
 */

/** Segments by time; asks the API for what is missing and forgets what was not looked at for long. */
export class SegmentStore {
  #api;
  #changed;
  /** @type {Map<number, Block>} */
  #blocks = new Map();
  /** @type {Map<number, Promise<void>>} */
  #asked = new Map();
  #revision = 0;
  #settledTo = 0;

  /**
   * @param {import('./api.js').Api} api
   * @param {(segments: Segment[]) => void} changed Called with what has come.
   */
  constructor(api, changed) {
    this.#api = api;
    this.#changed = changed;
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
        this.#ask(number).catch(() => {});
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
   * All segments of a stretch.
   * @param {number} from Seconds.
   * @param {number} to
   * @returns {Promise<Segment[]>}
   */
  async range(from, to) {
    for (let number = Math.floor(from / BLOCK_SECONDS); number * BLOCK_SECONDS < to; number++) {
      const block = this.#blocks.get(number);
      if (!block || !this.#isGood(block)) await this.#ask(number);
    }
    return this.peek(from, to).segments;
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
   */
  async next(from, fits, signal) {
    const near = this.peek(from, from + BLOCK_SECONDS).segments.find(fits);
    if (near) return near;
    let after;
    do {
      // As a rule it is on the first page.
      const page = await this.#api.segments(from, null, after ? PAGE : NEAR_PAGE, after);
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

  /**
   * @param {number} number
   * @returns {Promise<void>}
   */
  #ask(number) {
    const running = this.#asked.get(number);
    if (running) return running;
    const asked = this.#load(number).finally(() => this.#asked.delete(number));
    this.#asked.set(number, asked);
    return asked;
  }

  /** @param {number} number */
  async #load(number) {
    const revision = this.#revision;
    const settled = (number + 1) * BLOCK_SECONDS <= this.#settledTo;
    /** @type {Segment[]} */
    const segments = [];
    let after;
    do {
      const page = await this.#api.segments(number * BLOCK_SECONDS, (number + 1) * BLOCK_SECONDS, PAGE, after);
      segments.push(...page.segments);
      after = page.next;
    } while (after);
    const expires = Math.min(Date.now() + 600_000, ...segments.map(segment => Date.parse(segment.urlExpiresAt)));
    this.#blocks.delete(number);
    this.#blocks.set(number, { segments, revision, settled, expires });
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= KEPT_BLOCKS) break;
      this.#blocks.delete(oldest);
    }
    this.#changed(segments);
  }
}
