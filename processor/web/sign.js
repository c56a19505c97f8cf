/* sign.js: AWS Signature Version 4, by the browser's own cryptography. Keys stay in this tab. */

const REGION = "us-east-1";
const SERVICE = "billingconductor";
const encoder = new TextEncoder();

const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
const hash = async (text) => hex(await crypto.subtle.digest("SHA-256", encoder.encode(text)));

async function hmac(key, text) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return crypto.subtle.sign("HMAC", imported, encoder.encode(text));
}

export const escape = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);

function canonicalQuery(parameters) {
  const pairs = [...parameters].map(([name, value]) => [escape(name), escape(value)]);
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  return pairs.map((pair) => pair.join("=")).join("&");
}

/* The headers that sign a request; `path` is as it is sent, its segments escaped once. */
export async function sign(keys, method, url, headers, body, now = new Date()) {
  const stamp = now.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const day = stamp.slice(0, 8);
  const payload = await hash(body);
  const signed = { ...headers, host: url.host, "x-amz-content-sha256": payload, "x-amz-date": stamp };
  const names = Object.keys(signed).sort();
  const path = url.pathname.split("/").map(escape).join("/");
  const canonical = [
    method,
    path,
    canonicalQuery(url.searchParams),
    ...names.map((name) => `${name}:${signed[name].trim()}`),
    "",
    names.join(";"),
    payload,
  ].join("\n");
  const scope = `${day}/${REGION}/${SERVICE}/aws4_request`;
  let key = encoder.encode(`AWS4${keys.secret}`);
  for (const part of scope.split("/")) key = await hmac(key, part);
  const signature = hex(await hmac(key, ["AWS4-HMAC-SHA256", stamp, scope, await hash(canonical)].join("\n")));
  return {
    ...headers,
    "x-amz-content-sha256": payload,
    "x-amz-date": stamp,
    authorization: `AWS4-HMAC-SHA256 Credential=${keys.id}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}
