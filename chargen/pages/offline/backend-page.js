// The network in the page itself, in a worker; a backend as backend-http.js describes it.

const textOf = id => document.getElementById(id).textContent;

export class PageBackend {
  #worker;
  #waiting = new Map(); // by number of a request: {resolve, reject, give}
  #last = 0;
  #model;
  #loaded;

  constructor() {
    const {id, meta, model, rules, layout} = JSON.parse(textOf("description"));
    this.#model = {id, meta};
    const url = URL.createObjectURL(new Blob([textOf("worker")], {type: "text/javascript"}));
    this.#worker = new Worker(url);
    this.#worker.onmessage = ({data}) => this.#hear(data);
    this.#worker.onerror = ({message}) => this.#hear({number: this.#last, error: message});
    this.#loaded = this.ask("load", {kernel: textOf("kernel"), weights: textOf("weights"), layout, model, rules});
  }

  async models() {
    await this.#loaded.catch(({message}) => {
      throw new Error(`This browser cannot run the network (${message}). Use one of 2023 or later.`);
    });
    return [this.#model];
  }

  async model() {
    return this.#model;
  }

  async complete(request, onCharacter, signal) {
    return this.ask("complete", request, {signal, give: characters => characters.forEach(onCharacter)});
  }

  read(request) {
    return this.ask("read", request);
  }

  score(request) {
    return this.ask("score", request);
  }

  /** Have the worker do a task; `give` gets characters as they come, `signal` aborts it. */
  ask(task, request, {give, signal} = {}) {
    const number = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, {resolve, reject, give});
      signal?.addEventListener("abort", () => {
        this.#worker.postMessage({number, task: "stop"});
        this.#waiting.delete(number);
        reject(new DOMException("It was stopped.", "AbortError"));
      });
      this.#worker.postMessage({number, task, request});
    });
  }

  #hear({number, characters, result, error}) {
    const waiting = this.#waiting.get(number);
    if (!waiting) return;
    if (characters) {
      waiting.give(characters);
      return;
    }
    this.#waiting.delete(number);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new Error(error));
  }
}
