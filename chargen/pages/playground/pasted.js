// A text of the reader's: how much it surprises a model, and whose style it is.

import {surpriseTint} from "./characters.js";
import {byId, element} from "./elements.js";
import {TextView} from "./text-view.js";

export class Pasted {
  #backend;
  #settings;
  #panel;
  #goOn;

  /**
   * @param settings returns {model, label} of the model to ask.
   * @param panel the alternatives.
   * @param goOn is called with the text to write on from.
   */
  constructor(backend, settings, panel, goOn) {
    this.#backend = backend;
    this.#settings = settings;
    this.#panel = panel;
    this.#goOn = goOn;
    byId("classify").hidden = !backend.classify;
    if (!backend.classify) byId("pasted-title").textContent = "How surprising?";
    byId("paste").addEventListener("submit", event => {
      event.preventDefault();
      const text = event.target.elements.text.value;
      this.#show(event.submitter?.id === "classify" ? this.#styles(text) : this.#surprise(text));
    });
  }

  async #show(result) {
    byId("pasted-error").textContent = "";
    byId("pasted-status").textContent = "Reading…";
    try {
      const [words, ...parts] = await result;
      byId("pasted-status").textContent = words;
      byId("pasted-result").replaceChildren(...parts);
    } catch (error) {
      byId("pasted-status").textContent = "";
      byId("pasted-error").textContent = error.message;
    }
  }

  async #surprise(text) {
    const {model, label} = this.#settings();
    const score = await this.#backend.score({model, label: label || null, text, top: 8, unknown: "nearest"});
    const characters = score.characters.map(({character: text, ...rest}) => ({text, ...rest}));
    const box = element("div", {className: "text", role: "group", dir: "auto"});
    box.setAttribute("aria-label", "Your text, tinted by surprise");
    const before = position => characters.slice(0, position).map(character => character.text).join("");
    const view = new TextView(box, this.#panel.handlers(position => [
      characters[position], ({character}) => this.#goOn(before(position) + character), [],
    ]));
    view.show(characters, character => surpriseTint(character.bits));
    return [`${score.bits_per_char.toFixed(2)} bits per character, perplexity ${score.perplexity.toFixed(1)}, ` +
      `${score.total_bits.toFixed(0)} bits in all (${model}). ${(score.notes ?? []).join(" ")}`, box];
  }

  async #styles(text) {
    const {model, margin, bits} = await this.#backend.classify({text, models: null});
    const ranked = Object.entries(bits).sort((a, b) => a[1] - b[1]);
    const rows = ranked.map(([name, cost]) => element("tr", {}, [
      element("th", {scope: "row", textContent: name}),
      element("td", {textContent: cost.toFixed(1)}),
      element("td", {}, [share(cost / ranked.at(-1)[1])]),
    ]));
    const head = element("tr", {}, ["Model", "Bits for the text", "Beside the worst"]
      .map(textContent => element("th", {scope: "col", textContent})));
    const table = element("table", {}, [element("thead", {}, [head]), element("tbody", {}, rows)]);
    const words = ranked.length < 2 ? "There is only one model to ask." : model === null ? "No model is ahead."
      : `Most like ${model}, by ${margin.toFixed(1)} bits: fewer bits mean less surprise.`;
    return [words, table];
  }
}

function share(part) {
  const bar = element("span", {className: "bar"});
  bar.style.width = `${100 * part}%`;
  return element("span", {className: "share"}, [bar]);
}
