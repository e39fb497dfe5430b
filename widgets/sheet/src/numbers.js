// Numbers as they are typed, stepped and shown. A whole number beyond 2^53 is a text of digits: a
// seed has 64 bits, and a number of JavaScript is exact only up to 53.

/** @typedef {{ min?: any, max?: any, step?: number }} Limits */
/**
 * @typedef {object} Arithmetic
 * @property {(typed: string) => any} parse return the number that is typed, null where there is none
 * @property {(value: any, step?: number) => string} format
 * @property {(value: any, steps: number, limits: Limits) => any} stepped
 * @property {(one: any, other: any) => number} compare negative where `one` is less
 */

const MOST_DECIMALS = 6;

/**
 * Return a typed number without what people put around its digits: spaces, and a real minus sign.
 * @param {string} typed
 */
const bare = (typed) => typed.replace(/[\s\u00a0\u2009\u202f_]/g, "").replace(/^\u2212/, "-");

/**
 * Return how many decimals a number is written with.
 * @param {number} value
 */
export function decimalsOf(value) {
  const text = String(Number(value.toFixed(MOST_DECIMALS)));
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}

/** @type {Arithmetic} */
export const FRACTIONS = {
  parse(typed) {
    const text = bare(typed).replace(/^([-+]?\d*),(\d+)$/, "$1.$2");
    if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return null;
    const value = Number(text);
    return Number.isFinite(value) ? value : null;
  },
  format(value, step = 1) {
    const number = Number(value);
    return number.toFixed(Math.max(decimalsOf(number), decimalsOf(step)));
  },
  stepped(value, steps, { min, max, step = 1 }) {
    const decimals = Math.max(decimalsOf(Number(value)), decimalsOf(step));
    const next = Number((Number(value) + steps * step).toFixed(decimals));
    return Math.min(Math.max(next, min ?? -Infinity), max ?? Infinity);
  },
  compare: (one, other) => Number(one) - Number(other),
};

/**
 * Return a whole number as Python sends it: a number where that is exact, else a text.
 * @param {bigint} value
 */
const plain = (value) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));

/** @type {Arithmetic} */
export const WHOLES = {
  parse(typed) {
    const found = /^\+?(-?\d+)(\.0*)?$/.exec(bare(typed));
    return found ? plain(BigInt(found[1])) : null;
  },
  format: (value) => String(value),
  stepped(value, steps, { min, max, step = 1 }) {
    let next = BigInt(value) + BigInt(steps) * BigInt(Math.max(Math.round(step), 1));
    if (min !== undefined && min !== null && next < BigInt(min)) next = BigInt(min);
    if (max !== undefined && max !== null && next > BigInt(max)) next = BigInt(max);
    return plain(next);
  },
  compare(one, other) {
    const [left, right] = [BigInt(one), BigInt(other)];
    return left < right ? -1 : Number(left > right);
  },
};

/** @param {string} kind */
export const arithmeticOf = (kind) => (kind === "whole" ? WHOLES : FRACTIONS);

/**
 * Return how many steps a key moves a number, null for a key that moves none; at "min" and "max" it
 * goes there.
 * @param {{ key: string, shiftKey: boolean }} event
 * @returns {number | "min" | "max" | null}
 */
export function stepsOf({ key, shiftKey }) {
  const by = shiftKey ? 10 : 1;
  /** @type {Record<string, number | "min" | "max">} */
  const keys = {
    ArrowUp: by,
    ArrowRight: by,
    ArrowDown: -by,
    ArrowLeft: -by,
    PageUp: 10,
    PageDown: -10,
    Home: "min",
    End: "max",
  };
  return keys[key] ?? null;
}

/**
 * Return the step of a slider that is nearest to a place on it.
 * @param {number} place
 * @param {{ min: number, max: number, step: number }} limits
 */
export function snapped(place, { min, max, step }) {
  const next = min + Math.round((place - min) / step) * step;
  const decimals = Math.max(decimalsOf(min), decimalsOf(step));
  return Number(Math.min(Math.max(next, min), max).toFixed(decimals));
}

/**
 * Say what is wrong with a number outside its limits, and which it could be; null if it is inside.
 * @param {Arithmetic} arithmetic
 * @param {any} value
 * @param {Limits & { unit?: string }} limits
 */
export function outside(arithmetic, value, { min, max, step, unit }) {
  const isKnown = (/** @type {any} */ limit) => limit !== undefined && limit !== null;
  const isLow = isKnown(min) && arithmetic.compare(value, min) < 0;
  const isHigh = isKnown(max) && arithmetic.compare(value, max) > 0;
  if (!isLow && !isHigh) return null;
  const nearest = isLow ? min : max;
  const shown = `${arithmetic.format(nearest, step)}${unit ? ` ${unit}` : ""}`;
  return { text: isLow ? `At least ${shown}.` : `At most ${shown}.`, nearest };
}
