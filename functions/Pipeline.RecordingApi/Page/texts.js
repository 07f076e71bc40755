// Texts in the reader's language, and numbers as that language writes them.

import english from './texts/en.js';

/** @type {Record<string, string>} */
let texts = english;
let language = 'en';

/** Languages beside English, each a file of its own. */
const others = ['de', 'fr'];

/**
 * Takes the first language of the browser that there is a file for.
 * @param {readonly string[]} wanted Such as navigator.languages.
 */
export async function chooseLanguage(wanted) {
  for (const tag of wanted) {
    const name = tag.toLowerCase().split('-')[0];
    if (name === 'en') break;
    if (!others.includes(name)) continue;
    try {
      texts = { ...english, ...(await import(`./texts/${name}.js`)).default };
      language = name;
    } catch {
      // A file that does not come: English is here already.
    }
    break;
  }
  document.documentElement.lang = language;
}

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values] What stands in braces.
 */
export function t(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/**
 * @param {string} key
 * @param {string} other Where there is no such text.
 */
export const tOr = (key, other) => texts[key] ?? other;

/**
 * 1:02:03, or 2:03.4 with tenths.
 * @param {number} seconds
 * @param {boolean} [tenths]
 */
export function clock(seconds, tenths = false) {
  const all = Math.max(0, tenths ? Math.floor(seconds * 10) / 10 : Math.floor(seconds));
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  const rest = (tenths ? (all % 60).toFixed(1) : String(all % 60)).padStart(tenths ? 4 : 2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/**
 * Reads what clock writes: 1:02:03, 2:03, 90. NaN for anything else.
 * @param {string} text
 */
export function parseClock(text) {
  if (!/^\s*\d+(:\d{1,2}){0,2}([.,]\d+)?\s*$/.test(text)) return NaN;
  return text.trim().replace(',', '.').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/**
 * A length of time: 2.4 sec, or 1:02.
 * @param {number} seconds
 */
export const span = seconds => seconds >= 60 ? clock(seconds)
  : new Intl.NumberFormat(language, { style: 'unit', unit: 'second', maximumFractionDigits: 1 }).format(seconds);

/** @param {string} iso */
export const dateTime = iso => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));

/** @param {number} bytes */
export function size(bytes) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  let step = 0;
  for (; bytes >= 1000 && step < units.length - 1; step++) bytes /= 1000;
  const digits = step > 0 && bytes < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: 'unit', unit: units[step], maximumFractionDigits: digits }).format(bytes);
}

/** @param {number} part 0 to 1 */
export const percent = part => new Intl.NumberFormat(language, { maximumFractionDigits: part < 0.1 ? 1 : 0 }).format(part * 100);
