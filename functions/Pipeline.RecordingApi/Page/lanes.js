// The list of tracks: a row of knobs and a waveform for everybody, and one for all together.

import { fit, h } from './dom.js';
import { drawBars, drawGaps, hatch, hueOf } from './draw.js';
import { RATE } from './segments.js';
import { clock, percent, span, t, tOr } from './texts.js';

/** @typedef {import('./types.js').Recording} Recording */
/** @typedef {import('./types.js').Track} Track */
/** @typedef {import('./types.js').Gap} Gap */

/**
 * First letters of a name.
 * @param {string} name
 */
export function initials(name) {
  const words = name.trim().split(/[\s_.-]+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0] ?? '?'];
  return letters.map(word => [...word][0]).join('').toUpperCase();
}

/**
 * A coloured disc with initials.
 * @param {Track} track
 */
export function disc(track) {
  const element = h('span.disc', { 'aria-hidden': 'true' }, initials(track.username));
  element.style.setProperty('--hue', String(hueOf(track.trackNumber)));
  return element;
}

/**
 * What a listener should know of a track's quality.
 * @param {Recording} recording
 * @param {Track} track
 */
export function healthText(recording, track) {
  const gaps = recording.gaps.filter(gap => (!gap.userId || gap.userId === track.userId) && gap.reason !== 'paused');
  const lost = gaps.reduce((sum, gap) => sum + gap.sampleCount, 0) / RATE;
  const reasons = [...new Set(gaps.map(gap => tOr(`reason_${gap.reason}`, gap.reason)))].join(', ');
  const { concealed = 0, received = 0 } = track.health ?? {};
  if (lost >= 0.1) return t('healthLost', { time: span(lost), reasons });
  if (concealed > received / 500 && received > 0) return t('healthConcealed', { share: percent(concealed / (received + concealed)) });
  return t('healthGood');
}

/** One row. */
class Row {
  canvas = h('canvas', { role: 'img' });
  #label = h('span.name');
  #detail = h('span.detail');
  #mute = h('button.knob', { type: 'button', 'aria-pressed': 'false' }, 'M');
  #solo = h('button.knob', { type: 'button', 'aria-pressed': 'false' }, 'S');

  /**
   * @param {Track} track
   * @param {import('./player.js').Player} player
   */
  constructor(track, player) {
    this.track = track;
    const lane = player.lane(track.userId);
    const volume = volumeSlider(t('volume', { name: track.username }), lane.volume, value => {
      lane.volume = value;
      player.applyLanes();
    });
    this.#mute.addEventListener('click', () => {
      lane.muted = !lane.muted;
      player.applyLanes();
    });
    this.#solo.addEventListener('click', () => {
      lane.solo = !lane.solo;
      player.applyLanes();
    });
    const head = h('div.lane-head', {}, disc(track), h('span.lane-text', {}, this.#label, this.#detail), h('span.knobs', {}, this.#mute, this.#solo, volume));
    this.element = h('li.lane', {}, head, h('div.lane-wave', {}, this.canvas));
    this.element.style.setProperty('--hue', String(hueOf(track.trackNumber)));
    this.update(track, '', player);
  }

  /**
   * @param {Track} track
   * @param {string} health
   * @param {import('./player.js').Player} player
   */
  update(track, health, player) {
    this.track = track;
    const talk = clock(track.spokenSamples / RATE);
    this.#label.textContent = track.username;
    this.#label.title = track.username;
    this.#detail.textContent = `${talk} · ${health}`;
    this.canvas.setAttribute('aria-label', `${track.username}, ${talk}, ${health}`);
    const lane = player.lane(track.userId);
    for (const [button, on, key] of /** @type {const} */ ([[this.#mute, lane.muted, 'mute'], [this.#solo, lane.solo, 'solo']])) {
      button.setAttribute('aria-pressed', String(on));
      button.setAttribute('aria-label', t(key, { name: track.username }));
      button.title = t(key, { name: track.username });
    }
    this.element.classList.toggle('silent', !player.isAudible(track.userId));
  }
}

/**
 * @param {string} label
 * @param {number} value
 * @param {(value: number) => void} changed
 */
export function volumeSlider(label, value, changed) {
  const slider = /** @type {HTMLInputElement} */ (h('input.volume', { type: 'range', min: '0', max: '1', step: '0.01', value: String(value), 'aria-label': label, title: label }));
  slider.addEventListener('input', () => changed(Number(slider.value)));
  return slider;
}

/** All rows. */
export class Lanes {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  #all = h('canvas', { role: 'img', 'aria-label': t('everyone') });
  #health = new Map();
  /** @type {Recording | null} */
  #recording = null;

  /**
   * @param {HTMLElement} list
   * @param {import('./player.js').Player} player
   * @param {import('./view.js').View} view
   * @param {import('./peaks.js').Peaks} peaks
   */
  constructor(list, player, view, peaks) {
    this.list = list;
    this.player = player;
    this.view = view;
    this.peaks = peaks;
    const volume = volumeSlider(t('volumeAll'), player.volume, value => { player.volume = value; });
    const text = h('span.lane-text', {}, h('span.name', {}, t('everyone')), h('span.detail', {}, t('everyoneHint')));
    list.append(h('li.lane.all', {}, h('div.lane-head', {}, h('span.disc.many', { 'aria-hidden': 'true' }, '∑'), text, h('span.knobs', {}, volume)), h('div.lane-wave', {}, this.#all)));
  }

  get userIds() {
    return [...this.#rows.keys()];
  }

  /**
   * @param {Recording} recording
   * @returns {string[]} Whose rows were taken away: they were erased from the recording.
   */
  update(recording) {
    this.#recording = recording;
    const present = new Set(recording.tracks.map(track => track.userId));
    const gone = this.userIds.filter(userId => !present.has(userId));
    for (const userId of gone) {
      this.#rows.get(userId)?.element.remove();
      this.#rows.delete(userId);
      this.#health.delete(userId);
    }
    for (const track of [...recording.tracks].sort((a, b) => a.trackNumber - b.trackNumber)) {
      this.#health.set(track.userId, healthText(recording, track));
      if (this.#rows.has(track.userId)) continue;
      const row = new Row(track, this.player);
      this.#rows.set(track.userId, row);
      this.list.append(row.element);
    }
    this.refresh();
    return gone;
  }

  /** After a change of knobs. */
  refresh() {
    for (const track of this.#recording?.tracks ?? []) this.#rows.get(track.userId)?.update(track, this.#health.get(track.userId), this.player);
  }

  /** @param {CSSStyleDeclaration} style Of the page: where the colours stand. */
  draw(style) {
    const recording = this.#recording;
    if (!recording) return;
    const colours = this.#colours(style);
    const hatching = style.getPropertyValue('--gap');
    const safe = recording.status === 'live' ? recording.safeSamples / RATE : Infinity;
    for (const row of this.#rows.values()) {
      const surface = isSeen(row.element) ? fit(/** @type {HTMLCanvasElement} */ (row.canvas)) : null;
      if (!surface) continue;
      const { context, width, height } = surface;
      const { userId } = row.track;
      const colour = this.player.isAudible(userId) ? colours.get(userId) ?? '' : style.getPropertyValue('--quiet');
      drawBars(context, width, height, this.view, (from, to) => this.peaks.range(userId, from, to), colour);
      drawGaps(context, width, height, this.view, recording.gaps.filter(gap => !gap.userId || gap.userId === userId), hatching);
      if (safe < this.view.to) hatch(context, Math.max(0, this.view.x(safe, width)), width, height, style.getPropertyValue('--line'));
    }
    const surface = fit(/** @type {HTMLCanvasElement} */ (this.#all));
    if (surface) this.#drawAll(surface.context, surface.width, surface.height, this.view, colours, recording.gaps, hatching);
  }

  /**
   * The whole call, small, for the overview.
   * @param {HTMLCanvasElement} canvas
   * @param {CSSStyleDeclaration} style
   */
  drawMap(canvas, style) {
    const surface = fit(canvas);
    if (!surface || !this.#recording) return;
    const whole = { from: 0, to: this.view.duration, span: this.view.duration, x: (/** @type {number} */ seconds, /** @type {number} */ width) => (seconds / this.view.duration) * width };
    this.#drawAll(surface.context, surface.width, surface.height, /** @type {any} */ (whole), this.#colours(style), this.#recording.gaps, style.getPropertyValue('--gap'));
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} width
   * @param {number} height
   * @param {import('./view.js').View} view
   * @param {Map<string, string>} colours
   * @param {Gap[]} gaps
   * @param {string} hatching
   */
  #drawAll(context, width, height, view, colours, gaps, hatching) {
    const ids = this.userIds.filter(userId => this.player.isAudible(userId));
    let loudest = '';
    const range = (/** @type {number} */ from, /** @type {number} */ to) => {
      /** @type {[number, number]} */
      let most = [0, 0];
      for (const userId of ids) {
        const found = this.peaks.range(userId, from, to);
        if (found[1] - found[0] > most[1] - most[0]) [most, loudest] = [found, userId];
      }
      return most;
    };
    drawBars(context, width, height, view, range, () => colours.get(loudest) ?? '');
    drawGaps(context, width, height, view, gaps.filter(gap => !gap.userId), hatching);
  }

  /** @param {CSSStyleDeclaration} style */
  #colours(style) {
    const tone = style.getPropertyValue('--tone');
    return new Map([...this.#rows.values()].map(row => [row.track.userId, `oklch(${tone} ${hueOf(row.track.trackNumber)})`]));
  }
}

/** @param {HTMLElement} element */
function isSeen(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > -200 && top < innerHeight + 200;
}
