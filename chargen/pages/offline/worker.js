// The worker behind the page: it holds the network, and does what the page asks.

import {Network} from "./network.js";
import {Reader} from "./reader.js";
import {Author} from "./writing.js";

const stopped = new Set(); // numbers of requests
let author = null;

const TASKS = {
  async load({kernel, weights, layout, model, rules}) {
    const bytes = await inflated(fromBase64(weights));
    const arrays = Object.fromEntries(layout.map(([name, type, start, length]) =>
      [name, new {int8: Int8Array, float32: Float32Array}[type](bytes, start, length)]));
    const network = new Network(fromBase64(kernel), model.config, arrays);
    author = new Author(network, new Reader(model, rules), model.labels ?? []);
  },
  complete: (request, give, isOver) => author.write(request, give, isOver),
  read: (request, give, isOver) => author.read(request, isOver),
  score: (request, give, isOver) => author.score(request, isOver),
  prepare: ({text}) => author.reader.read(text),
  loss: ({ids, label}) => author.loss(ids, label),
  logits: ({ids, label}) => author.logits(ids, label),
};

self.onmessage = async ({data: {number, task, request}}) => {
  if (task === "stop") {
    stopped.add(number);
    return;
  }
  const isOver = () => stopped.has(number);
  const give = characters => characters.length && postMessage({number, characters});
  try {
    const result = await TASKS[task](request, give, isOver);
    postMessage({number, result});
  } catch (error) {
    postMessage({number, error: error.message});
  }
  stopped.delete(number);
};

function fromBase64(text) {
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}
