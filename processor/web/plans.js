/* plans.js: pricing plans: the rules that a group pays by. */
import { idOf, listAll } from "./api.js";
import { openForm } from "./form.js";
import { listing, readOnlyNote } from "./listing.js";
import { describeRule } from "./rules.js";

export async function show(context, place) {
  const { signal, period } = context;
  let rules = [];
  const reload = await listing(context, place, {
    heading: "Pricing plans",
    noun: "plan",
    text: "A plan is a set of rules. The most particular rule that fits a line item prices it.",
    columns: [
      { key: "name", label: "Name", of: (row) => row.Name },
      { key: "description", label: "Description", of: (row) => row.Description ?? "" },
      { key: "size", label: "Rules", kind: "count", of: (row) => row.Size },
    ],
    read: async () => {
      const [plans, all] = await Promise.all([
        listAll("ListPricingPlans", "PricingPlans", { BillingPeriod: period }, { signal }),
        listAll("ListPricingRules", "PricingRules", { BillingPeriod: period }, { signal }),
      ]);
      rules = all;
      return plans.map((plan) => ({ key: idOf(plan.Arn), ...plan }));
    },
    open: async (plan) => edit(context, plan, rules, plan ? await rulesOf(plan, period) : [], () => reload()),
  });
}

const rulesOf = (plan, period) =>
  listAll("ListPricingRulesAssociatedToPricingPlan", "PricingRuleArns", {
    PricingPlanArn: plan.Arn,
    BillingPeriod: period,
  });

function edit(context, plan, rules, own, onDone) {
  openForm({
    context,
    title: plan ? `Plan ${plan.Name}` : "New pricing plan",
    name: plan?.Name,
    isNew: !plan,
    fixed: !context.mayChange,
    note: readOnlyNote(context),
    onDone,
    fields: [
      { name: "name", label: "Name", value: plan?.Name, required: true, says: ["name"] },
      { name: "description", label: "Description", value: plan?.Description, says: ["description"] },
      {
        name: "rules",
        label: "Rules",
        kind: "choices",
        options: rules.map((rule) => [rule.Arn, `${rule.Name}: ${describeRule(rule)}`]),
        value: own,
        says: ["rule"],
      },
    ],
    calls: (values) => (plan ? update(plan, values, own) : [create(values)]),
    removal: plan ? [["DeletePricingPlan", { Arn: plan.Arn }]] : null,
  });
}

const create = (values) => [
  "CreatePricingPlan",
  { Name: values.name, Description: values.description || undefined, PricingRuleArns: values.rules },
];

function update(plan, values, own) {
  const joins = values.rules.filter((rule) => !own.includes(rule));
  const leaves = own.filter((rule) => !values.rules.includes(rule));
  const isRenamed = values.name !== plan.Name;
  return [
    ...(isRenamed || values.description !== (plan.Description ?? "")
      ? [
          [
            "UpdatePricingPlan",
            { Arn: plan.Arn, Name: isRenamed ? values.name : undefined, Description: values.description },
          ],
        ]
      : []),
    ...(leaves.length ? [["DisassociatePricingRules", { Arn: plan.Arn, PricingRuleArns: leaves }]] : []),
    ...(joins.length ? [["AssociatePricingRules", { Arn: plan.Arn, PricingRuleArns: joins }]] : []),
  ];
}
