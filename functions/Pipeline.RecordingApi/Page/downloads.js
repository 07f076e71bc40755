// The files that there are or can be made, and the one click that brings them.

import { Signal, h, pause, say } from './dom.js';
import { percent, size, t } from './texts.js';

/** @typedef {import('./types.js').FileEntry} FileEntry */

const KINDS = /** @type {const} */ (['bundle', 'mix', 'track', 'transcript', 'info']);
const RETRY_SECONDS = 1;
const LONGEST_WAIT_SECONDS = 600;

/** The pane of files. */
export class Downloads {
  changed = new Signal();
  /** Formats that a stretch can have. @type {string[]} */
  formats = [];

  /** @type {Set<string>} Files that somebody waits for. */
  #wanted = new Set();
  #status = h('p.status', { role: 'status' });
  #list = h('div.files');
  #shown = '';
  #isLive = false;

  /**
   * @param {HTMLElement} pane
   * @param {import('./api.js').Api} api
   */
  constructor(pane, api) {
    this.api = api;
    pane.append(h('h2', {}, t('files')), this.#status, this.#list);
  }

  /**
   * @param {boolean} isLive
   * @returns {Promise<FileEntry[]>} What there is.
   */
  async refresh(isLive) {
    this.#isLive = isLive;
    /** @type {FileEntry[]} */
    let files;
    try {
      files = await this.api.files();
    } catch {
      say(this.#status, t('filesAway'));
      return [];
    }
    say(this.#status, files.length === 0 ? t('filesNone') : isLive ? t('filesLive') : '');
    const shown = JSON.stringify(files);
    if (shown !== this.#shown) {
      this.#draw(files);
      const mixes = files.filter(file => file.kind === 'mix').map(file => file.format);
      // While a recording runs, WAV is made of stretches only.
      this.formats = mixes.length === 0 || mixes.includes('wav') ? mixes : [...mixes, 'wav'];
      this.changed.emit();
    }
    this.#shown = shown;
    return files;
  }

  /** @param {FileEntry[]} files */
  #draw(files) {
    const focused = document.activeElement?.getAttribute('data-file');
    this.#list.replaceChildren(...KINDS.flatMap(kind => {
      const own = files.filter(file => file.kind === kind);
      if (own.length === 0) return [];
      /** @type {Map<string, FileEntry[]>} */
      const rows = new Map();
      for (const file of own) {
        const stem = kind === 'track' ? file.name.slice(0, file.name.lastIndexOf('.')) : '';
        rows.set(stem, [...rows.get(stem) ?? [], file]);
      }
      return [h('h3', {}, t(`kind_${kind}`)), ...[...rows].map(([stem, entries]) =>
        h('div.file-row', {}, stem ? h('span.file-name', {}, stem) : null, ...entries.map(file => this.#button(file))))];
    }));
    if (focused) this.#list.querySelector(/** @type {any} */ (`[data-file="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {FileEntry} file */
  #button(file) {
    const ready = file.state === 'ready';
    const state = t(`state_${file.state}`, { share: percent(file.progress ?? 0) });
    const detail = ready && file.bytes !== undefined ? size(file.bytes) : state;
    const label = file.kind === 'info' || file.kind === 'transcript' ? file.name : file.kind === 'bundle' ? file.name.replace(/^all-|\.zip$/g, '').toUpperCase() : file.format.toUpperCase();
    const button = h('button.file', {
      type: 'button', 'data-file': file.name, 'data-state': file.state, title: t(ready ? 'download' : 'make', { name: file.name }),
      onclick: () => this.take(file.name, button),
    }, h('b', {}, label), ' ', h('small', {}, detail));
    if (file.state === 'rendering') button.append(h('progress', { max: 1, value: file.progress ?? 0, 'aria-hidden': 'true' }));
    return button;
  }

  /**
   * Asks until the file is there, then takes it.
   * @param {string} name
   * @param {HTMLElement} button
   */
  async take(name, button) {
    if (this.#wanted.has(name)) return;
    this.#wanted.add(name);
    button.classList.add('busy');
    try {
      await this.bring(name, null, () => { this.refresh(this.#isLive); });
    } catch {
      say(this.#status, t('downloadFailed'));
    } finally {
      this.#wanted.delete(name);
      button.classList.remove('busy');
    }
  }

  /**
   * Asks until a file, or a stretch of it, is there, then saves it.
   * @param {string} name
   * @param {{ from: number, to: number } | null} stretch Seconds.
   * @param {(done: number) => void} progress 0 to 1, at every look.
   */
  async bring(name, stretch, progress) {
    for (let waited = 0; waited < LONGEST_WAIT_SECONDS;) {
      const { wait, done } = await this.api.askFile(name, stretch);
      if (wait === 0) {
        const link = /** @type {HTMLAnchorElement} */ (h('a', { href: this.api.fileAddress(name, stretch), download: '', hidden: true }));
        document.body.append(link);
        link.click();
        link.remove();
        return;
      }
      const seconds = Math.min(wait, RETRY_SECONDS);
      waited += seconds;
      await pause(seconds * 1000);
      progress(done);
    }
    throw new Error('the file takes too long');
  }
}
