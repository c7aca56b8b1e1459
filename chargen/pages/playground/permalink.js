// A page's state as a part of its address, after the "#", which no server ever sees.

/** Return a value as text that an address may hold. */
export async function packed(value) {
  const bytes = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(JSON.stringify(value)));
  const letters = Array.from(bytes, byte => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Return the value that `packed` made a text of; an error is thrown for any other text. */
export async function unpacked(text) {
  const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = await through(new DecompressionStream("deflate-raw"), Uint8Array.from(letters, c => c.charCodeAt(0)));
  return JSON.parse(new TextDecoder().decode(bytes));
}

async function through(transform, bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(transform);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Return branches as plain values; what they surprise with is measured again when shown. */
export const plainBranches = branches => branches.map(({own, ...rest}) => ({
  ...rest,
  own: own.map(character => character.text), // mostly one character each
  given: own.filter(character => character.given).length,
}));

/** Return the branches that `plainBranches` made values of. */
export function fromPlainBranches(values) {
  const seen = new Set([null]);
  return values.map(({id, parent, at, own, given, settings, clamp, memoryFrom}) => {
    if (!Number.isInteger(id) || seen.has(id) || !seen.has(parent)) throw new Error("no such branch");
    seen.add(id);
    const characters = own.map((text, i) => ({text, bits: null, alternatives: [], given: i < given}));
    return {id, parent, at, own: characters, settings, clamp, memoryFrom};
  });
}
