/* bills.js: a month's groups, or one group's bill. */
import { Bill } from "./bill.js";
import { Overview } from "./overview.js";

export async function show(context, place) {
  const group = context.query.group;
  await (group || !context.isPayer ? new Bill(context, place, group) : new Overview(context, place)).show();
}
