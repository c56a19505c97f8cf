/* restating.js: how far the running processor is with the newest document, below the head of every page. */
import { get } from "./api.js";
import * as decimal from "./decimal.js";
import { h, replace } from "./dom.js";

const PAUSE = 1000; /* milliseconds between two looks */
const LOOKS = 5; /* without anything under way, until it is taken for done */

let left = 0;
let timer = 0;

/* From now on until there is nothing to tell. */
export function followRestating() {
  left = LOOKS;
  if (!timer) look();
}

async function look() {
  timer = 0;
  const share = document.visibilityState === "visible" ? await get("/v1/state").then(shareOf, () => null) : null;
  draw(share);
  left = share ? LOOKS : left - 1;
  if (left > 0) timer = setTimeout(look, PAUSE);
}

/* null: every task has taken the newest document. Bill tasks follow the others. */
function shareOf({ tasks = [] }) {
  const pricing = tasks.filter((task) => task.input !== "subtotals" && task.conductor_version !== undefined);
  const goals = pricing.map((task) => task.target_version ?? task.conductor_version);
  const version = goals.reduce((a, b) => (decimal.compare(a, b) < 0 ? b : a), "0");
  const done = (task) =>
    task.conductor_version === version ? 100 : task.target_version === version ? Number(task.swept) : 0;
  const percent = pricing.reduce((sum, task) => sum + done(task), 0) / pricing.length;
  return pricing.length && percent < 100 ? { version, percent: Math.floor(percent) } : null;
}

function draw(share) {
  const place = document.getElementById("restating");
  place.hidden = !share;
  if (!share) return replace(place);
  const words = `Bills are restated to version ${share.version} of the document: ${share.percent} %`;
  replace(
    place,
    h("div", { class: "bar" }, h("span", {}, words), h("progress", { max: 100, value: share.percent, "aria-label": words })),
  );
}
