// The stage where the tracks lie: cursor, selection, overview, flags, and what fingers, mouse and wheel do there.

import { byId, fit, h, icon, oncePerFrame } from './dom.js';
import { drawRuler } from './draw.js';
import { RATE } from './segments.js';
import { clock, t } from './texts.js';

/** @typedef {import('./types.js').Note} Note */

const DRAG_PIXELS = 5;

/** Binds view, player and lanes to the stage. */
export class Board {
  /** Drags select instead of moving the view. */
  selecting = false;
  draw = oncePerFrame(() => this.#draw());

  #stage = byId('stage');
  #ruler = /** @type {HTMLCanvasElement} */ (byId('ruler').querySelector('canvas'));
  #cursor = byId('cursor');
  #overlay = byId('overlay');
  #selection = byId('selection');
  #map = /** @type {HTMLCanvasElement} */ (byId('minimap'));
  #style = getComputedStyle(document.documentElement);
  /** @type {Note[]} */
  #notes = [];
  /** @type {Map<number, number>} */
  #fingers = new Map();
  #running = false;

  /**
   * @param {import('./view.js').View} view
   * @param {import('./player.js').Player} player
   * @param {import('./lanes.js').Lanes} lanes
   */
  constructor(view, player, lanes) {
    this.view = view;
    this.player = player;
    this.lanes = lanes;
    view.changed.on(this.draw);
    player.changed.on(() => {
      lanes.refresh();
      this.draw();
      this.#run();
    });
    addEventListener('resize', this.draw);
    addEventListener('scroll', this.draw, { passive: true });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', this.draw);
    this.#bindStage();
    this.#bindMap();
  }

  /** @param {Note[]} notes */
  setNotes(notes) {
    this.#notes = notes;
    this.draw();
  }

  #draw() {
    const { left, width } = this.#area();
    this.#overlay.style.left = `${left}px`;
    this.#overlay.style.width = `${width}px`;
    this.lanes.draw(this.#style);
    this.lanes.drawMap(this.#map, this.#style);
    const surface = fit(this.#ruler);
    if (surface) drawRuler(surface.context, surface.width, surface.height, this.view, this.#style.getPropertyValue('--soft'));
    this.#drawFlags(width);
    const { selection } = this.view;
    this.#selection.hidden = !selection;
    if (selection) {
      this.#selection.style.left = `${this.view.x(selection.from, width)}px`;
      this.#selection.style.width = `${this.view.x(selection.to, width) - this.view.x(selection.from, width)}px`;
    }
    const window = byId('window');
    window.style.left = `${(this.view.from / this.view.duration) * 100}%`;
    window.style.width = `${(this.view.span / this.view.duration) * 100}%`;
    this.#drawCursor();
  }

  #drawCursor() {
    const { position } = this.player;
    const x = this.view.x(position, this.#overlay.clientWidth);
    this.#cursor.hidden = x < 0 || x > this.#overlay.clientWidth;
    this.#cursor.style.transform = `translateX(${x}px)`;
    byId('map-cursor').style.left = `${(position / this.view.duration) * 100}%`;
  }

  /** @param {number} width */
  #drawFlags(width) {
    const flags = this.#notes.map(note => {
      const at = note.sample / RATE;
      if (at < this.view.from || at > this.view.to) return null;
      const label = `${clock(at)} ${note.text}`;
      const flag = h('button.flag', { type: 'button', title: label, 'aria-label': label, onclick: () => this.player.seek(at) }, icon('flag'));
      flag.style.left = `${this.view.x(at, width)}px`;
      return flag;
    });
    const present = document.activeElement?.getAttribute('aria-label');
    byId('flags').replaceChildren(.../** @type {HTMLElement[]} */ (flags.filter(Boolean)));
    // A flag that had the focus keeps it.
    if (present) flags.find(flag => flag?.getAttribute('aria-label') === present)?.focus();
  }

  #run() {
    if (this.#running || this.player.state === 'paused') return;
    this.#running = true;
    const frame = () => {
      this.#drawCursor();
      if (this.player.state === 'playing' && this.#fingers.size === 0) this.view.reveal(this.player.position);
      this.#running = this.player.state !== 'paused';
      if (this.#running) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** Where the waveforms lie, relative to the stage. */
  #area() {
    const stage = this.#stage.getBoundingClientRect();
    const wave = this.#ruler.getBoundingClientRect();
    return { left: wave.left - stage.left, width: wave.width, x: wave.left };
  }

  /** @param {MouseEvent} event */
  #at(event) {
    const { x, width } = this.#area();
    return this.view.at(event.clientX - x, width);
  }

  /** @param {Event} event */
  #isWave(event) {
    return event.target instanceof Element && !event.target.closest('button') && !!event.target.closest('.lane-wave, #ruler');
  }

  #bindStage() {
    let start = 0;
    let startX = 0;
    let dragged = false;
    this.#stage.addEventListener('pointerdown', event => {
      if (event.button !== 0 || !this.#isWave(event)) return;
      this.#fingers.set(event.pointerId, event.clientX);
      [start, startX, dragged] = [this.#at(event), event.clientX, false];
      this.#stage.setPointerCapture(event.pointerId);
    });
    this.#stage.addEventListener('pointermove', event => {
      const before = this.#fingers.get(event.pointerId);
      if (before === undefined) return;
      dragged ||= Math.abs(event.clientX - startX) > DRAG_PIXELS;
      if (this.#fingers.size > 1) {
        dragged = true;
        this.#pinch(event);
      } else if (dragged && (event.pointerType === 'mouse' || this.selecting)) {
        const at = this.#at(event);
        this.view.select({ from: Math.min(start, at), to: Math.max(start, at) });
      } else if (dragged) {
        const moved = ((event.clientX - before) / this.#area().width) * this.view.span;
        this.view.show(this.view.from - moved, this.view.to - moved);
      }
      this.#fingers.set(event.pointerId, event.clientX);
    });
    const end = (/** @type {PointerEvent} */ event) => {
      if (!this.#fingers.delete(event.pointerId) || dragged || event.type === 'pointercancel') return;
      this.player.follow = false;
      this.player.seek(this.#at(event));
    };
    this.#stage.addEventListener('pointerup', end);
    this.#stage.addEventListener('pointercancel', end);
    this.#stage.addEventListener('wheel', event => this.#wheel(event), { passive: false });
  }

  /** @param {PointerEvent} event */
  #pinch(event) {
    const others = [...this.#fingers].filter(([id]) => id !== event.pointerId).map(([, x]) => x);
    const before = Math.abs((this.#fingers.get(event.pointerId) ?? 0) - others[0]);
    const after = Math.abs(event.clientX - others[0]);
    if (before > 10 && after > 10) this.view.zoom(before / after, this.#at(event));
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!this.#isWave(event)) return;
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) this.view.zoom(Math.exp(event.deltaY / 300), this.#at(event));
    else if (sideways !== 0 && Math.abs(sideways) >= Math.abs(event.shiftKey ? 0 : event.deltaY)) this.view.show(...this.#moved(sideways));
    else return;
    event.preventDefault();
  }

  /**
   * @param {number} pixels
   * @returns {[number, number]}
   */
  #moved(pixels) {
    const seconds = (pixels / this.#area().width) * this.view.span;
    return [this.view.from + seconds, this.view.to + seconds];
  }

  #bindMap() {
    const map = byId('map');
    map.title = t('overview');
    const move = (/** @type {PointerEvent} */ event) => {
      const { left, width } = map.getBoundingClientRect();
      return ((event.clientX - left) / width) * this.view.duration;
    };
    map.addEventListener('pointerdown', event => {
      map.setPointerCapture(event.pointerId);
      const at = move(event);
      this.player.follow = false;
      this.player.seek(at);
      this.view.show(at - this.view.span / 2, at + this.view.span / 2);
    });
    map.addEventListener('pointermove', event => {
      if (!map.hasPointerCapture(event.pointerId)) return;
      const at = move(event);
      this.view.show(at - this.view.span / 2, at + this.view.span / 2);
    });
  }
}
