// The bar below: play, jump, speed, zoom.

import { h, icon, say } from './dom.js';
import { clock, parseClock, t } from './texts.js';

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

/**
 * @param {HTMLElement} bar
 * @param {import('./player.js').Player} player
 * @param {import('./view.js').View} view
 */
export function buildTransport(bar, player, view) {
  const play = h('button.play', { type: 'button', onclick: () => player.toggle() });
  const time = h('output.time', { 'aria-live': 'off' });
  const position = /** @type {HTMLInputElement} */ (h('input.position', { type: 'range', min: '0', step: '1', 'aria-label': t('position') }));
  position.addEventListener('input', () => player.seek(Number(position.value)));
  const speed = /** @type {HTMLSelectElement} */ (h('select', { 'aria-label': t('speed'), title: t('speed') },
    ...SPEEDS.map(value => h('option', { value: String(value), selected: value === 1 }, `${value}×`))));
  speed.addEventListener('change', () => player.setSpeed(Number(speed.value)));
  const skip = toggle(t('skipSilence'), () => { player.skipSilence = !player.skipSilence; }, () => player.skipSilence, player);
  const follow = toggle(t('follow'), () => {
    player.follow = !player.follow;
    if (player.follow) player.seek(player.end);
  }, () => player.follow, player);
  const waiting = h('span.waiting', { role: 'status' });
  bar.append(
    h('span.group', {}, button('back', t('back'), () => player.seek(player.position - 10)), play, button('forward', t('forward'), () => player.seek(player.position + 10))),
    time, position, waiting,
    h('span.group', {}, speed, skip, follow),
    h('span.group', {}, button('minus', t('zoomOut'), () => view.zoom(2, player.position)), button('plus', t('zoomIn'), () => view.zoom(0.5, player.position)),
      button('whole', t('zoomAll'), () => view.whole()), button('clock', t('goTo'), () => goTo(player, view))));

  const update = () => {
    const on = player.state !== 'paused';
    play.replaceChildren(icon(on ? 'pause' : 'play'));
    play.setAttribute('aria-label', t(on ? 'pause' : 'play'));
    play.title = t(on ? 'pause' : 'play');
    say(waiting, player.state === 'waiting' ? t('waiting') : '');
    follow.hidden = !player.isLive;
    show();
  };
  const show = () => {
    const total = Math.max(player.end, 0);
    time.textContent = `${clock(player.position)} / ${clock(total)}`;
    position.max = String(Math.floor(total));
    if (document.activeElement !== position || player.state !== 'paused') position.value = String(Math.floor(player.position));
    position.setAttribute('aria-valuetext', t('positionOf', { time: clock(player.position), total: clock(total) }));
  };
  player.changed.on(update);
  setInterval(() => player.state !== 'paused' && show(), 250);
  update();
}

/**
 * Asks for a time and goes there.
 * @param {import('./player.js').Player} player
 * @param {import('./view.js').View} view
 */
export function goTo(player, view) {
  const seconds = parseClock(prompt(t('goToPrompt'), clock(player.position)) ?? '');
  if (Number.isNaN(seconds)) return;
  player.follow = false;
  player.seek(seconds);
  view.reveal(player.position);
}

/**
 * @param {Parameters<typeof icon>[0]} sign
 * @param {string} label
 * @param {() => void} work
 */
function button(sign, label, work) {
  return h('button.sign', { type: 'button', 'aria-label': label, title: label, onclick: work }, icon(sign));
}

/**
 * @param {string} label
 * @param {() => void} flip
 * @param {() => boolean} isOn
 * @param {import('./player.js').Player} player
 */
function toggle(label, flip, isOn, player) {
  const element = h('button.toggle', { type: 'button', 'aria-pressed': 'false', onclick: () => {
    flip();
    player.changed.emit();
  } }, label);
  player.changed.on(() => element.setAttribute('aria-pressed', String(isOn())));
  return element;
}

