/* route.js: addresses of pages: #/bills?period=2026-06&group=200000000011; months as they are named in them. */

export function address(name, query) {
  const given = Object.entries(query).filter(([, value]) => value);
  return `#/${name}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

export function monthBefore(period) {
  const [year, month] = period.split("-").map(Number);
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, "0")}`;
}
