// From a text to the ids that the network reads: tokenizer.py, preparation.py and unknown.py.
//
// The tables of what looks alike are those of unknown.py, which the description holds.

import {BOUNDARY, charactersIn, signOf} from "../playground/characters.js";

const RARE = "\ufffd";
const LINE_ENDS = /\r\n|[\n\r\x85\v\f\u2028\u2029]/g;
const JOINING = /^[\p{M}\u1160-\u11ff]$/u;
const SPACE = /^[\s\x1c-\x1f\x85]+$/u; // of Python; \s has U+FEFF too, which is none there
const isSpace = text => SPACE.test(text) && !text.includes("\ufeff");

export class Reader {
  /** @param model of the description; `rules` of the page: {separator, line_end, boundary, …}. */
  constructor(model, rules) {
    this.characters = charactersIn(model.vocabulary);
    this.ids = new Map(this.characters.map((character, id) => [character, id]));
    this.start = model.start;
    this.rules = rules;
    this.preparation = model.preparation;
    this.boundary = this.ids.get(BOUNDARY) ?? null;
    this.rare = rules.rare ? this.ids.get(RARE) : null;
    this.separator = model.document_separator ?? "";
  }

  /** Do to a text what was done to the corpus. */
  prepare(text) {
    const {newlines, normalize, lowercase} = this.preparation, {separator, line_end: lineEnd} = this.rules;
    if (separator) text = text.replace(new RegExp(separator, "g"), BOUNDARY);
    if (newlines === "unix") text = text.replace(LINE_ENDS, "\n");
    if (normalize) text = text.normalize(normalize);
    if (lowercase) text = text.toLowerCase();
    if (normalize) text = text.normalize(normalize);
    return lineEnd ? text.replace(/\r\n?|\n/g, lineEnd) : text;
  }

  /** Return {ids, notes} of a prompt or a text; unknown characters become the nearest known ones. */
  read(text) {
    const {characters, notes} = this.#known(this.prepare(text.toWellFormed?.() ?? text));
    const ids = characters.map(character => this.ids.get(character));
    const isDouble = (id, i) => id === this.boundary && i > 0 && ids[i - 1] === id;
    return {ids: ids.filter((id, i) => !isDouble(id, i)), notes};
  }

  /** Return the ids that are read from a zero state before a text goes on; see encode_beginning. */
  beginning(ids) {
    if (ids.length) return this.boundary === null || ids[0] === this.boundary ? ids : [this.boundary, ...ids];
    return this.start === BOUNDARY || isSpace(this.start) ? [this.ids.get(this.start)] : [];
  }

  /** Return a character as people read it. */
  show(id) {
    return id === this.boundary ? this.separator : this.characters[id];
  }

  isSpace(id) {
    return isSpace(this.characters[id]);
  }

  #known(text) {
    if (this.rare !== null) {
      const merged = text.replace(/\0+/g, BOUNDARY);
      return {characters: charactersIn(merged).map(each => (this.ids.has(each) ? each : RARE)), notes: []};
    }
    const tokens = this.#tokens(text), changes = new Map();
    const found = tokens.flatMap((token, i) => {
      if (this.#isKnown(token)) return charactersIn(token);
      const isDirected = token in this.rules.directed;
      const nearest = this.#nearest(token, isDirected && opens(tokens[i - 1]));
      changes.set(token, nearest);
      return charactersIn(nearest);
    });
    if (text.trim() && !found.join("").replaceAll(BOUNDARY, "").trim()) {
      throw new Error(`Nothing is left of the text without ${[...changes.keys()].map(named).join(", ")}; `
        + `the model knows ${this.characters.length} characters.`);
    }
    return {characters: found, notes: [...notesOf(changes)]};
  }

  #isKnown = token => charactersIn(token).every(character => this.ids.has(character));

  /** Cut a text into what is replaced as one: a character, one with its marks, or several. */
  #tokens(text) {
    if (this.#isKnown(text)) return charactersIn(text);
    const several = Object.keys(this.rules.several).filter(each => !this.#isKnown(each)).map(RegExp.escape ?? escaped);
    return text.match(new RegExp([...several, ".[\\p{M}\\u1160-\\u11ff]{1,30}", "."].join("|"), "gsu")) ?? [];
  }

  /** Return the nearest text of known characters; empty if there is none. */
  #nearest(token, isOpening = false) {
    if (token in this.rules.directed) token = this.rules.directed[token][isOpening ? 0 : 1];
    const forms = [...this.#forms(token)];
    const cases = forms.flatMap(form => [form.toLowerCase(), folded(form), form.toUpperCase()]);
    const found = [...forms, ...cases].find(form => form && this.#isKnown(form));
    if (found !== undefined) return found;
    const parts = charactersIn(token.normalize("NFKD"));
    const nearest = parts.length > charactersIn(token).length ? parts.map(part => this.#nearest(part)) : [];
    return nearest.every(Boolean) ? nearest.join("") : "";
  }

  /** Give other ways to write a token in the same case, the nearest first. */
  *#forms(token) {
    yield token.normalize("NFC");
    yield token.normalize("NFD");
    yield* this.rules.several[token] ?? [];
    for (const [characters, alternatives] of this.rules.alike) if (characters.includes(token)) yield* alternatives;
    if (isSpace(token)) {
      yield " ";
      return;
    }
    yield token.normalize("NFKC");
    const decomposed = token.normalize("NFKD");
    yield decomposed;
    const bare = charactersIn(decomposed).filter(each => !JOINING.test(each)).join("");
    yield bare;
    yield this.rules.strokes[bare] ?? ""; // as in ø and ł
  }
}

const folded = text => text.toUpperCase().toLowerCase(); // ss for ß
const escaped = text => text.replace(/[.\\+*?^$()[\]{}|-]/g, "\\$&");
const opens = before =>
  before === undefined || before === BOUNDARY || isSpace(before) || /^[\p{Ps}\p{Pi}]/u.test(before);
const named = token => charactersIn(token).map(character => {
  const code = character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  return signOf(character) === null ? `'${character}' (U+${code})` : `U+${code}`;
}).join(" + ");

function* notesOf(changes) {
  const changed = [...changes].filter(([, nearest]) => nearest);
  const left = [...changes].filter(([, nearest]) => !nearest);
  const told = changed.map(([token, nearest]) => `${named(token)} to ${named(nearest)}`);
  if (changed.length) yield `Changed ${told.join("; ")}.`;
  if (left.length) yield `Left out ${left.map(([token]) => named(token)).join("; ")}.`;
}
