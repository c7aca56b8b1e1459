// The page: what a reader does to the story, and how the story is shown.

import {Alternatives} from "./alternatives.js";
import {bitsOf, charactersIn} from "./characters.js";
import {modelInWords} from "./controls.js";
import {byId} from "./elements.js";
import {Inside} from "./inside.js";
import {Measures} from "./measures.js";
import {Panes} from "./panes.js";
import {Pasted} from "./pasted.js";
import {fromPlainBranches, packed, plainBranches, unpacked} from "./permalink.js";
import {RequestForm} from "./request-form.js";
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
  #form;
  #past = new Undo(new Story());
  #stopping = null; // aborts what is being written
  #panel = new Alternatives();
  #panes = new Panes(byId("panes"), this.#panel, {
    pick: (...where) => this.#pick(...where),
    keep: (...where) => this.#keep(...where),
    forget: (...where) => this.#forget(...where),
    close: id => this.#show(...this.#story.shown.filter(other => other !== id)),
  });
  #inside = null;
  #measures = null;

  constructor(backend) {
    this.#backend = backend;
    this.#form = new RequestForm(backend, {
      write: () => this.#write(this.#form.prompt),
      model: model => this.#showModel(model),
      fail: error => this.#fail(error),
    });
    if (backend.activations) {
      this.#inside = new Inside(backend, {
        changed: () => this.#tint(),
        rewrite: () => this.#rewrite(),
        mark: position => this.#panes.mark(position),
      });
    }
    byId("tint").parentElement.hidden = !backend.activations;
    if (backend.memory) this.#measures = new Measures(backend, () => this.#shownTexts()[0]);
    byId("pasted").hidden = !backend.score;
    new Pasted(backend, () => this.#form.settingsOf(0), this.#panel, text => this.#write(text));
    this.#listen();
  }

  get #story() {
    return this.#past.now;
  }

  #listen() {
    const on = (id, run) => byId(id).addEventListener("click", run);
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
      await this.#form.offerModels();
      byId("key-form").hidden = true;
      this.#fail(null);
      await this.#restore();
      this.#render();
    } catch (error) {
      this.#fail(error);
    }
  }

  // What a reader does.

  /** Begin texts from a prompt: one, or two to compare. */
  #write(prompt) {
    const characters = charactersIn(prompt), {length} = characters;
    if (length > LONGEST) {
      const [received, expected] = [length, LONGEST].map(number => number.toLocaleString("en"));
      this.#fail(new Error(`The prompt has ${received} characters; this page shows ${expected} at most. `
        + "Leave out its beginning."));
      return;
    }
    const given = text => ({text, bits: null, alternatives: [], given: true});
    const id = this.#story.nextId, {seed} = this.#form;
    this.#run((this.#form.isComparing ? [0, 1] : [0]).map(index => ({
      id: id + index, parent: null, at: 0, own: characters.map(given),
      settings: this.#form.settingsOf(index, seed), clamp: [], memoryFrom: 0,
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
    const {shown} = this.#story, settings = this.#form.settingsOf(shown.indexOf(id), this.#form.seed);
    const branch = this.#branchAt(id, position, {...change, settings});
    this.#run([branch], {shown: shown.map(other => (other === id ? branch.id : other)), position});
  }

  /** Go on after a character with a memory that begins with it, beside the old text. */
  #forget(id, position) {
    const branch = this.#branchAt(id, position, {at: position + 1, own: [], memoryFrom: position});
    this.#run([branch], {shown: [id, branch.id], position});
  }

  #branchAt(id, position, change) {
    const owner = this.#story.ownerOf(id, position);
    return {...owner, notes: [], id: this.#story.nextId, parent: owner.id, ...change};
  }

  /** Write the first text anew, with the units held as they are now, beside the old one. */
  #rewrite() {
    const source = this.#story.branch(this.#story.shown[0]);
    if (!source) {
      this.#fail(new Error("Write a text first: it is written anew with the unit held."));
      return;
    }
    const own = [...givenIn(source)], {nextId} = this.#story;
    const settings = {...source.settings, length: source.own.length - own.length || source.settings.length};
    const branch = {...source, id: nextId, own, settings, clamp: this.#inside.held};
    this.#run([branch], {shown: [source.id, nextId]});
  }

  /** Write more at the end of each text shown. */
  #goOn() {
    const {shown} = this.#story;
    const longer = shown.map((id, index) => {
      const branch = this.#story.branch(id), {model, label} = branch.settings;
      const settings = {...this.#form.settingsOf(index, this.#form.seed), model, label};
      return {...branch, own: [...branch.own], settings};
    });
    this.#run(longer, {shown});
  }

  #show(...ids) {
    this.#step(() => this.#past.push(this.#story.showing(...ids)));
  }

  #step(move) {
    this.#stopping?.abort();
    move();
    this.#render();
  }

  #shortcut(event) {
    const isField = event.target.matches("textarea, input, select");
    if (event.key === "Escape") this.#stopping?.abort();
    if (isField || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    byId(event.shiftKey ? "redo" : "undo").click();
  }

  /** Write branches to their ends; `shown` are the texts to show, `position` is focused. */
  async #run(branches, {shown = branches.map(({id}) => id), position} = {}) {
    this.#stopping?.abort();
    const stopping = this.#stopping = new AbortController();
    const story = this.#story.with(...branches).showing(...shown);
    this.#past.push(story);
    this.#fail(null);
    this.#say("Writing…");
    this.#render();
    this.#panes.focus(branches[0].id, position);
    if (byId("panes").getBoundingClientRect().top > innerHeight - 100) byId("texts").scrollIntoView();
    const {isStreamed} = this.#form, {signal} = stopping;
    const results = await Promise.allSettled(branches.map(branch => writeInto(this.#backend, story, branch, {
      isStreamed, signal, onMore: characters => this.#panes.append(branch.id, characters),
    })));
    if (this.#stopping !== stopping) return; // another text was begun meanwhile
    this.#stopping = null;
    const failed = results.find(({reason}) => reason && reason.name !== "AbortError");
    const isEmpty = branches.every(({own}) => own.every(character => character.given));
    if (failed && isEmpty && this.#story === story) this.#past.drop();
    this.#render();
    this.#fail(failed?.reason ?? null);
    const texts = branches.map(({own}) => own.map(({text}) => text).join(""));
    this.#say(failed ? "" : `${signal.aborted ? "Stopped" : "Finished"}: ${texts.join(" Second text: ")}`);
  }

  // How it is shown.

  #showModel(model) {
    byId("about").textContent = modelInWords(model);
    this.#inside?.showModel(model);
    this.#measures?.showModel(model);
  }

  #render() {
    const story = this.#story, {shown} = story, isBusy = this.#stopping !== null;
    this.#panel.hide();
    this.#panes.show(story, isBusy);
    enable("stop", isBusy, "write");
    enable("go-on", !isBusy && shown.length, "stop");
    enable("undo", this.#past.canUndo, "redo");
    enable("redo", this.#past.canRedo, "undo");
    byId("hint").hidden = shown.length;
    byId("branches").hidden = !story.branches.length;
    showTree(byId("tree"), story, id => this.#show(id), id => this.#show(shown[0], id));
    this.#tint();
    if (!isBusy) this.#study(story);
  }

  /** Look closer at texts that are finished. */
  async #study(story) {
    this.#inside?.showTexts(story.shown.map(id => {
      const {settings: {model, label}, memoryFrom} = story.branch(id);
      return {model, label, memoryFrom, text: story.characters(id).map(({text}) => text)};
    }));
    this.#measures?.showText(this.#shownTexts()[0] ?? {});
    this.#remember();
    try {
      if (await readMissing(this.#backend, story) && this.#story === story) this.#render();
    } catch (error) {
      this.#fail(error);
    }
  }

  #shownTexts() {
    return this.#story.shown.map(id => {
      const {model, label} = this.#story.branch(id).settings;
      return {model, label: label || null, text: this.#story.text(id)};
    });
  }

  #tint() {
    const isUnit = byId("tint").value === "unit" && this.#inside;
    this.#panes.tint(isUnit ? (...where) => this.#inside.activation(...where) : null);
  }

  #say(words) {
    byId("announcer").textContent = words;
  }

  /** Show what went wrong; null clears it. */
  #fail(error) {
    if (error?.status === 401) byId("key-form").hidden = false;
    byId("error").textContent = error?.message ?? "";
  }

  // The address, which holds everything.

  async #copyLink() {
    try {
      await this.#remember();
      await navigator.clipboard.writeText(location.href);
      this.#say("The link is copied. It holds the settings and all branches.");
    } catch {
      this.#say("The link is in the address bar: copy it there.");
    }
  }

  async #remember() {
    const state = {
      ...this.#form.read(), branches: plainBranches(this.#story.branches), shown: this.#story.shown,
      tint: byId("tint").value, chosen: this.#inside?.chosen, held: this.#inside?.held,
    };
    history.replaceState(null, "", `#${await packed(state)}`);
  }

  async #restore() {
    if (location.hash.length < 2) return;
    try {
      const state = await unpacked(location.hash.slice(1));
      const story = new Story(fromPlainBranches(state.branches), state.shown);
      story.shown.forEach(id => story.text(id)); // or it is no such story
      await this.#form.write(state);
      byId("tint").value = state.tint;
      await this.#inside?.restore(state);
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
