// The top of the page: what this recording is, who was there, how far it is safe; and lists of notes and gaps.

import { byId, h, say } from './dom.js';
import { disc } from './lanes.js';
import { RATE } from './segments.js';
import { clock, dateTime, percent, span, t, tOr } from './texts.js';

/** @typedef {import('./types.js').Recording} Recording */

/** @param {Recording} recording */
const titleOf = recording => recording.title || t('untitled', { date: dateTime(recording.startedAt) });

/**
 * Shows the facts; a repetition changes only what differs.
 * @param {Recording} recording
 * @param {import('./player.js').Player} player
 * @param {(title: string) => Promise<string>} rename Gives back why it was not done.
 */
export function showHeader(recording, player, rename) {
  document.title = titleOf(recording);
  showTitle(recording, rename);
  const isLive = recording.status === 'live';
  const length = t('length', { time: clock(recording.durationSamples / RATE) });
  byId('facts').textContent = [recording.guildName, recording.channelName && `#${recording.channelName}`, dateTime(recording.startedAt), length].filter(Boolean).join(' · ');
  const end = recording.endReason && tOr(`ended_${recording.endReason}`, '');
  const missing = recording.missingSegmentCount;
  const lastWords = new Map((recording.consent?.entries ?? []).map(entry => [entry.userId, entry.choice]));
  const said = (/** @type {string} */ choice) => [...lastWords.values()].filter(word => word === choice).length;
  const agreed = recording.consent?.mode === 'required' ? said('agreed') : null, erased = said('erased');
  byId('badges').replaceChildren(...[
    isLive ? h('span.badge.live', {}, t('live')) : recording.status === 'processing' ? h('span.badge', {}, t('finishing')) : null,
    isLive ? h('span.badge', {}, t('safeUpTo', { time: clock(recording.safeSamples / RATE) })) : null,
    recording.privacyCode ? h('span.badge', {}, t('encrypted', { code: recording.privacyCode.replace(/(.{5})(?=.)/g, '$1 ') })) : null,
    end ? h('span.badge.warn', {}, end) : null,
    recording.deletesAt ? h('span.badge', {}, t('deletesOn', { date: dateTime(recording.deletesAt) })) : null,
    agreed !== null ? h('span.badge', {}, t('agreed', { count: agreed })) : null,
    erased ? h('span.badge', {}, t('erased', { count: erased })) : null,
    missing ? h('span.badge.warn', {}, t('missing', { count: missing })) : null,
  ].filter(badge => badge !== null));
  showPeople(recording);
  showNotes(recording, player);
  showGaps(recording, player);
}

/**
 * Leaves what stands there: who is at the button stays at it.
 * @param {Recording} recording
 * @param {(title: string) => Promise<string>} rename Gives back why it was not done.
 */
function showTitle(recording, rename) {
  const line = byId('headline');
  if (line.querySelector('form')) return;
  const heading = line.querySelector('h1') ?? line.appendChild(h('h1'));
  say(heading, titleOf(recording));
  if (!recording.scopes?.includes('delete')) return;
  const button = line.querySelector('button') ?? line.appendChild(h('button.quiet', { type: 'button' }, t('rename')));
  button.onclick = () => {
    const input = /** @type {HTMLInputElement} */ (h('input', { value: recording.title ?? '', maxLength: 100, 'aria-label': t('titleLabel') }));
    const fault = h('span.status', { role: 'status' });
    const form = h('form', { onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      const title = input.value.trim();
      fault.textContent = '';
      fault.textContent = await rename(title);
      if (fault.textContent) return;
      close({ ...recording, title });
    } }, input, h('button', { type: 'submit' }, t('save')), h('button', { type: 'button', onclick: () => close(recording) }, t('cancel')), fault);
    const close = (/** @type {Recording} */ shown) => {
      line.replaceChildren(heading, button);
      showTitle(shown, rename);
      button.focus();
    };
    line.replaceChildren(form);
    input.focus();
  };
}

/** @param {Recording} recording */
function showPeople(recording) {
  const all = recording.tracks.reduce((sum, track) => sum + track.spokenSamples, 0);
  const tracks = [...recording.tracks].sort((a, b) => b.spokenSamples - a.spokenSamples);
  const people = byId('people');
  people.setAttribute('aria-label', t('people'));
  people.replaceChildren(...tracks.map(track => {
    const share = all > 0 ? track.spokenSamples / all : 0;
    const title = t('talked', { time: clock(track.spokenSamples / RATE), share: percent(share) });
    return h('li', { title }, disc(track), h('span', {}, track.username), h('small', {}, `${percent(share)} %`));
  }));
}

/**
 * @param {Recording} recording
 * @param {import('./player.js').Player} player
 */
function showNotes(recording, player) {
  const rows = recording.notes.map(note => {
    const time = clock(note.sample / RATE);
    return row(player, note.sample, note.username ? t('noteBy', { time, name: note.username }) : time, note.text);
  });
  list(byId('notes'), t('notes'), rows);
}

/**
 * @param {Recording} recording
 * @param {import('./player.js').Player} player
 */
function showGaps(recording, player) {
  const rows = [...recording.gaps].sort((a, b) => a.startSample - b.startSample).map(gap => {
    const who = gap.userId ? recording.tracks.find(track => track.userId === gap.userId)?.username ?? '' : t('everybodyGap');
    const values = { time: clock(gap.startSample / RATE), length: span(gap.sampleCount / RATE), reason: tOr(`reason_${gap.reason}`, gap.reason) };
    return row(player, gap.startSample, who, t('gapOf', values));
  });
  list(byId('gaps'), t('gaps'), rows);
}

/**
 * @param {import('./player.js').Player} player
 * @param {number} sample
 * @param {string} small
 * @param {string} text
 */
function row(player, sample, small, text) {
  return h('li', {}, h('button.phrase', { type: 'button', onclick: () => player.seek(sample / RATE) }, h('span.when', {}, small), h('span', {}, text)));
}

/**
 * @param {HTMLElement} pane
 * @param {string} title
 * @param {HTMLElement[]} rows
 */
function list(pane, title, rows) {
  const key = rows.map(one => one.textContent).join('\n');
  if (pane.dataset.key === key) return;
  pane.dataset.key = key;
  pane.hidden = rows.length === 0;
  pane.replaceChildren(h('h2', {}, title), h('ol.phrases', {}, ...rows));
}
