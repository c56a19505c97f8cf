/* bill.js: one group's bill: services, days, custom line items, downloads. */
import { get, listAll, readAll, request } from "./api.js";
import { BILLING_CONDUCTOR, View, changeColumn, groupField, moneyColumns } from "./bill_view.js";
import { Days } from "./days.js";
import * as decimal from "./decimal.js";
import { download, h, replace } from "./dom.js";
import { Figures } from "./figures.js";
import { address } from "./route.js";
import { nothing, toCsv, total, tree } from "./statement.js";
import { Table, filterField } from "./table.js";

export class Bill extends View {
  constructor(context, place, group) {
    super(context, place);
    /* A customer asks for no group: which one it is in that month is the server's to know. */
    this.group = context.isPayer ? group : "";
    this.label = this.group || context.caller.account;
    this.names = new Map();
  }

  async show() {
    const { context } = this;
    this.figures = new Figures(context.isPayer, "", this.before);
    this.table = this.makeTable();
    this.days = new Days(context.period, "", context.signal);
    this.items = h("section", {});
    this.reports = h("section", { class: "narrow" });
    this.tax = h("p", { class: "quiet" });
    this.heading = h("span", {}, this.label);
    const csv = h("button", { type: "button", onclick: () => this.saveCsv() }, "Download CSV");
    replace(
      this.place,
      this.title(this.heading, `Bill of ${context.period}`, [
        context.periodField(),
        context.isPayer && groupField(this, this.group),
        this.digits(),
        csv,
      ]),
      this.figures.element,
      h(
        "section",
        {},
        h(
          "div",
          { class: "section-head" },
          h("h2", {}, "Services"),
          filterField(this.table, "Filter services, accounts, types"),
        ),
        this.table.element,
        this.tax,
      ),
      h("section", {}, h("div", { class: "section-head" }, h("h2", {}, "Cost by day")), this.days.element),
      this.items,
      this.reports,
    );
    this.figures.update(null);
    this.nameThings();
    await this.follow(
      (event) => !this.group || event.group === this.group,
      async () => {
        await this.load();
        await Promise.all([this.loadItems(), this.loadReports()]);
      },
    );
  }

  makeTable() {
    const { context } = this;
    return new Table({
      caption: `Services of ${this.label} in ${context.period}`,
      tree: true,
      sort: { key: "cost", direction: -1 },
      empty: "Nothing was used in this month yet.",
      columns: [
        { key: "name", label: "Service, account, type", of: (row) => row.name, show: (row) => this.nameOf(row) },
        {
          key: "events",
          label: "Usage events",
          kind: "count",
          minor: true,
          of: (row) => ({ units: row.usage_events, scale: 0 }),
        },
        ...moneyColumns(context.isPayer),
        ...(this.before ? [changeColumn(this.before)] : []),
        { key: "lines", label: "", of: () => "", show: (row) => row.level > 0 && this.linesLink(row) },
      ],
    });
  }

  nameOf(row) {
    const name = row.level === 1 ? this.names.get(row.account) : null;
    return name ? [name, " ", h("span", { class: "quiet whole" }, row.account)] : row.name;
  }

  linesLink(row) {
    return h(
      "a",
      {
        href: address("line-items", {
          period: this.context.period,
          group: this.group,
          account: row.account,
          service: row.service,
        }),
        "aria-label": `Line items of ${row.service} in ${row.account}`,
      },
      "Lines",
    );
  }

  /* Names come when they come: the figures do not wait for them. */
  async nameThings() {
    const { context } = this;
    if (!context.isPayer) return;
    const groups = await context.groups().catch(() => new Map());
    const group = groups.get(this.group);
    if (!group || context.signal.aborted) return;
    this.heading.textContent = group.Name;
    const input = { Filters: { Association: group.Arn }, BillingPeriod: context.period };
    const accounts = await listAll("ListAccountAssociations", "LinkedAccounts", input, {
      signal: context.signal,
    }).catch(() => []);
    for (const account of accounts) if (account.AccountName) this.names.set(account.AccountId, account.AccountName);
    this.table.draw();
  }

  async load() {
    const { context, group } = this;
    const { signal } = context;
    const read = (period) => readAll("/v1/bills", "bills", { period, group }, { signal });
    const [bills, before, days] = await Promise.all([
      read(context.period),
      this.before ? read(this.before) : [],
      readAll("/v1/daily", "daily", { period: context.period, group }, { signal }),
    ]);
    this.bills = bills;
    this.figures.currency = this.days.currency = bills[0]?.currency ?? "";
    const now = total(bills);
    this.figures.update(now, this.before ? total(before) : null);
    const earlier = new Map(tree(before).map((row) => [row.key, row]));
    const name = (account) => (this.names.has(account) ? `${this.names.get(account)} ${account}` : account);
    this.table.update(
      tree(bills, name).map((row) => ({ ...row, before: this.before ? (earlier.get(row.key) ?? nothing()) : null })),
    );
    this.tax.textContent = decimal.isZero(now.tax)
      ? ""
      : `Tax of ${decimal.format(now.tax)} ${this.figures.currency} is in neither figure.`;
    this.days.update(days.filter((row) => row.product_code !== BILLING_CONDUCTOR));
  }

  /* ---- custom line items ---- */

  async loadItems() {
    const { period, signal } = this.context;
    const mine = this.bills.filter((row) => row.usage_account_id && isCustom(row));
    const has = (row) => row.product_code === BILLING_CONDUCTOR;
    const lines = mine.some(has)
      ? (
          await readAll(
            "/v1/line-items",
            "line_items",
            { period, group: this.group, service: BILLING_CONDUCTOR },
            { signal },
          )
        ).filter((line) => line.custom_line_item)
      : [];
    const spread = mine
      .filter((row) => !has(row))
      .map((row) => ({
        key: `${row.product_code}/${row.usage_account_id}/${row.line_item_type}`,
        description: `Beside the rows of ${row.product_code}`,
        type: row.line_item_type,
        account: row.usage_account_id,
        cost: row.cost,
      }));
    const rows = lines
      .map((line) => ({
        key: line.line_item_id,
        id: line.line_item_id,
        description: line.description ?? line.custom_line_item,
        type: line.line_item_type,
        account: line.usage_account_id,
        cost: line.cost,
      }))
      .concat(spread);
    if (rows.length && !this.itemTable) {
      this.itemTable = this.makeItemTable();
      const head = h("div", { class: "section-head" }, h("h2", {}, "Custom line items"));
      replace(this.items, head, this.itemTable.element);
    }
    this.itemTable?.update(rows);
  }

  makeItemTable() {
    const { context } = this;
    return new Table({
      caption: "Custom line items",
      columns: [
        {
          key: "description",
          label: "Description",
          of: (row) => row.description,
          show: (row) =>
            row.id
              ? h(
                  "a",
                  {
                    href: address("line-items", {
                      period: context.period,
                      group: this.group,
                      service: BILLING_CONDUCTOR,
                      id: row.id,
                    }),
                  },
                  row.description,
                )
              : row.description,
        },
        { key: "type", label: "Type", of: (row) => row.type.replace("_", " ") },
        { key: "account", label: "Account", of: (row) => row.account },
        { key: "cost", label: "Cost", kind: "money", of: (row) => row.cost, signed: true },
      ],
    });
  }

  /* ---- downloads ---- */

  saveCsv() {
    download(`${this.label}-${this.context.period}.csv`, new Blob([toCsv(this.bills ?? [])], { type: "text/csv" }));
  }

  async loadReports() {
    const { period, signal } = this.context;
    const all = (await get("/v1/reports", { period }, signal)).reports;
    const rows = all
      .filter((report) => !this.group || report.billing_group === this.group)
      .map((report) => ({ key: report.path, ...report }));
    const paths = rows.map((row) => row.path).join();
    if (paths === this.reportPaths) return;
    this.reportPaths = paths;
    const head = h("div", { class: "section-head" }, h("h2", {}, "Cost and Usage Reports"));
    if (!rows.length)
      return replace(this.reports, head, h("p", { class: "quiet" }, "They are written when the month closes."));
    const table = new Table({
      caption: "Cost and Usage Reports",
      columns: [
        {
          key: "scope",
          label: "Report",
          of: (row) =>
            row.usage_account_id
              ? `Account ${this.names.get(row.usage_account_id) ?? ""} ${row.usage_account_id}`
              : "Whole group",
        },
        {
          key: "file",
          label: "",
          of: () => "",
          show: (row) =>
            h(
              "button",
              {
                type: "button",
                class: "link",
                onclick: () => saveReport(row, period),
                "aria-label": `Download the report of ${row.usage_account_id || "the whole group"}`,
              },
              "Download CSV.gz",
            ),
        },
      ],
    });
    table.update(rows);
    replace(this.reports, head, table.element);
  }
}

const isCustom = (row) => row.product_code === BILLING_CONDUCTOR || row.line_item_type.startsWith("Proforma_");

/* By a signed request: a plain link could not carry the keys. */
async function saveReport(report, period) {
  const response = await request("GET", report.path);
  download(`${report.usage_account_id || report.billing_group}-${period}.csv.gz`, await response.blob());
}
