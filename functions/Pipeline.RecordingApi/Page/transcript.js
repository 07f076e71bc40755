// What was said, as text: a click goes there, a search narrows it down.

import { h } from './dom.js';
import { disc } from './lanes.js';
import { clock, t } from './texts.js';

/** @typedef {import('./types.js').Track} Track */

/** @typedef {import('./types.js').Transcript} Transcript */

/**
 * @param {HTMLElement} pane
 * @param {Transcript} transcript
 * @param {Track[]} tracks
 * @param {import('./player.js').Player} player
 */
export function showTranscript(pane, { language, turns }, tracks, player) {
  const status = h('p.status', { role: 'status' });
  const search = /** @type {HTMLInputElement} */ (h('input.search', { type: 'search', placeholder: t('search'), 'aria-label': t('search') }));
  const rows = turns.map(turn => {
    const track = tracks.find(one => one.userId === turn.user);
    const at = turn.start;
    const row = h('li', {}, h('button.phrase', { type: 'button', onclick: () => player.seek(at) },
      track ? disc(track) : null,
      h('span.said', {}, h('span.when', {}, `${clock(at)}  ${track?.username ?? ''}`), h('span.words', isTag(language) ? { lang: language } : {}, turn.text))));
    return { row, at, text: turn.text.toLocaleLowerCase() };
  });
  search.addEventListener('input', () => {
    const words = search.value.trim().toLocaleLowerCase();
    let count = 0;
    for (const { row, text } of rows) {
      row.hidden = words !== '' && !text.includes(words);
      if (!row.hidden) count++;
    }
    status.textContent = words ? t('found', { count }) : '';
  });
  pane.replaceChildren(h('h2', {}, t('transcript')), search, status, h('ol.phrases', {}, ...rows.map(({ row }) => row)));
  pane.hidden = turns.length === 0;
  /** @type {HTMLElement | undefined} */
  let current;
  setInterval(() => {
    const now = rows.findLast(({ at }) => at <= player.position + 0.1)?.row;
    if (now === current) return;
    current?.removeAttribute('aria-current');
    now?.setAttribute('aria-current', 'true');
    current = now;
  }, 500);
}

// A language tag such as "de" or "pt-BR"; some services answer with a name, which is none.
/** @param {string | null | undefined} language @returns {language is string} */
const isTag = (language) => /^[a-z]{2,3}(-[a-z0-9]+)*$/i.test(language ?? '');
