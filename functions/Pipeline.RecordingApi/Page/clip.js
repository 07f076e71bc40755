// A chosen stretch as files: the mix of it, or everybody's track in one ZIP, made by the recording API.

import { h, say } from './dom.js';
import { clock, percent, t } from './texts.js';

/** @typedef {import('./types.js').Recording} Recording */

/**
 * The bar that appears with a selection.
 * @param {HTMLElement} bar
 * @param {import('./board.js').Board} board
 * @param {import('./downloads.js').Downloads} downloads
 */
export function buildStretch(bar, board, downloads) {
  const { view } = board;
  const text = h('span', { role: 'status' });
  const select = h('button.toggle', { type: 'button', 'aria-pressed': 'false', onclick: () => {
    board.selecting = !board.selecting;
    select.setAttribute('aria-pressed', String(board.selecting));
  } }, t('select'));
  const format = /** @type {HTMLSelectElement} */ (h('select', { 'aria-label': t('format'), title: t('format') }));
  const mix = h('button', { type: 'button', onclick: () => run(`mix.${format.value}`) }, t('stretchMix'));
  const tracks = h('button', { type: 'button', onclick: () => run(`all-${format.value}.zip`) }, t('stretchTracks'));
  const clear = h('button', { type: 'button', onclick: () => view.select(null) }, t('stretchClear'));
  bar.append(text, select, format, mix, tracks, clear);
  let busy = false;

  const update = () => {
    const { selection } = view;
    const { formats } = downloads;
    if (format.children.length !== formats.length) format.replaceChildren(...formats.map(name => h('option', { value: name }, name.toUpperCase())));
    for (const button of [mix, tracks]) /** @type {HTMLButtonElement} */ (button).disabled = busy;
    for (const part of [format, mix, tracks]) part.hidden = !selection || formats.length === 0;
    clear.hidden = !selection;
    if (busy) return;
    say(text, !selection ? t('stretchHint')
      : t('stretch', { from: clock(selection.from, true), to: clock(selection.to, true), length: clock(selection.to - selection.from, true) }));
  };

  const run = async (/** @type {string} */ name) => {
    const { selection } = view;
    if (!selection || busy) return;
    busy = true;
    update();
    const progress = (/** @type {number} */ done) => say(text, t('stretchWork', { share: percent(done) }));
    progress(0);
    try {
      await downloads.bring(name, selection, progress);
      say(text, '');
    } catch {
      say(text, t('downloadFailed'));
    }
    busy = false;
    setTimeout(update, 2000);
  };

  view.changed.on(update);
  downloads.changed.on(update);
  update();
}
