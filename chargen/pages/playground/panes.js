// The texts shown: one, or two side by side, each with its tints and alternatives.

import {ACTIVATION_LEGEND, SURPRISE_LEGEND, activationTint, surpriseTint} from "./characters.js";
import {byId, element} from "./elements.js";
import {TextView} from "./text-view.js";
import {describe} from "./tree-view.js";

export class Panes {
  #container;
  #panel;
  #on;
  #panes = []; // {branch, article, view}
  #activation = null; // null while surprise is shown

  /**
   * @param panel the alternatives.
   * @param on {pick(id, position, alternative), keep(id, position), forget(id, position), close(id)}:
   *   go on in the text `id` from an alternative; after a character; with a memory that begins
   *   there; show that text no longer.
   */
  constructor(container, panel, on) {
    this.#container = container;
    this.#panel = panel;
    this.#on = on;
  }

  /** Show what a story shows. What is here already stays, and keeps the focus. */
  show(story, isBusy) {
    const before = this.#panes;
    this.#panes = story.shown.map(id => {
      const branch = story.branch(id), characters = story.characters(id);
      const old = before.find(pane => pane.branch === branch && isSame(pane.view.characters, characters));
      return old ?? this.#pane(branch, characters);
    });
    const articles = this.#panes.map(({article}) => article);
    if (articles.some((article, i) => article !== this.#container.children[i])) this.#container.replaceChildren(...articles);
    while (this.#container.children.length > articles.length) this.#container.lastChild.remove();
    this.#container.classList.toggle("two", articles.length > 1);
    this.#panes.forEach((pane, index) => this.#describe(pane, index, isBusy));
  }

  /** Show more of a text that is being written. */
  append(id, characters) {
    const index = this.#panes.findIndex(({branch}) => branch.id === id);
    if (index >= 0) this.#panes[index].view.append(characters, this.#tintOf(index));
  }

  /** Tint by surprise or, given activation(index, position), by that. */
  tint(activation) {
    this.#activation = activation;
    this.#panes.forEach(({view}, index) => view.tint(this.#tintOf(index)));
    const [title, all] = activation ? ["Activation:", ACTIVATION_LEGEND] : ["Bits of surprise:", SURPRISE_LEGEND];
    const keys = all.map(([className, textContent]) => element("span", {className, textContent}));
    byId("legend").replaceChildren(title, ...keys);
  }

  /** Mark a character of the first text. */
  mark(position) {
    this.#panes[0]?.view.mark(position);
  }

  /** Put the focus on a character of a text. */
  focus(id, position) {
    this.#panes.find(({branch}) => branch.id === id)?.view.focus(position);
  }

  #tintOf(index) {
    return this.#activation
      ? (_, position) => activationTint(this.#activation(index, position))
      : ({bits, given}) => (given ? "" : surpriseTint(bits));
  }

  #pane(branch, characters) {
    const article = byId("pane").content.cloneNode(true).firstElementChild, {id} = branch;
    article.querySelector(".close").addEventListener("click", () => this.#on.close(id));
    const view = new TextView(article.querySelector(".text"), this.#panel.handlers(position => [
      view.characters[position],
      alternative => this.#on.pick(id, position, alternative),
      [
        ["Go on from here", () => this.#on.keep(id, position)],
        ["Forget what came before, go on", () => this.#on.forget(id, position)],
      ],
    ]));
    view.show(characters, this.#tintOf(0));
    return {branch, article, view};
  }

  #describe({branch, article, view}, index, isBusy) {
    const isTwo = this.#panes.length > 1, name = isTwo ? ["First text", "Second text"][index] : "Text";
    article.querySelector("h2").textContent = name;
    article.querySelector(".close").hidden = !isTwo;
    article.querySelector(".close").setAttribute("aria-label", `Close: ${name}`);
    const facts = [isBusy ? "" : mean(view.characters), describe(branch), ...(branch.notes ?? [])];
    article.querySelector(".caption").textContent = facts.filter(Boolean).join(" · ");
    view.element.setAttribute("aria-label", name);
    view.element.setAttribute("aria-busy", String(isBusy));
  }
}

const isSame = (some, others) => some.length === others.length && some.every((each, i) => each === others[i]);

/** Return the mean surprise of what was written, in words. */
function mean(characters) {
  const bits = characters.flatMap(character => (character.given || character.bits == null ? [] : [character.bits]));
  const sum = bits.reduce((a, b) => a + b, 0);
  return bits.length ? `${bits.length} characters, ${(sum / bits.length).toFixed(2)} bits each` : "";
}
