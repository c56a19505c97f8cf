/* line_items.js: line items of an account and service, a page at a time, and how one came to its cost. */
import { get } from "./api.js";
import * as decimal from "./decimal.js";
import { h, labelled, replace, select } from "./dom.js";
import { Table, exact, filterField, number } from "./table.js";

const ROWS_A_PAGE = 100;

export async function show(context, place) {
  await new LineItems(context, place).show();
}

class LineItems {
  constructor(context, place) {
    Object.assign(this, { context, place });
    this.tokens = [""]; /* of the server's pages so far; the last one is shown */
    this.first = 0; /* row of the server's page that this page begins with */
    this.passed = 0; /* rows of the server's pages before */
  }

  async show() {
    const { context } = this;
    const { query } = context;
    this.table = this.makeTable();
    this.pager = h("nav", { class: "buttons", "aria-label": "Pages of line items" });
    const text = (name, label) => {
      const field = h("input", {
        value: query[name] ?? "",
        spellcheck: "false",
        autocomplete: "off",
        onchange: () => context.go({ [name]: field.value.trim(), id: "" }),
      });
      return labelled(label, field);
    };
    this.group = select(
      [["", "All groups"], ...(query.group ? [[query.group, query.group]] : [])],
      query.group ?? "",
      (group) => context.go({ group, id: "" }),
    );
    replace(
      this.place,
      h(
        "div",
        { class: "title" },
        h(
          "div",
          { class: "grow" },
          h("h1", {}, "Line items"),
          h("p", {}, "Each names the price, rule and plan that made its cost."),
        ),
        h(
          "div",
          { class: "tools" },
          context.periodField(),
          context.isPayer && labelled("Billing group", this.group),
          text("account", "Account"),
          text("service", "Service"),
          context.digitsField(),
        ),
      ),
      h(
        "section",
        {},
        h("div", { class: "section-head" }, filterField(this.table, "Filter this page"), this.pager),
        this.table.element,
      ),
    );
    this.nameGroups();
    await this.read();
    if (query.id) await this.explain(query.id);
  }

  async nameGroups() {
    const groups = await this.context.groups().catch(() => new Map());
    if (this.context.signal.aborted || !groups.size) return;
    replace(
      this.group,
      h("option", { value: "" }, "All groups"),
      [...groups].map(([id, group]) => h("option", { value: id }, group.Name)),
    );
    this.group.value = this.context.query.group ?? "";
  }

  makeTable() {
    const { query } = this.context; /* what all rows have in common stands above them */
    const rate = (row) => row.rate ?? null;
    return new Table({
      caption: "Line items",
      sort: { key: "start", direction: 1 },
      empty: "No line item in this month has these facts.",
      onOpen: (row) => this.explain(row.line_item_id),
      columns: [
        { key: "what", label: "What was used", of: (row) => row.usage_type ?? row.description ?? row.line_item_type },
        {
          key: "start",
          label: "From",
          kind: "whole",
          of: (row) => row.usage_start,
          show: (row) => row.usage_start.replace("T", " ").replace(":00Z", ""),
        },
        ...(query.account ? [] : [{ key: "account", label: "Account", of: (row) => row.usage_account_id }]),
        ...(query.service ? [] : [{ key: "service", label: "Service", of: (row) => row.product_code }]),
        {
          key: "type",
          label: "Type",
          of: (row) => row.line_item_type,
          show: (row) => [
            row.line_item_type,
            row.status !== "CHARGED" && h("span", { class: "secondary" }, statusText(row)),
          ],
        },
        {
          key: "quantity",
          label: "Quantity",
          kind: "amount",
          of: (row) => row.usage_amount ?? null,
          show: (row) => (row.usage_amount ? decimal.format(row.usage_amount, null) : "–"),
        },
        { key: "unit", label: "Unit", of: (row) => row.unit ?? "" },
        { key: "rate", label: "Rate", kind: "amount", of: rate },
        {
          key: "cost",
          label: this.context.isPayer ? "Pro forma" : "Cost",
          kind: "money",
          of: (row) => row.cost,
          signed: true,
        },
        ...(this.context.isPayer
          ? [
              {
                key: "billable",
                label: "AWS cost",
                kind: "money",
                of: (row) => row.billable_cost ?? null,
                signed: true,
              },
            ]
          : []),
      ],
    });
  }

  /* ---- pages: a hundred rows of the thousand that the server gives ---- */

  async read() {
    const { period, query, signal } = this.context;
    const { group, account, service } = query;
    this.page = await get("/v1/line-items", { period, group, account, service, next: this.tokens.at(-1) }, signal);
    this.draw();
  }

  draw() {
    const rows = this.page.line_items.slice(this.first, this.first + ROWS_A_PAGE);
    this.table.update(rows.map((row) => ({ key: row.line_item_id, ...row })));
    this.table.arrange();
    const begin = this.passed + this.first;
    const hasBefore = begin > 0;
    const hasMore = this.first + ROWS_A_PAGE < this.page.line_items.length || Boolean(this.page.next);
    replace(
      this.pager,
      h(
        "span",
        { class: "quiet", role: "status" },
        rows.length ? `${(begin + 1).toLocaleString("en")} to ${(begin + rows.length).toLocaleString("en")}` : "None",
      ),
      h("button", { type: "button", disabled: !hasBefore, onclick: () => this.back() }, "Previous"),
      h("button", { type: "button", disabled: !hasMore, onclick: () => this.forward() }, "Next"),
    );
  }

  async forward() {
    if (this.first + ROWS_A_PAGE < this.page.line_items.length) {
      this.first += ROWS_A_PAGE;
      return this.draw();
    }
    this.passed += this.page.line_items.length;
    this.tokens.push(this.page.next);
    this.first = 0;
    return this.read();
  }

  async back() {
    if (this.first > 0) {
      this.first -= ROWS_A_PAGE;
      return this.draw();
    }
    this.tokens.pop();
    await this.read();
    const count = this.page.line_items.length;
    this.passed -= count;
    this.first = Math.floor((count - 1) / ROWS_A_PAGE) * ROWS_A_PAGE;
    return this.draw();
  }

  /* ---- one line ---- */

  async explain(id) {
    const item = await get(`/v1/line-items/${encodeURIComponent(id)}`, {}, this.context.signal);
    const close = h("button", { type: "button", class: "first", onclick: () => dialog.close() }, "Close");
    const dialog = h(
      "dialog",
      { class: "wide", "aria-labelledby": "explained" },
      h(
        "div",
        { class: "content" },
        h(
          "h2",
          { id: "explained", tabindex: "-1", autofocus: true },
          item.usage_type ?? item.description ?? item.line_item_type,
        ),
        sumInWords(item),
        h("div", {}, sections(item.explanation)),
        h("div", { class: "buttons" }, close),
      ),
    );
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
}

function statusText(row) {
  return (
    { LEFT_OUT: "left out", UNMONITORED: "in no group", UNPRICED: `no price${row.reason ? `: ${row.reason}` : ""}` }[
      row.status
    ] ?? row.status
  );
}

/* The sum as a person would check it. */
function sumInWords(item) {
  const lines = [];
  const text = (value) => decimal.format(value, null);
  const unit = item.unit ? ` ${item.unit}` : "";
  if (
    item.rate !== undefined &&
    item.public_rate !== undefined &&
    item.modifier !== undefined &&
    item.base !== "CUSTOM_TIERS"
  )
    lines.push(
      `${text(item.public_rate)} ${item.currency} public rate, ${signed(item.modifier)} % by the rule, is ${text(item.rate)} ${item.currency}.`,
    );
  if (item.rate !== undefined) lines.push(`${text(item.usage_amount)}${unit} × ${text(item.rate)} ${item.currency}`);
  else if (item.modifier !== undefined && item.base) lines.push(`The amount, ${signed(item.modifier)} % by the rule`);
  if (item.status !== "CHARGED") lines.push(`Nothing is charged: ${statusText(item)}.`);
  return h(
    "div",
    { class: "sum" },
    lines.map((line) => h("p", {}, line)),
    h("p", { class: "result", title: exact(item.cost) }, `= ${text(item.cost)} ${item.currency ?? ""}`),
    h("p", { class: "quiet" }, `${number(item.cost)} on the bill, where cents are shown.`),
  );
}

const signed = (value) => (decimal.isNegative(value) ? decimal.format(value, null) : `+${decimal.format(value, null)}`);

/* The server's explanation: headings, and below them lines of a name and what it is. */
function sections(explanation) {
  const parts = [];
  let facts = null;
  for (const line of explanation.split("\n").slice(1)) {
    const pair = /^ {2}(.{22}) (.*)$/.exec(line);
    if (pair && facts) facts.append(h("dt", {}, pair[1].trim()), h("dd", {}, pair[2]));
    else if (line.trim()) parts.push(h("h3", {}, line.trim()), (facts = h("dl", { class: "facts" })));
  }
  return parts;
}
