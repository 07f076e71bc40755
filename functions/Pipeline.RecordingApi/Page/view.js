// What part of the call is on the screen, and what part is selected.

import { Signal, clamp } from './dom.js';

/** The closest look, seconds. */
export const CLOSEST = 5;

/** The visible stretch of the call. */
export class View {
  changed = new Signal();
  from = 0;
  to = CLOSEST;
  duration = CLOSEST;
  /** @type {{ from: number, to: number } | null} */
  selection = null;
  #whole = true;

  get span() {
    return this.to - this.from;
  }

  /** @param {number} duration Seconds; a view of the whole call grows with it. */
  setDuration(duration) {
    this.duration = Math.max(duration, CLOSEST);
    if (this.#whole) this.show(0, this.duration);
    else this.changed.emit();
  }

  /**
   * @param {number} from Seconds.
   * @param {number} to
   */
  show(from, to) {
    const span = clamp(to - from, CLOSEST, this.duration);
    this.from = clamp(from, 0, this.duration - span);
    this.to = this.from + span;
    this.#whole = span >= this.duration - 0.001;
    this.changed.emit();
  }

  /**
   * @param {number} factor Below 1 looks closer.
   * @param {number} around Seconds; stays where it is on the screen.
   */
  zoom(factor, around) {
    const span = clamp(this.span * factor, CLOSEST, this.duration);
    const share = clamp((around - this.from) / this.span, 0, 1);
    this.show(around - span * share, around + span * (1 - share));
  }

  whole() {
    this.show(0, this.duration);
  }

  /** @param {number} seconds Moves along, so that it is seen. */
  reveal(seconds) {
    if (seconds >= this.from && seconds <= this.to) return;
    const from = seconds - this.span * 0.1;
    this.show(from, from + this.span);
  }

  /**
   * Sets one end of the selection; the other one, where there is none that fits, is the call's own.
   * @param {'from' | 'to'} end
   * @param {number} at Seconds.
   * @param {number} last Seconds up to which there is something to select.
   */
  bound(end, at, last) {
    const selection = { from: 0, to: last, ...this.selection, [end]: at };
    if (selection.to <= selection.from) Object.assign(selection, end === 'from' ? { to: last } : { from: 0 });
    this.select(selection);
  }

  /** @param {{ from: number, to: number } | null} selection */
  select(selection) {
    this.selection = selection && selection.to - selection.from >= 0.2 ? selection : null;
    this.changed.emit();
  }

  /**
   * @param {number} seconds
   * @param {number} width Pixels.
   */
  x(seconds, width) {
    return ((seconds - this.from) / this.span) * width;
  }

  /**
   * @param {number} x Pixels.
   * @param {number} width
   */
  at(x, width) {
    return clamp(this.from + (x / width) * this.span, 0, this.duration);
  }
}
