// The settings of one text: which model writes, and how it draws.

import {element} from "./elements.js";

const NEUTRAL = {label: "", top_k: 0, top_p: 1, min_p: 0, no_repeat: "", stop: ""};
const NAMES = {
  label: "label", temperature: "temperature", top_k: "top-k", top_p: "top-p", min_p: "min-p",
  no_repeat: "no repeat from", stop: "stop before", seed: "seed",
};

export class Settings {
  #fields;
  #models = [];

  /**
   * @param container gets the controls.
   * @param onModel is called when another model is chosen.
   */
  constructor(container, onModel) {
    container.append(document.getElementById("settings").content.cloneNode(true));
    this.container = container;
    this.#fields = Object.fromEntries(Array.from(container.querySelectorAll("[name]"), field => [field.name, field]));
    container.addEventListener("input", () => this.#sayValues());
    this.#fields.model.addEventListener("change", onModel);
    this.#sayValues();
  }

  get model() {
    return this.#fields.model.value;
  }

  offerModels(ids) {
    this.#models = ids;
    offer(this.#fields.model, ids.map(id => [id, id]));
  }

  offerLabels(labels) {
    offer(this.#fields.label, labels.map(label => [label, label]));
    this.#fields.label.closest("label").hidden = !labels.length;
  }

  /** Return the values by their names on the server. */
  read() {
    const number = name => Number(this.#fields[name].value);
    return {
      model: this.model,
      label: this.#fields.label.value,
      temperature: number("temperature"),
      top_k: number("top_k"),
      top_p: number("top_p"),
      min_p: number("min_p"),
      no_repeat: this.#fields.no_repeat.value && number("no_repeat"),
    };
  }

  /** Set values; those that are not offered here are left out. */
  write(values) {
    for (const [name, field] of Object.entries(this.#fields)) {
      if (values[name] == null || (name === "model" && !this.#models.includes(values.model))) continue;
      field.value = values[name];
    }
    this.#sayValues();
  }

  #sayValues() {
    for (const output of this.container.querySelectorAll("output")) {
      const {name, value} = output.parentElement.querySelector("input");
      output.value = NEUTRAL[name] !== undefined && Number(value) === NEUTRAL[name] ? "off" : value;
    }
  }
}

/** Fill a list to choose from; what was chosen stays so, if it is still there. */
export function offer(select, choices) {
  const before = select.value;
  select.replaceChildren(...choices.map(([value, words]) => element("option", {value, textContent: words})));
  if (choices.some(([value]) => value === before)) select.value = before;
}

/** Return the fields of a request that these settings ask for; what changes nothing is left out. */
export function requestFields({length, seed, ...settings}) {
  const changed = Object.entries(settings).filter(([name, value]) => value !== NEUTRAL[name]);
  const fields = {...Object.fromEntries(changed), max_tokens: length, seed};
  // A line end is typed as \n, as on the command line.
  if (fields.stop) fields.stop = fields.stop.replace(/\\(n|t|\\)/g, (_, c) => ({n: "\n", t: "\t"})[c] ?? c);
  return fields;
}

/** Return settings in words; those that change nothing are left out. */
export function inWords({model, ...settings}) {
  const told = Object.entries(NAMES)
    .filter(([name]) => settings[name] != null && settings[name] !== NEUTRAL[name])
    .map(([name, words]) => `${words} ${settings[name]}`);
  return [model, ...told].join(" · ");
}
