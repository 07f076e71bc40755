// What was said, as text: a click goes there, a search narrows it down.

import { h, say } from './dom.js';
import { disc } from './lanes.js';
import { clock, t } from './texts.js';

/** @typedef {import('./types.js').Track} Track */
/** @typedef {import('./types.js').Transcript} Transcript */
/** @typedef {import('./types.js').Turn} Turn */

/** @typedef {{ element: HTMLElement, words: HTMLElement, at: number, text: string }} Row */

/** The pane of what was said. It is built once: text that grows leaves the search, the focus and the rows that there are as they are. */
export class TranscriptPane {
  #status = h('p.status', { role: 'status' });
  #search = /** @type {HTMLInputElement} */ (h('input.search', { type: 'search', placeholder: t('search'), 'aria-label': t('search') }));
  #list = h('ol.phrases');
  /** By who said what when. @type {Map<string, Row>} */
  #rows = new Map();
  #shown = '';
  /** @type {Transcript | null} */
  #transcript = null;
  /** @type {HTMLElement | undefined} */
  #current;

  /**
   * @param {HTMLElement} pane
   * @param {import('./player.js').Player} player
   */
  constructor(pane, player) {
    this.pane = pane;
    this.player = player;
    pane.append(h('h2', {}, t('transcript')), this.#search, this.#status, this.#list);
    this.#search.addEventListener('input', () => this.#narrow());
    setInterval(() => this.#mark(), 500);
  }

  /**
   * Somebody is there no more.
   * @param {Track[]} tracks Of those who are.
   */
  keep(tracks) {
    if (this.#transcript) this.update(this.#transcript, tracks);
  }

  /**
   * Shows what has come, and takes away what is gone.
   * @param {Transcript} transcript
   * @param {Track[]} tracks Who is in none of them was erased, though the text may know it later.
   */
  update(transcript, tracks) {
    this.#transcript = transcript;
    const names = new Map(tracks.map(track => [track.userId, track]));
    const shown = JSON.stringify([transcript, ...names.keys()]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const language = isTag(transcript.language) ? transcript.language : '';
    /** @type {Map<string, Row>} */
    const rows = new Map();
    for (const turn of transcript.turns) {
      const track = names.get(turn.user);
      if (!track) continue;
      const key = `${turn.user} ${turn.start} ${turn.text}`;
      const row = this.#rows.get(key) ?? this.#row(turn, track);
      if (row.words.lang !== language) row.words.lang = language;
      rows.set(key, row);
    }
    for (const [key, { element }] of this.#rows) if (!rows.has(key)) element.remove();
    this.#rows = rows;
    let next = this.#list.firstElementChild;
    for (const { element } of rows.values()) {
      if (element === next) next = next.nextElementSibling;
      else this.#list.insertBefore(element, next);
    }
    this.#narrow();
    this.pane.hidden = rows.size === 0;
  }

  /**
   * @param {Turn} turn
   * @param {Track} track
   * @returns {Row}
   */
  #row({ start, text }, track) {
    const words = h('span.words', {}, text);
    const element = h('li', {}, h('button.phrase', { type: 'button', onclick: () => this.player.seek(start) },
      disc(track), h('span.said', {}, h('span.when', {}, `${clock(start)}  ${track.username}`), words)));
    return { element, words, at: start, text: text.toLocaleLowerCase() };
  }

  #narrow() {
    const words = this.#search.value.trim().toLocaleLowerCase();
    let count = 0;
    for (const { element, text } of this.#rows.values()) {
      element.hidden = words !== '' && !text.includes(words);
      if (!element.hidden) count++;
    }
    say(this.#status, words ? t('found', { count }) : '');
  }

  /** Shows which words are heard now. */
  #mark() {
    const now = [...this.#rows.values()].findLast(({ at }) => at <= this.player.position + 0.1)?.element;
    if (now === this.#current) return;
    this.#current?.removeAttribute('aria-current');
    now?.setAttribute('aria-current', 'true');
    this.#current = now;
  }
}

// A language tag such as "de" or "pt-BR"; some services answer with a name, which is none.
/** @param {string | null | undefined} language @returns {language is string} */
const isTag = (language) => /^[a-z]{2,3}(-[a-z0-9]+)*$/i.test(language ?? '');
