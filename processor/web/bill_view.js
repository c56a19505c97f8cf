/* bill_view.js: what a month of groups and one group's bill have in common: title, columns of money, being live. */
import * as decimal from "./decimal.js";
import { debounce, h, labelled, replace, select, uniqueId } from "./dom.js";
import { monthBefore } from "./route.js";
import { marginOf, percentageOf } from "./statement.js";
import { showAllDigits } from "./table.js";

const PAUSE = 700; /* milliseconds in which changes come together */
/* The service of custom line items: no usage of a day. */
export const BILLING_CONDUCTOR = "AWSBillingConductor";

/* The month before, if anybody was billed in it. */
function comparedWith(context) {
  const before = monthBefore(context.period);
  return context.periods.some((one) => one.period === before) ? before : "";
}

export const moneyColumns = (isPayer) => [
  { key: "cost", label: isPayer ? "Pro forma" : "Cost", kind: "money", of: (row) => row.cost, signed: true },
  ...(isPayer
    ? [
        { key: "billable", label: "AWS cost", kind: "money", of: (row) => row.billable_cost, signed: true },
        { key: "margin", label: "Margin", kind: "money", of: marginOf, signed: true },
        { key: "percentage", label: "Margin %", kind: "percent", of: percentageOf, signed: true },
      ]
    : []),
];

export const changeColumn = (before) => ({
  key: "change",
  label: `Change on ${before}`,
  kind: "money",
  signed: true,
  of: (row) => (row.before ? decimal.subtract(row.cost, row.before.cost) : null),
});

export class View {
  constructor(context, place) {
    Object.assign(this, { context, place, before: comparedWith(context) });
    this.live = h("span", { class: "tag" });
    this.drawLive();
  }

  drawLive() {
    const state = this.context.monthState();
    const isLive = state === "open" && this.context.isLive();
    this.live.className = isLive ? "tag live" : "tag";
    this.live.textContent = isLive ? "Live" : ({ open: "Open", closing: "Closing", closed: "Closed" }[state] ?? state);
  }

  /* Reads, and reads again when something has changed, also while the first reading goes on. */
  async follow(concerns, read) {
    const { context } = this;
    const first = read(false);
    const again = () => !context.signal.aborted && read(true);
    const soon = debounce(() => first.then(again).catch(() => {}), PAUSE);
    this.drawLive();
    context.onChange((event) => {
      this.drawLive();
      if (event.renewed || (event.period === context.period && concerns(event))) soon();
    });
    await first;
  }

  title(heading, subtitle, tools) {
    return h(
      "div",
      { class: "title" },
      h("div", { class: "grow" }, h("h1", {}, heading), h("p", {}, subtitle, " ", this.live)),
      h("div", { class: "tools" }, tools),
    );
  }

  digits() {
    const field = this.context.digitsField();
    field.querySelector("input").addEventListener("change", (event) => {
      showAllDigits(event.target.checked);
      this.figures?.redraw();
    });
    return field;
  }
}

const byName = (groups) => [...groups].map(([id, group]) => [id, group.Name]).sort((a, b) => a[1].localeCompare(b[1]));

const GROUPS_LISTED = 200; /* more than these are found by typing a part of their names */

export function groupField(view, chosen) {
  const { context } = view;
  const field = select([["", "All groups"], ...(chosen ? [[chosen, chosen]] : [])], chosen ?? "", (group) =>
    context.go({ group }),
  );
  const element = labelled("Billing group", field);
  context
    .groups()
    .then((groups) => {
      if (context.signal.aborted) return;
      if (groups.size > GROUPS_LISTED) return replace(element, ...searchField(context, groups, chosen));
      replace(
        field,
        [["", "All groups"], ...byName(groups)].map(([value, text]) => h("option", { value }, text)),
      );
      field.value = chosen ?? "";
    })
    .catch(() => {});
  return element;
}

/* Names that fit what is typed are offered; a whole name, or none, is gone to. */
function searchField(context, groups, chosen) {
  const names = byName(groups);
  const list = h(
    "datalist",
    { id: uniqueId("groups") },
    names.map(([, name]) => h("option", { value: name })),
  );
  const ids = new Map(names.map(([id, name]) => [name, id]));
  const field = h("input", {
    id: uniqueId("field"),
    type: "search",
    list: list.id,
    value: groups.get(chosen)?.Name ?? "",
    placeholder: `All ${groups.size.toLocaleString("en")} groups`,
    autocomplete: "off",
    spellcheck: "false",
    onchange: () => {
      const name = field.value.trim();
      if (name === "" || ids.has(name)) context.go({ group: ids.get(name) ?? "" });
    },
  });
  return [h("label", { for: field.id }, "Billing group"), field, list];
}
