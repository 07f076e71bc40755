// Keys that work wherever no field is being filled in.

import { RATE } from './segments.js';
import { goTo } from './transport.js';

const JUMP_SECONDS = 10;

/**
 * @param {import('./board.js').Board} board
 * @param {import('./segments.js').SegmentStore} store
 * @param {AbortSignal} over
 */
export function bindKeys(board, store, over) {
  const { player, view, lanes } = board;
  const jump = (/** @type {number} */ seconds) => {
    player.follow = false;
    player.seek(player.position + seconds);
    view.reveal(player.position);
  };
  /** @type {Record<string, () => void>} */
  const keys = {
    ' ': () => player.toggle(),
    k: () => player.toggle(),
    j: () => jump(-JUMP_SECONDS),
    l: () => jump(JUMP_SECONDS),
    ArrowLeft: () => jump(-JUMP_SECONDS),
    ArrowRight: () => jump(JUMP_SECONDS),
    Home: () => jump(-player.position),
    End: () => jump(player.end),
    m: () => muteAll(board),
    n: () => nextTurn(board, store),
    g: () => goTo(player, view),
    '+': () => view.zoom(0.5, player.position),
    '=': () => view.zoom(0.5, player.position),
    '-': () => view.zoom(2, player.position),
    0: () => view.whole(),
    '[': () => view.bound('from', player.position, player.end),
    ']': () => view.bound('to', player.position, player.end),
  };
  addEventListener('keydown', event => {
    // Where a layout has no key for a bracket it takes AltGr, which some report as Ctrl and Alt.
    const isBracket = event.altKey && /^[[\]]$/.test(event.key);
    if (event.metaKey || (!isBracket && (event.ctrlKey || event.altKey)) || !(event.target instanceof Element)) return;
    if (event.target.closest('select, textarea, input:not([type=range])')) return;
    // A button is pressed by space, and a slider moves by arrows: these keys are theirs.
    if (event.key === ' ' && event.target.closest('button, a')) return;
    if (/^(Arrow|Home|End)/.test(event.key) && event.target.closest('input')) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const number = /^[1-9]$/.test(key) ? Number(key) : 0;
    if (number) soloOnly(board, lanes.userIds[number - 1]);
    else if (keys[key]) keys[key]();
    else return;
    event.preventDefault();
  }, { signal: over });
}

/** @param {import('./board.js').Board} board */
function muteAll({ player }) {
  const lanes = [...player.lanes.values()];
  const mute = lanes.some(lane => !lane.muted);
  for (const lane of lanes) lane.muted = mute;
  player.applyLanes();
}

/**
 * @param {import('./board.js').Board} board
 * @param {string | undefined} userId
 */
function soloOnly({ player }, userId) {
  if (!userId) return;
  const was = player.lane(userId).solo;
  for (const lane of player.lanes.values()) lane.solo = false;
  player.lane(userId).solo = !was;
  player.applyLanes();
}

/**
 * Goes to where somebody else begins to speak.
 * @param {import('./board.js').Board} board
 * @param {import('./segments.js').SegmentStore} store
 */
async function nextTurn({ player, view }, store) {
  const now = player.position;
  const speaking = new Set(store.peek(now, now + 0.1).segments.map(segment => segment.userId));
  const next = await store.next(now, segment => segment.startSample / RATE > now + 0.1 && player.isAudible(segment.userId) && !speaking.has(segment.userId)).catch(() => null);
  if (!next) return;
  player.follow = false;
  player.seek(next.startSample / RATE);
  view.reveal(player.position);
}
