// From logits to the id of the next character, as sampler.py and repetition.py do it.

const LOWEST = 1e-200; // temperature

/**
 * Return the id that a number from [0, 1) draws from adjusted logits.
 *
 * @param settings {temperature, top_k, top_p, min_p}, each optional but the first.
 */
export function draw(logits, {temperature, top_k = 0, top_p = 1, min_p = 0}, uniform) {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  if (temperature === 0) return logits.indexOf(highest);
  const scale = Math.max(temperature, LOWEST);
  const weights = Float64Array.from(logits, logit => Math.exp((logit - highest) / scale));
  const lowest = top_k || top_p < 1 || min_p ? lowestKept(weights, {top_k, top_p, min_p}) : 0;
  const sums = new Float64Array(weights.length);
  let sum = 0;
  weights.forEach((weight, id) => { sums[id] = sum += weight >= lowest ? weight : 0; });
  const place = uniform * sum;
  return sums.findIndex(each => each > place);
}

/** Return the lowest weight that the filters keep. */
function lowestKept(weights, {top_k, top_p, min_p}) {
  let rising = weights.slice().sort();
  if (top_k) rising = rising.slice(-top_k);
  let lowest = rising[0], sum = 0;
  if (top_p < 1) {
    const sums = rising.map(weight => (sum += weight));
    const without = Math.min(1 - top_p, 1 - 2 ** -53) * sum;
    lowest = rising[sums.findIndex(each => each > without)];
  }
  return min_p ? Math.max(lowest, min_p * rising.at(-1)) : lowest;
}

/** Return the natural log-probabilities of logits. */
export function logSoftmax(logits) {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - highest);
  const shift = highest + Math.log(sum);
  return Float64Array.from(logits, logit => logit - shift);
}

/** Rule some ids out, unless nothing else may come. */
export function ruleOut(logits, ids) {
  const before = logits.slice();
  for (const id of ids) logits[id] = -Infinity;
  if (logits.every(logit => logit === -Infinity)) logits.set(before);
}

const SHORTEST = 5, LONGEST_KEY = 32, MOST_PLACES = 1000, FIRST = 1, GROWTH = 1.2;

/** What keeps a stretch of `length` characters from coming twice; see repetition.py. */
export class NoRepeat {
  #length;
  #window;
  #tolerated;
  #key;
  #ids = [];
  #places = new Map(); // that follow a key, in their order
  #matches = new Map(); // a place, and how much of the end stood before it too

  constructor(length, window) {
    this.#length = length;
    this.#window = window;
    this.#tolerated = Math.max(Math.floor(length / 2), Math.min(length - 1, SHORTEST));
    this.#key = Math.min(this.#tolerated, LONGEST_KEY);
  }

  read(id) {
    this.#ids.push(id);
    const end = this.#ids.length;
    if (end < this.#key) return;
    const key = this.#ids.slice(-this.#key).join();
    if (!this.#places.has(key)) this.#places.set(key, []);
    const places = this.#places.get(key), before = this.#matches;
    this.#matches = new Map(places.filter(place => place >= end - this.#window)
      .map(place => [place, (before.get(place - 1) ?? this.#key - 1) + 1]));
    if (places.length >= MOST_PLACES) places.shift();
    places.push(end);
  }

  adjust(logits) {
    const longest = new Map();
    for (const [place, size] of this.#matches) {
      const next = this.#ids[place];
      longest.set(next, Math.max(size, longest.get(next) ?? 0));
    }
    const before = logits.slice();
    for (const [id, size] of longest) {
      if (size >= this.#length - 1) logits[id] = -Infinity;
      else if (size >= this.#tolerated) logits[id] -= FIRST * GROWTH ** Math.min(size - this.#tolerated, 100);
    }
    if (logits.every(logit => logit === -Infinity)) logits.set(before);
  }
}
