// NumPy's random numbers: default_rng(SeedSequence(seed, spawn_key=key)).random().
//
// SeedSequence hashes the seed as M. E. O'Neill's randutils does; PCG64 is her permuted congruential
// generator with 128 bits of state, XSL-RR (2014). Both as NumPy documents them.

const MASK_32 = 0xffffffffn, MASK_64 = (1n << 64n) - 1n, MASK_128 = (1n << 128n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const POOL = 4; // words of 32 bits

/** Return a function that gives the next number from [0, 1). */
export function randomNumbers(seed, ...key) {
  const [high, low, stream, selector] = seedWords(seed, key);
  const increment = (((stream << 64n) | selector) << 1n | 1n) & MASK_128;
  const step = state => (state * MULTIPLIER + increment) & MASK_128;
  let state = step(increment + ((high << 64n) | low));
  return () => {
    state = step(state);
    const mixed = (state >> 64n) ^ (state & MASK_64), turn = state >> 122n;
    const drawn = ((mixed >> turn) | (mixed << (64n - turn))) & MASK_64;
    return Number(drawn >> 11n) / 2 ** 53;
  };
}

/** Return the four words of 64 bits that a generator starts from. */
export function seedWords(seed, key) {
  const entropy = wordsOf(BigInt(seed));
  while (key.length && entropy.length < POOL) entropy.push(0);
  const pool = mixed(entropy.concat(...key.map(number => wordsOf(BigInt(number)))));
  const hash = hashing(0x8b51f9dd, 0x58f38ded);
  const words = Array.from({length: 8}, (_, i) => BigInt(hash(pool[i % POOL])));
  return [0, 2, 4, 6].map(i => words[i] | (words[i + 1] << 32n));
}

/** Return a pool that every bit of the entropy had a part in. */
function mixed(entropy) {
  const hash = hashing(0x43b0d7e5, 0x931e8875);
  const pool = Array.from({length: POOL}, (_, i) => hash(entropy[i] ?? 0));
  for (let from = 0; from < POOL; from++) {
    for (let to = 0; to < POOL; to++) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  }
  for (const word of entropy.slice(POOL)) {
    for (let to = 0; to < POOL; to++) pool[to] = mix(pool[to], hash(word));
  }
  return pool;
}

/** Return a hash of 32 bits whose constant changes each time. */
function hashing(constant, multiplier) {
  return value => {
    value ^= constant;
    constant = Math.imul(constant, multiplier);
    value = Math.imul(value, constant);
    return (value ^ (value >>> 16)) >>> 0;
  };
}

function mix(one, other) {
  const value = (Math.imul(0xca01f9dd, one) - Math.imul(0x4973f715, other)) | 0;
  return (value ^ (value >>> 16)) >>> 0;
}

/** Return the words of 32 bits of a number, the lowest first. */
function wordsOf(number) {
  const words = [];
  do words.push(Number(number & MASK_32)); while ((number >>= 32n));
  return words;
}
