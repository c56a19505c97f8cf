/* decimal.js: exact decimals. Money is text or {units: BigInt, scale}, never a JavaScript number. */

const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/* "-12.5", "1e-3" or a decimal; null: it is none. */
export function parse(text) {
  if (typeof text === "object" && text !== null) return text;
  const match = PATTERN.exec(String(text ?? "").trim());
  if (!match || (match[2] === "" && !match[3])) return null;
  const fraction = match[3] ?? "";
  const exponent = Number(match[4] ?? 0);
  const magnitude = BigInt(match[2] + fraction || "0");
  const units = match[1] === "-" ? -magnitude : magnitude;
  const scale = fraction.length - exponent;
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

export const ZERO = Object.freeze({ units: 0n, scale: 0 });

function alike(left, right) {
  const scale = Math.max(left.scale, right.scale);
  return [left.units * 10n ** BigInt(scale - left.scale), right.units * 10n ** BigInt(scale - right.scale), scale];
}

const given = (value) => parse(value) ?? ZERO;

export function add(left, right) {
  const [a, b, scale] = alike(given(left), given(right));
  return { units: a + b, scale };
}

export function subtract(left, right) {
  const [a, b, scale] = alike(given(left), given(right));
  return { units: a - b, scale };
}

export function compare(left, right) {
  const [a, b] = alike(given(left), given(right));
  return a < b ? -1 : a > b ? 1 : 0;
}

export const sum = (values) => values.reduce(add, ZERO);
export const isZero = (value) => given(value).units === 0n;
export const isNegative = (value) => given(value).units < 0n;

/* Divides with the remainder to the even neighbour. */
function divideHalfEven(units, divisor) {
  const negative = units < 0n !== divisor < 0n;
  const top = units < 0n ? -units : units;
  const bottom = divisor < 0n ? -divisor : divisor;
  let quotient = top / bottom;
  const twice = (top % bottom) * 2n;
  if (twice > bottom || (twice === bottom && quotient % 2n === 1n)) quotient += 1n;
  return negative ? -quotient : quotient;
}

export function round(value, scale) {
  const decimal = given(value);
  if (decimal.scale <= scale) return { units: decimal.units * 10n ** BigInt(scale - decimal.scale), scale };
  return { units: divideHalfEven(decimal.units, 10n ** BigInt(decimal.scale - scale)), scale };
}

/* part / whole x 100, half-even at ten decimals as bills have it; null: whole is 0. */
export function percentage(part, whole) {
  const [a, b] = alike(given(part), given(whole));
  return b === 0n ? null : { units: divideHalfEven(a * 10n ** 12n, b), scale: 10 };
}

/* All its digits, without trailing zeros. */
export function toText(value) {
  const { units, scale } = given(value);
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  return (units < 0n ? "-" : "") + whole + (fraction ? `.${fraction}` : "");
}

/* For people: thousands apart, a true minus sign; `places` null: all digits. */
export function format(value, places = 2) {
  const rounded = places === null ? given(value) : round(value, places);
  const text = places === null ? toText(rounded) : fixed(rounded);
  const [whole, fraction] = text.replace("-", "").split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return (rounded.units < 0n ? "−" : "") + grouped + (fraction ? `.${fraction}` : "");
}

function fixed({ units, scale }) {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  return digits.slice(0, digits.length - scale) + (scale ? `.${digits.slice(-scale)}` : "");
}

/* The height of a bar: for drawing only, nothing is ever added up from it. */
export function height(value) {
  return Number(toText(round(value, 4)));
}
