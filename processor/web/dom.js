/* dom.js: elements from values. Text is only ever set as text, so nothing that comes from a server becomes markup. */

/* h("td", {class: "number", onclick: f}, "text", element, null, [more]) */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) set(element, name, value);
  element.append(...present(children));
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked" || name === "selected") element[name] = value;
  else element.setAttribute(name, value === true ? "" : String(value));
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

export function replace(element, ...children) {
  element.replaceChildren(...present(children));
}

let numbers = 0;
/* An id for a label and its field. */
export const uniqueId = (name) => `${name}-${++numbers}`;

/* Says a sentence to who cannot see that something changed. */
export function announce(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

export function download(name, blob) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

export function debounce(action, milliseconds) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
}

export const labelled = (text, field) => {
  field.id ||= uniqueId("field");
  return h("div", { class: "field" }, h("label", { for: field.id }, text), field);
};

/* options: [value, text] each. */
export function select(options, chosen, onchange) {
  const list = options.map(([value, text]) => h("option", { value, selected: value === chosen }, text));
  return h("select", { onchange: onchange && ((event) => onchange(event.target.value)) }, list);
}
