// The server behind the page. A page with another source of text gives an object of the same
// methods: models, model, history, complete, read, score, classify, activations, units, features,
// memory, copies. One that lacks `activations` shows no part about the network itself.

import {bitsOf} from "./characters.js";

const KEY = "chargen-key"; // in sessionStorage: gone with the tab

/** What went wrong, in a sentence that says what to do. */
export class BackendError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

export class HttpBackend {
  /** Use a key from now on, as long as this tab lives. */
  useKey(key) {
    sessionStorage.setItem(KEY, key);
  }

  /** Return all models, the one to begin with first: [{id, meta}]. */
  async models() {
    const {data} = await this.#get("v1/models");
    return data.sort((a, b) => (b.meta?.is_default ?? false) - (a.meta?.is_default ?? false));
  }

  /** Return one model whole: {id, meta}. */
  model(id) {
    return this.#get(`v1/models/${encodeURIComponent(id)}`);
  }

  async history(id) {
    return (await this.#get(`v1/models/${encodeURIComponent(id)}/history`)).rows;
  }

  /**
   * Write a text.
   *
   * @param request the body of /v1/completions.
   * @param onCharacter gets each character as it comes: {text, bits, alternatives}.
   * @param signal aborts it.
   * @returns {reason, notes}: why it ended, and what was changed in the prompt.
   */
  async complete(request, onCharacter, signal) {
    const response = await this.#fetch("v1/completions", {request, signal});
    const end = {reason: null, notes: []};
    const take = part => {
      if (part.error) throw new BackendError(part.error.message);
      const [choice] = part.choices;
      for (const character of readLogProbs(choice?.logprobs)) onCharacter(character);
      end.reason = choice?.finish_reason ?? end.reason;
      end.notes = part.notes ?? end.notes; // every event tells them all
    };
    if (!request.stream) take(await response.json());
    else for await (const data of events(response.body)) take(JSON.parse(data));
    if (!end.reason) throw new BackendError("The server ended the text too early. Press Go on.");
    return end;
  }

  /** Return the characters of a text as a network with these clamps sees them come. */
  async read({text, ...request}) {
    const echo = {...request, prompt: text, echo: true, max_tokens: 0, unknown: "nearest"};
    const {choices: [choice]} = await this.#post("v1/completions", echo);
    return readLogProbs(choice.logprobs);
  }

  score(request) {
    return this.#post("v1/score", request);
  }

  classify(request) {
    return this.#post("v1/classify", request);
  }

  /** Return what units did at each character: {units, characters, values: Int8Array}. */
  async activations(request) {
    const {units, characters, values} = await this.#post("v1/activations", request);
    const bytes = Uint8Array.from(atob(values), byte => byte.charCodeAt(0));
    return {units, characters, values: new Int8Array(bytes.buffer)};
  }

  async units(request) {
    return (await this.#post("v1/units", request)).units;
  }

  async features() {
    return (await this.#get("v1/units/features")).features;
  }

  memory(request) {
    return this.#post("v1/memory", request);
  }

  copies(request) {
    return this.#post("v1/copies", request);
  }

  async #get(path) {
    return (await this.#fetch(path)).json();
  }

  async #post(path, request) {
    return (await this.#fetch(path, {request})).json();
  }

  async #fetch(path, {request, signal} = {}) {
    const headers = {};
    const key = sessionStorage.getItem(KEY);
    if (key) headers.Authorization = `Bearer ${key}`;
    if (request) headers["Content-Type"] = "application/json";
    const body = request && JSON.stringify(request);
    let response;
    try {
      response = await fetch(path, {method: request ? "POST" : "GET", headers, body, signal});
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new BackendError("The server does not answer. See if chargen serve still runs, then try again.");
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

async function refusal(response) {
  const {error} = await response.json().catch(() => ({}));
  const message = error?.message ?? `The server answered ${response.status}.`;
  const wait = response.headers.get("Retry-After");
  const next = response.status === 429 ? ` Try again in ${wait ?? "a few"} seconds.` : "";
  return new BackendError(message + next, response.status);
}

/** Return the data of server-sent events as they come. */
async function* events(stream) {
  let text = "";
  for await (const piece of readAll(stream.pipeThrough(new TextDecoderStream()))) {
    const lines = (text + piece).split(/\r?\n/);
    text = lines.pop(); // not yet whole
    for (const line of lines) {
      if (line === "data: [DONE]") return;
      if (line.startsWith("data: ")) yield line.slice(6);
    }
  }
}

/** Return the pieces of a stream: not every browser can loop over one itself. */
async function* readAll(stream) {
  const reader = stream.getReader();
  try {
    for (let next; !(next = await reader.read()).done;) yield next.value;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new BackendError("The connection to the server broke. Press Go on to continue.");
  } finally {
    reader.releaseLock();
  }
}

/** Return the characters that OpenAI's log-probabilities tell of. */
function readLogProbs(logProbs) {
  return (logProbs?.tokens ?? []).map((text, i) => {
    const logProb = logProbs.token_logprobs[i];
    const expected = Object.entries(logProbs.top_logprobs?.[i] ?? {});
    const alternatives = expected
      .map(([character, value]) => ({character, probability: Math.exp(value)}))
      .sort((a, b) => b.probability - a.probability);
    return {text, bits: logProb == null ? null : bitsOf(logProb), alternatives};
  });
}
