// From a backend into branches.

import {charactersIn} from "./characters.js";
import {requestFields} from "./controls.js";

const ALTERNATIVES = 8; // at each character

/**
 * Write a branch on, to its settings' length.
 *
 * @param more {isStreamed, signal, onMore}: whether characters are shown as they come; what aborts
 *   it; gets the characters that came since the last time, once a frame.
 */
export async function writeInto(backend, story, branch, {isStreamed, signal, onMore}) {
  const text = story.text(branch.id);
  const prompt = charactersIn(text).slice(branch.memoryFrom).join("");
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
    branch.notes = notes;
  } finally {
    flush();
  }
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
    const {settings: {model, label}, memoryFrom, own} = branch;
    const read = await backend.read({
      model, label: label || undefined, clamp: heldUnits(branch), logprobs: ALTERNATIVES, memoryFrom, text: story.text(branch.id),
    });
    read.slice(-own.length).forEach(({bits, alternatives}, i) => Object.assign(own[i], {bits: bits ?? 0, alternatives}));
  }));
  return missing.length > 0;
}

const heldUnits = ({clamp}) => (clamp.length ? clamp : undefined);
