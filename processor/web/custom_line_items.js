/* custom_line_items.js: fees and credits beside usage. */
import { Digits, idOf, listAll } from "./api.js";
import * as decimal from "./decimal.js";
import { openForm } from "./form.js";
import { listing, readOnlyNote } from "./listing.js";
import { monthBefore } from "./route.js";

const amountOf = (item) =>
  item.ChargeDetails.Flat
    ? `${decimal.format(item.ChargeDetails.Flat.ChargeValue)} ${item.CurrencyCode ?? ""}`
    : `${decimal.format(item.ChargeDetails.Percentage.PercentageValue, null)} %`;

export async function show(context, place) {
  const { signal, period } = context;
  const running = context.caller.running_month;
  let groups = new Map();
  const reload = await listing(context, place, {
    heading: "Custom line items",
    noun: "custom line item",
    text: "Fees and credits of a group: a flat amount, or a percentage of what it pays.",
    columns: [
      { key: "name", label: "Name", of: (row) => row.Name },
      {
        key: "group",
        label: "Billing group",
        of: (row) => groups.get(idOf(row.BillingGroupArn))?.Name ?? idOf(row.BillingGroupArn),
      },
      { key: "type", label: "Type", of: (row) => (row.ChargeDetails.Type === "FEE" ? "Fee" : "Credit") },
      { key: "description", label: "Description", of: (row) => row.Description ?? "" },
      { key: "account", label: "Account", of: (row) => row.AccountId ?? "" },
      {
        key: "amount",
        label: "Amount",
        kind: "amount",
        of: (row) => row.ChargeDetails.Flat?.ChargeValue ?? row.ChargeDetails.Percentage.PercentageValue,
        show: amountOf,
      },
    ],
    read: async () => {
      const [items, known] = await Promise.all([
        listAll("ListCustomLineItems", "CustomLineItems", { BillingPeriod: period }, { signal }),
        context.groups(),
      ]);
      groups = known;
      return items.map((item) => ({ key: idOf(item.Arn), ...item }));
    },
    mayCreate: context.caller.may_change && [monthBefore(running), running].includes(period),
    open: (item) => edit(context, item, groups, () => reload()),
  });
}

function fieldsOf(item, groups, context) {
  const flat = item?.ChargeDetails.Flat;
  const fixed = Boolean(item);
  return [
    { name: "name", label: "Name", value: item?.Name, required: true, says: ["name"] },
    {
      name: "description",
      label: "Description",
      value: item?.Description,
      required: true,
      hint: "It stands on the bill.",
      says: ["description"],
    },
    {
      name: "group",
      label: "Billing group",
      kind: "select",
      options: [...groups.values()].map((group) => [group.Arn, group.Name]),
      value: item?.BillingGroupArn,
      fixed,
      says: ["billinggroup"],
    },
    {
      name: "type",
      label: "Type",
      kind: "select",
      options: [
        ["FEE", "Fee"],
        ["CREDIT", "Credit"],
      ],
      value: item?.ChargeDetails.Type ?? "FEE",
      fixed,
      says: ["type"],
    },
    {
      name: "kind",
      label: "Amount is",
      kind: "select",
      options: [
        ["Flat", "Flat, a month"],
        ["Percentage", "A percentage of the group's total"],
      ],
      value: item && !flat ? "Percentage" : "Flat",
      fixed,
      says: [],
    },
    {
      name: "amount",
      label: "Amount",
      kind: "decimal",
      value: item ? decimal.toText(flat?.ChargeValue ?? item.ChargeDetails.Percentage.PercentageValue) : "",
      required: true,
      says: ["chargevalue", "percentage", "charge"],
    },
    {
      name: "account",
      label: "Account",
      value: item?.AccountId,
      fixed,
      hint: "Empty: the group's primary account.",
      says: ["account"],
    },
    {
      name: "rule",
      label: "Shown as",
      kind: "select",
      options: [
        ["CONSOLIDATED", "One row"],
        ["ITEMIZED", "A row beside each row it is taken of"],
      ],
      value: item?.ComputationRule ?? "CONSOLIDATED",
      fixed,
      shown: (values) => values.kind === "Percentage",
      says: ["computation"],
    },
    {
      name: "start",
      label: "First month",
      kind: "month",
      value: item ? "" : context.period,
      required: true,
      hint: "The running month or the one before, also once that is closed: its reports get a new revision.",
      shown: () => !item,
      says: ["start", "period"],
    },
    {
      name: "end",
      label: "Ends before",
      kind: "month",
      value: "",
      hint: "The month that no longer has it. Empty: it goes on.",
      shown: () => !item,
      says: ["end"],
    },
  ];
}

function edit(context, item, groups, onDone) {
  openForm({
    context,
    title: item ? `Custom line item ${item.Name}` : "New custom line item",
    name: item?.Name,
    isNew: !item,
    fixed: item ? !context.mayChange : false,
    note: item ? readOnlyNote(context) : "",
    onDone,
    fields: fieldsOf(item, groups, context),
    calls: (values) => [item ? update(item, values) : create(values)],
    removal: item ? [["DeleteCustomLineItem", { Arn: item.Arn }]] : null,
  });
}

function charge(values) {
  const amount = new Digits(decimal.toText(values.amount));
  return values.kind === "Flat" ? { Flat: { ChargeValue: amount } } : { Percentage: { PercentageValue: amount } };
}

function create(values) {
  const details = charge(values);
  if (details.Percentage) details.Percentage.AssociatedValues = [values.group];
  return [
    "CreateCustomLineItem",
    {
      Name: values.name,
      Description: values.description,
      BillingGroupArn: values.group,
      ChargeDetails: { Type: values.type, ...details },
      AccountId: values.account || undefined,
      ComputationRule: values.kind === "Percentage" ? values.rule : undefined,
      BillingPeriodRange: {
        InclusiveStartBillingPeriod: values.start,
        ExclusiveEndBillingPeriod: values.end || undefined,
      },
    },
  ];
}

const update = (item, values) => [
  "UpdateCustomLineItem",
  {
    Arn: item.Arn,
    Name: values.name === item.Name ? undefined : values.name,
    Description: values.description,
    ChargeDetails: charge(values),
  },
];
