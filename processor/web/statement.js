/* statement.js: bill rows added up to services, accounts and line item types. Pure. */
import * as decimal from "./decimal.js";

const SUMS = ["cost", "billable_cost", "tax"];

export const nothing = () => ({ cost: decimal.ZERO, billable_cost: decimal.ZERO, tax: decimal.ZERO, usage_events: 0n });

export function addTo(figures, row) {
  for (const name of SUMS) figures[name] = decimal.add(figures[name], row[name] ?? "0");
  figures.usage_events += BigInt(row.usage_events ?? "0");
}

/* Margin and its percentage follow from the sums, as in every bill. */
export const marginOf = (figures) => decimal.subtract(figures.cost, figures.billable_cost);
export const percentageOf = (figures) => decimal.percentage(marginOf(figures), figures.cost);

/* Rows of accounts are the finest; those of services and groups are their sums, and are left out here. */
const isFinest = (row) => row.usage_account_id !== "";

export function total(bills) {
  const figures = nothing();
  for (const row of bills.filter(isFinest)) addTo(figures, row);
  return figures;
}

/* [{key, parent, level, name, …figures}]: services, in them accounts, in those line item types. */
export function tree(bills, nameOf = (account) => account) {
  const rows = new Map();
  const at = (key, parent, level, facts) => {
    if (!rows.has(key)) rows.set(key, { key, parent, level, ...facts, ...nothing() });
    return rows.get(key);
  };
  for (const bill of bills.filter(isFinest)) {
    const { product_code: service, usage_account_id: account, line_item_type: type } = bill;
    const [first, second, third] = [service, `${service}/${account}`, `${service}/${account}/${type}`];
    addTo(at(first, "", 0, { name: service, service }), bill);
    addTo(at(second, first, 1, { name: nameOf(account), service, account }), bill);
    addTo(at(third, second, 2, { name: type, service, account, type }), bill);
  }
  return [...rows.values()];
}

/* ---- as a file ---- */

const HEADINGS = [
  "billing_period",
  "billing_group",
  "product_code",
  "usage_account_id",
  "line_item_type",
  "usage_events",
  "cost",
  "billable_cost",
  "margin",
  "tax",
  "currency",
];

/* A cell that a spreadsheet would take for a formula is kept a text. */
function cell(value) {
  const text = String(value ?? "");
  const safe = /^[=+@\t\r]|^-\D/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/* Comma-separated, all digits; a customer's has no column that a customer does not see. */
export function toCsv(bills) {
  const finest = bills.filter(isFinest);
  const shown = HEADINGS.filter((name) => finest.some((row) => row[name] !== undefined));
  return (
    [shown, ...finest.map((row) => shown.map((name) => row[name]))]
      .map((line) => line.map(cell).join(","))
      .join("\r\n") + "\r\n"
  );
}
