/* effect.js: what changes do to the groups' totals, before they are made: the server prices the whole month under both. */
import { call, preview } from "./api.js";
import * as decimal from "./decimal.js";
import { h } from "./dom.js";
import { Table } from "./table.js";

/* Changes are [operation, input] each. */
export async function make(changes) {
  for (const [operation, input] of changes) await call(operation, input);
}

const quiet = (sentence) => h("p", { class: "quiet" }, sentence);

/* `name`: of a group that is new. Throws a Refusal when the changes would be refused. */
export async function effectOf(context, changes, name) {
  const [answer, groups] = await Promise.all([preview(changes, context.signal), context.groups()]);
  if (answer.complete !== true)
    return quiet("The month has too many line items to tell beforehand; its bills follow as it is restated.");
  if (!answer.groups.length) return quiet(`In ${answer.period} no group's total changes.`);
  const table = new Table({
    caption: `What it does to totals of ${answer.period}`,
    captionHidden: false,
    sort: { key: "change", direction: -1 },
    columns: [
      { key: "name", label: "Billing group", of: (row) => row.name },
      { key: "before", label: "Now", kind: "money", of: (row) => row.cost ?? null },
      { key: "after", label: "Then", kind: "money", of: (row) => row.cost_then ?? null },
      {
        key: "change",
        label: "Change",
        kind: "money",
        of: (row) => decimal.subtract(row.cost_then ?? "0", row.cost ?? "0"),
        signed: true,
      },
    ],
  });
  table.update(
    answer.groups.map((row) => ({
      key: row.billing_group,
      name: groups.get(row.billing_group)?.Name ?? name ?? row.billing_group,
      ...row,
    })),
  );
  return table.element;
}
