/* state.js: months and their state, what came in and what became of it, tasks and how far they are. */
import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { Table } from "./table.js";

const WORDS = { events_in: "Usage events", priced: "Priced", left_out: "Left out: credits, refunds, taxes, discounts, support", unmonitored: "Of accounts in no billing group",
  unpriced: "Without a price", duplicate: "Duplicates", dead: "Dead letters", before_document: "Earlier than the document", free_tier: "Free tier",
  untiered: "Priced by one rate though their meter has tiers", ambiguous: "Meters of several prices", excess_decimals: "Rounded numbers",
  unmatched_rules: "Rules that matched nothing", line_items: "Line items" };
const BAD = new Set(["unpriced", "dead"]);
/* Said only when there is something to say. */
const RARE = new Set(["before_document", "free_tier", "untiered", "ambiguous", "excess_decimals", "unmatched_rules"]);

const section = (title, content) => h("section", {}, h("div", { class: "section-head" }, h("h2", {}, title)), content);

export async function show(context, place) {
  replace(place, h("div", { class: "title" }, h("div", { class: "grow" }, h("h1", {}, "State"), h("p", {}, "What came in, what became of it, and what is still under way."))));
  const state = await get("/v1/state", {}, context.signal);
  if (context.signal.aborted) return;
  place.append(section("Months", months(context, state)), ...[counts(state), tasks(state), deadLetters(state)].filter(Boolean));
}

/* A month waits for the tasks that have not closed it. */
function waitsFor(month, tasks) {
  if (month.state !== "closing") return "";
  const late = (tasks ?? []).filter((task) => !task.closed || task.closed < month.period);
  return late.length ? late.map((task) => `${task.input} ${task.partition}`).join(", ") : "its last reports";
}

function months(context, state) {
  const table = new Table({ caption: "Months", empty: "No month has usage yet.", columns: [
    { key: "period", label: "Billing period", of: (row) => row.period },
    { key: "state", label: "State", of: (row) => row.state, show: (row) => h("span", { class: row.state === "open" ? "tag live" : "tag" }, row.state) },
    { key: "waits", label: "Waits for", of: (row) => row.waits || "–" }] });
  table.update([...context.periods].reverse().map((row) => ({ key: row.period, waits: waitsFor(row, state.tasks), ...row })));
  return table.element;
}

function counts({ counts: known }) {
  if (!known) return null;
  const table = new Table({ caption: "What came in", columns: [
    { key: "what", label: "What", of: (row) => row.what, show: (row) => (row.bad ? [row.what, " ", h("span", { class: "tag bad" }, "look at these")] : row.what) },
    { key: "count", label: "Count", kind: "count", of: (row) => row.count }] });
  table.update(Object.entries(WORDS).filter(([name]) => known[name] !== undefined && !(RARE.has(name) && known[name] === "0")).map(([key, what]) => ({ key, what, count: known[key], bad: BAD.has(key) && known[key] !== "0" })));
  return section("What came in", table.element);
}

function tasks({ tasks: known }) {
  if (!known) return null;
  const table = new Table({ caption: "Tasks", empty: "No task has begun.", sort: { key: "task", direction: 1 }, columns: [
    { key: "task", label: "Reads", of: (row) => `${row.input} ${row.partition}` },
    { key: "doing", label: "Under way", of: (row) => (row.closing ? `closing ${row.closing}` : row.lag === "0" ? "waiting for records" : "reading") },
    { key: "closed", label: "Closed", of: (row) => row.closed ?? "–" },
    { key: "version", label: "Document version", kind: "count", of: (row) => row.conductor_version ?? null },
    { key: "offset", label: "Offset", kind: "count", of: (row) => row.offset ?? null },
    { key: "lag", label: "Lag, records", kind: "count", of: (row) => row.lag ?? null }] });
  table.update(known.map((row) => ({ key: row.task, ...row })));
  return section("Tasks", table.element);
}

function deadLetters({ dead_letters: known }) {
  if (!known) return null;
  const table = new Table({ caption: "Dead letters by reason", empty: "None: everything that came in could be read.", sort: { key: "count", direction: -1 }, columns: [
    { key: "reason", label: "Reason", of: (row) => row.reason },
    { key: "count", label: "Count", kind: "count", of: (row) => row.count }] });
  table.update(known.map((row) => ({ key: row.reason, ...row })));
  return section("Dead letters", table.element);
}
