// The texts shown: one, or two side by side, each with its tints and alternatives.

import {ACTIVATION_LEGEND, SURPRISE_LEGEND, activationTint, surpriseTint} from "./characters.js";
import {button, byId, element} from "./elements.js";
import {TextView} from "./text-view.js";
import {describe} from "./tree-view.js";

export class Panes {
  #container;
  #panel;
  #on;
  #panes = []; // {id, article, view, tint}
  #activation = null; // null while surprise is shown

  /**
   * @param panel the alternatives.
   * @param on {pick(index, position, alternative), keep(index, position), forget(index, position),
   *   close(id)}: go on from an alternative; after a character; with a memory that begins there;
   *   show only the text `id`.
   */
  constructor(container, panel, on) {
    this.#container = container;
    this.#panel = panel;
    this.#on = on;
  }

  character(index, position) {
    return this.#panes[index].view.characters[position];
  }

  /** Show what a story shows. */
  show(story, isBusy) {
    this.#panes = story.shown.map((id, index) => this.#pane(story, id, index));
    this.#container.replaceChildren(...this.#panes.map(({article}) => article));
    this.#container.classList.toggle("two", this.#panes.length > 1);
    for (const {view} of this.#panes) view.element.setAttribute("aria-busy", String(isBusy));
  }

  /** Show more of a text that is being written. */
  append(id, characters) {
    const index = this.#panes.findIndex(pane => pane.id === id);
    if (index < 0) return;
    this.#panes[index].view.append(characters, this.#tintOf(index));
  }

  /** Tint by surprise or, given activation(index, position), by that. */
  tint(activation) {
    this.#activation = activation;
    this.#panes.forEach(({view}, index) => view.tint(this.#tintOf(index)));
    const [title, all] = activation ? ["Activation:", ACTIVATION_LEGEND] : ["Bits of surprise:", SURPRISE_LEGEND];
    byId("legend").replaceChildren(title, ...all.flatMap(([className, textContent]) => [" ", element("span", {className, textContent})]));
  }

  /** Mark a character of the first text. */
  mark(position) {
    this.#panes[0]?.view.mark(position);
  }

  /** Say more below the first text. */
  note(words) {
    if (words && this.#panes[0]) this.#panes[0].article.querySelector(".caption").append(` ${words}`);
  }

  #tintOf(index) {
    return this.#activation
      ? (_, position) => activationTint(this.#activation(index, position))
      : ({bits, given}) => (given ? "" : surpriseTint(bits));
  }

  #pane(story, id, index) {
    const article = byId("pane").content.cloneNode(true).firstElementChild;
    const isTwo = story.shown.length > 1;
    article.querySelector("h2").textContent = isTwo ? ["First text", "Second text"][index] : "Text";
    const characters = story.characters(id);
    article.querySelector(".caption").textContent = [mean(characters), describe(story.branch(id))].filter(Boolean).join(" · ");
    if (isTwo) article.querySelector("h2").after(button("Close", () => this.#on.close(story.shown[1 - index]),
      {className: "close", ariaLabel: `Close the ${["first", "second"][index]} text`}));
    const box = article.querySelector(".text");
    box.setAttribute("aria-label", article.querySelector("h2").textContent);
    const view = new TextView(box, {
      point: (position, span) => this.#point(index, position, span),
      leave: () => this.#panel.leave(),
      choose: () => this.#panel.focus(),
    });
    view.show(characters, this.#tintOf(index));
    return {id, article, view};
  }

  #point(index, position, span) {
    this.#panel.show(span, this.character(index, position), alternative => this.#on.pick(index, position, alternative), [
      ["Go on from here", () => this.#on.keep(index, position)],
      ["Forget what came before, go on", () => this.#on.forget(index, position)],
    ]);
  }
}

/** Return the mean surprise of what was written, in words. */
function mean(characters) {
  const bits = characters.flatMap(character => (character.given || character.bits == null ? [] : [character.bits]));
  const sum = bits.reduce((a, b) => a + b, 0);
  return bits.length ? `${bits.length} characters, ${(sum / bits.length).toFixed(2)} bits each` : "";
}
