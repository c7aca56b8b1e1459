// From a backend into branches.

import {requestFields} from "./controls.js";

const ALTERNATIVES = 8; // at each character

/**
 * Write a branch on, to its settings' length.
 *
 * @param more {isStreamed, signal, onMore}: whether characters are shown as they come; what aborts
 *   it; gets the characters that came since the last time, once a frame.
 */
export async function writeInto(backend, story, branch, {isStreamed, signal, onMore}) {
  const prompt = readBy(story, branch);
  const request = {
    ...requestFields(branch.settings), prompt: prompt || null, clamp: heldUnits(branch),
    logprobs: ALTERNATIVES, unknown: "nearest", stream: isStreamed,
  };
  let fresh = [], frame = 0;
  const flush = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    onMore(fresh);
    fresh = [];
  };
  const take = character => {
    branch.own.push(character);
    fresh.push(character);
    frame ||= requestAnimationFrame(flush);
  };
  try {
    const {notes} = await backend.complete(request, take, signal);
    if (notes.length) await showAsRead(backend, branch, prompt, notes);
  } finally {
    flush();
  }
}

/** Show a prompt in which something was changed as the network read it. */
async function showAsRead(backend, branch, prompt, notes) {
  branch.notes = notes;
  if (branch.parent !== null) return;
  const read = await backend.read({...readerOf(branch), text: prompt});
  const written = branch.own.filter(character => !character.given);
  branch.own = [...read.map(({text}) => ({text, bits: null, alternatives: [], given: true})), ...written];
}

/**
 * Measure the characters shown that came without their surprise, as from a permalink.
 *
 * @returns whether there were any.
 */
export async function readMissing(backend, story) {
  const branches = new Set(story.shown.flatMap(id => story.lineage(id)));
  const missing = [...branches].filter(({own}) => own.some(({given, bits}) => !given && bits === null));
  await Promise.all(missing.map(async branch => {
    const read = await backend.read({...readerOf(branch), text: readBy(story, branch)});
    read.slice(-branch.own.length).forEach(({bits, alternatives}, i) => {
      Object.assign(branch.own[i], {bits: bits ?? 0, alternatives});
    });
  }));
  return missing.length > 0;
}

/** Return the text of a branch that its network has read. */
const readBy = (story, {id, memoryFrom}) => story.characters(id).slice(memoryFrom).map(({text}) => text).join("");

/** Return the network that writes a branch, for a backend's `read`. */
const readerOf = ({settings: {model, label}, clamp}) =>
  ({model, label: label || undefined, clamp: heldUnits({clamp}), logprobs: ALTERNATIVES});

const heldUnits = ({clamp}) => (clamp.length ? clamp : undefined);
