// Speech at another speed with its pitch kept: windows of the sound are laid one over the other where they fit best (WSOLA).

const WINDOW = 1440; // 30 ms: two periods of a deep voice
const HALF = WINDOW / 2;
const SEARCH = 480; // 10 ms to each side

/**
 * @param {AudioBuffer} source
 * @param {number} speed 0.5 to 2
 * @param {BaseAudioContext} context
 * @returns {AudioBuffer} Of the source's length divided by the speed.
 */
export function stretch(source, speed, context) {
  if (speed === 1 || source.length < WINDOW * 2) return source;
  const channels = Array.from({ length: source.numberOfChannels }, (_, channel) => source.getChannelData(channel));
  const length = Math.max(1, Math.round(source.length / speed));
  const result = context.createBuffer(channels.length, length, source.sampleRate);
  const outputs = channels.map((_, channel) => result.getChannelData(channel));
  const lead = channels[0];
  let from = 0;
  for (let to = 0; to < length; to += HALF) {
    const ideal = Math.round(to * speed);
    // The first window is taken as it is, so that a piece begins exactly where it should.
    const start = to === 0 ? 0 : bestStart(lead, ideal, from + HALF);
    channels.forEach((input, channel) => lay(input, start, outputs[channel], to));
    from = start;
  }
  return result;
}

/**
 * Where near the ideal position the sound continues what was laid last.
 * @param {Float32Array} input
 * @param {number} ideal
 * @param {number} natural Where the last window would go on by itself.
 */
function bestStart(input, ideal, natural) {
  const low = Math.max(0, ideal - SEARCH);
  const high = Math.min(input.length - WINDOW, ideal + SEARCH);
  if (high <= low || natural + HALF >= input.length) return Math.max(0, Math.min(ideal, input.length - WINDOW));
  let best = ideal;
  let most = -Infinity;
  for (let start = low; start <= high; start += 6) {
    let likeness = 0;
    for (let i = 0; i < HALF; i += 8) likeness += input[start + i] * input[natural + i];
    if (likeness > most) [most, best] = [likeness, start];
  }
  return best;
}

/**
 * Adds one window with a slope at both ends; slopes of neighbours add up to one.
 * @param {Float32Array} input
 * @param {number} start
 * @param {Float32Array} output
 * @param {number} to
 */
function lay(input, start, output, to) {
  const count = Math.min(WINDOW, input.length - start, output.length - to);
  for (let i = 0; i < count; i++) {
    const gain = i < HALF ? (to === 0 ? 1 : i / HALF) : (WINDOW - i) / HALF;
    output[to + i] += input[start + i] * gain;
  }
}
