// Plays many tracks as one clock: every piece starts at its own sample.

import { Signal, clamp } from './dom.js';
import { RATE, keyOf } from './segments.js';
import { SoundLoader, Unplayable, Unreadable } from './sound.js';
import { stretch } from './stretch.js';

/** @typedef {import('./types.js').Segment} Segment */

const TICK_MS = 150;
const AHEAD_SECONDS = 8;
// What sounds first is brought first: so far ahead of the cursor at a time, for all tracks together.
const REACHES = [0.5, 1, 2, 4, AHEAD_SECONDS];
// A piece is no longer than it is ahead of the cursor, but at least so long; the later ones end on a grid.
const SHORTEST_SAMPLES = REACHES[0] * RATE;
// So many seconds have to be here before it sounds; more after sound came too late once, so that it does not stop at each piece.
const NEEDED_SECONDS = 0.1;
const NEEDED_AFTER_STALL_SECONDS = 1;
const GRID_SAMPLES = 4 * RATE;
// A pause of at least so long is skipped, and so much of it is left.
const SILENCE_SECONDS = 1.2;
const LEFT_SECONDS = 0.25;
// A live call in which nothing follows is looked through again after so long.
const LOOK_AGAIN_MS = 10_000;
// A piece that could not be had is asked for again so much later, then twice as late each time: while it lasts somebody listens to the rest.
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 8000;

/** One track's knobs. */
export class Lane {
  muted = false;
  solo = false;
  volume = 1;
  /** @type {GainNode | null} */
  gain = null;
  /** @type {Set<AudioBufferSourceNode>} */
  nodes = new Set();
  /** How often it was silenced: what was asked for before is not played after. */
  turn = 0;
}

/** The player: `paused`, `waiting` for sound, or `playing`. */
export class Player {
  /** There is Web Audio. */
  static isPossible = 'AudioContext' in window;

  changed = new Signal();
  /** One of the facts about what could not be had has changed. */
  failed = new Signal();
  /** @type {'paused' | 'waiting' | 'playing'} */
  state = 'paused';
  speed = 1;
  skipSilence = false;
  follow = false;
  /** Seconds up to which there may be sound. */
  end = 0;
  isLive = false;
  /** Some sound was left out for good: this browser does not play it. */
  isUnplayable = false;
  /** Some sound was left out for good: it is damaged. */
  isUnreadable = false;
  /** @type {Map<string, Lane>} */
  lanes = new Map();

  #store;
  #loader;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {GainNode | null} */
  #master = null;
  #volume = 1;
  // Position and the context's time that belong together; NaN while the clock is being stopped.
  #anchor = { position: 0, time: NaN };
  /** Next sample to be planned, by segment. @type {Map<string, number>} */
  #planned = new Map();
  /** Starts of pieces that are still loading. @type {Map<number, number>} */
  #pending = new Map();
  #pieces = 0;
  /** How often a piece failed that is still wanted, by segment and start. @type {Map<string, number>} */
  #failures = new Map();
  #abort = new AbortController();
  /** The clock stands, and what was loaded can be given its time. */
  #stopped = Promise.resolve();
  #needed = NEEDED_SECONDS;
  #timer = 0;
  #jumping = false;
  /** Ends the search for what sounds next: its answer would be of another place, or of other tracks. */
  #search = new AbortController();

  /**
   * @param {import('./segments.js').SegmentStore} store
   * @param {SoundLoader} loader
   */
  constructor(store, loader) {
    this.#store = store;
    this.#loader = loader;
  }

  /** Seconds. */
  get position() {
    const { position, time } = this.#anchor;
    if (!this.#context || this.state === 'paused' || Number.isNaN(time)) return position;
    return Math.min(position + (this.#context.currentTime - time) * this.speed, Math.max(this.end, position));
  }

  /** Some sound could not be had yet, and is asked for again. */
  get isFailing() {
    return this.#failures.size > 0;
  }

  get volume() {
    return this.#volume;
  }

  set volume(value) {
    this.#volume = value;
    if (this.#master) this.#master.gain.value = value;
  }

  /** @param {string} userId */
  lane(userId) {
    const lane = this.lanes.get(userId) ?? new Lane();
    this.lanes.set(userId, lane);
    return lane;
  }

  /** @param {string} userId */
  isAudible(userId) {
    const lane = this.lane(userId);
    return !lane.muted && (lane.solo || ![...this.lanes.values()].some(other => other.solo));
  }

  /**
   * A track that is no more: silent from now on, also where others were silent for it.
   * @param {string} userId
   */
  remove(userId) {
    this.#store.remove(userId);
    const lane = this.lanes.get(userId);
    if (!lane) return;
    this.#silence(userId, lane);
    this.lanes.delete(userId);
    this.applyLanes();
  }

  async play() {
    if (this.state !== 'paused' || !Player.isPossible) return;
    this.#context ??= this.#open();
    if (this.follow && this.isLive) this.#anchor.position = Math.max(0, this.end - LEFT_SECONDS);
    else if (this.position >= this.end - 0.05 && !this.isLive) this.#anchor.position = 0;
    this.#set('waiting');
    this.#timer = window.setInterval(() => this.#tick(), TICK_MS);
    await this.#start(this.#anchor.position);
  }

  /**
   * Begins at a position, with the clock stopped, so that every track begins at the same moment.
   * @param {number} position
   */
  async #start(position) {
    this.#clear();
    this.#anchor = { position, time: NaN };
    this.#needed = NEEDED_SECONDS;
    const signal = this.#abort.signal;
    const context = this.#context;
    if (!context) return;
    this.#stopped = context.suspend();
    // What is needed is asked for while the clock stops.
    const horizon = Math.min(position + AHEAD_SECONDS * this.speed, this.end);
    this.#reach(this.#store.peek(position, horizon).segments, position, horizon);
    await this.#stopped;
    if (signal.aborted) return;
    this.#anchor.time = context.currentTime;
    this.#tick();
  }

  pause() {
    if (this.state === 'paused') return;
    this.#anchor = { position: this.position, time: NaN };
    clearInterval(this.#timer);
    this.#clear();
    this.#context?.suspend();
    this.#set('paused');
  }

  toggle() {
    if (this.state === 'paused') this.play();
    else this.pause();
  }

  /** @param {number} seconds */
  seek(seconds) {
    const position = clamp(Math.round(seconds * RATE) / RATE, 0, Math.max(0, this.end));
    if (this.state === 'paused') {
      this.#anchor.position = position;
    } else {
      this.#hold();
      this.#start(position);
    }
    this.changed.emit();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    const position = this.position;
    this.speed = speed;
    this.seek(position);
  }

  /** Call after a change of mute, solo or volume. */
  applyLanes() {
    this.#forget();
    for (const [userId, lane] of this.lanes) {
      const audible = this.isAudible(userId);
      if (lane.gain) lane.gain.gain.value = audible ? lane.volume : 0;
      if (!audible && (lane.nodes.size > 0 || this.#isPlanned(userId))) this.#silence(userId, lane);
    }
    if (this.state !== 'paused') this.#tick();
    this.changed.emit();
  }

  #open() {
    const context = new AudioContext({ sampleRate: RATE, latencyHint: 'interactive' });
    this.#master = context.createGain();
    this.#master.gain.value = this.#volume;
    this.#master.connect(context.destination);
    return context;
  }

  #tick() {
    if (this.state === 'paused' || !this.#context || Number.isNaN(this.#anchor.time)) return;
    const now = this.position;
    if (now >= this.end - 0.02) {
      if (!this.isLive) {
        this.pause();
        this.#anchor.position = this.end;
        this.changed.emit();
      } else {
        this.#hold();
      }
      return;
    }
    const horizon = Math.min(now + AHEAD_SECONDS * this.speed, this.end);
    const { segments, complete } = this.#store.peek(now, horizon);
    this.#reach(segments, now, horizon);
    const soon = now + this.#needed * this.speed;
    const isMissing = (!complete && !this.#store.peek(now, Math.min(now + 1, horizon)).complete) || [...this.#pending.values()].some(start => start / RATE < soon);
    if (isMissing && this.state === 'playing') this.#needed = NEEDED_AFTER_STALL_SECONDS;
    if (isMissing) this.#hold();
    else this.#go();
    if (this.skipSilence && !isMissing) this.#skip(now, segments);
  }

  /**
   * Asks for what is missing, the nearest first: far pieces of one track do not stand in the way of another's next word.
   * @param {Segment[]} segments
   * @param {number} now
   * @param {number} horizon
   */
  #reach(segments, now, horizon) {
    const audible = segments.filter(segment => this.isAudible(segment.userId));
    for (const seconds of REACHES) {
      const to = Math.min(now + seconds * this.speed, horizon);
      for (const segment of audible) this.#plan(segment, now, to);
      if ([...this.#pending.values()].some(start => start / RATE < to)) return;
    }
  }

  /**
   * @param {Segment} segment
   * @param {number} now
   * @param {number} horizon
   */
  #plan(segment, now, horizon) {
    const key = keyOf(segment);
    const end = segment.startSample + segment.sampleCount;
    let next = this.#planned.get(key) ?? Math.max(segment.startSample, Math.round(now * RATE));
    while (next < end && next / RATE < horizon) {
      const grid = segment.startSample + (Math.floor((next - segment.startSample) / GRID_SAMPLES) + 1) * GRID_SAMPLES;
      const ahead = Math.max(SHORTEST_SAMPLES, next - Math.round(now * RATE));
      const stop = !SoundLoader.isSliceable(segment) ? end : Math.min(end, grid, next + ahead);
      this.#load(segment, next, stop - next);
      next = stop;
    }
    this.#planned.set(key, next);
  }

  /**
   * @param {Segment} segment
   * @param {number} start
   * @param {number} count
   */
  async #load(segment, start, count) {
    const context = this.#context;
    const signal = this.#abort.signal;
    if (!context) return;
    const piece = this.#pieces++;
    const lane = this.lane(segment.userId);
    const turn = lane.turn;
    const key = `${keyOf(segment)}/${start}`;
    this.#pending.set(piece, start);
    try {
      const loaded = await this.#loader.load(segment, start, count, context, signal);
      await this.#stopped;
      if (signal.aborted) return;
      this.#recovered(key);
      if (lane.turn === turn && this.isAudible(segment.userId)) this.#schedule(segment.userId, loaded, start, count);
    } catch (error) {
      if (signal.aborted) return;
      const failures = this.#failures.get(key) ?? 0;
      this.#recovered(key);
      if (lane.turn !== turn) return;
      if (error instanceof Unplayable) this.isUnplayable = true;
      else if (error instanceof Unreadable) this.isUnreadable = true;
      else {
        this.#failures.set(key, failures + 1);
        // Its address may be good no more: the list is asked for again meanwhile.
        this.#store.doubt(segment);
        window.setTimeout(() => {
          if (signal.aborted) return;
          const [from, to] = [start / RATE, (start + count) / RATE];
          const found = this.#store.peek(from, to).segments.find(one => keyOf(one) === keyOf(segment)) ?? segment;
          if (lane.turn === turn && to > this.position) this.#load(found, start, count);
          else this.#recovered(key);
        }, Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS));
      }
      this.failed.emit();
    } finally {
      if (!signal.aborted) {
        this.#pending.delete(piece);
        if (this.state === 'waiting' || this.#pending.size === 0) this.#tick();
      }
    }
  }

  /** @param {string} key */
  #recovered(key) {
    if (this.#failures.delete(key)) this.failed.emit();
  }

  /**
   * @param {string} userId
   * @param {import('./sound.js').Piece} piece
   * @param {number} start
   * @param {number} count
   */
  #schedule(userId, piece, start, count) {
    const context = this.#context;
    if (!context || !this.#master) return;
    const lane = this.lane(userId);
    if (!lane.gain) {
      lane.gain = context.createGain();
      lane.gain.gain.value = lane.volume;
      lane.gain.connect(this.#master);
    }
    const { position, time } = this.#anchor;
    let when = time + (start / RATE - position) / this.speed;
    let offset = (start - piece.startSample) / RATE;
    let length = count / RATE;
    // Too late for its beginning: the rest comes in where it belongs, on a whole sample.
    const earliest = context.currentTime + (context.state === 'running' ? 0.01 : 0);
    const late = Math.ceil((earliest - when) * this.speed * RATE - 0.001) / RATE;
    if (late > 0) {
      if (late >= length) return;
      [when, offset, length] = [when + late / this.speed, offset + late, length - late];
    }
    const node = context.createBufferSource();
    node.buffer = stretch(piece.buffer, this.speed, context);
    node.connect(lane.gain);
    node.onended = () => lane.nodes.delete(node);
    node.start(when, offset / this.speed, length / this.speed);
    lane.nodes.add(node);
  }

  /**
   * Jumps over a pause of all audible tracks.
   * @param {number} now
   * @param {Segment[]} segments
   */
  async #skip(now, segments) {
    const spoken = segments.some(segment => this.isAudible(segment.userId) && segment.startSample / RATE < now + SILENCE_SECONDS);
    if (spoken || this.#jumping) return;
    this.#jumping = true;
    const { signal } = this.#search;
    let rest = 0;
    try {
      const next = await this.#store.next(now, segment => this.isAudible(segment.userId) && segment.startSample / RATE > now, signal);
      if (signal.aborted) return;
      if (!next && this.isLive) rest = LOOK_AGAIN_MS;
      const to = next ? next.startSample / RATE - LEFT_SECONDS : this.end;
      if (this.skipSilence && to > this.position + 0.5 && (next || !this.isLive)) this.seek(to);
    } catch {
      // Told already; a later tick tries again.
      rest = FIRST_PAUSE_MS * 3;
    } finally {
      window.setTimeout(() => {
        if (!signal.aborted) this.#jumping = false;
      }, rest);
    }
  }

  #forget() {
    this.#search.abort();
    this.#search = new AbortController();
    this.#jumping = false;
  }

  // The context's clock stands while sound is missing, so that nothing that was planned moves.
  #hold() {
    this.#context?.suspend();
    if (this.state === 'playing') this.#set('waiting');
  }

  #go() {
    if (this.#context?.state !== 'running') this.#context?.resume();
    if (this.state === 'waiting') this.#set('playing');
  }

  /** @param {'paused' | 'waiting' | 'playing'} state */
  #set(state) {
    this.state = state;
    this.changed.emit();
  }

  #clear() {
    this.#forget();
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#pending.clear();
    for (const [userId, lane] of this.lanes) this.#silence(userId, lane);
    this.#planned.clear();
    this.#failures.clear();
    this.failed.emit();
  }

  /** @param {string} userId */
  #isPlanned(userId) {
    return [...this.#planned.keys()].some(key => key.startsWith(`${userId}/`));
  }

  /**
   * @param {string} userId
   * @param {Lane} lane
   */
  #silence(userId, lane) {
    lane.turn++;
    for (const node of lane.nodes) {
      node.onended = null;
      node.stop();
      node.disconnect();
    }
    lane.nodes.clear();
    for (const key of this.#planned.keys()) if (key.startsWith(`${userId}/`)) this.#planned.delete(key);
  }
}
