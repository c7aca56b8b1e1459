// States that follow each other, with a way back and forth.

export class Undo {
  #states;
  #at = 0;

  constructor(first) {
    this.#states = [first];
  }

  get now() {
    return this.#states[this.#at];
  }

  get canUndo() {
    return this.#at > 0;
  }

  get canRedo() {
    return this.#at < this.#states.length - 1;
  }

  /** Go on to a new state; what was undone is forgotten. */
  push(state) {
    this.#states.splice(++this.#at, Infinity, state);
  }

  /** Forget the last state: it came to nothing. */
  drop() {
    this.#states.splice(this.#at--, Infinity);
  }

  undo() {
    if (this.canUndo) this.#at--;
  }

  redo() {
    if (this.canRedo) this.#at++;
  }
}
