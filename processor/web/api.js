/* api.js: what the server is asked: its own reads below /v1/ and Billing Conductor's operations. */
import { sign } from "./sign.js";

const KEYS = "proforma.keys";
const PUT = new Set([
  "AssociatePricingRules",
  "DisassociatePricingRules",
  "UpdatePricingPlan",
  "UpdatePricingRule",
  "BatchAssociateResourcesToCustomLineItem",
  "BatchDisassociateResourcesFromCustomLineItem",
]);

/* ---- keys: of this tab, gone with it ---- */

export const keys = {
  get: () => JSON.parse(sessionStorage.getItem(KEYS) ?? "null"),
  set: (id, secret) => sessionStorage.setItem(KEYS, JSON.stringify({ id, secret })),
  forget: () => sessionStorage.removeItem(KEYS),
};

/* ---- requests ---- */

export class Refusal extends Error {
  constructor(status, body) {
    super(body.Message ?? body.message ?? `the server answered ${status}`);
    this.status = status;
    this.type = body.__type ?? "";
    this.reason = body.Reason ?? "";
    this.fields = body.Fields ?? [];
  }
}

/* No answer came, or not all of it. */
export class Unanswered extends Error {
  constructor() {
    super("the server does not answer");
  }
}

function unanswered(error) {
  throw error.name === "AbortError" ? error : new Unanswered();
}

/* What may be otherwise a moment later. */
export const isPassing = (error) =>
  error instanceof Unanswered || (error instanceof Refusal && (error.status >= 500 || error.status === 429));

export async function request(method, path, { query = {}, body = "", signal, headers = {} } = {}) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.append(name, value);
  const own = keys.get();
  const sent = body ? { ...headers, "content-type": "application/json" } : headers;
  const signed = own ? await sign(own, method, url, sent, body) : sent;
  const asked = { method, headers: signed, body: body || undefined, signal, cache: "no-store" };
  const response = await fetch(url, asked).catch(unanswered);
  if (response.ok) return response;
  throw new Refusal(response.status, await response.json().catch(() => ({})));
}

/* Numbers become their own digits, as text: no digit is lost on the way in, */
export function readJson(text) {
  const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  return JSON.parse(text.replace(token, (found) => (found.startsWith('"') ? found : `"${found}"`)));
}

/* and on the way out a Digits is written bare. */
export class Digits {
  constructor(text) {
    this.text = text;
  }
}

export function writeJson(value) {
  if (value instanceof Digits) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${writeJson(member)}`).join(",")}}`;
}

async function textOf(response) {
  return (await response).text().catch(unanswered);
}

export async function get(path, query, signal) {
  return readJson(await textOf(request("GET", path, { query, signal })));
}

const newToken = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("");

export async function call(operation, input, signal) {
  const path = `/${operation.replace(/\B[A-Z]/g, (letter) => `-${letter}`).toLowerCase()}`;
  const headers = operation.startsWith("Create") ? { "x-amzn-client-token": newToken() } : {};
  const method = PUT.has(operation) ? "PUT" : "POST";
  const text = await textOf(request(method, path, { body: writeJson(input), signal, headers }));
  return text ? readJson(text) : {};
}

/* What changes, [operation, input] each, would do; they are not made. */
export async function preview(changes, signal) {
  const body = writeJson({ Changes: changes.map(([Operation, Input]) => ({ Operation, Input })) });
  return readJson(await textOf(request("POST", "/v1/preview", { body, signal })));
}

/* ---- lists, whole; `more` is told of every page as it comes ---- */

export async function readAll(path, member, query, { signal, more } = {}) {
  const rows = [];
  let next = "";
  do {
    const page = await get(path, { ...query, next }, signal);
    rows.push(...page[member]);
    next = page.next ?? "";
    more?.(rows);
  } while (next);
  return rows;
}

export async function listAll(operation, member, input = {}, { signal, more } = {}) {
  const rows = [];
  let token;
  do {
    const page = await call(operation, { ...input, NextToken: token }, signal);
    rows.push(...page[member]);
    token = page.NextToken;
    more?.(rows);
  } while (token);
  return rows;
}

/* The last part of an ARN. */
export const idOf = (arn) => (arn ?? "").split("/").pop();

/* ---- events ---- */

const SILENCE = 15000; /* milliseconds; a server that lives says so every five seconds */
const PAUSES = [250, 1000, 3000]; /* between two tries */

export const pause = (milliseconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });

/*
 * Server-sent events by fetch, because an EventSource cannot sign. Comes back after each break until it is aborted or
 * refused; position.last is the last event's id, for whoever goes on later. onState is told "lost" when nobody answers,
 * "waiting" and why when the server cannot serve yet, "refused" and why for good. A break that mends at once is not told.
 */
export async function listen({ position, onEvent, onState, signal }) {
  for (let tries = 0; !signal.aborted; tries++) {
    const heard = new Silence(SILENCE);
    let why = null;
    try {
      const response = await request("GET", "/v1/events", {
        signal: AbortSignal.any([signal, heard.signal]),
        headers: position.last ? { "last-event-id": position.last } : {},
      });
      for await (const event of events(response.body, heard)) {
        tries = 0;
        position.last = event.id ?? position.last;
        if (event.data) onEvent(event.event, JSON.parse(event.data));
      }
    } catch (error) {
      if (error instanceof Refusal) why = error;
    }
    heard.end();
    if (signal.aborted) return;
    if (why && !isPassing(why)) return onState("refused", why);
    if (why) onState("waiting", why);
    else if (tries > 0 || heard.signal.aborted) onState("lost");
    await pause(PAUSES[Math.min(tries, PAUSES.length - 1)], signal);
  }
}

/* Aborts its signal when nothing was heard for so long. */
class Silence {
  constructor(milliseconds) {
    this.milliseconds = milliseconds;
    this.controller = new AbortController();
    this.signal = this.controller.signal;
    this.hear();
  }

  hear() {
    this.end();
    this.timer = setTimeout(() => this.controller.abort(), this.milliseconds);
  }

  end() {
    clearTimeout(this.timer);
  }
}

async function* events(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard.hear();
    const blocks = (pending + value).split("\n\n");
    pending = blocks.pop();
    for (const block of blocks)
      yield Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/s).slice(0, 2)));
  }
}
