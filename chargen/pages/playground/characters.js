// What is shown of a character: signs for those that cannot be seen, levels for tints.

const SIGNS = new Map([["\0", "␃"], ["\n", "↵"], ["\r", "␍"], ["\t", "⇥"]]);
const NAMES = new Map([["\0", "end of the document"], ["\n", "line end"], ["\t", "tab"], [" ", "space"]]);
const UNSEEN = /^[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]|^(?! )\p{Zs}/u;

/** The end of a document, as the network reads it. */
export const BOUNDARY = "\0";

/** Return the characters of a text; one is a code point, as on the server. */
export const charactersIn = text => Array.from(text);

/** Return what stands for a character that cannot be seen; null if it can. */
export function signOf(character) {
  if (!UNSEEN.test(character)) return null;
  const code = character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  return SIGNS.get(character) ?? `U+${code}`;
}

/** Return a character as a sentence names it. */
export const nameOf = character => NAMES.get(character) ?? signOf(character) ?? character;

/** Return the bits of surprise of a natural log-probability. */
export const bitsOf = logProbability => Math.max(0, -logProbability / Math.LN2);

/** Return a probability as a percentage; small ones keep a digit. */
export const percent = p => `${(100 * p).toFixed(p < 0.0995 ? 1 : 0)}%`;

const SURPRISING = [1, 2, 4, 6, 8]; // bits from which a level is reached
const ACTIVE = [0.2, 0.4, 0.6, 0.8]; // |h| likewise
const reached = (limits, value) => limits.filter(limit => value >= limit).length;

/** Return the class of a tint, such as "s3" for 4 to 6 bits of surprise; "" for none. */
export function surpriseTint(bits) {
  const level = bits == null ? 0 : reached(SURPRISING, bits);
  return level ? `s${level}` : "";
}

/** Return the class of a tint, such as "p2" for a positive or "n2" for a negative activation. */
export function activationTint(h) {
  const level = h == null ? 0 : reached(ACTIVE, Math.abs(h));
  return level ? (h > 0 ? "p" : "n") + level : "";
}

/** What the tints mean, for a legend: class and words. */
export const SURPRISE_LEGEND = [
  ["", "under 1 bit"], ["s1", "1"], ["s2", "2"], ["s3", "4"], ["s4", "6"], ["s5", "8 bits and more"],
];
export const ACTIVATION_LEGEND = [
  ["n4", "−1"], ["n2", "−0.5"], ["", "0"], ["p2", "+0.5"], ["p4", "+1"],
];
