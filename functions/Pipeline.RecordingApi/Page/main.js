// Opens the link, shows the recording, and looks for news while it runs.

import { Api, ApiError } from './api.js';
import { Board } from './board.js';
import { buildStretch } from './clip.js';
import { byId, h, pause } from './dom.js';
import { Downloads } from './downloads.js';
import { showHeader } from './header.js';
import { bindKeys } from './keys.js';
import { Lanes } from './lanes.js';
import { Peaks } from './peaks.js';
import { Player } from './player.js';
import { RATE, SegmentStore } from './segments.js';
import { SoundLoader } from './sound.js';
import { chooseLanguage, t } from './texts.js';
import { TranscriptPane } from './transcript.js';
import { buildTransport } from './transport.js';
import { View } from './view.js';

/** @typedef {import('./types.js').Recording} Recording */

const POLL_MS = 3000;
const FILES_MS = 10_000;
const LONGEST_WAIT_MS = 60_000;
// After its end a recording's files and facts may still change a little.
const SETTLE_POLLS = 40;
// So far behind a call that runs nothing is waited for any more: lists of segments are taken for whole, and what is there is played.
const SETTLED_SECONDS = 120;

/** What the page knows, and the parts that show it. */
class Page {
  /** @param {Api} api */
  constructor(api) {
    this.api = api;
    this.view = new View();
    this.peaks = new Peaks(api, () => this.board.draw());
    this.store = new SegmentStore(api, segments => {
      this.peaks.guess(segments);
      this.board.draw();
    }, error => this.hear('segments', error));
    this.player = new Player(this.store, new SoundLoader(api, (userId, piece) => this.peaks.measure(userId, piece)));
    this.lanes = new Lanes(byId('lanes'), this.player, this.view, this.peaks);
    this.board = new Board(this.view, this.player, this.lanes);
    this.downloads = new Downloads(byId('downloads'), api);
    this.transcript = new TranscriptPane(byId('transcript'), this.player);
    /** @type {Recording | null} */
    this.recording = null;
    this.hasTranscript = false;
    /** What the recording API does not answer just now. @type {Set<string>} */
    this.away = new Set();
    /** Ends everything that asks or listens. */
    this.over = new AbortController();
    api.gone = error => this.end(error);
  }

  /** @param {Recording} recording */
  start(recording) {
    this.recording = recording;
    this.update(recording);
    // A link that only brings files, or only deletes, has nothing to play.
    for (const id of mayListen(recording) ? ['head', 'board', 'panes', 'transport'] : ['head', 'panes']) byId(id).hidden = false;
    buildTransport(byId('transport'), this.player, this.view);
    buildStretch(byId('stretch'), this.board, this.downloads);
    if (mayListen(recording)) bindKeys(this.board, this.store, this.over.signal);
    this.view.changed.on(() => this.want());
    this.player.failed.on(() => this.tell());
    this.more(recording);
    if (!Player.isPossible) byId('transport').hidden = true;
    this.every(1000, () => this.want());
    byId('downloads').hidden = !mayDownload(recording);
    this.files();
    this.every(FILES_MS, () => this.files());
    this.board.draw();
  }

  /**
   * @param {number} ms
   * @param {() => void} work
   */
  every(ms, work) {
    const timer = setInterval(work, ms);
    this.over.signal.addEventListener('abort', () => clearInterval(timer));
  }

  /**
   * Nothing is asked for and nothing sounds any more; one sentence says why.
   * @param {unknown} error
   */
  end(error) {
    if (this.over.signal.aborted) return;
    this.over.abort();
    this.api.close();
    this.player.pause();
    showFault(error);
  }

  /**
   * Takes in how something was answered that is asked for again by itself.
   * @param {string} what
   * @param {unknown} error Null where it was answered.
   */
  hear(what, error) {
    if (isFinal(error)) this.end(error);
    else if (error) this.away.add(what);
    else if (!this.away.delete(what)) return;
    this.tell();
  }

  /** @param {Recording} recording */
  update(recording) {
    const isLive = recording.status === 'live';
    const wasLive = this.recording?.status === 'live';
    // What this link may do: another tab's link of this recording may have put its cookie there since.
    recording = { ...recording, scopes: this.recording?.scopes ?? recording.scopes };
    this.recording = recording;
    this.store.grown(isLive ? recording.safeSamples / RATE - SETTLED_SECONDS : Infinity);
    this.player.isLive = isLive;
    // At a segment that never comes the safe position stands still: two minutes behind the call there is what there is.
    const playable = isLive ? Math.max(recording.safeSamples, recording.durationSamples - SETTLED_SECONDS * RATE) : recording.durationSamples;
    this.player.end = playable / RATE;
    this.view.setDuration(recording.durationSamples / RATE);
    const gone = this.lanes.update(recording);
    for (const userId of gone) {
      this.peaks.remove(userId);
      this.player.remove(userId);
    }
    if (gone.length > 0) this.transcript.keep(recording.tracks);
    this.board.setNotes(recording.notes);
    showHeader(recording, this.player, title => this.attempt(async () => {
      await this.api.rename(title);
      this.update({ .../** @type {Recording} */ (this.recording), title });
    }));
    this.tell();
    if (wasLive && !isLive) this.files();
    this.player.changed.emit();
    this.want();
  }

  /** Says the first of what holds for the recording as a whole. */
  tell() {
    const recording = this.recording;
    if (!recording || this.over.signal.aborted) return;
    const { isUnplayable, isUnreadable, isFailing } = this.player;
    const orFiles = mayDownload(recording) ? [` ${t('orFiles')} `, h('button', { type: 'button', onclick: () => byId('downloads').scrollIntoView() }, t('files'))] : [];
    if (this.away.size > 0) notice(t('offline'));
    else if (recording.tracks.length === 0) notice(t(recording.status === 'live' ? 'nothingYet' : 'nothingEver'));
    else if (mayListen(recording) && !Player.isPossible) notice(t('noAudio'), ...orFiles);
    else if (isUnplayable) notice(t('unplayable'), ...orFiles);
    else if (isFailing) notice(t('soundFailed'));
    else notice(isUnreadable ? t('unreadable') : '');
  }

  /** Asks for what the screen and the player will need. */
  want() {
    if (!this.recording || !mayListen(this.recording)) return;
    const { from, to } = this.view;
    const end = this.player.end;
    // Who waits for sound gets it first.
    if (this.player.state !== 'waiting') this.peaks.want(this.lanes.userIds, from, to, end);
    this.store.peek(this.player.position, Math.min(this.player.position + 5, end));
    // Where nobody has measured yet, the list of segments says who spoke: near the end of a live call, or in a short one.
    if (this.recording.status === 'live') this.store.peek(Math.max(from, end - 180), end);
    else if (to - from <= 1200) this.store.peek(from, to);
  }

  async files() {
    const recording = this.recording;
    if (!recording || document.hidden || !mayDownload(recording)) return;
    const files = await this.downloads.refresh(recording.status === 'live');
    const transcript = files.find(file => file.name === 'transcript.json' && file.state === 'ready');
    if (!transcript || this.hasTranscript) return;
    try {
      /** @type {import('./types.js').Transcript} */
      const content = await this.api.file(transcript.name);
      // The last words of a call come after its end.
      this.hasTranscript = content.status !== 'running';
      this.transcript.update(content, this.recording?.tracks ?? []);
    } catch {
      // The next look tries again.
    }
  }

  /** @param {Recording} recording */
  more(recording) {
    const pane = byId('more');
    if (mayListen(recording)) pane.append(h('h2', {}, t('keys')), h('p.keys', {}, t('keysList')));
    if (!recording.scopes?.includes('delete')) return;
    const fault = h('p.status', { role: 'status' });
    const remove = async () => {
      fault.textContent = '';
      fault.textContent = await this.attempt(async () => {
        await this.api.remove();
        this.end(new ApiError(410));
      });
    };
    const sure = h('div', { hidden: true }, h('p', {}, t('removeSure')), h('button.danger', { type: 'button', onclick: remove }, t('removeYes')),
      h('button', { type: 'button', onclick: () => { sure.hidden = true; } }, t('cancel')), fault);
    pane.append(h('button.quiet', { type: 'button', onclick: () => { sure.hidden = false; } }, t('remove')), sure);
  }

  /**
   * Does what somebody asked for.
   * @param {() => Promise<void>} work
   * @returns {Promise<string>} Why it was not done; empty where it was.
   */
  async attempt(work) {
    try {
      await work();
      return '';
    } catch (error) {
      const status = statusOf(error);
      if (status === 403) return t('mayNot');
      if (isFinal(error)) this.end(error);
      return t(status === 0 ? 'notReached' : 'notDone');
    }
  }

  /** Looks for news for as long as the recording runs, and a little longer. */
  async follow() {
    let wait = POLL_MS;
    let rest = SETTLE_POLLS;
    while (rest > 0) {
      await pause(document.hidden && this.player.state === 'paused' ? wait * 5 : wait);
      if (this.over.signal.aborted) return;
      try {
        const recording = await this.api.recording();
        wait = POLL_MS;
        this.hear('facts', null);
        if (recording) this.update(recording);
        if (this.recording?.status !== 'live') rest--;
      } catch (error) {
        wait = Math.min(Math.max(wait * 2, (error instanceof ApiError ? error.retryAfter : 0) * 1000), LONGEST_WAIT_MS);
        this.hear('facts', error);
      }
    }
  }
}

/** @param {Recording} recording */
const mayListen = recording => (recording.scopes ?? ['listen']).includes('listen');

/** @param {Recording} recording */
const mayDownload = recording => (recording.scopes ?? ['download']).includes('download');

/**
 * @param {unknown} error
 * @returns {number} 0 where nobody answered.
 */
const statusOf = error => error instanceof ApiError ? error.status : 0;

/** @param {unknown} error */
const isFinal = error => [401, 403, 404, 410].includes(statusOf(error));

let noticed = '';

/**
 * @param {string} text Empty for none.
 * @param {(string | HTMLElement)[]} more
 */
function notice(text, ...more) {
  // Said once: it is read out whenever it is written.
  if (text === noticed) return;
  noticed = text;
  byId('notice').replaceChildren(text, ...more);
  byId('notice').hidden = text === '';
}

/**
 * Takes the page's place, and the focus with it: what had it is hidden, and a screen reader reads where it goes.
 * @param {string} name One of the states that have texts.
 */
function showState(name) {
  const state = byId('state');
  if (!state.hidden && state.dataset.state === name) return;
  for (const id of ['head', 'board', 'panes', 'transport', 'notice']) byId(id).hidden = true;
  byId('state-title').textContent = t(`state_${name}`);
  byId('state-text').textContent = t(`state_${name}Do`);
  state.dataset.state = name;
  state.hidden = false;
  document.title = t(`state_${name}`);
  state.focus();
}

/** @param {unknown} error */
function showFault(error) {
  const status = statusOf(error);
  if (status === 401 || status === 403) showState('link');
  else if (status === 429) showState('many');
  else if (status === 404 || status === 410) showState('deleted');
  else showState('storage');
}

async function open() {
  await chooseLanguage(navigator.languages);
  const id = location.pathname.split('/').filter(Boolean).pop() ?? '';
  const secret = new URLSearchParams(location.hash.slice(1)).get('k');
  const api = new Api(id);
  for (let wait = POLL_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      if (secret) await api.openSession(secret);
      const recording = await api.recording();
      if (!recording) throw new ApiError(0);
      byId('state').hidden = true;
      const page = new Page(api);
      page.start(recording);
      await page.follow();
      return;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showFault(error);
      if (isFinal(error) || error.status === 429) return;
      await pause(Math.max(wait, error.retryAfter * 1000));
    }
  }
}

addEventListener('hashchange', () => location.reload());
open();
