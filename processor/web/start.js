/* start.js: what an empty system shows: its first steps. */
import { address } from "./route.js";
import { h, replace } from "./dom.js";

const step = (title, text, command, more) =>
  h("li", {}, h("h2", {}, title), h("p", {}, text), command && h("pre", {}, h("code", {}, command)), more);

export async function show(context, place) {
  replace(
    place,
    h(
      "div",
      { class: "title" },
      h(
        "div",
        { class: "grow" },
        h("h1", {}, "No bills yet"),
        h(
          "p",
          {},
          "Two things make a bill: who pays which price, and usage. Bills appear here by themselves as soon as there are both.",
        ),
      ),
    ),
    context.isPayer
      ? h(
          "ol",
          { class: "steps narrow" },
          step(
            "Say who pays which price",
            "Publish the conductor document that you have, as the AWS CLI prints it:",
            "proforma apply --conductor conductor.json --price-list AmazonS3.json --config proforma.conf",
            context.mayChange &&
              h(
                "p",
                {},
                "Or begin here: ",
                h("a", { href: address("rules", {}) }, "a pricing rule"),
                ", then ",
                h("a", { href: address("plans", {}) }, "a plan with it"),
                ", then ",
                h("a", { href: address("groups", {}) }, "a group that pays by it"),
                ".",
              ),
          ),
          step(
            "Let the processor run",
            "It prices each usage event within a second.",
            "proforma run --config proforma.conf",
          ),
          step(
            "Send usage",
            "A Cost and Usage Report as AWS delivers it, or UsageEvents to the usage topic.",
            "proforma import cur-2026-06.csv.gz --config proforma.conf",
          ),
        )
      : h("p", {}, "Your account has no bill yet."),
  );
}
