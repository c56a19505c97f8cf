/*
 * table.js: rows by key, in a tree or flat: sorted by a click, filtered while one types, brought up to date in place.
 *
 * A column is {key, label, kind, of}: kind is text (default), whole (text that is not wrapped), money, percent, count or amount; of(row) gives its value, and
 * show(row), if there is one, what stands in the cell; a minor one is left out where there is little room. A row is {key, level, parent, ...}.
 */
import * as decimal from "./decimal.js";
import { debounce, h, replace } from "./dom.js";

const ROWS_SHOWN = 500;
const NUMBERS = new Set(["money", "percent", "count", "amount"]);
const PLACES = { money: 2, percent: 2, count: 0, amount: null };

/* Whether all digits are shown; who has tables on the page is told. */
const digits = { all: false, listeners: new Set() };
export function showAllDigits(all) {
  digits.all = all;
  document.documentElement.classList.toggle("all-digits", all);
  for (const listener of digits.listeners) listener();
}
export const allDigits = () => digits.all;

export function number(value, kind = "money") {
  if (value === null || value === undefined || value === "") return "–";
  const places = digits.all && kind !== "count" ? null : PLACES[kind];
  return decimal.format(value, places) + (kind === "percent" ? " %" : "");
}

export const exact = (value) => (value === null || value === undefined || value === "" ? "" : decimal.toText(value));

export class Table {
  constructor({ caption, columns, sort, empty = "Nothing here yet.", onOpen, tree = false, captionHidden = true }) {
    Object.assign(this, { columns, sort, onOpen, tree, empty });
    this.rows = new Map();
    this.order = [];
    this.cells = new Map();
    this.open = new Set();
    this.filter = "";
    this.words = new WeakMap(); /* of rows that were filtered */
    this.limit = ROWS_SHOWN;
    this.head = h("thead", {}, this.headRow());
    this.body = h("tbody", {});
    this.more = h("div", { class: "more" });
    this.say("Reading…");
    const table = h(
      "table",
      { class: tree ? "tree" : null },
      h("caption", { class: captionHidden ? "unseen" : null }, caption),
      this.head,
      this.body,
    );
    this.element = h(
      "div",
      {},
      h("div", { class: "table-frame", tabindex: "0", role: "region", "aria-label": caption }, table),
      this.more,
    );
    digits.listeners.add(() => this.element.isConnected && this.refresh());
  }

  /* ---- head ---- */

  headRow() {
    return h(
      "tr",
      {},
      this.columns.map((column) => {
        const direction = this.sort?.key === column.key ? this.sort.direction : 0;
        if (!column.label) return h("th", { scope: "col" }, h("span", { class: "unseen" }, "Links"));
        const button = h(
          "button",
          { type: "button", class: "sort", onclick: () => this.sortBy(column) },
          column.label,
          direction !== 0 && h("span", { "aria-hidden": "true", class: "arrow" }, direction > 0 ? "↑" : "↓"),
        );
        return h(
          "th",
          {
            scope: "col",
            class: `${NUMBERS.has(column.kind) ? "number" : ""}${column.minor ? " minor" : ""}`,
            "aria-sort": direction > 0 ? "ascending" : direction < 0 ? "descending" : null,
          },
          button,
        );
      }),
    );
  }

  sortBy(column) {
    const first = NUMBERS.has(column.kind) ? -1 : 1;
    const direction = this.sort?.key === column.key ? -this.sort.direction : first;
    this.sort = { key: column.key, direction };
    const at = this.columns.indexOf(column);
    replace(this.head, this.headRow());
    this.head.rows[0].cells[at].querySelector("button").focus();
    this.arrange();
  }

  /* ---- rows ---- */

  /* New rows of the same keys change their cells where they stand; the order waits until somebody sorts. */
  update(rows) {
    const known = this.rows;
    this.rows = new Map(rows.map((row) => [row.key, row]));
    const same = known.size === this.rows.size && [...this.rows.keys()].every((key) => known.has(key));
    if (same && known.size) this.refresh(true);
    else this.arrange();
  }

  arrange() {
    const children = new Map();
    for (const row of this.rows.values()) {
      const parent = row.parent ?? "";
      if (!children.has(parent)) children.set(parent, []);
      children.get(parent).push(row);
    }
    this.children = children;
    this.order = [];
    this.place("", children);
    this.draw();
  }

  place(parent, children) {
    for (const row of this.sorted(children.get(parent) ?? [])) {
      if (!this.matches(row, children)) continue;
      this.order.push(row.key);
      if (this.isOpen(row)) this.place(row.key, children);
    }
  }

  sorted(rows) {
    const column = this.columns.find((one) => one.key === this.sort?.key);
    if (!column) return rows;
    const direction = this.sort.direction;
    const by = NUMBERS.has(column.kind) ? decimal.compare : (a, b) => String(a ?? "").localeCompare(String(b ?? ""));
    const last = (value) => (value === null || value === undefined ? 1 : 0);
    return [...rows].sort((a, b) => {
      const [left, right] = [column.of(a), column.of(b)];
      return last(left) - last(right) || direction * by(left, right);
    });
  }

  /* A row stays when it, what it stands in, or something in it has the words. */
  matches(row, children) {
    if (!this.filter) return true;
    if (this.has(row)) return true;
    for (let up = this.rows.get(row.parent); up; up = this.rows.get(up.parent)) if (this.has(up)) return true;
    return (children.get(row.key) ?? []).some((child) => this.hasWithin(child, children));
  }

  has(row) {
    if (!this.words.has(row)) this.words.set(row, this.wordsOf(row));
    const words = this.words.get(row);
    return this.filter.split(/\s+/).every((word) => words.includes(word));
  }

  wordsOf(row) {
    return this.columns
      .map((column) => (NUMBERS.has(column.kind) ? "" : column.of(row)))
      .join(" ")
      .toLowerCase();
  }

  hasWithin(row, children) {
    return this.has(row) || (children.get(row.key) ?? []).some((child) => this.hasWithin(child, children));
  }

  filterBy(text) {
    this.filter = text.trim().toLowerCase();
    this.limit = ROWS_SHOWN;
    this.arrange();
    return this.order.length;
  }

  isOpen(row) {
    if (this.open.has(row.key)) return true;
    if (!this.filter || this.has(row)) return false;
    return (this.children.get(row.key) ?? []).some((child) => this.hasWithin(child, this.children));
  }

  toggle(row) {
    if (!this.open.delete(row.key)) this.open.add(row.key);
    this.arrange();
    this.cells.get(row.key)?.line.querySelector("button")?.focus();
  }

  /* ---- drawing ---- */

  draw() {
    const shown = this.order.slice(0, this.limit);
    this.cells = new Map();
    const lines = shown.map((key) => this.line(this.rows.get(key)));
    if (lines.length) replace(this.body, lines);
    else this.say(this.filter ? "Nothing matches the filter." : this.empty);
    const rest = this.order.length - shown.length;
    replace(
      this.more,
      rest > 0 &&
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              this.limit += ROWS_SHOWN;
              this.draw();
            },
          },
          `Show ${Math.min(rest, ROWS_SHOWN)} of ${rest.toLocaleString("en")} more`,
        ),
    );
  }

  say(sentence) {
    replace(this.body, h("tr", {}, h("td", { colspan: this.columns.length, class: "empty" }, sentence)));
  }

  line(row) {
    const cells = this.columns.map((column, at) => this.cell(row, column, at));
    const line = h("tr", { class: row.level ? `level-${row.level}` : null }, cells);
    this.cells.set(row.key, { line, cells });
    return line;
  }

  cell(row, column, at) {
    if (NUMBERS.has(column.kind)) {
      const value = column.of(row);
      return h(
        "td",
        { class: `number${column.minor ? " minor" : ""}${sign(column, value)}`, title: exact(value) },
        column.show?.(row) ?? number(value, column.kind),
      );
    }
    const content = column.show?.(row) ?? column.of(row) ?? "";
    if (at > 0) return h("td", { class: classOf(column) }, content);
    return h("th", { scope: "row" }, this.first(row, content));
  }

  first(row, content) {
    const inside = this.tree && this.children?.has(row.key);
    if (inside) {
      const open = this.isOpen(row);
      return h(
        "button",
        { type: "button", class: "twig", "aria-expanded": String(open), onclick: () => this.toggle(row) },
        h("span", { "aria-hidden": "true", class: "twist" }, "›"),
        h("span", {}, content),
      );
    }
    if (this.onOpen && !row.fixed)
      return h("button", { type: "button", class: "link", onclick: () => this.onOpen(row) }, content);
    return h("span", { class: this.tree ? "leaf" : null }, content);
  }

  /* What changed is shown where it stands; numbers are marked for a moment. */
  refresh(mark = false) {
    for (const [key, { line, cells }] of this.cells) {
      const row = this.rows.get(key);
      if (!row) continue;
      this.columns.forEach((column, at) => {
        const fresh = this.cell(row, column, at);
        if (cells[at].textContent === fresh.textContent) return;
        if (mark && NUMBERS.has(column.kind)) fresh.classList.add("changed");
        line.replaceChild(fresh, cells[at]);
        cells[at] = fresh;
      });
    }
  }
}

const classOf = (column) =>
  column.minor ? "minor" : !column.label ? "links" : column.kind === "whole" ? "whole" : null;

function sign(column, value) {
  return column.signed && value && decimal.isNegative(value) ? " negative" : "";
}

export function filterField(table, label) {
  const found = h("span", { class: "unseen", role: "status" });
  const filter = () => {
    found.textContent = `${table.filterBy(field.value)} rows`;
  };
  /* Many rows wait for a pause between two letters. */
  const soon = debounce(filter, 150);
  const field = h("input", {
    type: "search",
    placeholder: label,
    "aria-label": label,
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => (table.rows.size > ROWS_SHOWN ? soon() : filter()),
  });
  return h("div", { class: "filter" }, field, found);
}
