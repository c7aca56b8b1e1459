// The texts of one visit, as branches that leave each other at some character.
//
// A branch is {id, parent, at, own, settings, clamp, memoryFrom}. Its text is the first `at`
// characters of its parent's, then its own; one without a parent begins with a prompt. A character
// is {text, bits, alternatives, given}: given ones are the user's, the others the network wrote.
// `clamp` holds units, and with `memoryFrom` the network has read nothing before that place.
//
// A story does not change, so that undo keeps the old ones; only the branch that is being written
// grows.

export class Story {
  constructor(branches = [], shown = []) {
    this.branches = branches;
    this.shown = shown; // ids: of one text, or of two side by side
  }

  branch(id) {
    return this.branches.find(branch => branch.id === id);
  }

  childrenOf(id) {
    return this.branches.filter(branch => branch.parent === id);
  }

  /** Return an id that is free. */
  get nextId() {
    return 1 + Math.max(0, ...this.branches.map(branch => branch.id));
  }

  /** Return all characters of a branch's text. */
  characters(id) {
    const {parent, at, own} = this.branch(id);
    return parent === null ? own : this.characters(parent).slice(0, at).concat(own);
  }

  text(id) {
    return this.characters(id).map(character => character.text).join("");
  }

  /** Return a branch and those it comes from, the oldest first. */
  lineage(id) {
    const branch = this.branch(id);
    return branch.parent === null ? [branch] : [...this.lineage(branch.parent), branch];
  }

  /** Return the branch that a character of another's text belongs to. */
  ownerOf(id, position) {
    return this.lineage(id).findLast(({parent, at}) => parent === null || position >= at);
  }

  /** Return a story with other texts shown. */
  showing(...ids) {
    return new Story(this.branches, ids);
  }

  /** Return a story with more branches, or newer ones of the same ids. */
  with(...branches) {
    const ids = branches.map(({id}) => id);
    const others = this.branches.filter(({id}) => !ids.includes(id));
    return new Story([...others, ...branches].sort((a, b) => a.id - b.id), this.shown);
  }
}

/** Return a branch's own characters that were given, not written. */
export function givenIn({own}) {
  const end = own.findIndex(character => !character.given);
  return end < 0 ? own : own.slice(0, end);
}
