/* bench/month.c: usage, event by event. */
#include "bench/month.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#define JUNE_2026_MS INT64_C(1780272000000)
#define HOURS 720
#define RESOURCES 20000
#define FEW_AN_HOUR 1400
#define SPARSE_PERCENT 140 /* rows of a hundred accounts in an hour */
#define STEP 1000003       /* a prime: walks through an hour's events in an order that looks like none */
#define ONE_AGAIN 500      /* so many events later an event comes again */

struct meter {
    const char *product, *usage_type, *operation, *sku, *unit, *description, *rate;
};

static const struct meter dense_meters[] = {
    { "AmazonEC2", "BoxUsage:m5.large", "RunInstances", "3SYNTHM5LARGE001", "Hrs", "m5.large Linux hour", "0.096" },
    { "AmazonEC2", "BoxUsage:m5.xlarge", "RunInstances", "3SYNTHM5XLARGE01", "Hrs", "m5.xlarge Linux hour", "0.192" },
    { "AmazonEC2", "EBS:VolumeUsage.gp3", "CreateVolume", "3SYNTHEBSGP30001", "GB-Mo", "gp3 storage", "0.08" },
    { "AmazonRDS", "InstanceUsage:db.r5.large", "CreateDBInstance", "3SYNTHRDSR5LARGE", "Hrs", "db.r5.large hour", "0.24" },
    { "AmazonVPC", "EU-VPN-Usage-Hours:ipsec.1", "CreateVpnConnection", "3SYNTHVPN0000001", "Hrs", "VPN hour", "0.05" },
    { "AmazonS3", "TimedStorage-ByteHrs", "StandardStorage", "3SYNTHS3STD00001", "GB-Mo", "S3 storage", "0.023" },
};
static const unsigned dense_meter_of_ten[10] = { 0, 0, 0, 1, 1, 2, 2, 3, 4, 5 };
static const char *const dense_accounts[] = { "200000000011", "200000000012", "200000000013", "200000000021",
                                              "200000000022", "200000000031", "200000000041", MONTH_PAYER };

static const struct meter flat_meters[] = {
    { "AmazonEC2", "BoxUsage:m5.large", "RunInstances", "3SYNTHM5LARGE001", "Hrs", "m5.large Linux hour", "0.096" },
    { "AmazonEC2", "BoxUsage:c5.2xlarge", "RunInstances", "3SYNTHC52XLARGE1", "Hrs", "c5.2xlarge Linux hour", "0.34" },
    { "AmazonEC2", "BoxUsage:r5.xlarge", "RunInstances", "3SYNTHR5XLARGE01", "Hrs", "r5.xlarge Linux hour", "0.252" },
    { "AmazonEC2", "EBS:VolumeUsage.gp3", "CreateVolume", "3SYNTHEBSGP30001", "GB-Mo", "gp3 storage", "0.08" },
    { "AmazonEC2", "NatGateway-Hours", "NatGateway", "3SYNTHNATHOURS01", "Hrs", "NAT gateway hour", "0.045" },
    { "AmazonRDS", "InstanceUsage:db.r5.large", "CreateDBInstance", "3SYNTHRDSR5LARGE", "Hrs", "db.r5.large hour", "0.24" },
    { "AmazonRDS", "RDS:GP3-Storage", "CreateDBInstance", "3SYNTHRDSGP30001", "GB-Mo", "RDS gp3 storage", "0.115" },
    { "AmazonVPC", "EU-VPN-Usage-Hours:ipsec.1", "CreateVpnConnection", "3SYNTHVPN0000001", "Hrs", "VPN hour", "0.05" },
    { "AWSLambda", "Lambda-GB-Second", "Invoke", "3SYNTHLAMBDAGBS1", "Seconds", "Lambda duration", "0.0000166667" },
    { "AmazonDynamoDB", "TimedStorage-ByteHrs:ddb", "StandardStorage", "3SYNTHDDBSTORE01", "GB-Mo", "table storage",
      "0.25" },
    { "AmazonSQS", "Requests-RBP", "SQS:Message", "3SYNTHSQSREQ0001", "Requests", "requests", "0.0000004" },
    { "AmazonCloudWatch", "CW:MetricMonitorUsage", "MetricStorage", "3SYNTHCWMETRIC01", "Metrics", "metrics", "0.3" },
};
/* Those that the price list has tiers for. */
static const struct meter tiered_meters[] = {
    { "AmazonS3", "TimedStorage-ByteHrs", "StandardStorage", "3SYNTHS3STD00001", "GB-Mo", "S3 storage", "0.023" },
    { "AmazonS3", "EU-TimedStorage-ByteHrs", "StandardStorage", "3SYNTHS3STD00002", "GB-Mo", "S3 storage", "0.023" },
    { "AmazonS3", "DataTransfer-Out-Bytes", "GetObject", "3SYNTHS3DTOUT001", "GB", "transfer out", "0.09" },
    { "AmazonS3", "EUC1-TimedStorage-INT-FA-ByteHrs", "IntelligentTieringFAStorage", "3SYNTHS3INTFA001", "GB-Mo",
      "intelligent tiering", "0.0245" },
};

static const struct month months[] = {
    { .name = "dense", .accounts = ARRAY_COUNT(dense_accounts), .groups = 3, .fold = 1, .is_dense = true },
    { .name = "sparse", .accounts = 1000, .groups = 100, .fold = 1, .repeats = 1000, .has_tags = true },
    { .name = "tiered", .accounts = 1000, .groups = 100, .fold = 1, .repeats = 1000, .has_tags = true, .pools = true },
    { .name = "new-rows", .accounts = 100, .groups = 10, .fold = 1 },
    { .name = "folded", .accounts = 100, .groups = 10, .fold = 10 },
};

static void choose_accounts(struct month *month, unsigned accounts, unsigned groups)
{
    if (groups > 0)
        month->groups = groups;
    if (accounts > 0 && !month->is_dense)
        month->accounts = accounts;
    if (month->accounts < month->groups && !month->is_dense)
        month->accounts = month->groups;
    if (month->accounts < month->groups)
        month->groups = month->accounts;
}

/* As dense in a short month as in a long one. */
static uint64_t events_of_hour(const struct month *month)
{
    uint64_t least = month->has_tags ? (uint64_t)month->accounts * SPARSE_PERCENT / 100 : FEW_AN_HOUR;
    uint64_t even = (month->events + HOURS - 1) / HOURS;
    uint64_t count = month->is_dense || even > least ? even : least;
    return (count + month->fold - 1) / month->fold * month->fold;
}

bool month_make(struct month *month, const char *name, uint64_t events, unsigned accounts, unsigned groups)
{
    for (size_t i = 0; i < ARRAY_COUNT(months); i++) {
        if (strcmp(months[i].name, name) != 0)
            continue;
        *month = months[i];
        month->events = events;
        choose_accounts(month, accounts, groups);
        month->per_hour = events_of_hour(month);
        return true;
    }
    return false;
}

uint64_t month_repeats(const struct month *month)
{
    return month->repeats ? month->events / month->repeats : 0;
}

static i128 rate_of(const char *text)
{
    i128 rate;
    enum decimal_status status = decimal_parse(text_of(text), RATE_SCALE, &rate);
    CHECK(status == DECIMAL_EXACT);
    return rate;
}

static void set(struct usage_event *event, enum usage_event_field field, const char *text)
{
    record_set_text(event, &usage_event_type, field, text_of(text));
}

static void set_decimal(struct usage_event *event, enum usage_event_field field, i128 value)
{
    memcpy(record_member(event, &usage_event_type.fields[field]), &value, sizeof value);
    record_set(event, field);
}

/* What an event is about, before it is spelled out. */
struct facts_of_event {
    uint64_t hour, resource;
    unsigned account;
    const struct meter *meter;
};

static struct facts_of_event dense_facts(const struct month *month, uint64_t number)
{
    uint64_t resource = number % month->per_hour;
    return (struct facts_of_event){ number / month->per_hour % HOURS, resource, (unsigned)(resource / 10 % month->accounts),
                                    &dense_meters[dense_meter_of_ten[resource % 10]] };
}

static struct facts_of_event plain_facts(const struct month *month, uint64_t number)
{
    uint64_t rows = month->per_hour / month->fold, resource = number % month->per_hour % rows;
    return (struct facts_of_event){ number / month->per_hour % HOURS, resource, (unsigned)(resource % month->accounts),
                                    &flat_meters[resource / month->accounts % ARRAY_COUNT(flat_meters)] };
}

/* An hour has each resource at most once for every meter. */
static struct facts_of_event sparse_facts(const struct month *month, uint64_t number)
{
    uint64_t hour = number / month->per_hour % HOURS, slot = number % month->per_hour * STEP % month->per_hour;
    uint64_t resources = month->accounts > RESOURCES / 2 ? 2u * month->accounts : RESOURCES;
    uint64_t apart = month->per_hour < resources ? resources / month->per_hour : 1;
    uint64_t resource = (slot * apart + hash_mix(hour, slot) % apart) % resources, round = slot * apart / resources;
    struct facts_of_event facts = { hour, resource, (unsigned)(resource % month->accounts), NULL };
    if (!month->pools || slot % 2 == 0) {
        facts.meter = &flat_meters[(resource / month->accounts + round) % ARRAY_COUNT(flat_meters)];
        return facts;
    }
    facts.meter = &tiered_meters[(resource / month->accounts + round) % ARRAY_COUNT(tiered_meters)];
    if (slot % 4 == 1) { /* the pool that half of them share */
        facts.meter = &tiered_meters[0];
        facts.account -= facts.account % month->groups;
        facts.resource += round * resources;
    }
    return facts;
}

static const char *write_account(const struct month *month, unsigned account, struct month_texts *texts)
{
    if (month->is_dense)
        return dense_accounts[account];
    snprintf(texts->account, sizeof texts->account, "3%011u", account);
    return texts->account;
}

static void set_tags(const struct facts_of_event *facts, struct month_texts *texts, struct usage_event *event)
{
    snprintf(texts->app, sizeof texts->app, "app-%03u", (unsigned)(facts->resource % 500));
    snprintf(texts->team, sizeof texts->team, "team-%02u", facts->account % 50);
    texts->tags[0] = (struct tag){ TEXT("user:app"), text_of(texts->app) };
    texts->tags[1] = (struct tag){ TEXT("user:env"), facts->resource % 4 ? TEXT("production") : TEXT("test") };
    texts->tags[2] = (struct tag){ TEXT("user:team"), text_of(texts->team) };
    event->tags = (struct tags){ texts->tags, ARRAY_COUNT(texts->tags) };
    record_set(event, USAGE_EVENT_tags);
}

unsigned month_event(const struct month *month, uint64_t number, struct month_texts *texts, struct usage_event *event)
{
    if (month->repeats && number % month->repeats == month->repeats - 1)
        number -= ONE_AGAIN;
    struct facts_of_event facts = month->is_dense   ? dense_facts(month, number)
                                  : month->has_tags ? sparse_facts(month, number)
                                                    : plain_facts(month, number);
    *event = (struct usage_event){ 0 };
    snprintf(texts->id, sizeof texts->id, "e%012llu", (unsigned long long)number);
    snprintf(texts->resource, sizeof texts->resource, "i-%016llx", (unsigned long long)facts.resource * 0x9e3779b97f4a7c15u);
    set(event, USAGE_EVENT_event_id, texts->id);
    set(event, USAGE_EVENT_payer_account_id, MONTH_PAYER);
    set(event, USAGE_EVENT_usage_account_id, write_account(month, facts.account, texts));
    set(event, USAGE_EVENT_product_code, facts.meter->product);
    set(event, USAGE_EVENT_usage_type, facts.meter->usage_type);
    set(event, USAGE_EVENT_operation, facts.meter->operation);
    set(event, USAGE_EVENT_sku, facts.meter->sku);
    set(event, USAGE_EVENT_region, "us-east-1");
    set(event, USAGE_EVENT_resource_id, texts->resource);
    set(event, USAGE_EVENT_unit, facts.meter->unit);
    set(event, USAGE_EVENT_currency, "USD");
    set(event, USAGE_EVENT_description, facts.meter->description);
    if (month->has_tags)
        set_tags(&facts, texts, event);
    event->usage_start = JUNE_2026_MS + (int64_t)facts.hour * HOUR_MS;
    event->usage_end = event->usage_start + HOUR_MS;
    record_set(event, USAGE_EVENT_usage_start);
    record_set(event, USAGE_EVENT_usage_end);
    i128 amount = decimal_power(QUANTITY_SCALE - 2) * (i128)(1 + number % 100), rate = rate_of(facts.meter->rate);
    set_decimal(event, USAGE_EVENT_usage_amount, amount);
    set_decimal(event, USAGE_EVENT_public_on_demand_rate, rate);
    set_decimal(event, USAGE_EVENT_unblended_cost, amount * rate);
    return facts.account;
}

/* ---- what it is priced by ---- */

static void write_group(const struct month *month, unsigned group, unsigned plans, struct buffer *json)
{
    struct month_texts texts;
    const char *primary = write_account(month, group, &texts);
    unsigned size = 0;
    for (unsigned i = group; i < month->accounts; i += month->groups)
        size++;
    buffer_printf(json,
                  "%s{\"Name\":\"group-%u\",\"Arn\":\"arn:aws:billingconductor::" MONTH_PAYER ":billinggroup/%s\","
                  "\"Description\":\"\",\"PrimaryAccountId\":\"%s\",\"Size\":%u,\"Status\":\"ACTIVE\",\"BillingGroupType\":"
                  "\"STANDARD\",\"ComputationPreference\":{\"PricingPlanArn\":\"arn:aws:billingconductor::" MONTH_PAYER
                  ":pricingplan/plan%06u\"},\"AccountGrouping\":{\"AutoAssociate\":false}}",
                  group ? "," : "", group, primary, primary, size, group % plans);
}

static void write_accounts(const struct month *month, struct buffer *json)
{
    for (unsigned i = 0; i < month->accounts; i++) {
        struct month_texts own, first;
        const char *primary = write_account(month, i % month->groups, &first);
        buffer_printf(json,
                      "%s{\"AccountId\":\"%s\",\"AccountName\":\"account %u\",\"BillingGroupArn\":"
                      "\"arn:aws:billingconductor::" MONTH_PAYER ":billinggroup/%s\"}",
                      i ? "," : "", write_account(month, i, &own), i, primary);
    }
}

/* A plan's first rule is for everything, its second for a service; the others name a meter each, few of which are used. */
static void write_rule(unsigned number, unsigned plans, unsigned edition, struct buffer *json)
{
    unsigned of_plan = number / plans;
    buffer_printf(json,
                  "%s{\"Name\":\"rule-%u\",\"Arn\":\"arn:aws:billingconductor::" MONTH_PAYER
                  ":pricingrule/rule%06u\",\"Type\":\"%s\",\"ModifierPercentage\":%u.%02u",
                  number ? "," : "", number, number, of_plan % 2 ? "DISCOUNT" : "MARKUP", edition + number % 20,
                  number % 100);
    if (of_plan == 0)
        buffer_printf(json, ",\"Scope\":\"GLOBAL\"}");
    else if (of_plan == 1)
        buffer_printf(json, ",\"Scope\":\"SERVICE\",\"Service\":\"AmazonEC2\"}");
    else if (of_plan - 2 < ARRAY_COUNT(flat_meters))
        buffer_printf(json, ",\"Scope\":\"SKU\",\"Service\":\"%s\",\"UsageType\":\"%s\"}", flat_meters[of_plan - 2].product,
                      flat_meters[of_plan - 2].usage_type);
    else
        buffer_printf(json, ",\"Scope\":\"SKU\",\"Service\":\"AmazonEC2\",\"UsageType\":\"BoxUsage:x%u.large\"}", of_plan);
}

static void write_plan(unsigned plan, unsigned plans, unsigned rules, struct buffer *plan_json, struct buffer *rules_json)
{
    unsigned count = 0;
    const char *comma = plan ? "," : "";
    buffer_printf(rules_json,
                  "%s{\"PricingPlanArn\":\"arn:aws:billingconductor::" MONTH_PAYER
                  ":pricingplan/plan%06u\",\"PricingRuleArns\":[",
                  comma, plan);
    for (unsigned i = plan; i < rules; i += plans)
        buffer_printf(rules_json, "%s\"arn:aws:billingconductor::" MONTH_PAYER ":pricingrule/rule%06u\"", count++ ? "," : "",
                      i);
    buffer_printf(rules_json, "]}");
    buffer_printf(plan_json,
                  "%s{\"Name\":\"plan-%u\",\"Arn\":\"arn:aws:billingconductor::" MONTH_PAYER
                  ":pricingplan/plan%06u\",\"Size\":%u}",
                  comma, plan, plan, count);
}

void month_document(const struct month *month, unsigned rules, unsigned edition, struct buffer *json)
{
    unsigned plans = month->groups < 4 ? month->groups : 4;
    struct buffer associations = { 0 };
    plans = plans > rules ? rules : plans;
    buffer_printf(json, "{\"BillingPeriod\":\"2026-06\",\"BillingGroups\":[");
    for (unsigned i = 0; i < month->groups; i++)
        write_group(month, i, plans, json);
    buffer_printf(json, "],\"LinkedAccounts\":[");
    write_accounts(month, json);
    buffer_printf(json, "],\"PricingPlans\":[");
    for (unsigned i = 0; i < plans; i++)
        write_plan(i, plans, rules, json, &associations);
    buffer_printf(json, "],\"PricingRulesAssociatedToPricingPlan\":[");
    buffer_append_text(json, buffer_text(&associations));
    buffer_printf(json, "],\"PricingRules\":[");
    for (unsigned i = 0; i < rules; i++)
        write_rule(i, plans, edition, json);
    buffer_printf(json, "]}\n");
    buffer_done(&associations);
}

static void write_product(const struct meter *meter, bool comma, struct buffer *json)
{
    buffer_printf(json,
                  "%s\"%s\":{\"sku\":\"%s\",\"productFamily\":\"\",\"attributes\":{\"servicecode\":\"%s\",\"regionCode\":"
                  "\"us-east-1\",\"usagetype\":\"%s\"}}",
                  comma ? "," : "", meter->sku, meter->sku, meter->product, meter->usage_type);
}

static void write_terms(const struct meter *meter, bool comma, struct buffer *json)
{
    static const char *const bounds[] = { "0", "500", "50000", "Inf" };
    static const char *const rates[] = { "0.0230000000", "0.0220000000", "0.0210000000" };
    buffer_printf(json,
                  "%s\"%s\":{\"%s.JRTCKXETXF\":{\"offerTermCode\":\"JRTCKXETXF\",\"sku\":\"%s\",\"effectiveDate\":"
                  "\"2026-06-01T00:00:00Z\",\"termAttributes\":{},\"priceDimensions\":{",
                  comma ? "," : "", meter->sku, meter->sku, meter->sku);
    for (unsigned i = 0; i < ARRAY_COUNT(rates); i++)
        buffer_printf(json,
                      "%s\"%s.JRTCKXETXF.TIER%u\":{\"rateCode\":\"%s.JRTCKXETXF.TIER%u\",\"description\":\"tier %u\","
                      "\"beginRange\":\"%s\",\"endRange\":\"%s\",\"unit\":\"%s\",\"pricePerUnit\":{\"USD\":\"%s\"},"
                      "\"appliesTo\":[]}",
                      i ? "," : "", meter->sku, i, meter->sku, i, i, bounds[i], bounds[i + 1], meter->unit, rates[i]);
    buffer_printf(json, "}}}");
}

void month_price_list(struct buffer *json)
{
    buffer_printf(json, "{\"formatVersion\":\"v1.0\",\"offerCode\":\"AmazonS3\",\"version\":\"20260601000000\","
                        "\"publicationDate\":\"2026-06-01T00:00:00Z\",\"products\":{");
    for (size_t i = 0; i < ARRAY_COUNT(tiered_meters); i++)
        write_product(&tiered_meters[i], i > 0, json);
    buffer_printf(json, "},\"terms\":{\"OnDemand\":{");
    for (size_t i = 0; i < ARRAY_COUNT(tiered_meters); i++)
        write_terms(&tiered_meters[i], i > 0, json);
    buffer_printf(json, "}}}\n");
}
