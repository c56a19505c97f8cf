/* rules.js: pricing rules: markups, discounts, own tiers, and the free tier's switch. */
import { Digits, idOf, listAll } from "./api.js";
import * as decimal from "./decimal.js";
import { openForm } from "./form.js";
import { listing, readOnlyNote } from "./listing.js";

const SCOPES = [
  ["GLOBAL", "Everything"],
  ["SERVICE", "One service"],
  ["BILLING_ENTITY", "One billing entity"],
  ["SKU", "One usage type"],
];
const TYPES = [
  ["MARKUP", "Markup"],
  ["DISCOUNT", "Discount"],
  ["TIERING", "Tiers"],
];

const scopeOf = (rule) =>
  ({
    GLOBAL: "Everything",
    SERVICE: rule.Service,
    BILLING_ENTITY: rule.BillingEntity,
    SKU: [rule.Service, rule.UsageType, rule.Operation].filter(Boolean).join(" · "),
  })[rule.Scope];

function priceOf(rule) {
  if (rule.Type === "MARKUP") return `+${decimal.format(rule.ModifierPercentage, null)} %`;
  if (rule.Type === "DISCOUNT") return `−${decimal.format(rule.ModifierPercentage, null)} %`;
  if (rule.Tiering?.CustomTiers) return `${rule.Tiering.CustomTiers.length} own tiers`;
  return `free tier ${rule.Tiering?.FreeTier?.Activated ? "on" : "off"}`;
}

export const describeRule = (rule) => `${scopeOf(rule)}, ${priceOf(rule)}`;

export async function show(context, place) {
  const { signal, period } = context;
  const reload = await listing(context, place, {
    heading: "Pricing rules",
    noun: "rule",
    text: "What a service, a usage type or everything costs beside its public price. Rules never stack.",
    columns: [
      { key: "name", label: "Name", of: (row) => row.Name },
      { key: "scope", label: "Applies to", of: scopeOf },
      { key: "price", label: "Price", kind: "whole", of: priceOf },
      { key: "plans", label: "Plans", kind: "count", of: (row) => row.AssociatedPricingPlanCount },
    ],
    read: async () =>
      (await listAll("ListPricingRules", "PricingRules", { BillingPeriod: period }, { signal })).map((rule) => ({
        key: idOf(rule.Arn),
        ...rule,
      })),
    open: (rule) => edit(context, rule, () => reload()),
  });
}

function fieldsOf(rule) {
  const is =
    (name, ...wanted) =>
    (values) =>
      wanted.includes(values[name]);
  const fixed = Boolean(rule);
  return [
    { name: "name", label: "Name", value: rule?.Name, required: true, says: ["name"] },
    { name: "description", label: "Description", value: rule?.Description, says: ["description"] },
    {
      name: "scope",
      label: "Applies to",
      kind: "select",
      options: SCOPES,
      value: rule?.Scope ?? "GLOBAL",
      fixed,
      says: ["scope"],
    },
    {
      name: "service",
      label: "Service",
      value: rule?.Service,
      hint: "Its code, such as AmazonEC2.",
      required: true,
      fixed,
      shown: is("scope", "SERVICE", "SKU"),
      says: ["service"],
    },
    {
      name: "entity",
      label: "Billing entity",
      value: rule?.BillingEntity,
      hint: "AWS, or AWS Marketplace.",
      required: true,
      fixed,
      shown: is("scope", "BILLING_ENTITY"),
      says: ["entity"],
    },
    {
      name: "usageType",
      label: "Usage type",
      value: rule?.UsageType,
      hint: "Such as BoxUsage:m5.large.",
      fixed,
      shown: is("scope", "SKU"),
      says: ["usagetype", "usage_type"],
    },
    {
      name: "operation",
      label: "Operation",
      value: rule?.Operation,
      hint: "Such as RunInstances.",
      fixed,
      shown: is("scope", "SKU"),
      says: ["operation"],
    },
    { name: "type", label: "Price", kind: "select", options: TYPES, value: rule?.Type ?? "MARKUP", says: ["type"] },
    {
      name: "modifier",
      label: "Percent",
      kind: "decimal",
      value: rule?.ModifierPercentage ? plain(rule.ModifierPercentage) : "",
      required: true,
      hint: "Two decimals count; a discount's is what is taken off.",
      shown: is("type", "MARKUP", "DISCOUNT"),
      says: ["modifier"],
    },
    {
      name: "tiers",
      label: "Tiers",
      kind: "tiers",
      value: (rule?.Tiering?.CustomTiers ?? []).map(plainTier),
      shown: (values) => values.type === "TIERING" && values.scope === "SKU",
      says: ["tier"],
    },
    {
      name: "free",
      label: "AWS's free tier counts",
      kind: "check",
      value: rule?.Tiering?.FreeTier?.Activated === true,
      shown: (values) => values.type === "TIERING" && values.scope !== "SKU",
      says: ["tiering", "free"],
    },
  ];
}

function edit(context, rule, onDone) {
  openForm({
    context,
    title: rule ? `Rule ${rule.Name}` : "New pricing rule",
    name: rule?.Name,
    isNew: !rule,
    fixed: !context.mayChange,
    note: readOnlyNote(context),
    onDone,
    fields: fieldsOf(rule),
    calls: (values) => [rule ? update(rule, values) : create(values)],
    removal: rule ? [["DeletePricingRule", { Arn: rule.Arn }]] : null,
  });
}

const update = (rule, values) => [
  "UpdatePricingRule",
  {
    Arn: rule.Arn,
    Name: values.name === rule.Name ? undefined : values.name,
    Description: values.description,
    ...priced(values),
  },
];

const create = (values) => [
  "CreatePricingRule",
  {
    Name: values.name,
    Description: values.description || undefined,
    Scope: values.scope,
    ...selected(values),
    ...priced(values),
  },
];

const selected = (values) => ({
  Service: ["SERVICE", "SKU"].includes(values.scope) ? values.service : undefined,
  BillingEntity: values.scope === "BILLING_ENTITY" ? values.entity : undefined,
  UsageType: values.scope === "SKU" ? values.usageType || undefined : undefined,
  Operation: values.scope === "SKU" ? values.operation || undefined : undefined,
});

function priced(values) {
  if (values.type !== "TIERING") return { Type: values.type, ModifierPercentage: new Digits(plain(values.modifier)) };
  const tiers = values.tiers.map((tier) => ({
    BeginRangeInclusive: digits(tier.BeginRangeInclusive),
    EndRangeExclusive: digits(tier.EndRangeExclusive),
    RateValue: digits(tier.RateValue),
  }));
  return {
    Type: values.type,
    Tiering: values.scope === "SKU" ? { CustomTiers: tiers } : { FreeTier: { Activated: values.free } },
  };
}

const plain = (text) => decimal.toText(text);
const plainTier = (tier) => Object.fromEntries(Object.entries(tier).map(([name, value]) => [name, plain(value)]));
const digits = (text) => (text === undefined ? undefined : new Digits(plain(text)));
