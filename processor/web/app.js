/* app.js: who asks, which page, which month. A page is a module with show(context, place). */
import { Refusal, get, idOf, isPassing, keys, listAll, listen, pause } from "./api.js";
import * as bills from "./bills.js";
import { connection, tell } from "./connection.js";
import * as customLineItems from "./custom_line_items.js";
import { announce, h, labelled, replace, select } from "./dom.js";
import * as groups from "./groups.js";
import * as lineItems from "./line_items.js";
import * as plans from "./plans.js";
import { followRestating } from "./restating.js";
import { address } from "./route.js";
import * as rules from "./rules.js";
import { askForKeys } from "./sign_in.js";
import * as start from "./start.js";
import * as state from "./state.js";
import { allDigits, showAllDigits } from "./table.js";

const PAGES = {
  bills: { title: "Bills", module: bills },
  "line-items": { title: "Line items", module: lineItems },
  groups: { title: "Groups", module: groups, payer: true, isDocument: true },
  plans: { title: "Pricing plans", module: plans, payer: true, isDocument: true },
  rules: { title: "Pricing rules", module: rules, payer: true, isDocument: true },
  "custom-line-items": { title: "Custom line items", module: customLineItems, payer: true, isDocument: true },
  state: { title: "State", module: state, payer: true },
};

const session = {
  caller: null,
  periods: [],
  groups: new Map(),
  left: new AbortController(),
  listeners: new Set(),
  begun: false,
};

const PAUSE = 2000; /* milliseconds between two tries */
const MONTHS_PAUSE = 60000; /* and between two looks whether a month has closed */

/* ---- where we are ---- */

function here() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { name: PAGES[path] ? path : "bills", query: Object.fromEntries(new URLSearchParams(query)) };
}

/* Months in order; whoever changes documents changes the running month's, known or not. */
function knownPeriods() {
  const known = session.periods.map((one) => one.period);
  const running = session.caller.running_month;
  return session.caller.may_change && !known.includes(running) ? [...known, running].sort() : known;
}

/*
 * The month of the address, else the running one; of bills, while it has none, the one before. A document may be there for
 * months to come.
 */
function chosenPeriod(query, isDocument) {
  const running = session.caller.running_month;
  const known = isDocument ? knownPeriods() : session.periods.map((one) => one.period);
  if (knownPeriods().includes(query.period)) return query.period;
  return known.filter((one) => one <= running).at(-1) ?? known[0] ?? running;
}

/* ---- header ---- */

/* A month that was chosen is kept from page to page; one that a page came upon by itself is not. */
function drawHeader(name, period) {
  const links = Object.entries(PAGES).filter(([, page]) => !page.payer || session.caller.role === "payer");
  replace(
    document.getElementById("header"),
    h(
      "div",
      { class: "bar" },
      h("a", { class: "brand", href: "#/bills" }, h("img", { src: "/icon.svg", alt: "" }), "proforma"),
      h(
        "nav",
        { "aria-label": "Pages" },
        h(
          "ul",
          {},
          links.map(([key, page]) =>
            h(
              "li",
              {},
              h("a", { href: address(key, { period }), "aria-current": key === name ? "page" : null }, page.title),
            ),
          ),
        ),
      ),
      h(
        "div",
        { class: "who" },
        h("span", {}, session.caller.role === "payer" ? "Payer" : session.caller.account),
        keys.get() && h("button", { type: "button", onclick: signOut }, "Sign out"),
      ),
    ),
  );
}

/* Where pages do not all fit beside each other, the one that is shown is in sight. */
function showCurrent() {
  document.querySelector("#header [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

function signOut() {
  keys.forget();
  location.reload();
}

/* ---- pages ---- */

/* What every page is given. */
function contextOf(name, query, signal) {
  const period = chosenPeriod(query, PAGES[name].isDocument);
  const month = () => session.periods.find((one) => one.period === period);
  const go = (change) => {
    location.hash = address(name, { ...query, ...change });
  };
  return {
    name,
    query,
    period,
    signal,
    go,
    caller: session.caller,
    mayChange: session.caller.may_change && period === session.caller.running_month,
    isPayer: session.caller.role === "payer",
    periods: session.periods,
    monthState: () => month()?.state ?? "open",
    documentOf: month()?.document ?? session.periods.findLast((one) => one.document && one.period < period)?.document ?? "",
    groups: () => groupsOnce(period),
    forgetGroups: () => {
      session.groups.clear();
    },
    periodField: () =>
      labelled(
        "Billing period",
        select(periodOptions(period), period, (value) => go({ period: value, next: "" })),
      ),
    digitsField: () => digitsField(),
    /* Of a bill, {period, group}; {renewed}, when anything may have changed; {}, when only what is live has. */
    onChange: (listener) => {
      session.listeners.add(listener);
      signal.addEventListener("abort", () => session.listeners.delete(listener));
    },
    isLive: () => connection.state === "ready",
  };
}

function periodOptions(period) {
  const known = knownPeriods();
  return (known.length ? known.toReversed() : [period]).map((one) => [one, one]);
}

function digitsField() {
  const box = h("input", { type: "checkbox", checked: allDigits(), onchange: () => showAllDigits(box.checked) });
  return h("label", { class: "check" }, box, "All digits");
}

/* A month's groups by id, read once: names for figures that carry ids. */
function groupsOnce(period) {
  if (session.caller.role !== "payer") return Promise.resolve(new Map());
  if (!session.groups.has(period)) {
    const read = listAll("ListBillingGroups", "BillingGroups", { BillingPeriod: period }).then(
      (list) => new Map(list.map((group) => [idOf(group.Arn), group])),
    );
    read.catch(() => session.groups.delete(period));
    session.groups.set(period, read);
  }
  return session.groups.get(period);
}

async function show() {
  session.left.abort();
  session.left = new AbortController();
  const { signal } = session.left;
  let { name, query } = here();
  if (PAGES[name].payer && session.caller.role !== "payer") name = "bills";
  const context = contextOf(name, query, signal);
  drawHeader(name, query.period === context.period ? context.period : "");
  showCurrent();
  document.title = `${PAGES[name].title} · proforma`;
  const place = h("div", { class: "page" });
  const main = document.getElementById("main");
  const held = main.contains(document.activeElement) ? labelOf(document.activeElement) : "";
  main.setAttribute("aria-busy", "true");
  replace(main, place);
  const isEmpty = session.periods.length === 0 && name === "bills";
  try {
    await (isEmpty ? start : PAGES[name].module).show(context, place);
    if (!signal.aborted) announce(`${PAGES[name].title}, ${context.period}`);
  } catch (error) {
    if (!signal.aborted) fail(error, place);
  }
  if (signal.aborted) return;
  if (document.activeElement === document.body) holdAgain(main, held);
  main.setAttribute("aria-busy", "false");
}

const labelOf = (field) => field.labels?.[0]?.textContent ?? "";

/* Whoever chose another month by the keyboard stands in the field of the month still. */
function holdAgain(main, label) {
  const fields = [...main.querySelectorAll(".tools input, .tools select")];
  if (label) fields.find((field) => labelOf(field) === label)?.focus();
}

function fail(error, place) {
  const isOfKeys = error instanceof Refusal && error.status === 403 && keys.get();
  if (isOfKeys && /signature|token|Incomplete/i.test(error.type + error.message)) return signIn(error.message);
  const passing = isPassing(error);
  place.append(
    h(
      "div",
      { class: "note-box bad", role: "alert" },
      h("p", {}, `This could not be read: ${error.message}.${passing ? " It is asked for again by itself." : ""}`),
      !passing && h("button", { type: "button", onclick: show }, "Try again"),
    ),
  );
  if (passing) showAgain(session.left.signal);
}

/* As soon as the server answers, and what it shows is whole. */
async function showAgain(signal) {
  do await pause(PAUSE, signal);
  while (!signal.aborted && !(await isAnswering()));
  if (!signal.aborted) show();
}

function isAnswering() {
  if (session.caller.live && !["", "ready", "away"].includes(connection.state)) return false;
  return readStanding().then(
    () => true,
    (error) => !isPassing(error),
  );
}

/* ---- beginning ---- */

function drawBrand() {
  const brand = h("span", { class: "brand" }, h("img", { src: "/icon.svg", alt: "" }), "proforma");
  replace(document.getElementById("header"), h("div", { class: "bar" }, brand));
}

function signIn(message) {
  keys.forget();
  session.left.abort();
  drawBrand();
  askForKeys(document.getElementById("main"), message, begin);
}

/* Who asks and which months there are; true: something of that is new. */
async function readStanding() {
  const before = JSON.stringify([session.caller, session.periods]);
  const [caller, { periods }] = await Promise.all([get("/v1/caller"), get("/v1/periods")]);
  session.caller = caller;
  session.periods = periods;
  return JSON.stringify([caller, periods]) !== before;
}

async function begin() {
  try {
    await readStanding();
  } catch (error) {
    if (error instanceof Refusal && error.status === 403) return signIn(keys.get() ? error.message : "");
    return cannotBegin(error);
  }
  if (!session.begun) addEventListener("hashchange", show);
  if (session.caller.live) followWhileSeen();
  session.begun = true;
  if (session.caller.may_change) followRestating();
  await show();
}

/* A server that has only begun says what it waits for. */
async function cannotBegin(error) {
  const main = document.getElementById("main");
  const words = `${error.message[0].toUpperCase()}${error.message.slice(1)}.`;
  const passing = isPassing(error);
  if (main.dataset.waits !== words) {
    main.dataset.waits = words;
    document.title = "Not ready · proforma";
    drawBrand();
    replace(
      main,
      h(
        "div",
        { class: "title" },
        h("div", { class: "grow" }, h("h1", {}, "Not ready yet"), h("p", { role: "status" }, words, passing && " This page goes on by itself.")),
      ),
      !passing && h("p", {}, h("button", { type: "button", onclick: begin }, "Try again")),
    );
  }
  if (!passing) return;
  await pause(PAUSE);
  await begin();
}

/* ---- what changes meanwhile ---- */

let stream = null;
const position = { last: "" };

/*
 * A page that nobody sees lets go of its stream: browsers keep few connections to one server for all tabs together. What
 * it missed comes when it is seen again.
 */
function followWhileSeen() {
  if (!session.begun) {
    document.addEventListener("visibilitychange", follow);
    addEventListener("pagehide", () => stream?.abort());
    addEventListener("pageshow", (event) => event.persisted && follow());
    setInterval(lookAtMonths, MONTHS_PAUSE);
  }
  follow();
}

function follow() {
  stream?.abort();
  stream = null;
  if (document.visibilityState !== "visible") return;
  stream = new AbortController();
  listen({ position, signal: stream.signal, onState, onEvent });
}

function notify(event = {}) {
  for (const listener of session.listeners) listener(event);
}

/* Who comes back after a break does not know what it missed. */
function onState(state, why) {
  if (state === "refused") return signIn(why.message);
  const before = connection.state;
  tell(state, why);
  notify();
  if (state === "ready" && before !== "") renew();
}

async function renew() {
  await readStanding().catch(() => {});
  notify({ renewed: true });
}

/* The first bill of a month makes the month known. */
async function onEvent(name, data) {
  if (name === "state") return onState(data.health);
  const isNew = !session.periods.some((one) => one.period === data.period);
  const wasEmpty = session.periods.length === 0;
  if (isNew) await readStanding().catch(() => {});
  if (isNew && wasEmpty) await show();
  notify(data);
}

async function lookAtMonths() {
  if (document.visibilityState !== "visible" || connection.state !== "ready") return;
  if (await readStanding().catch(() => false)) notify({ renewed: true });
}

begin();
