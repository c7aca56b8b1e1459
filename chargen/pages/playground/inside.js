// The network itself: its units over the text, one of them chosen, some held.

import {nameOf} from "./characters.js";
import {offer} from "./controls.js";
import {drawStrip, drawTrace} from "./drawing.js";
import {button, byId, element} from "./elements.js";

const READ = 2000; // the last characters of a text that are shown

export class Inside {
  #backend;
  #on;
  #texts = []; // that are shown: {model, label, text, memoryFrom}
  #model = null;
  #rows = []; // of each text: {layer, start, characters, units, values} of all units of the layer
  #latest = 0;
  held = []; // {layer, unit, value}

  /**
   * @param on {changed(), rewrite(), mark(position)}: another unit or its values are there; write
   *   anew with the units held; point out a character.
   */
  constructor(backend, on) {
    this.#backend = backend;
    this.#on = on;
    byId("layer").addEventListener("change", () => this.#refresh());
    byId("unit").addEventListener("input", () => this.#draw());
    byId("hold").addEventListener("input", event => { byId("hold-value").value = event.target.value; });
    byId("rewrite").addEventListener("click", () => this.#hold());
    byId("find").addEventListener("submit", event => this.#find(event));
    byId("strip").addEventListener("pointermove", event => this.#tell(event));
    byId("strip").addEventListener("pointerleave", () => this.#on.mark(-1));
    byId("strip").addEventListener("click", event => this.choose(this.#layer, this.#pointed(event).unit));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    addEventListener("resize", () => this.#draw());
  }

  get #layer() {
    return Number(byId("layer").value);
  }

  get #unit() {
    return Number(byId("unit").value);
  }

  /** Return the chosen unit: {layer, unit}. */
  get chosen() {
    return {layer: this.#layer, unit: this.#unit};
  }

  /** Take a model's layers; {id, meta}. */
  async showModel({id, meta}) {
    if (this.#model?.id === id) return;
    this.#model = {id, meta};
    const words = (units, i) => `${i}: ${units} units`;
    offer(byId("layer"), meta.units.map((units, i) => [String(i), words(units, i)]));
    byId("inside").hidden = false;
    try {
      const features = await this.#backend.features();
      offer(byId("feature"), features.map(({name}) => [name, name]));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Show what the units do over some texts: {model, label, text, memoryFrom}. */
  async showTexts(texts) {
    this.#texts = texts;
    await this.#refresh();
  }

  /** Choose a unit. */
  async choose(layer, unit) {
    const isOther = layer !== this.#layer;
    byId("layer").value = layer;
    byId("unit").value = unit;
    if (isOther) await this.#refresh();
    else this.#draw();
  }

  /** Return what the chosen unit did at a character of a text shown; undefined if unknown. */
  activation(index, position) {
    const rows = this.#rows[index];
    return rows && position >= rows.start ? valueAt(rows, position - rows.start, this.#unit) : undefined;
  }

  async #refresh() {
    const call = ++this.#latest, layer = this.#layer;
    try {
      const rows = await Promise.all(this.#texts.map(async ({text, memoryFrom, model, label}) => {
        const start = Math.max(memoryFrom, text.length - READ);
        const part = text.slice(start);
        if (!part.length || model !== this.#model?.id) return null;
        const read = await this.#backend.activations({model, label: label || null, text: part.join(""), layer});
        return {...read, start, text: part};
      }));
      if (call !== this.#latest) return; // a newer text is shown by now
      this.#rows = rows;
      this.#fail(null);
      this.#draw();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error) {
    byId("inside-error").textContent = error?.message ?? "";
  }

  #draw() {
    const [rows] = this.#rows;
    byId("unit").max = (this.#model?.meta.units[this.#layer] ?? 1) - 1;
    drawStrip(byId("strip"), rows, this.#unit);
    drawTrace(byId("trace"), rows && Array.from({length: rows.characters}, (_, i) => valueAt(rows, i, this.#unit)));
    this.#showHeld();
    this.#on.changed();
  }

  /** Return the character and unit under the pointer: of the units there, the most active. */
  #pointed(event) {
    const [rows] = this.#rows, {width, height} = event.target.getBoundingClientRect();
    if (!rows) return {unit: this.#unit};
    const units = rows.units.length;
    const character = Math.min(rows.characters - 1, Math.floor((event.offsetX / width) * rows.characters));
    const row = (event.offsetY / height) * units;
    const near = Array.from({length: units}, (_, unit) => unit).filter(unit => Math.abs(unit + 0.5 - row) <= 2);
    const unit = near.reduce((a, b) => (Math.abs(valueAt(rows, character, b)) > Math.abs(valueAt(rows, character, a)) ? b : a));
    return {character, unit};
  }

  #tell(event) {
    const [rows] = this.#rows, {character, unit} = this.#pointed(event);
    if (!rows) return;
    const value = valueAt(rows, character, unit).toFixed(2);
    byId("strip-caption").textContent = `Unit ${unit} after “${nameOf(rows.text[character])}” (character ${rows.start + character + 1}): ${value}`;
    this.#on.mark(rows.start + character);
  }

  #hold() {
    const {layer, unit} = this.chosen;
    const others = this.held.filter(each => each.layer !== layer || each.unit !== unit);
    this.held = [...others, {layer, unit, value: Number(byId("hold").value)}];
    this.#showHeld();
    this.#on.rewrite();
  }

  #showHeld() {
    byId("held").replaceChildren(...this.held.map(each => {
      const words = `Unit ${each.unit} of layer ${each.layer} held at ${each.value}`;
      const release = () => {
        this.held = this.held.filter(other => other !== each);
        this.#showHeld();
      };
      return element("li", {}, [words, " ", button("Release", release, {ariaLabel: `Release: ${words}`})]);
    }));
  }

  async #find(event) {
    event.preventDefault();
    const [first] = this.#texts;
    try {
      const units = await this.#backend.units({model: first?.model, label: first?.label || null,
        text: first?.text.join(""), feature: byId("feature").value, top: 10});
      byId("found").replaceChildren(...units.map(({layer, unit, correlation}) => element("li", {}, [
        button(`${layer}·${unit}: ${correlation < 0 ? "−" : "+"}${Math.abs(correlation).toFixed(2)}`,
          () => this.choose(layer, unit), {ariaLabel: `Unit ${unit} of layer ${layer}, correlation ${correlation.toFixed(2)}`}),
      ])));
    } catch (error) {
      this.#fail(error);
    }
  }
}

const valueAt = ({values, units}, character, unit) => (values[character * units.length + unit] ?? 0) / 127;
