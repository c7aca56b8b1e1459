// The page: what its controls do to the story, and how the story is shown.

import {Alternatives} from "./alternatives.js";
import {bitsOf, charactersIn} from "./characters.js";
import {Settings} from "./controls.js";
import {byId} from "./elements.js";
import {Inside} from "./inside.js";
import {Measures} from "./measures.js";
import {Panes} from "./panes.js";
import {Pasted} from "./pasted.js";
import {fromPlainBranches, packed, plainBranches, unpacked} from "./permalink.js";
import {Story, givenIn} from "./story.js";
import {showTree} from "./tree-view.js";
import {Undo} from "./undo.js";
import {readMissing, writeInto} from "./writer.js";

const LONGEST = 20_000; // characters of a prompt: each is an element of its own

/** Begin; see backend-http.js for what a backend can do. */
export function startPlayground(backend) {
  return new Playground(backend).start();
}

class Playground {
  #backend;
  #form = byId("request").elements;
  #past = new Undo(new Story());
  #stopping = null; // aborts what is being written
  #models = new Map();
  #panel = new Alternatives();
  #first = new Settings(byId("first"), () => this.#newModel(this.#first));
  #second = new Settings(byId("second"), () => this.#newModel(this.#second));
  #panes = new Panes(byId("panes"), this.#panel, {
    pick: (...place) => this.#pick(...place),
    keep: (...place) => this.#keep(...place),
    forget: (...place) => this.#forget(...place),
    close: id => this.#goTo(this.#story.showing(...this.#story.shown.filter(other => other !== id))),
  });
  #inside = null;
  #measures = null;

  constructor(backend) {
    this.#backend = backend;
    if (backend.activations) {
      this.#inside = new Inside(backend, {
        changed: () => this.#tint(),
        rewrite: () => this.#rewrite(),
        mark: position => this.#panes.mark(position),
      });
    }
    if (backend.memory) this.#measures = new Measures(backend, () => this.#shownTexts()[0]);
    new Pasted(backend, () => this.#first.read(), this.#panel, text => this.#writeFrom(text));
    this.#listen();
  }

  get #story() {
    return this.#past.now;
  }

  #listen() {
    const on = (id, run) => byId(id).addEventListener("click", run);
    byId("request").addEventListener("submit", event => {
      event.preventDefault();
      this.#write();
    });
    this.#form.prompt.addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#write();
    });
    this.#form.compare.addEventListener("change", ({target}) => { byId("second").hidden = !target.checked; });
    on("stop", () => this.#stopping?.abort());
    on("go-on", () => this.#goOn());
    on("undo", () => this.#step(() => this.#past.undo()));
    on("redo", () => this.#step(() => this.#past.redo()));
    on("link", () => this.#copyLink());
    byId("tint").addEventListener("change", () => this.#tint());
    byId("key-form").addEventListener("submit", event => {
      event.preventDefault();
      this.#backend.useKey(byId("key").value);
      this.start();
    });
    document.addEventListener("keydown", event => this.#shortcut(event));
    document.addEventListener("change", () => this.#remember());
    addEventListener("hashchange", () => this.#restore());
  }

  /** Ask for the models, and show what the address holds. */
  async start() {
    try {
      const models = await this.#backend.models();
      for (const settings of [this.#first, this.#second]) settings.offerModels(models.map(({id}) => id));
      await Promise.all([this.#newModel(this.#first), this.#newModel(this.#second)]);
      byId("key-form").hidden = true;
      this.#fail(null);
      await this.#restore();
      this.#render();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #newModel(settings) {
    const id = settings.model;
    try {
      if (!this.#models.has(id)) this.#models.set(id, await this.#backend.model(id));
      const model = this.#models.get(id);
      settings.offerLabels(model.meta.labels ?? []);
      if (settings !== this.#first) return;
      byId("about").textContent = inWords(model);
      await Promise.all([this.#inside?.showModel(model), this.#measures?.showModel(model)]);
    } catch (error) {
      this.#fail(error);
    }
  }

  // What the user does.

  #write() {
    if (byId("request").reportValidity()) this.#writeFrom(this.#form.prompt.value);
  }

  /** Begin texts from a prompt: one, or two to compare. */
  #writeFrom(prompt) {
    const length = charactersIn(prompt).length;
    if (length > LONGEST) {
      this.#fail(new Error(`The prompt has ${said(length)} characters; this page shows ${said(LONGEST)} at most. Leave out its beginning.`));
      return;
    }
    const own = () => charactersIn(prompt).map(given);
    const seed = this.#seed();
    const all = this.#form.compare.checked ? [this.#first, this.#second] : [this.#first];
    const id = this.#story.nextId;
    this.#run(all.map((settings, i) => ({
      id: id + i, parent: null, at: 0, own: own(), settings: this.#settingsOf(settings, seed), clamp: [], memoryFrom: 0,
    })));
  }

  /** Go on from another character at a place of a text shown. */
  #pick(id, position, {character, probability}) {
    const taken = this.#story.characters(id)[position];
    const own = [{...taken, text: character, bits: bitsOf(Math.log(probability)), given: true}];
    this.#replace(id, position, {at: position, own});
  }

  /** Go on after a character of a text shown. */
  #keep(id, position) {
    this.#replace(id, position, {at: position + 1, own: []});
  }

  /** Show a new branch in place of a text. */
  #replace(id, position, change) {
    const {shown} = this.#story, settings = this.#settingsOf(this.#formOf(shown.indexOf(id)), this.#seed());
    const branch = this.#branchAt(id, position, {...change, settings});
    this.#run([branch], {shown: shown.map(other => (other === id ? branch.id : other)), position});
  }

  /** Go on after a character with a memory that begins with it, beside the old text. */
  #forget(id, position) {
    const branch = this.#branchAt(id, position, {at: position + 1, own: [], memoryFrom: position});
    this.#run([branch], {beside: id, position});
  }

  #branchAt(id, position, change) {
    const owner = this.#story.ownerOf(id, position);
    return {...owner, notes: [], id: this.#story.nextId, parent: owner.id, ...change};
  }

  #formOf(index) {
    return index > 0 && this.#form.compare.checked ? this.#second : this.#first;
  }

  /** Write the text shown anew, with the units held as they are now, beside the old one. */
  #rewrite() {
    const source = this.#story.branch(this.#story.shown[0]);
    if (!source) return;
    const own = givenIn(source);
    const settings = {...source.settings, length: source.own.length - own.length || source.settings.length};
    this.#run([{...source, id: this.#story.nextId, own: [...own], settings, clamp: this.#inside.held}], {beside: source.id});
  }

  /** Write more at the end of each text shown. */
  #goOn() {
    const longer = this.#story.shown.map((id, i) => {
      const branch = this.#story.branch(id), {model, label} = branch.settings;
      return {...branch, own: [...branch.own], settings: {...this.#settingsOf(this.#formOf(i), this.#seed()), model, label}};
    });
    this.#run(longer, {shown: this.#story.shown});
  }

  #step(move) {
    this.#stopping?.abort();
    move();
    this.#render();
  }

  #goTo(story) {
    this.#step(() => this.#past.push(story));
  }

  async #copyLink() {
    try {
      await this.#remember();
      await navigator.clipboard.writeText(location.href);
      this.#say("The link is copied. It holds the settings and all branches.");
    } catch {
      this.#say("The link is in the address bar: copy it there.");
    }
  }


  #shortcut(event) {
    const isField = event.target.matches("textarea, input, select");
    if (event.key === "Escape") this.#stopping?.abort();
    if (isField || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    byId(event.shiftKey ? "redo" : "undo").click();
  }

  #seed() {
    // A seed is always known, so that every text can be written again.
    return this.#form.seed.value === "" ? crypto.getRandomValues(new Uint32Array(1))[0] : Number(this.#form.seed.value);
  }

  #settingsOf(settings, seed) {
    return {...settings.read(), stop: this.#form.stop.value, length: Number(this.#form.characters.value), seed};
  }

  // Writing.

  /** Write branches to their ends; they are shown alone, or beside another; `position` is focused. */
  async #run(branches, {beside, shown = [beside ?? [], branches.map(({id}) => id)].flat(), position} = {}) {
    this.#stopping?.abort();
    const stopping = this.#stopping = new AbortController();
    this.#past.push(this.#story.with(...branches).showing(...shown));
    this.#fail(null);
    this.#say("Writing…");
    this.#render();
    this.#panes.focus(branches[0].id, position);
    if (byId("panes").getBoundingClientRect().top > innerHeight - 100) byId("texts").scrollIntoView();
    const isStreamed = !this.#form.whole.checked, story = this.#story;
    const results = await Promise.allSettled(branches.map(branch => writeInto(this.#backend, story, branch, {
      isStreamed, signal: stopping.signal, onMore: characters => this.#panes.append(branch.id, characters),
    })));
    if (this.#stopping !== stopping) return; // another text was begun meanwhile
    this.#stopping = null;
    const failed = results.find(({reason}) => reason && reason.name !== "AbortError");
    if (failed && branches.every(({own}) => own.every(character => character.given)) && this.#story === story) this.#past.drop();
    this.#render();
    this.#fail(failed?.reason ?? null);
    const texts = branches.map(({own}) => own.map(({text}) => text).join(""));
    this.#say(failed ? "" : `${stopping.signal.aborted ? "Stopped" : "Finished"}: ${texts.join(" Second text: ")}`);
  }

  // Showing.

  #render() {
    const story = this.#story, isBusy = this.#stopping !== null;
    this.#panel.hide();
    this.#panes.show(story, isBusy);
    enable("stop", isBusy, "write");
    enable("go-on", !isBusy && story.shown.length, "stop");
    enable("undo", this.#past.canUndo, "redo");
    enable("redo", this.#past.canRedo, "undo");
    byId("branches").hidden = !story.branches.length;
    byId("hint").hidden = story.shown.length;
    showTree(byId("tree"), story, id => this.#goTo(story.showing(id)), id => this.#goTo(story.showing(story.shown[0], id)));
    this.#tint();
    if (isBusy) return;
    this.#inside?.showTexts(story.shown.map(id => this.#insideOf(id)));
    this.#measures?.showText(this.#shownTexts()[0] ?? {});
    this.#remember();
    readMissing(this.#backend, story).then(isMore => isMore && this.#story === story && this.#render()).catch(error => this.#fail(error));
  }

  #tint() {
    const isUnit = byId("tint").value === "unit" && this.#inside;
    this.#panes.tint(isUnit ? (index, position) => this.#inside.activation(index, position) : null);
  }

  #insideOf(id) {
    const {settings: {model, label}, memoryFrom} = this.#story.branch(id);
    return {model, label, memoryFrom, text: this.#story.characters(id).map(({text}) => text)};
  }

  #shownTexts() {
    return this.#story.shown.map(id => {
      const {model, label} = this.#story.branch(id).settings;
      return {model, label: label || null, text: this.#story.text(id)};
    });
  }

  #say(words) {
    byId("announcer").textContent = words;
  }

  /** Show what went wrong; null clears it. */
  #fail(error) {
    if (error?.status === 401) byId("key-form").hidden = false;
    byId("error").textContent = error?.message ?? "";
  }

  // The address.

  async #remember() {
    const {prompt, characters, seed, stop, compare, whole} = this.#form;
    const state = {
      prompt: prompt.value, characters: characters.value, seed: seed.value, stop: stop.value,
      compare: compare.checked, whole: whole.checked,
      first: this.#first.read(), second: this.#second.read(),
      branches: plainBranches(this.#story.branches), shown: this.#story.shown,
      tint: byId("tint").value, chosen: this.#inside?.chosen, held: this.#inside?.held,
    };
    history.replaceState(null, "", `#${await packed(state)}`);
  }

  async #restore() {
    if (location.hash.length < 2) return;
    try {
      const state = await unpacked(location.hash.slice(1));
      const story = new Story(fromPlainBranches(state.branches)).showing(...state.shown);
      story.shown.forEach(id => story.text(id)); // or it is no such story
      for (const name of ["prompt", "characters", "seed", "stop"]) this.#form[name].value = state[name];
      for (const name of ["compare", "whole"]) this.#form[name].checked = state[name];
      for (const [settings, values] of [[this.#first, state.first], [this.#second, state.second]]) {
        settings.write(values);
        await this.#newModel(settings);
        settings.write(values); // labels are known only now
      }
      byId("second").hidden = !state.compare;
      byId("tint").value = state.tint;
      if (this.#inside) {
        this.#inside.held = state.held;
        await this.#inside.choose(state.chosen.layer, state.chosen.unit);
      }
      this.#past.push(story);
      this.#render();
    } catch {
      this.#fail(new Error("This link is damaged: its end may be missing. Copy it again, as a whole."));
    }
  }
}

/** Let a button be pressed or not; the focus on one that no longer can goes to the next. */
function enable(id, can, next) {
  const isLeft = !can && document.activeElement === byId(id);
  byId(id).disabled = !can;
  if (isLeft) byId(next).focus();
}

const said = number => number.toLocaleString("en");

const given = text => ({text, bits: null, alternatives: [], given: true});

function inWords({id, meta}) {
  const units = meta.units.join(" + ");
  const loss = meta.bits_per_char ? `, ${meta.bits_per_char.toFixed(2)} bits per character` : "";
  const corpus = meta.corpus ? `, learned from ${meta.corpus}` : "";
  return `${id}: ${meta.cell.toUpperCase()}, ${units} units, ${meta.vocab_size} characters${corpus}${loss}.`;
}
