// The panel at a character: what was expected there, and ways to go on from it.
//
// It comes on pointing, focus or tap, stays while the pointer is on it, and goes by Escape.

import {BOUNDARY, nameOf, percent, signOf} from "./characters.js";
import {button, element} from "./elements.js";

const HOVER = 200; // ms that the pointer must rest on a character: who only passes is not disturbed
const LINGER = 250; // ms in which it may cross from the character to the panel

export class Alternatives {
  #panel = element("div", {className: "alternatives", role: "dialog", hidden: true});
  #anchor = null;
  #coming = 0;
  #leaving = 0;

  constructor() {
    document.body.append(this.#panel);
    this.#panel.addEventListener("pointerenter", () => clearTimeout(this.#leaving));
    this.#panel.addEventListener("pointerleave", () => this.leave());
    this.#panel.addEventListener("focusout", () => this.leave());
    this.#panel.addEventListener("keydown", event => this.#key(event));
    document.addEventListener("keydown", event => event.key === "Escape" && this.#escape(event), true);
    addEventListener("resize", () => this.#panel.hidden || this.#place());
  }

  /** Show as `show` does, once the pointer has rested. */
  showSoon(...where) {
    clearTimeout(this.#coming);
    clearTimeout(this.#leaving);
    this.#coming = setTimeout(() => this.show(...where), HOVER);
  }

  /**
   * Show what was expected at a character.
   *
   * @param span the character on the page.
   * @param character {text, bits, alternatives}.
   * @param pick is called with the alternative that was chosen.
   * @param actions more that can be done here: [[words, function], …].
   */
  show(span, character, pick, actions) {
    clearTimeout(this.#coming);
    clearTimeout(this.#leaving);
    if (this.#anchor === span && !this.#panel.hidden) return;
    this.#anchor = span;
    this.#panel.setAttribute("aria-label", `At “${nameOf(character.text)}”`);
    const act = run => () => {
      this.hide();
      run();
    };
    this.#panel.replaceChildren(
      element("p", {textContent: headline(character)}),
      element("ul", {}, character.alternatives.map(alternative =>
        element("li", {}, [choice(alternative, character, act(() => pick(alternative)))]))),
      element("div", {className: "actions"}, actions.map(([words, run]) => button(words, act(run)))),
    );
    this.#panel.hidden = false;
    this.#place();
  }

  /** Return what a TextView's characters do here; `at` gives what `show` takes of a position. */
  handlers(at) {
    return {
      hover: (position, span) => this.showSoon(span, ...at(position)),
      point: (position, span) => this.show(span, ...at(position)),
      leave: () => this.leave(),
      choose: (position, span) => {
        this.show(span, ...at(position));
        this.focus();
      },
    };
  }

  /** Put the focus on the first alternative. */
  focus() {
    this.#panel.querySelector("button:not(:disabled)")?.focus();
  }

  /** Go soon, unless the pointer or the focus comes here or back. */
  leave() {
    clearTimeout(this.#coming);
    clearTimeout(this.#leaving);
    this.#leaving = setTimeout(() => {
      const focused = document.activeElement;
      if (focused !== this.#anchor && !this.#panel.contains(focused) && !this.#panel.matches(":hover")) this.hide();
    }, LINGER);
  }

  hide() {
    clearTimeout(this.#coming);
    clearTimeout(this.#leaving);
    this.#panel.hidden = true;
  }

  /** Stand right under the character, or over it, so that the pointer gets here over no other. */
  #place() {
    const [{left, top, bottom}] = this.#anchor.getClientRects();
    const {offsetWidth: width, offsetHeight: height} = this.#panel;
    const right = document.documentElement.clientWidth - width - 8;
    const isOver = bottom + height > innerHeight && top > height;
    this.#panel.style.left = `${scrollX + Math.max(8, Math.min(left - 12, right))}px`;
    this.#panel.style.top = `${scrollY + (isOver ? top - height + 2 : bottom - 2)}px`;
  }

  #escape(event) {
    if (this.#panel.hidden) return;
    event.stopPropagation();
    if (this.#panel.contains(document.activeElement)) this.#anchor.focus();
    this.hide();
  }

  #key(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step) return;
    const all = [...this.#panel.querySelectorAll("button:not(:disabled)")];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus();
    event.preventDefault();
  }
}

function headline({text, bits, given}) {
  const who = given ? ", given" : "";
  return bits == null ? `${nameOf(text)}${who}` : `${nameOf(text)}${who}: ${bits.toFixed(1)} bits, ${percent(2 ** -bits)}`;
}

function choice({character, probability}, {text}, run) {
  const bar = element("span", {className: "bar"});
  bar.style.width = `${100 * probability}%`;
  const shown = character === " " ? "␣" : signOf(character) ?? character;
  const made = button("", run, {disabled: character === BOUNDARY, className: character === text ? "taken" : ""});
  made.setAttribute("aria-label", `${nameOf(character)}, ${percent(probability)}: go on from it`);
  made.append(element("span", {className: "sign", textContent: shown}), element("span", {className: "share"}, [bar]),
    element("span", {className: "number", textContent: percent(probability)}));
  return made;
}
