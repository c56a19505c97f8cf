/* route.js: addresses of pages: #/bills?period=2026-06&group=200000000011 */

export function address(name, query) {
  const given = Object.entries(query).filter(([, value]) => value);
  return `#/${name}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}
