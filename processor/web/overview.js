/* overview.js: a month's groups with their margins, and what no group pays. */
import { get, idOf, listAll, readAll } from "./api.js";
import { BILLING_CONDUCTOR, View, changeColumn, groupField, moneyColumns } from "./bill_view.js";
import { Days } from "./days.js";
import * as decimal from "./decimal.js";
import { h, replace } from "./dom.js";
import { Figures } from "./figures.js";
import { addTo, nothing } from "./statement.js";
import { Table, filterField } from "./table.js";

const GROUPS_CHARTED = 20;
const PAUSE = 1500; /* milliseconds between two drawings while groups are read */

export class Overview extends View {
  async show() {
    const { context } = this;
    this.figures = new Figures(true, "", this.before);
    this.table = new Table({
      caption: `Billing groups in ${context.period}`,
      sort: { key: "cost", direction: -1 },
      empty: "No group has a bill in this month.",
      columns: [
        { key: "name", label: "Billing group", of: (row) => row.name, show: (row) => row.name },
        { key: "id", label: "Primary account", minor: true, of: (row) => row.account },
        ...moneyColumns(true),
        ...(this.before ? [changeColumn(this.before)] : []),
      ],
      onOpen: (row) => context.go({ group: row.id }),
    });
    this.days = new Days(context.period, "", context.signal);
    this.chartPlace = h(
      "section",
      { hidden: true },
      h("div", { class: "section-head" }, h("h2", {}, "Cost by day")),
      this.days.element,
    );
    this.outside = h("div", {});
    replace(
      this.place,
      this.title("Bills", `All billing groups, ${context.period}`, [
        context.periodField(),
        groupField(this),
        this.digits(),
      ]),
      this.figures.element,
      h(
        "section",
        {},
        h("div", { class: "section-head" }, h("h2", {}, "Billing groups"), filterField(this.table, "Filter groups")),
        this.table.element,
      ),
      this.outside,
      this.chartPlace,
    );
    this.figures.update(null);
    await this.follow(
      () => true,
      (again) => this.load(again),
    );
  }

  async load(again = false) {
    const { context } = this;
    const [groups, before] = await Promise.all([context.groups(), this.before ? this.reports(this.before) : null]);
    const earlier = new Map((before ?? []).map((row) => [idOf(row.Arn), figuresOf(row)]));
    const draw = (reports) => this.draw(reports, groups, earlier);
    draw(await this.reports(context.period, again ? undefined : seldom(draw)));
    await this.loadRest(groups.size);
  }

  reports(period, more) {
    return listAll(
      "ListBillingGroupCostReports",
      "BillingGroupCostReports",
      { BillingPeriod: period },
      { signal: this.context.signal, more },
    );
  }

  draw(reports, groups, earlier) {
    const rows = reports.map((report) => {
      const id = idOf(report.Arn);
      const group = groups.get(id);
      return {
        key: id,
        id,
        name: group?.Name ?? id,
        account: group?.PrimaryAccountId ?? "",
        ...figuresOf(report),
        before: earlier.get(id),
      };
    });
    const all = nothing();
    const then = nothing();
    for (const row of rows) addTo(all, row);
    for (const row of earlier.values()) addTo(then, row);
    this.figures.currency = reports[0]?.Currency ?? "";
    this.days.currency = this.figures.currency;
    this.figures.update(all, this.before ? then : null);
    this.table.update(rows);
  }

  /* What no group pays, and the days while they can be read at one go. */
  async loadRest(groupCount) {
    const { period, signal } = this.context;
    const [first] = (await get("/v1/bills", { period }, signal)).bills;
    const outside = first && first.billing_group === "" ? first : null;
    replace(
      this.outside,
      outside &&
        h(
          "p",
          { class: "quiet" },
          "In no billing group: ",
          h("span", { title: outside.billable_cost }, `${decimal.format(outside.billable_cost)} ${outside.currency}`),
          " that AWS bills and nobody is charged for.",
        ),
    );
    if (groupCount > GROUPS_CHARTED) return;
    const days = await readAll("/v1/daily", "daily", { period }, { signal });
    this.chartPlace.hidden = false;
    this.days.update(days.filter((row) => row.billing_group && row.product_code !== BILLING_CONDUCTOR));
  }
}

/* The first page at once, those that follow a few at a time: each is drawn with all that came before it. */
function seldom(draw) {
  let next = 0;
  return (rows) => {
    if (Date.now() < next) return;
    draw(rows);
    next = Date.now() + PAUSE;
  };
}

const figuresOf = (report) => ({
  cost: decimal.parse(report.ProformaCost),
  billable_cost: decimal.parse(report.AWSCost),
  tax: decimal.ZERO,
  usage_events: 0n,
});
