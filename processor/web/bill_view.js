/* bill_view.js: what a month of groups and one group's bill have in common: title, columns of money, being live. */
import * as decimal from "./decimal.js";
import { debounce, h, labelled, replace, select } from "./dom.js";
import { marginOf, percentageOf } from "./statement.js";
import { showAllDigits } from "./table.js";

const PAUSE = 700; /* milliseconds in which changes come together */
/* The service of custom line items: no usage of a day. */
export const BILLING_CONDUCTOR = "AWSBillingConductor";

/* The month before, if anybody was billed in it. */
function monthBefore(context) {
  const known = context.periods.map((one) => one.period);
  const [year, month] = context.period.split("-").map(Number);
  const before = month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, "0")}`;
  return known.includes(before) ? before : "";
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
  label: `On ${before}`,
  kind: "money",
  signed: true,
  of: (row) => (row.before ? decimal.subtract(row.cost, row.before.cost) : null),
});

export class View {
  constructor(context, place) {
    Object.assign(this, { context, place, before: monthBefore(context) });
    this.live = h("span", { class: "tag" });
    this.drawLive();
  }

  drawLive() {
    const state = this.context.monthState;
    const isLive = state === "open" && this.context.isLive();
    this.live.className = isLive ? "tag live" : "tag";
    this.live.textContent = isLive ? "Live" : ({ open: "Open", closing: "Closing", closed: "Closed" }[state] ?? state);
  }

  follow(concerns, reload) {
    const { context } = this;
    const soon = debounce(() => !context.signal.aborted && reload().catch(() => {}), PAUSE);
    this.drawLive();
    context.onBill((event) => {
      this.drawLive();
      if (event && event.period === context.period && concerns(event)) soon();
    });
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

const groupOptions = (groups) => [
  ["", "All groups"],
  ...[...groups].map(([id, group]) => [id, group.Name]).sort((a, b) => a[1].localeCompare(b[1])),
];

export function groupField(view, chosen) {
  const { context } = view;
  const field = select([["", "All groups"], ...(chosen ? [[chosen, chosen]] : [])], chosen ?? "", (group) =>
    context.go({ group }),
  );
  context
    .groups()
    .then((groups) => {
      if (context.signal.aborted) return;
      const fresh = groupOptions(groups).map(([value, text]) => h("option", { value }, text));
      replace(field, fresh);
      field.value = chosen ?? "";
    })
    .catch(() => {});
  return labelled("Billing group", field);
}
