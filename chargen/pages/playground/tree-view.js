// The tree of branches: each can be shown, alone or beside the text that is shown.

import {nameOf, signOf} from "./characters.js";
import {inWords} from "./controls.js";
import {button, element} from "./elements.js";

const SHOWN = 40; // characters of a branch

/**
 * Show a story's branches as a nested list.
 *
 * @param list the outermost list.
 * @param show is called with the id of a branch to show.
 * @param compare is called with the id of one to show beside.
 */
export function showTree(list, story, show, compare) {
  const focused = document.activeElement?.dataset.branch;
  const items = parent => story.childrenOf(parent).map(branch => {
    const place = story.shown.indexOf(branch.id);
    const main = button(beginning(branch), () => show(branch.id), {title: describe(branch)});
    main.dataset.branch = branch.id;
    if (place >= 0) main.setAttribute("aria-current", "true");
    const row = element("div", {className: "branch"}, [main]);
    if (place < 0) {
      const beside = button("beside", () => compare(branch.id));
      beside.setAttribute("aria-label", `Show beside: ${main.textContent}`);
      row.append(beside);
    }
    const children = items(branch.id);
    return element("li", {}, children.length ? [row, element("ul", {}, children)] : [row]);
  });
  list.replaceChildren(...items(null));
  if (focused) list.querySelector(`[data-branch="${focused}"]`)?.focus();
}

/** Return what a branch was written with, in words. */
export function describe({settings, clamp, memoryFrom}) {
  const held = clamp.map(({layer, unit, value}) => `unit ${layer}·${unit} held at ${value}`);
  const forgot = memoryFrom ? [`memory from character ${memoryFrom + 1}`] : [];
  return [inWords(settings), ...held, ...forgot].join(" · ");
}

/** Return how a branch begins, in one line: what was written, after the prompt if it has one. */
function beginning({parent, own}) {
  const written = parent === null ? own.filter(character => !character.given) : own;
  const start = written.slice(0, SHOWN).map(({text}) => signOf(text) ?? text).join("");
  return start + (written.length > SHOWN ? "…" : "") || (own[0] ? nameOf(own[0].text) : "empty");
}
