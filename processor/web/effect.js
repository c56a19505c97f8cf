/* effect.js: what a change does to the groups' totals, before it is made, as far as the server can tell. */
import { get } from "./api.js";
import * as decimal from "./decimal.js";
import { h } from "./dom.js";
import { Table } from "./table.js";

/* A rule with another percentage. null: the server has nothing to say about it. */
export async function effectOfRule(context, rule, values) {
  const isPercentage = rule.Type !== "TIERING" && values.type !== "TIERING";
  const same = values.type === rule.Type && decimal.compare(values.modifier, rule.ModifierPercentage) === 0;
  if (!isPercentage)
    return h("p", { class: "quiet" }, "What own tiers make of the bills shows on the bills, as the month is restated.");
  if (same) return null;
  const sign = values.type === "DISCOUNT" ? "-" : "";
  const modifier = sign + decimal.toText(values.modifier);
  const answer = await get(
    "/v1/effect",
    { period: context.caller.running_month, rule: rule.key, modifier },
    context.signal,
  );
  return effectTable(context, answer);
}

export function effectOfPlan(context, group, changes) {
  return changes
    ? h("p", { class: "quiet" }, `The whole month of ${group.Name} is priced anew; its bill follows as that goes on.`)
    : null;
}

async function effectTable(context, answer) {
  if (answer.complete !== "true" && answer.complete !== true)
    return h(
      "p",
      { class: "quiet" },
      "The month has too many line items to tell beforehand; its bills follow as it is restated.",
    );
  if (!answer.groups.length)
    return h(
      "p",
      { class: "quiet" },
      `No line item of ${context.caller.running_month} is priced by this rule: no total changes.`,
    );
  const groups = await context.groups();
  const table = new Table({
    caption: "What it does to each group's total",
    captionHidden: false,
    columns: [
      { key: "name", label: "Billing group", of: (row) => row.name },
      { key: "before", label: "Now", kind: "money", of: (row) => row.cost },
      { key: "after", label: "Then", kind: "money", of: (row) => decimal.add(row.cost, row.cost_change) },
      { key: "change", label: "Change", kind: "money", of: (row) => row.cost_change, signed: true },
    ],
  });
  table.update(
    answer.groups.map((row) => ({
      key: row.billing_group,
      name: groups.get(row.billing_group)?.Name ?? row.billing_group,
      ...row,
    })),
  );
  return [table.element, h("p", { class: "quiet" }, "Custom line items that are a percentage follow the new totals.")];
}
