/* connection.js: whether what is shown is of now, and what is said below the head of every page while it is not. */
import { h, replace } from "./dom.js";

const WORDS = {
  lost: (_, at) => `The server does not answer. What is shown is as of ${at}.`,
  waiting: (why, at) => `The server cannot tell what is new yet: ${why.message}. What is shown is as of ${at}.`,
  away: () => "The brokers do not answer. What is shown is what they told last.",
  unread: () => "Bills and line items are being read anew. They are shown when they are whole.",
};

const clock = (time) => time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/* "", before anything was told: neither live nor said. */
export const connection = { state: "", at: new Date() };

export function tell(state, why) {
  if (connection.state === "ready" && state !== "ready") connection.at = new Date();
  connection.state = state;
  const sentence = WORDS[state]?.(why, clock(connection.at)) ?? "";
  const place = document.getElementById("connection");
  if (place.dataset.said === sentence) return;
  place.dataset.said = sentence;
  place.hidden = !sentence;
  replace(place, sentence && h("p", { class: "bar" }, `${sentence} This page goes on by itself.`));
}
