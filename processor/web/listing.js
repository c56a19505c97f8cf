/*
 * listing.js: what pages of groups, plans, rules and custom line items have in common: a month's document, a list out of it,
 * and a button for a new one.
 */
import { h, replace } from "./dom.js";
import { address } from "./route.js";
import { Table, filterField } from "./table.js";

/* {heading, text, noun, columns, read → rows, open(row or null), mayCreate} */
export async function listing(context, place, { heading, text, noun, columns, read, open, mayCreate = context.mayChange }) {
  const table = new Table({
    caption: heading,
    columns,
    sort: { key: columns[0].key, direction: 1 },
    empty: `There is no ${noun} yet.`,
    onOpen: (row) => open(row),
  });
  const create =
    mayCreate && h("button", { type: "button", class: "first", onclick: () => open(null) }, `New ${noun}`);
  replace(
    place,
    h(
      "div",
      { class: "title" },
      h("div", { class: "grow" }, h("h1", {}, heading), h("p", {}, text)),
      h("div", { class: "tools" }, context.periodField(), create),
    ),
    monthNote(context),
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
export function readOnlyNote(context) {
  if (context.mayChange) return "";
  if (!context.caller.may_change) return "This server shows results as they were written: nothing can be changed here.";
  return `This is what ${context.period} has. Changes here are made to the running month, ${context.caller.running_month}.`;
}

function standing({ period, monthState }, running) {
  if (monthState() !== "open") return monthState() === "closed" ? "which is closed" : "which is being closed";
  return period > running ? "which is still to come" : "which is still open";
}

/* Each open month may have a document of its own: which one is shown, and which one a change here is made to. */
function monthNote(context) {
  const { period, documentOf, periods } = context;
  const running = context.caller.running_month;
  if (!context.caller.may_change) return "";
  const quiet = (...words) => h("p", { class: "quiet month" }, ...words);
  const since = documentOf && documentOf !== period ? `, unchanged since ${documentOf}` : "";
  if (period === running) {
    const later = periods.filter((one) => one.period > running && one.document === one.period).map((one) => one.period);
    const apart = later.map((month) => ` ${month} has a document of its own, which stays as it is.`);
    return quiet(`The document of ${period}, the running month${since}. A change here counts from ${period} on.`, apart);
  }
  return h(
    "div",
    { class: "note-box" },
    h(
      "p",
      {},
      `The document of ${period}, ${standing(context, running)}${since}. Changes here are made to the running month: `,
      h("a", { href: address(context.name, { period: running }) }, `show ${running}`),
      ".",
      context.monthState() === "open" && [" This one is changed by ", h("code", {}, "proforma apply"), "."],
    ),
  );
}
