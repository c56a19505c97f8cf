/* days.js: cost by day, stacked by service. Bars are drawn by Chart.js; every figure is in the table below them too. */
import * as decimal from "./decimal.js";
import { h, replace } from "./dom.js";
import { Table, number } from "./table.js";

const SERIES_MAX = 7;
const REST = "All others";

/* [{day, service, cost}] with equal days and services added up. */
export function byDayAndService(rows) {
  const days = new Map();
  for (const row of rows) {
    const day = days.get(row.day) ?? new Map();
    day.set(row.product_code, decimal.add(day.get(row.product_code) ?? decimal.ZERO, row.cost));
    days.set(row.day, day);
  }
  return new Map([...days].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/* The dearest services in order; what is behind them is one series. */
function chooseSeries(days) {
  const totals = new Map();
  for (const day of days.values())
    for (const [service, cost] of day) totals.set(service, decimal.add(totals.get(service) ?? decimal.ZERO, cost));
  const names = [...totals].sort((a, b) => decimal.compare(b[1], a[1])).map(([service]) => service);
  return names.length <= SERIES_MAX ? names : [...names.slice(0, SERIES_MAX), REST];
}

function costOf(day, service, series) {
  if (service !== REST) return day.get(service) ?? decimal.ZERO;
  return decimal.sum([...day].filter(([name]) => !series.includes(name)).map(([, cost]) => cost));
}

/* Every day of the month, so that a day without usage is a gap. */
function daysOf(period) {
  const [year, month] = period.split("-");
  const count = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return Array.from({ length: count }, (_, at) => `${period}-${String(at + 1).padStart(2, "0")}`);
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const seriesName = (at, service) => (service === REST ? "series-rest" : `series-${at + 1}`);
const dark = matchMedia("(prefers-color-scheme: dark)");

export class Days {
  constructor(period, currency, signal) {
    this.period = period;
    this.currency = currency;
    this.canvas = h("canvas", { role: "img" });
    this.legend = h("ul", { class: "legend" });
    this.figures = h("details", {}, h("summary", {}, "Figures by day"));
    this.element = h("div", {}, h("div", { class: "chart" }, this.canvas), this.legend, this.figures);
    dark.addEventListener("change", () => this.draw(), { signal });
    signal.addEventListener("abort", () => this.chart?.destroy());
  }

  update(rows) {
    const drawn = this.days !== undefined;
    this.days = byDayAndService(rows);
    this.series = chooseSeries(this.days);
    this.draw(drawn);
    this.drawTable();
  }

  draw() {
    if (!this.days || !this.canvas.isConnected) return;
    const labels = daysOf(this.period);
    const none = new Map();
    const sets = this.series.map((service, at) => ({
      label: service,
      data: labels.map((day) => decimal.height(costOf(this.days.get(day) ?? none, service, this.series))),
      backgroundColor: colour(`--${seriesName(at, service)}`),
      borderColor: colour("--ground"),
      borderWidth: { top: 1 },
      borderSkipped: false,
    }));
    this.canvas.setAttribute(
      "aria-label",
      `Cost by day in ${this.period}, stacked by service: ${this.series.join(", ")}`,
    );
    replace(
      this.legend,
      this.series.map((service, at) =>
        h("li", {}, h("span", { class: `swatch ${seriesName(at, service)}`, "aria-hidden": "true" }), service),
      ),
    );
    this.chart?.destroy();
    this.chart = new Chart(this.canvas, { type: "bar", data: { labels, datasets: sets }, options: this.options() });
  }

  options() {
    const quiet = colour("--quiet");
    const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
    return {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      datasets: { bar: { categoryPercentage: 0.8, barPercentage: 1 } },
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { display: false }, tooltip: this.tooltip(font) },
      scales: {
        x: {
          stacked: true,
          grid: { display: false, borderColor: colour("--line") },
          ticks: { color: quiet, font, maxRotation: 0, autoSkipPadding: 12, callback: (at) => String(at + 1) },
        },
        y: {
          stacked: true,
          grid: { color: colour("--line"), drawBorder: false, drawTicks: false },
          ticks: {
            color: quiet,
            font,
            padding: 8,
            maxTicksLimit: 6,
            callback: (value) => decimal.format(String(value), value % 1 ? 2 : 0),
          },
        },
      },
    };
  }

  /* What the tooltip says comes from the exact figures. */
  tooltip(font) {
    const figure = (item) => costOf(this.days.get(item.label) ?? new Map(), item.dataset.label, this.series);
    return {
      backgroundColor: colour("--text"),
      titleColor: colour("--ground"),
      bodyColor: colour("--ground"),
      footerColor: colour("--ground"),
      titleFont: font,
      bodyFont: font,
      footerFont: font,
      padding: 12,
      boxPadding: 4,
      itemSort: (a, b) => decimal.compare(figure(b), figure(a)),
      filter: (item) => !decimal.isZero(figure(item)),
      callbacks: {
        label: (item) => `${item.dataset.label}  ${number(figure(item))}`,
        footer: (items) => (items.length ? `Total  ${number(decimal.sum(items.map(figure)))} ${this.currency}` : ""),
      },
    };
  }

  drawTable() {
    const money = (service) => ({
      key: service,
      label: service,
      kind: "money",
      of: (row) => costOf(row.costs, service, this.series),
    });
    this.table = new Table({
      caption: "Cost by day and service",
      columns: [
        { key: "day", label: "Day", of: (row) => row.key },
        ...this.series.map(money),
        { key: "total", label: "Total", kind: "money", of: (row) => decimal.sum([...row.costs.values()]) },
      ],
    });
    this.table.update([...this.days].map(([key, costs]) => ({ key, costs })));
    replace(this.figures, h("summary", {}, "Figures by day"), this.table.element);
  }
}
