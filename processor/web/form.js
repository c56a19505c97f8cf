/*
 * form.js: a dialog with fields; a change is shown first as what it does, then applied. Errors stand beside their fields.
 *
 * A field is {name, label, kind, value, hint, required, options, shown, fixed, says}: kind is text (default), decimal, month,
 * select, check, choices (several of options) or tiers; shown(values) tells whether it counts; says lists members of the
 * API whose errors belong to it.
 */
import { Refusal, Unanswered } from "./api.js";
import * as decimal from "./decimal.js";
import { announce, h, replace, uniqueId } from "./dom.js";
import { effectOf, make } from "./effect.js";
import { followRestating } from "./restating.js";

/* ---- fields ---- */

const input = (field, attributes, changed) =>
  h("input", { value: field.value ?? "", autocomplete: "off", spellcheck: "false", oninput: changed, ...attributes });

const KINDS = {
  text: (field, changed) => ({ control: input(field, {}, changed), read: (control) => control.value.trim() }),
  decimal: (field, changed) => ({
    control: input(field, { inputmode: "decimal" }, changed),
    read: (control) => control.value.trim(),
  }),
  month: (field, changed) => ({
    control: input(field, { placeholder: "2026-06" }, changed),
    read: (control) => control.value.trim(),
  }),
  select: (field, changed) => ({
    control: h(
      "select",
      { onchange: changed },
      field.options.map(([value, text]) => h("option", { value, selected: value === field.value }, text)),
    ),
    read: (control) => control.value,
  }),
  check: (field, changed) => ({
    control: h("input", { type: "checkbox", checked: field.value === true, onchange: changed }),
    read: (control) => control.checked,
  }),
  choices: (field, changed) => ({
    control: h(
      "div",
      { class: "choices", tabindex: "0", role: "group", "aria-label": field.label },
      field.options.map(([value, text]) =>
        h(
          "label",
          { class: "check" },
          h("input", { type: "checkbox", value, checked: field.value.includes(value), onchange: changed }),
          text,
        ),
      ),
      field.options.length === 0 && h("p", { class: "quiet" }, "There are none yet."),
    ),
    read: (control) => [...control.querySelectorAll("input:checked")].map((box) => box.value),
  }),
  tiers: (field, changed) => tiers(field, changed),
};

/* From, to and rate of each tier, in lines. */
function tiers(field, changed) {
  const lines = h("tbody", {});
  const cell = (label, value) =>
    h(
      "td",
      {},
      h("input", { "aria-label": label, value: value ?? "", inputmode: "decimal", size: 10, oninput: changed }),
    );
  const add = (tier = {}) =>
    lines.append(
      h(
        "tr",
        {},
        cell("From", tier.BeginRangeInclusive),
        cell("To", tier.EndRangeExclusive),
        cell("Rate", tier.RateValue),
      ),
    );
  for (const tier of field.value.length ? field.value : [{ BeginRangeInclusive: "0" }]) add(tier);
  const control = h(
    "div",
    {},
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["From", "To (empty: no end)", "Rate"].map((text) => h("th", { scope: "col" }, text)),
        ),
      ),
      lines,
    ),
    h("button", { type: "button", onclick: () => add() }, "Add a tier"),
  );
  const read = () =>
    [...lines.rows]
      .map((row) => [...row.querySelectorAll("input")].map((box) => box.value.trim()))
      .filter((tier) => tier.some(Boolean))
      .map(([from, to, rate]) => ({ BeginRangeInclusive: from, EndRangeExclusive: to || undefined, RateValue: rate }));
  return { control, read };
}

class Field {
  constructor(field, changed) {
    Object.assign(this, field);
    const { control, read } = (KINDS[field.kind] ?? KINDS.text)(field, changed);
    this.control = control;
    this.value = () => read(control);
    this.error = h("p", { class: "error", id: uniqueId("error"), hidden: true });
    const hint = field.hint && h("p", { class: "hint", id: uniqueId("hint") }, field.hint);
    const isGroup = field.kind === "choices" || field.kind === "tiers";
    const described = `${hint ? hint.id : ""} ${this.error.id}`.trim();
    if (isGroup)
      this.element = h(
        "fieldset",
        { class: "form-field", "aria-describedby": described },
        h("legend", {}, field.label),
        control,
        hint,
        this.error,
      );
    else this.element = this.single(field, hint, described);
    for (const box of control.matches("input, select") ? [control] : control.querySelectorAll("input, button"))
      box.disabled = field.fixed === true;
  }

  single(field, hint, described) {
    this.control.id = uniqueId("field");
    this.control.setAttribute("aria-describedby", described);
    if (field.required) this.control.setAttribute("aria-required", "true");
    if (field.kind === "check")
      return h(
        "div",
        { class: "form-field" },
        h("label", { class: "check" }, this.control, field.label),
        hint,
        this.error,
      );
    return h(
      "div",
      { class: "form-field" },
      h("label", { for: this.control.id }, field.label),
      this.control,
      hint,
      this.error,
    );
  }

  complain(sentence) {
    this.error.textContent = sentence ?? "";
    this.error.hidden = !sentence;
    if (this.control.matches("input, select")) this.control.setAttribute("aria-invalid", String(Boolean(sentence)));
  }

  /* What the page itself can tell is wrong. */
  check(value) {
    if (this.required && value === "") return `${this.label} is needed.`;
    if (value && this.kind === "decimal" && !decimal.parse(value)) return "A number is expected, such as 12.5.";
    if (value && this.kind === "month" && !/^\d{4}-(0[1-9]|1[0-2])$/.test(value))
      return "A month is expected, such as 2026-06.";
    if (
      this.kind === "tiers" &&
      !value.every(
        (tier) =>
          [tier.BeginRangeInclusive, tier.RateValue].every((text) => decimal.parse(text)) &&
          (!tier.EndRangeExclusive || decimal.parse(tier.EndRangeExclusive)),
      )
    )
      return "Each tier needs numbers: where it begins and its rate.";
    return "";
  }
}

/* ---- the dialog ---- */

const UNKNOWN =
  "The server did not answer: whether the change is made is not known. Look at it again when the server is back.";

/*
 * openForm({context, title, fields, note, calls(values) → [operation, input] each, removal: the same or null, fixed}).
 * The server is asked what they would do, then to do it; onDone is called when it said yes.
 */
export function openForm(options) {
  return new Form(options).open();
}

class Form {
  constructor(options) {
    Object.assign(this, options);
    this.fields = options.fields.map(
      (field) => new Field({ ...field, fixed: options.fixed || field.fixed }, () => this.arrange()),
    );
    this.before = this.values();
    this.alert = h("div", { role: "alert" });
    this.titleId = uniqueId("dialog");
    this.dialog = h("dialog", { "aria-labelledby": this.titleId });
    this.dialog.addEventListener("close", () => this.dialog.remove());
  }

  open() {
    this.edit();
    document.body.append(this.dialog);
    this.dialog.showModal();
  }

  values() {
    return Object.fromEntries(this.fields.map((field) => [field.name, field.value()]));
  }

  shown(values) {
    return this.fields.filter((field) => !field.shown || field.shown(values));
  }

  arrange() {
    const shown = this.shown(this.values());
    for (const field of this.fields) field.element.hidden = !shown.includes(field);
  }

  edit() {
    const buttons = this.fixed
      ? [h("button", { type: "button", class: "first", onclick: () => this.dialog.close() }, "Close")]
      : [
          h("button", { class: "first" }, "Review the change"),
          h("button", { type: "button", onclick: () => this.dialog.close() }, "Cancel"),
          h("span", { class: "grow" }),
          this.removal &&
            h("button", { type: "button", class: "danger", onclick: () => this.confirmRemoval() }, "Delete"),
        ];
    replace(
      this.dialog,
      h(
        "form",
        {
          novalidate: true,
          onsubmit: (event) => {
            event.preventDefault();
            if (!this.fixed) this.review();
          },
        },
        h("h2", { id: this.titleId, tabindex: "-1", autofocus: true }, this.title),
        this.note && h("p", { class: "quiet" }, this.note),
        this.alert,
        this.fields.map((field) => field.element),
        h("div", { class: "buttons" }, buttons),
      ),
    );
    this.arrange();
  }

  check(values) {
    let first = null;
    for (const field of this.fields) {
      const sentence = this.shown(values).includes(field) ? field.check(values[field.name]) : "";
      field.complain(sentence);
      if (sentence) first ??= field;
    }
    first?.control.focus();
    return !first;
  }

  async review() {
    const values = this.values();
    replace(this.alert);
    if (!this.check(values)) return;
    const changes = this.shown(values).filter((field) => describe(field, values) !== describe(field, this.before));
    const calls = changes.length ? this.calls(values) : [];
    this.confirm(
      "What changes",
      [
        changes.length
          ? h(
              "dl",
              { class: "facts" },
              changes.map((field) => [
                h("dt", {}, field.label),
                h(
                  "dd",
                  {},
                  this.isNew
                    ? describe(field, values)
                    : [describe(field, this.before), " → ", h("strong", {}, describe(field, values))],
                ),
              ]),
            )
          : h("p", {}, "Nothing is changed."),
      ],
      calls,
      "Apply",
      values.name,
    );
  }

  confirmRemoval() {
    this.confirm(
      `Delete ${this.name}?`,
      [h("p", {}, `From ${this.context.period} on it is gone. Earlier months keep it.`)],
      this.removal,
      "Delete",
    );
  }

  confirm(title, content, calls, label, name) {
    const effect = h("div", { role: "status" }, calls.length > 0 && h("p", { class: "quiet" }, "Pricing the month anew…"));
    const yes = h(
      "button",
      { type: "button", class: "first", disabled: !calls.length, onclick: () => this.commit(calls, yes) },
      label,
    );
    replace(
      this.dialog,
      h(
        "div",
        { class: "content" },
        h("h2", { id: this.titleId }, title),
        content,
        effect,
        h("div", { class: "buttons" }, yes, h("button", { type: "button", onclick: () => this.edit() }, "Back")),
      ),
    );
    yes.focus();
    if (calls.length) this.tell(effect, calls, name);
  }

  /* What would be refused is told at once; that the effect cannot be told keeps nobody from making the change. */
  async tell(place, calls, name) {
    try {
      const told = await effectOf(this.context, calls, name);
      if (place.isConnected) replace(place, told);
    } catch (error) {
      if (!place.isConnected) return;
      if (error instanceof Refusal && error.status < 500) {
        this.edit();
        this.refused(error);
      } else replace(place, h("p", { class: "quiet" }, `What it does cannot be told now: ${error.message}.`));
    }
  }

  async commit(calls, button) {
    button.disabled = true;
    try {
      await make(calls);
    } catch (error) {
      this.edit();
      return this.refused(error instanceof Unanswered ? new Error(UNKNOWN) : error);
    }
    this.dialog.close();
    announce("The change is applied.");
    followRestating();
    return this.onDone();
  }

  /* Beside the field that it is about, else above all fields. */
  refused(error) {
    const left = [];
    const complaints =
      error instanceof Refusal && error.fields.length
        ? error.fields.map((one) => [one.Name, one.Message])
        : [[error.reason ?? "", error.message]];
    for (const [where, sentence] of complaints) {
      const field = this.fields.find(
        (one) =>
          !one.element.hidden && (one.says ?? []).some((word) => where.toLowerCase().includes(word.toLowerCase())),
      );
      if (field) field.complain(sentence);
      else left.push(where && error.fields?.length ? `${where}: ${sentence}` : sentence);
    }
    replace(
      this.alert,
      left.length > 0 &&
        h(
          "div",
          { class: "note-box bad" },
          left.map((sentence) => h("p", {}, sentence)),
        ),
    );
    this.fields.find((field) => !field.error.hidden)?.control.focus();
  }
}

function describe(field, values) {
  const value = values[field.name];
  const text = (one) => field.options?.find(([known]) => known === one)?.[1] ?? one;
  if (field.kind === "check") return value ? "yes" : "no";
  if (field.kind === "tiers")
    return value
      .map((tier) => `${tier.BeginRangeInclusive} to ${tier.EndRangeExclusive ?? "∞"}: ${tier.RateValue}`)
      .join("; ");
  if (Array.isArray(value)) return value.map(text).join(", ") || "none";
  return text(value) || "empty";
}
