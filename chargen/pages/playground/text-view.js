// A text on the page, each character for itself: tinted, pointed at, walked through by keyboard.
//
// Characters are bare spans, so that a screen reader reads plain text; the one at the tab stop is a
// button that tells its surprise. So there is one tab stop, however long the text.

import {nameOf, percent, signOf} from "./characters.js";

export class TextView {
  #spans = [];
  #current = null; // the span at the tab stop
  #on;
  #isQuiet = false; // while the focus is moved here without showing what is there

  /**
   * @param element gets the spans.
   * @param on {hover(position, span), point(position, span), leave(), choose(position, span)}: the
   *   pointer is over a character; one got the focus; neither any more; Enter was pressed on one.
   */
  constructor(element, on) {
    this.element = element;
    this.characters = [];
    this.#on = on;
    element.addEventListener("pointerover", event => event.pointerType === "mouse" && this.#tell("hover", event));
    element.addEventListener("pointerleave", on.leave);
    element.addEventListener("click", event => {
      if (this.#at(event) < 0) return;
      this.#stop(event.target, true);
      this.#tell("point", event);
    });
    element.addEventListener("focusin", event => this.#isQuiet || this.#tell("point", event));
    element.addEventListener("focusout", on.leave);
    element.addEventListener("keydown", event => this.#key(event));
  }

  /** Show these characters and no others. */
  show(characters, tint) {
    this.element.replaceChildren();
    this.#spans = [];
    this.characters = [];
    this.#current = null;
    this.append(characters, tint);
  }

  /** Show more characters; `tint` takes a character and its position, and gives a class or "". */
  append(characters, tint) {
    const spans = characters.map(makeSpan);
    const first = this.#spans.length;
    this.#spans.push(...spans);
    this.characters.push(...characters);
    spans.forEach((span, i) => this.#tint(span, first + i, tint));
    this.element.append(...spans);
    if (!this.#current && spans.length) this.#stop(spans[0], false);
  }

  /** Tint all characters anew. */
  tint(tint) {
    this.#spans.forEach((span, i) => this.#tint(span, i, tint));
  }

  /** Mark one character, or with -1 none. */
  mark(position) {
    this.element.querySelector(".marked")?.classList.remove("marked");
    this.#spans[position]?.classList.add("marked");
  }

  /** Put the focus on a character, without showing what was expected there. */
  focus(position) {
    this.#isQuiet = true;
    if (this.#spans[position]) this.#stop(this.#spans[position], true);
    this.#isQuiet = false;
  }

  #tint(span, position, tint) {
    const character = this.characters[position];
    span.className = [tint(character, position), character.given ? "given" : ""].join(" ").trim();
  }

  #at(event) {
    return this.#spans.indexOf(event.target);
  }

  #tell(what, event) {
    const position = this.#at(event);
    if (position >= 0) this.#on[what](position, event.target);
  }

  /** Move the tab stop. */
  #stop(span, isFocused) {
    for (const name of ["tabindex", "role", "aria-label"]) this.#current?.removeAttribute(name);
    this.#current = span;
    span.tabIndex = 0;
    span.setAttribute("role", "button");
    span.setAttribute("aria-label", told(this.characters[this.#spans.indexOf(span)]));
    if (isFocused) span.focus();
  }

  #key(event) {
    const at = this.#at(event);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") this.#tell("choose", event);
    else {
      const to = this.#target(event.key, at);
      if (to === null) return;
      this.#stop(this.#spans[Math.max(0, Math.min(this.#spans.length - 1, to))], true);
    }
    event.preventDefault();
  }

  #target(key, at) {
    switch (key) {
      case "ArrowRight": return at + 1;
      case "ArrowLeft": return at - 1;
      case "ArrowDown": return this.#nextLine(at, 1);
      case "ArrowUp": return this.#nextLine(at, -1);
      case "Home": return 0;
      case "End": return Infinity;
      default: return null;
    }
  }

  /** Return the character of the next line, or the one before, that is nearest in x. */
  #nextLine(at, step) {
    const box = i => this.#spans[i].getClientRects()[0];
    const {left, top} = box(at);
    let best = at;
    for (let i = at + step, line = null; i >= 0 && i < this.#spans.length; i += step) {
      const here = box(i);
      if (Math.abs(here.top - top) < 4) continue; // still on the line where it began
      line ??= here.top;
      if (Math.abs(here.top - line) >= 4) break;
      if (best === at || Math.abs(here.left - left) < Math.abs(box(best).left - left)) best = i;
    }
    return best;
  }
}

function makeSpan({text}) {
  const span = document.createElement("span");
  const sign = signOf(text);
  // A sign is no part of the text, so that copied text is what was written. Of characters that
  // cannot be seen only line ends and tabs are obeyed: others turn text around or join letters.
  if (sign) span.dataset.sign = sign;
  span.textContent = !sign || "\n\t".includes(text) ? text : "";
  return span;
}

/** Return what a screen reader says of a character. */
function told({text, bits, alternatives}) {
  const expected = (alternatives ?? []).slice(0, 3)
    .map(({character, probability}) => `${nameOf(character)} ${percent(probability)}`);
  const parts = [nameOf(text)];
  if (bits != null) parts.push(`${bits.toFixed(1)} bits of surprise`);
  if (expected.length) parts.push(`expected: ${expected.join(", ")}`);
  return parts.join("; ");
}
