// Elements of the page, made by script. Text goes in as textContent, never as HTML.

/** Return an element with properties and children; `role` is set as an attribute. */
export function element(name, {role, ...properties} = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  if (role) made.setAttribute("role", role);
  made.append(...children);
  return made;
}

/** Return a button that does something when pressed. */
export function button(words, run, properties = {}) {
  const made = element("button", {type: "button", textContent: words, ...properties});
  made.addEventListener("click", run);
  return made;
}

/** Return the element of the page with this id. */
export const byId = id => document.getElementById(id);
