// What is to be written: the prompt, and the settings of one text or two.

import {Settings} from "./controls.js";
import {byId} from "./elements.js";

export class RequestForm {
  #backend;
  #on;
  #models = new Map(); // that were asked about
  #fields = byId("request").elements;
  #first = new Settings(byId("first"), () => this.#showModel(this.#first));
  #second = new Settings(byId("second"), () => this.#showModel(this.#second));

  /**
   * @param on {write(), model(model), fail(error)}: Write was pressed; another model, {id, meta},
   *   was chosen for the first text; it could not be asked about.
   */
  constructor(backend, on) {
    this.#backend = backend;
    this.#on = on;
    const write = () => byId("request").reportValidity() && on.write();
    byId("request").addEventListener("submit", event => {
      event.preventDefault();
      write();
    });
    this.#fields.prompt.addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) write();
    });
    this.#fields.compare.addEventListener("change", () => this.#showSecond());
  }

  get prompt() {
    return this.#fields.prompt.value;
  }

  get isStreamed() {
    return !this.#fields.whole.checked;
  }

  get isComparing() {
    return this.#fields.compare.checked;
  }

  /** Offer the models that there are; the first one is chosen. */
  async offerModels() {
    const ids = (await this.#backend.models()).map(({id}) => id);
    for (const settings of [this.#first, this.#second]) settings.offerModels(ids);
    await Promise.all([this.#showModel(this.#first), this.#showModel(this.#second)]);
  }

  /** Return a seed: the one that is asked for, or a new one. A text's seed is always known. */
  get seed() {
    const {value} = this.#fields.seed;
    return value === "" ? crypto.getRandomValues(new Uint32Array(1))[0] : Number(value);
  }

  /** Return all settings of the first text, 0, or the second, 1, from a seed. */
  settingsOf(index, seed) {
    const settings = index > 0 && this.isComparing ? this.#second : this.#first;
    const {stop, characters} = this.#fields;
    return {...settings.read(), stop: stop.value, length: Number(characters.value), seed};
  }

  /** Return all that is filled in, as plain values. */
  read() {
    const {prompt, characters, seed, stop, compare, whole} = this.#fields;
    return {
      prompt: prompt.value, characters: characters.value, seed: seed.value, stop: stop.value,
      compare: compare.checked, whole: whole.checked,
      first: this.#first.read(), second: this.#second.read(),
    };
  }

  /** Fill in what `read` returned. */
  async write(values) {
    for (const name of ["prompt", "characters", "seed", "stop"]) this.#fields[name].value = values[name];
    for (const name of ["compare", "whole"]) this.#fields[name].checked = values[name];
    this.#showSecond();
    for (const [settings, each] of [[this.#first, values.first], [this.#second, values.second]]) {
      settings.write(each);
      await this.#showModel(settings);
      settings.write(each); // the model's labels are known only now
    }
  }

  #showSecond() {
    byId("second").hidden = !this.isComparing;
  }

  async #showModel(settings) {
    const id = settings.model;
    try {
      if (!this.#models.has(id)) this.#models.set(id, await this.#backend.model(id));
      const model = this.#models.get(id);
      settings.offerLabels(model.meta.labels ?? []);
      if (settings === this.#first) this.#on.model(model);
    } catch (error) {
      this.#on.fail(error);
    }
  }
}
