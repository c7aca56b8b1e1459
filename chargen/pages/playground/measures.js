// What is measured about a text or a model: memory, learning, copies.

import {lineChart} from "./chart.js";
import {percent} from "./characters.js";
import {byId, element} from "./elements.js";

export class Measures {
  #backend;
  #textShown;
  #model = null;

  /**
   * @param textShown returns {model, label, text} of the text above.
   */
  constructor(backend, textShown) {
    this.#backend = backend;
    this.#textShown = textShown;
    byId("measure-memory").addEventListener("click", () => this.#showMemory());
  }

  /** Show the loss curve of another model; {id, meta}. */
  async showModel(model) {
    if (this.#model?.id === model.id) return;
    this.#model = model;
    byId("copies").hidden = !model.meta.has_corpus;
    byId("measures").hidden = false;
    await inResult("history", async () => {
      const rows = await this.#backend.history(model.id);
      if (!rows.length) return "This model came without the record of its training.";
      const names = {loss: "training", carried: "held out, carried", windowed: "held out, windowed"};
      const lines = Object.entries(names)
        .map(([key, name]) => ({name, values: rows.map(row => row[key] ?? null)}))
        .filter(({values}) => values.some(value => value != null));
      return lineChart({name: "step", values: rows.map(({step}) => step)}, lines, "loss, nats per character");
    });
  }

  /** Forget what was measured on the text before, and see what of the new one is copied. */
  async showText({model, text}) {
    byId("memory").querySelector(".result").replaceChildren();
    if (byId("copies").hidden || !text) return;
    await inResult("copies", async () => copyMeter(await this.#backend.copies({model, text})));
  }

  async #showMemory() {
    byId("measure-memory").disabled = true;
    await inResult("memory", async () => {
      const {contexts, losses} = await this.#backend.memory(this.#textShown());
      return lineChart({name: "characters of context", values: contexts, isLog: true}, [{values: losses}], "loss, nats per character");
    });
    byId("measure-memory").disabled = false;
  }
}

/** Put what was made, or what went wrong, into the result of a part of the page. */
async function inResult(id, make) {
  const result = byId(id).querySelector(".result");
  try {
    result.replaceChildren(await make());
  } catch (error) {
    result.replaceChildren(element("p", {className: "error", role: "alert", textContent: error.message}));
  }
}

function copyMeter({longest, share_over_30: share}) {
  const meter = element("meter", {min: 0, max: 1, value: share});
  meter.setAttribute("aria-label", "Share copied");
  const words = `${percent(share)} stands in the corpus word for word, in pieces of 30 characters or more.`;
  const piece = longest ? [element("p", {}, [`The longest piece, of ${longest.length} characters: `,
    element("q", {textContent: longest.text})])] : [];
  return element("div", {}, [meter, element("p", {textContent: words}), ...piece]);
}
