/* groups.js: billing groups: who pays together, by which plan. */
import { idOf, listAll } from "./api.js";
import { h } from "./dom.js";
import { openForm } from "./form.js";
import { listing, readOnlyNote } from "./listing.js";
import { address } from "./route.js";

const MANAGED = [
  ["arn:aws:billingconductor::aws:pricingplan/BasicPricingPlan", "Basic: public prices"],
  ["arn:aws:billingconductor::aws:pricingplan/Passthrough", "Passthrough: as AWS bills"],
];

export async function show(context, place) {
  const { signal, period } = context;
  let plans = [];
  let accounts = [];
  const nameOfPlan = (arn) => plans.find(([known]) => idOf(known) === idOf(arn))?.[1] ?? idOf(arn);
  const reload = await listing(context, place, {
    heading: "Billing groups",
    noun: "group",
    text: "Accounts that are billed together, by one pricing plan.",
    columns: [
      { key: "name", label: "Name", of: (row) => row.Name },
      { key: "primary", label: "Primary account", of: (row) => row.PrimaryAccountId },
      { key: "plan", label: "Pricing plan", of: (row) => nameOfPlan(row.ComputationPreference?.PricingPlanArn) },
      { key: "size", label: "Accounts", kind: "count", of: (row) => row.Size },
      {
        key: "status",
        label: "Status",
        of: (row) => row.Status,
        show: (row) => h("span", { class: "tag" }, row.Status.toLowerCase().replaceAll("_", " ")),
      },
      {
        key: "bill",
        label: "",
        of: () => "",
        show: (row) =>
          h("a", { href: address("bills", { period, group: row.key }), "aria-label": `Bill of ${row.Name}` }, "Bill"),
      },
    ],
    read: async () => {
      const [groups, own, linked] = await Promise.all([
        listAll("ListBillingGroups", "BillingGroups", { BillingPeriod: period }, { signal }),
        listAll("ListPricingPlans", "PricingPlans", { BillingPeriod: period }, { signal }),
        listAll("ListAccountAssociations", "LinkedAccounts", { BillingPeriod: period }, { signal }),
      ]);
      plans = [...own.map((plan) => [plan.Arn, plan.Name]), ...MANAGED];
      accounts = linked;
      return groups.map((group) => ({ key: idOf(group.Arn), ...group }));
    },
    open: (group) =>
      edit(context, group, plans, accounts, () => {
        context.forgetGroups();
        return reload();
      }),
  });
}

const nameOf = (account) => `${account.AccountId}${account.AccountName ? `  ${account.AccountName}` : ""}`;

const fieldsOf = (group, plans, before, free, own) => [
  { name: "name", label: "Name", value: group?.Name, required: true, says: ["name"] },
  { name: "description", label: "Description", value: group?.Description, says: ["description"] },
  {
    name: "plan",
    label: "Pricing plan",
    kind: "select",
    options: plans,
    value: before.plan,
    says: ["pricingplan", "pricing_plan", "computation"],
  },
  {
    name: "primary",
    label: "Primary account",
    value: group?.PrimaryAccountId,
    required: true,
    fixed: Boolean(group),
    hint: "It sees the whole group's bill.",
    says: ["primary"],
  },
  {
    name: "accounts",
    label: "Accounts",
    kind: "choices",
    options: free.map((account) => [account.AccountId, nameOf(account)]),
    value: own,
    says: ["account"],
  },
  {
    name: "more",
    label: "Other accounts",
    value: "",
    hint: "Accounts that are not in the list yet, 12 digits each, with spaces between.",
    says: ["linkedaccount"],
  },
  {
    name: "auto",
    label: "New accounts join this group by themselves",
    kind: "check",
    value: group?.AccountGrouping?.AutoAssociate === true,
    says: ["auto"],
  },
];

function edit(context, group, plans, accounts, onDone) {
  const own = accounts
    .filter((account) => group && idOf(account.BillingGroupArn) === group.key)
    .map((account) => account.AccountId);
  const free = accounts.filter((account) => !account.BillingGroupArn || own.includes(account.AccountId));
  const before = {
    plan:
      plans.find(([arn]) => idOf(arn) === idOf(group?.ComputationPreference?.PricingPlanArn))?.[0] ??
      plans[0]?.[0] ??
      "",
  };
  openForm({
    context,
    title: group ? `Group ${group.Name}` : "New billing group",
    name: group?.Name,
    isNew: !group,
    fixed: !context.mayChange,
    note: readOnlyNote(context),
    onDone,
    fields: fieldsOf(group, plans, before, free, own),
    calls: (values) => (group ? update(group, values, own, before) : [create(values)]),
    removal: group ? [["DeleteBillingGroup", { Arn: group.Arn }]] : null,
  });
}

const chosen = (values) => [...new Set([...values.accounts, ...values.more.split(/[\s,]+/).filter(Boolean)])];

function create(values) {
  const linked = [...new Set([values.primary, ...chosen(values)])];
  return [
    "CreateBillingGroup",
    {
      Name: values.name,
      Description: values.description || undefined,
      PrimaryAccountId: values.primary,
      ComputationPreference: { PricingPlanArn: values.plan },
      AccountGrouping: { LinkedAccountIds: linked, AutoAssociate: values.auto },
    },
  ];
}

const PER_CALL = 30; /* accounts, as AWS has it */
const parts = (list) =>
  Array.from({ length: Math.ceil(list.length / PER_CALL) }, (_, at) => list.slice(at * PER_CALL, (at + 1) * PER_CALL));

function update(group, values, own, before) {
  const isAuto = group.AccountGrouping?.AutoAssociate === true;
  const wanted = chosen(values);
  const joins = wanted.filter((account) => !own.includes(account));
  const leaves = own.filter((account) => !wanted.includes(account));
  const changed = {
    Name: values.name === group.Name ? undefined : values.name,
    Description: values.description === (group.Description ?? "") ? undefined : values.description,
    ComputationPreference: values.plan === before.plan ? undefined : { PricingPlanArn: values.plan },
    AccountGrouping: values.auto === isAuto ? undefined : { AutoAssociate: values.auto },
  };
  return [
    ...(Object.values(changed).some((value) => value !== undefined)
      ? [["UpdateBillingGroup", { Arn: group.Arn, ...changed }]]
      : []),
    ...parts(joins).map((AccountIds) => ["AssociateAccounts", { Arn: group.Arn, AccountIds }]),
    ...parts(leaves).map((AccountIds) => ["DisassociateAccounts", { Arn: group.Arn, AccountIds }]),
  ];
}
