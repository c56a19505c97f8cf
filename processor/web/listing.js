/* listing.js: what pages of groups, plans, rules and custom line items have in common: a list, and a button for a new one. */
import { h, replace } from "./dom.js";
import { Table, filterField } from "./table.js";

/* {heading, text, noun, columns, read → rows, open(row or null)} */
export async function listing(context, place, { heading, text, noun, columns, read, open }) {
  const table = new Table({
    caption: heading,
    columns,
    sort: { key: columns[0].key, direction: 1 },
    empty: `There is no ${noun} yet.`,
    onOpen: (row) => open(row),
  });
  const create =
    context.mayChange && h("button", { type: "button", class: "first", onclick: () => open(null) }, `New ${noun}`);
  replace(
    place,
    h(
      "div",
      { class: "title" },
      h("div", { class: "grow" }, h("h1", {}, heading), h("p", {}, text)),
      h("div", { class: "tools" }, context.periodField(), create),
    ),
    h("section", {}, h("div", { class: "section-head" }, filterField(table, "Filter"), h("span", {})), table.element),
  );
  const load = async () => {
    const rows = await read();
    if (!context.signal.aborted) table.update(rows);
  };
  await load();
  return load;
}

/* Why fields cannot be changed, if so. */
export const readOnlyNote = (context) =>
  context.mayChange ? "" : "This server shows results as they were written: nothing can be changed here.";
