// The recording API, as far as the page uses it: below the page's own address, {base}/r/{id}/api.

/** @typedef {import('./types.js').Recording} Recording */
/** @typedef {import('./types.js').SegmentPage} SegmentPage */
/** @typedef {import('./types.js').FileEntry} FileEntry */

/** An answer that is no success; status 0 where there was none. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {number} retryAfter Seconds; 0 where none were named.
   */
  constructor(status, retryAfter = 0) {
    super(`the recording API answered ${status}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

// After an exchange of the link's secret that helped nothing, so long none is tried again.
const REOPEN_MS = 5000;

/**
 * An answer's content; one that is cut off, or of something in between, is no answer.
 * @param {Response} answer
 * @returns {Promise<any>}
 */
const json = answer => answer.json().catch(() => { throw new ApiError(0); });

/**
 * @param {string} name
 * @param {{ from: number, to: number } | null} stretch Seconds.
 */
const filePath = (name, stretch) =>
  `/files/${encodeURIComponent(name)}${stretch ? `?from=${stretch.from.toFixed(3)}&to=${stretch.to.toFixed(3)}` : ''}`;

/** Requests about one recording. */
export class Api {
  /** Called when the recording is gone, or this link. @type {(error: ApiError) => void} */
  gone = () => {};

  #base;
  #tag = '';
  #key = '';
  #reopened = -REOPEN_MS;
  #session = Promise.resolve();
  #closed = false;

  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.#base = new URL(`${encodeURIComponent(id)}/api`, location.href).pathname;
  }

  /**
   * Exchanges a link's secret for the session's cookie.
   * @param {string} key
   */
  async openSession(key) {
    this.#key = key;
    await this.#send('/session', { method: 'POST', body: JSON.stringify({ key }) });
  }

  /** From now on nothing is asked for. */
  close() {
    this.#closed = true;
  }

  /** @returns {Promise<Recording | null>} Null where nothing has changed since the last time. */
  async recording() {
    const answer = await this.#ask('?segments=none', { headers: this.#tag ? { 'if-none-match': this.#tag } : {}, cache: 'no-store' });
    if (answer.status === 304) return null;
    const recording = await json(answer);
    // Only what has arrived is known.
    this.#tag = answer.headers.get('etag') ?? '';
    return recording;
  }

  /**
   * Segments that overlap a stretch, by start.
   * @param {number} from Seconds.
   * @param {number | null} to Seconds; null for no end.
   * @param {number} limit
   * @param {string} [after] Cursor of the page before.
   * @returns {Promise<SegmentPage & { left: number }>} With the milliseconds that all its addresses are good for.
   */
  async segments(from, to, limit, after) {
    const query = new URLSearchParams({ from: from.toFixed(3), limit: String(limit) });
    if (to !== null) query.set('to', to.toFixed(3));
    if (after) query.set('after', after);
    const answer = await this.#ask(`/segments?${query}`);
    /** @type {SegmentPage} */
    const page = await json(answer);
    // By the clock of who says when they end: the reader's own may be minutes off.
    const now = Date.parse(answer.headers.get('date') ?? '') || Date.now();
    return { ...page, left: Math.min(...page.segments.map(segment => Date.parse(segment.urlExpiresAt) - now)) };
  }

  /**
   * Ten pairs (lowest, highest) a second. Null where there are none yet.
   * @param {string} userId
   * @param {number} from Seconds, whole.
   * @param {number} to
   * @returns {Promise<Int8Array | null>}
   */
  async peaks(userId, from, to) {
    try {
      return new Int8Array(await (await this.#ask(`/tracks/${userId}/peaks?from=${from}&to=${to}`)).arrayBuffer());
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 416)) return null;
      throw error;
    }
  }

  /** @returns {Promise<FileEntry[]>} */
  async files() {
    const list = await json(await this.#ask('/files', { cache: 'no-store' }));
    return Array.isArray(list) ? list : list.files ?? [];
  }

  /**
   * @param {string} name
   * @param {{ from: number, to: number } | null} stretch Seconds.
   */
  fileAddress(name, stretch) {
    return this.#base + filePath(name, stretch);
  }

  /**
   * Asks for a file, which starts its making.
   * @param {string} name
   * @param {{ from: number, to: number } | null} stretch Seconds.
   * @param {AbortSignal} [signal]
   * @returns {Promise<{ wait: number, done: number }>} No wait when it can be taken, else seconds until the next look; how much is done, 0 to 1.
   */
  async askFile(name, stretch, signal) {
    const answer = await this.#ask(filePath(name, stretch), { redirect: 'manual', cache: 'no-store', signal });
    if (answer.status !== 202) return { wait: 0, done: 1 };
    return { wait: Number(answer.headers.get('retry-after') ?? 2), done: (await json(answer)).progress ?? 0 };
  }

  /**
   * The content of a text file.
   * @param {string} name
   */
  async file(name) {
    return json(await this.#ask(`/files/${encodeURIComponent(name)}`));
  }

  /** @param {string} title */
  async rename(title) {
    await this.#ask('', { method: 'PATCH', body: JSON.stringify({ title }) });
  }

  async remove() {
    await this.#ask('', { method: 'DELETE' });
  }

  /**
   * Asks, and once more where another tab's link of this recording has put its cookie in the place of this link's.
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async #ask(path, init) {
    try {
      return await this.#send(path, init).catch(async error => {
        if (!isRefusal(error) || !this.#key) throw error;
        await this.#reopen();
        return this.#send(path, init);
      });
    } catch (error) {
      if (error instanceof ApiError && (error.status === 401 || error.status === 410)) this.gone(error);
      throw error;
    }
  }

  /** One exchange for all who were refused at that time. */
  #reopen() {
    const now = performance.now();
    if (now - this.#reopened >= REOPEN_MS) [this.#reopened, this.#session] = [now, this.openSession(this.#key)];
    return this.#session;
  }

  /**
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async #send(path, init = {}) {
    const headers = new Headers(init.headers);
    // No other site can send this header without asking first: it keeps forged requests out.
    if (init.method) headers.set('x-pipeline-page', '1');
    if (init.body) headers.set('content-type', 'application/json');
    let answer;
    try {
      if (this.#closed) throw new Error('closed');
      answer = await fetch(this.#base + path, { credentials: 'same-origin', ...init, headers });
    } catch {
      throw new ApiError(0);
    }
    if (answer.ok || answer.status === 304 || answer.type === 'opaqueredirect') return answer;
    throw new ApiError(answer.status, Number(answer.headers.get('retry-after')) || 0);
  }
}

/** @param {unknown} error */
const isRefusal = error => error instanceof ApiError && (error.status === 401 || error.status === 403);
