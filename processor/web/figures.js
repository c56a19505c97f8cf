/* figures.js: the few numbers on top: what is charged, what AWS takes, what is left. */
import * as decimal from "./decimal.js";
import { h, replace } from "./dom.js";
import { marginOf, percentageOf } from "./statement.js";
import { exact, number } from "./table.js";

export class Figures {
  constructor(isPayer, currency, before) {
    Object.assign(this, { isPayer, currency, before });
    this.element = h("dl", { class: "figures" });
  }

  /* null: not read yet. */
  update(figures, earlier) {
    this.last = [figures, earlier];
    const change = (of) => (figures && earlier ? difference(of(figures), of(earlier), this.before) : "");
    const cost = (one) => one.cost;
    const billable = (one) => one.billable_cost;
    const figure = (label, value, unit, note, kind = "money") =>
      h(
        "div",
        {},
        h("dt", {}, label),
        h("dd", { title: exact(value) }, number(value, kind), unit && [" ", h("span", { class: "unit" }, unit)]),
        this.before && h("dd", { class: "note" }, note),
      );
    replace(
      this.element,
      figure(this.isPayer ? "Pro forma" : "Cost", figures && figures.cost, this.currency, change(cost)),
      this.isPayer && figure("AWS cost", figures && figures.billable_cost, this.currency, change(billable)),
      this.isPayer && figure("Margin", figures && marginOf(figures), this.currency, change(marginOf)),
      this.isPayer && figure("Margin, of pro forma", figures && percentageOf(figures), "", "", "percent"),
    );
  }

  redraw() {
    if (this.last) this.update(...this.last);
  }
}

function difference(now, then, before) {
  const change = decimal.subtract(now, then);
  if (decimal.isZero(change)) return `as in ${before}`;
  const share = decimal.percentage(change, then);
  const plus = (text) => (decimal.isNegative(change) ? text : `+${text}`);
  return `${plus(number(change))}${share ? ` (${plus(decimal.format(share, 1))} %)` : ""} on ${before}`;
}
