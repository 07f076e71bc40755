// What is drawn on canvases: waveforms, gaps, rulers. Nothing here knows elements or events.

import { RATE } from './segments.js';
import { clock } from './texts.js';

/** @typedef {import('./types.js').Gap} Gap */
/** @typedef {import('./view.js').View} View */
/** @typedef {CanvasRenderingContext2D} Context */

const BAR = 2;
const STEP = 3;
const TICKS = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];

/**
 * Hue of a track: far from its neighbours'.
 * @param {number} trackNumber
 */
export const hueOf = trackNumber => Math.round((205 + (trackNumber - 1) * 137.508) % 360);

/** @param {number} value Of 128; quiet speech is shown larger than it is. */
const height = value => Math.pow(Math.abs(value) / 128, 0.6);

/**
 * @param {Context} context
 * @param {number} width
 * @param {number} tall
 * @param {View} view
 * @param {(from: number, to: number) => [number, number]} range Lowest and highest of a stretch.
 * @param {string | ((from: number, to: number) => string)} colour
 */
export function drawBars(context, width, tall, view, range, colour) {
  const middle = tall / 2;
  const perPixel = view.span / width;
  // Bars stand on a grid of the call, so that they keep their shape while the view moves.
  const stepSeconds = STEP * perPixel;
  let last = '';
  for (let bar = Math.floor(view.from / stepSeconds); bar * stepSeconds < view.to; bar++) {
    const from = bar * stepSeconds;
    if (from < 0) continue;
    const [low, high] = range(from, from + stepSeconds);
    if (low === 0 && high === 0) continue;
    const style = typeof colour === 'string' ? colour : colour(from, from + stepSeconds);
    if (style !== last) context.fillStyle = last = style;
    const up = Math.max(1, height(high) * (middle - 2));
    const down = Math.max(1, height(low) * (middle - 2));
    context.fillRect(view.x(from, width), middle - up, BAR, up + down);
  }
}

/**
 * Time that is missing, hatched.
 * @param {Context} context
 * @param {number} width
 * @param {number} tall
 * @param {View} view
 * @param {Gap[]} gaps
 * @param {string} colour
 */
export function drawGaps(context, width, tall, view, gaps, colour) {
  for (const gap of gaps) {
    const from = view.x(gap.startSample / RATE, width);
    const to = Math.max(from + 2, view.x((gap.startSample + gap.sampleCount) / RATE, width));
    if (to >= 0 && from <= width) hatch(context, Math.max(0, from), Math.min(width, to), tall, colour);
  }
}

/**
 * @param {Context} context
 * @param {number} from Pixels.
 * @param {number} to
 * @param {number} tall
 * @param {string} colour
 */
export function hatch(context, from, to, tall, colour) {
  context.save();
  context.beginPath();
  context.rect(from, 0, to - from, tall);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let x = Math.floor((from - tall) / 7) * 7; x < to; x += 7) {
    context.moveTo(x, tall);
    context.lineTo(x + tall, 0);
  }
  context.stroke();
  context.restore();
}

/**
 * Times above the tracks.
 * @param {Context} context
 * @param {number} width
 * @param {number} tall
 * @param {View} view
 * @param {string} colour
 */
export function drawRuler(context, width, tall, view, colour) {
  const tick = TICKS.find(seconds => (seconds / view.span) * width >= 70) ?? TICKS[TICKS.length - 1];
  context.fillStyle = context.strokeStyle = colour;
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'bottom';
  context.beginPath();
  for (let time = Math.ceil(view.from / tick) * tick; time <= view.to; time += tick) {
    const x = Math.round(view.x(time, width)) + 0.5;
    context.moveTo(x, tall - 5);
    context.lineTo(x, tall);
    const text = clock(time, tick < 1);
    const room = context.measureText(text).width;
    if (x + 4 + room < width) context.fillText(text, x + 4, tall - 2);
  }
  context.stroke();
}
