// Texts under way: what session.py, generate.py and stopping.py do, in slices of time.

import {bitsOf} from "../playground/characters.js";
import {randomNumbers} from "./random.js";
import {NoRepeat, draw, logSoftmax, ruleOut} from "./sampling.js";

const NEVER = -1e4; // a logit that nothing is drawn by
const SLICE = 25; // ms of work after which other messages are heard
const GREEDY_NO_REPEAT = 20, WINDOW = 10_000; // characters, as in config/sampling.py

export class Author {
  /**
   * @param network a Network.
   * @param reader its Reader.
   * @param labels each label and its number of characters: [[name, count], …].
   */
  constructor(network, reader, labels) {
    Object.assign(this, {network, reader, labels});
  }

  /**
   * Write a text.
   *
   * @param request as for /v1/completions.
   * @param give gets the characters that came since the last time.
   * @param isOver says whether to stop.
   * @returns {reason, notes}.
   */
  async write(request, give, isOver) {
    const {reader, network} = this, {seed, max_tokens: length} = request;
    const random = randomNumbers(seed, 0), {ids: prompt, notes} = reader.read(request.prompt ?? "");
    const label = this.#label(request.label, seed);
    const reading = this.#reading(label);
    let logits = await this.#readAll(reader.beginning(prompt), reading, isOver);
    const rules = this.#rules(prompt, request);
    const stop = new Stop([request.stop ?? []].flat().map(text => reader.prepare(text)));
    const pace = new Pace();
    let pieces = [];
    for (let written = 0; written < length && !isOver(); written++) {
      const adjusted = logits.slice();
      rules.forEach(rule => rule.adjust(adjusted));
      const id = draw(adjusted, request, random());
      if (id === reader.boundary) return this.#end("stop", notes, give, [...pieces, ...stop.release()]);
      pieces.push(...stop.add(this.#character(id, logits, request.logprobs)));
      if (stop.isMet) return this.#end("stop", notes, give, pieces);
      rules.forEach(rule => rule.read(id));
      logits = reading(id);
      if (pace.isDue) {
        give(pieces.splice(0));
        await pace.rest();
      }
    }
    return this.#end("length", notes, give, [...pieces, ...stop.release()]);
  }

  #end(reason, notes, give, pieces) {
    give(pieces);
    return {reason, notes};
  }

  /** Return the characters of a text as the network sees them come; the first without surprise. */
  async read({text, label, logprobs}, isOver) {
    const {ids} = this.reader.read(text), reading = this.#reading(this.#label(label, 0));
    const lead = ids[0] === this.reader.boundary ? [] : this.reader.beginning(ids).slice(0, -ids.length);
    let logits = lead.length ? reading(lead[0]) : null;
    return this.#characters(ids, logits, reading, logprobs, isOver);
  }

  /** Return a text's surprise as /v1/score does; the first character counts too. */
  async score({text, label, top}, isOver) {
    const {reader} = this, {ids, notes} = reader.read(text), reading = this.#reading(this.#label(label, 0));
    if (!ids.length) throw new Error("A text needs at least one character that the model can read.");
    const read = ids[0] === reader.boundary ? ids.slice(1) : ids;
    const logits = reading(reader.ids.get(reader.start));
    const seen = await this.#characters(read, logits, reading, top, isOver);
    const total = seen.reduce((sum, {bits}) => sum + bits, 0), mean = total / seen.length;
    const characters = seen.map(({text: character, ...rest}) => ({character, ...rest}));
    return {characters, total_bits: total, bits_per_char: mean, perplexity: 2 ** mean, notes};
  }

  /** Return the mean loss of a text in nats: the state carried through, the first not counted. */
  loss(ids, label = null) {
    const reading = this.#reading(label);
    let sum = 0, logits = reading(ids[0]);
    for (const id of ids.slice(1)) {
      sum -= logSoftmax(logits)[id];
      logits = reading(id);
    }
    return sum / (ids.length - 1);
  }

  /** Read ids from a zero state: the logits after each, and the state after the last. */
  logits(ids, label = null) {
    const state = this.network.zeroState();
    return {logits: ids.map(id => this.network.step(id, state, label)), state};
  }

  async #characters(ids, logits, reading, top, isOver) {
    const pace = new Pace(), found = [];
    for (const id of ids) {
      if (isOver()) break;
      found.push(logits ? this.#character(id, logits, top)
        : {text: this.reader.show(id), bits: null, alternatives: []});
      logits = reading(id);
      if (pace.isDue) await pace.rest();
    }
    return found;
  }

  /** Return a function that reads an id and gives the logits after it; a boundary is a new start. */
  #reading(label) {
    let state = this.network.zeroState();
    return id => {
      if (id === this.reader.boundary) state = this.network.zeroState();
      return this.network.step(id, state, label);
    };
  }

  async #readAll(ids, reading, isOver) {
    const {reader, network} = this, pace = new Pace();
    let logits = new Float32Array(network.vocabSize).fill(NEVER);
    logits[reader.ids.get(reader.start)] = 0; // where nothing is read, it is what is written first
    for (const id of ids) {
      if (isOver()) break;
      logits = reading(id);
      if (pace.isDue) await pace.rest();
    }
    return logits;
  }

  /** Return the number of a label; one is drawn, by how much text each has, where none is asked for. */
  #label(asked, seed) {
    if (!this.labels.length) return null;
    const at = this.labels.findIndex(([name]) => name === asked);
    if (at >= 0) return at;
    const all = this.labels.reduce((sum, [, count]) => sum + count, 0), place = randomNumbers(seed, 0, 1)();
    let sum = 0;
    const drawn = this.labels.findIndex(([, count]) => (sum += count / all) > place);
    return drawn < 0 ? this.labels.length - 1 : drawn;
  }

  /** Return what changes the logits of a text, having read its prompt. */
  #rules(prompt, {temperature, no_repeat: asked}) {
    const {reader} = this, rules = [];
    if (reader.rare !== null) {
      rules.push({read() {}, adjust: logits => { logits[reader.rare] = -Infinity; }});
    }
    if (reader.boundary !== null) {
      let isEmpty = true;
      rules.push({
        read: id => { if (isEmpty || id === reader.boundary) isEmpty = id === reader.boundary || reader.isSpace(id); },
        adjust: logits => isEmpty && ruleOut(logits, [reader.boundary]),
      });
    }
    const longest = asked ?? (temperature === 0 ? GREEDY_NO_REPEAT : 0);
    if (longest) rules.push(new NoRepeat(longest, WINDOW));
    for (const id of prompt) rules.forEach(rule => rule.read(id));
    return rules;
  }

  #character(id, logits, top) {
    const logProbs = logSoftmax(logits);
    const best = [];
    for (let other = 0; other < logProbs.length; other++) {
      let place = best.length;
      while (place > 0 && logProbs[best[place - 1]] < logProbs[other]) place--;
      if (place < top) best.splice(place, best.length < top ? 0 : 0, other);
      if (best.length > top) best.pop();
    }
    const alternatives = best.map(each => ({
      character: this.reader.characters[each], probability: Math.exp(logProbs[each]),
    }));
    return {text: this.reader.show(id), bits: bitsOf(logProbs[id]), alternatives};
  }
}

/** Hold back what may be the beginning of a text to stop at. */
class Stop {
  #texts;
  #held = [];
  isMet = false;

  constructor(texts) {
    this.#texts = texts.filter(Boolean);
  }

  /** Take a character; return those that have become certain. */
  add(character) {
    if (!this.#texts.length) return [character];
    this.#held.push(character);
    const held = this.#held.map(({text}) => text).join("");
    const met = this.#texts.filter(text => held.endsWith(text)).sort((a, b) => b.length - a.length)[0];
    if (met !== undefined) {
      this.isMet = true;
      return this.#held.splice(0, this.#held.length - Array.from(met).length);
    }
    let open = this.#held.length;
    const tail = () => this.#held.slice(-open).map(({text}) => text).join("");
    while (open && !this.#texts.some(text => text.startsWith(tail()))) open--;
    return this.#held.splice(0, this.#held.length - open);
  }

  /** Return what is held back, at the end of a text. */
  release() {
    return this.#held.splice(0);
  }
}

/** Work in slices, so that a worker hears what it is told meanwhile. */
class Pace {
  #since = performance.now();

  get isDue() {
    return performance.now() - this.#since > SLICE;
  }

  async rest() {
    const {port1, port2} = new MessageChannel();
    await new Promise(resolve => {
      port1.onmessage = resolve;
      port2.postMessage(null);
    });
    port1.close();
    this.#since = performance.now();
  }
}
