/* state.js: months and their state, what came in and what became of it, tasks and how far they are. */
import { get } from "./api.js";
import * as decimal from "./decimal.js";
import { h, replace } from "./dom.js";
import { Table } from "./table.js";

const WORDS = {
  events_in: "Usage events",
  priced: "Priced",
  left_out: "Left out: credits, refunds, taxes, discounts, support",
  unmonitored: "Of accounts in no billing group",
  unpriced: "Without a price",
  duplicate: "Duplicates",
  dead: "Dead letters",
  before_document: "Earlier than the document",
  free_tier: "Free tier",
  untiered: "Priced by one rate though their meter has tiers",
  ambiguous: "Meters of several prices",
  excess_decimals: "Rounded numbers",
  unmatched_rules: "Rules that matched nothing",
  line_items: "Line items",
};
const BAD = new Set(["unpriced", "dead"]);
/* Said only when there is something to say. */
const RARE = new Set(["before_document", "free_tier", "untiered", "ambiguous", "excess_decimals", "unmatched_rules"]);

const PAUSE = 3000; /* milliseconds between two looks */

export async function show(context, place) {
  replace(
    place,
    h(
      "div",
      { class: "title" },
      h(
        "div",
        { class: "grow" },
        h("h1", {}, "State"),
        h("p", {}, "What came in, what became of it, and what is still under way."),
      ),
    ),
  );
  const tables = { months: months(), counts: counts(), tasks: tasks(), letters: deadLetters() };
  const look = async () => {
    const [state, { periods }] = await Promise.all([
      get("/v1/state", {}, context.signal),
      get("/v1/periods", {}, context.signal),
    ]);
    if (context.signal.aborted) return state;
    draw(tables, state, periods);
    return state;
  };
  const section = (title, table, width) =>
    h("section", { class: width }, h("div", { class: "section-head" }, h("h2", {}, title)), table.element);
  const state = await look();
  if (context.signal.aborted) return;
  place.append(
    section("Months", tables.months, "narrow"),
    state.counts ? section("What came in", tables.counts, "narrow") : "",
    state.tasks ? section("Tasks", tables.tasks) : "",
    section("Dead letters", tables.letters, "narrow"),
  );
  if (state.tasks) goOn(context, look);
}

/* Looks again while somebody is here and sees it. */
function goOn(context, look) {
  const timer = setInterval(() => document.visibilityState === "visible" && look().catch(() => {}), PAUSE);
  context.signal.addEventListener("abort", () => clearInterval(timer));
}

function draw(tables, state, periods) {
  const known = state.tasks ?? [];
  const latest = known
    .map((task) => task.conductor_version ?? "0")
    .reduce((a, b) => (decimal.compare(a, b) < 0 ? b : a), "0");
  tables.months.update([...periods].reverse().map((row) => ({ key: row.period, waits: waitsFor(row, known), ...row })));
  tables.counts.update(
    Object.entries(WORDS)
      .filter(([name]) => isTold(state.counts ?? {}, name))
      .map(([key, what]) => ({ key, what, count: state.counts[key], bad: BAD.has(key) && state.counts[key] !== "0" })),
  );
  tables.tasks.update(known.map((row) => ({ key: row.task, doing: doing(row, latest), ...row })));
  tables.letters.update(state.dead_letters.map((row) => ({ key: row.reason, ...row })));
}

const isTold = (counts, name) => counts[name] !== undefined && !(RARE.has(name) && counts[name] === "0");

/* A month waits for the tasks that have not closed it. */
function waitsFor(month, tasks) {
  if (month.state !== "closing") return "–";
  const late = tasks.filter((task) => !task.closed || task.closed < month.period);
  return late.length ? late.map((task) => `${task.input} ${task.partition}`).join(", ") : "its last reports";
}

function doing(task, latest) {
  if (task.target_version) return `restates to version ${task.target_version}: ${task.swept} %`;
  if (task.closing) return `closing ${task.closing}${task.swept ? `: ${task.swept} %` : ""}`;
  if (task.conductor_version && decimal.compare(task.conductor_version, latest) < 0)
    return `takes document version ${latest}`;
  return task.lag === "0" ? "waiting for records" : "reading";
}

/* ---- tables ---- */

const months = () =>
  new Table({
    caption: "Months",
    empty: "No month has usage yet.",
    columns: [
      { key: "period", label: "Billing period", of: (row) => row.period },
      {
        key: "state",
        label: "State",
        of: (row) => row.state,
        show: (row) => h("span", { class: row.state === "open" ? "tag live" : "tag" }, row.state),
      },
      { key: "document", label: "Document of", of: (row) => row.document ?? "–" },
      { key: "waits", label: "Waits for", of: (row) => row.waits },
    ],
  });

const counts = () =>
  new Table({
    caption: "What came in",
    columns: [
      {
        key: "what",
        label: "What",
        of: (row) => row.what,
        show: (row) => (row.bad ? [row.what, " ", h("span", { class: "tag bad" }, "look at these")] : row.what),
      },
      { key: "count", label: "Count", kind: "count", of: (row) => row.count },
    ],
  });

const tasks = () =>
  new Table({
    caption: "Tasks",
    empty: "No task has begun.",
    columns: [
      { key: "task", label: "Reads", of: (row) => `${row.input} ${row.partition}` },
      { key: "doing", label: "Under way", of: (row) => row.doing },
      { key: "closed", label: "Closed", of: (row) => row.closed ?? "–" },
      { key: "version", label: "Document version", kind: "count", of: (row) => row.conductor_version ?? null },
      { key: "offset", label: "Offset", kind: "count", of: (row) => row.offset ?? null },
      { key: "lag", label: "Lag, records", kind: "count", of: (row) => row.lag ?? null },
    ],
  });

const deadLetters = () =>
  new Table({
    caption: "Dead letters by reason",
    empty: "None: everything that came in could be read.",
    sort: { key: "count", direction: -1 },
    columns: [
      { key: "reason", label: "Reason", of: (row) => row.reason },
      { key: "count", label: "Count", kind: "count", of: (row) => row.count },
    ],
  });
