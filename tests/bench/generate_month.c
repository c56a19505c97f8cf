/*
 * tests/bench/generate_month.c: a month of usage for the sample document's accounts, always the same for equal arguments.
 *
 *   generate_month EVENTS jsonl|csv|avro > FILE
 *
 * Hour by hour, as usage comes; every event is a row of its own at hourly grain with resource ids. One in ten runs through
 * a tiered meter.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec/avro_encode.h"
#include "codec/avro_file.h"
#include "codec/json_write.h"
#include "model/usage_event.h"

#define JUNE_2026_MS INT64_C(1780272000000)
#define HOURS 720

static const struct {
    const char *product, *usage_type, *operation, *sku, *unit, *description;
    const char *rate;
} meters[] = {
    { "AmazonEC2", "BoxUsage:m5.large", "RunInstances", "3SYNTHM5LARGE001", "Hrs", "m5.large Linux hour", "0.096" },
    { "AmazonEC2", "BoxUsage:m5.xlarge", "RunInstances", "3SYNTHM5XLARGE01", "Hrs", "m5.xlarge Linux hour", "0.192" },
    { "AmazonEC2", "EBS:VolumeUsage.gp3", "CreateVolume", "3SYNTHEBSGP30001", "GB-Mo", "gp3 storage", "0.08" },
    { "AmazonRDS", "InstanceUsage:db.r5.large", "CreateDBInstance", "3SYNTHRDSR5LARGE", "Hrs", "db.r5.large hour", "0.24" },
    { "AmazonVPC", "EU-VPN-Usage-Hours:ipsec.1", "CreateVpnConnection", "3SYNTHVPN0000001", "Hrs", "VPN hour", "0.05" },
    { "AmazonS3", "TimedStorage-ByteHrs", "StandardStorage", "3SYNTHS3STD00001", "GB-Mo", "S3 storage", "0.023" },
};
static const int meter_of_ten[10] = { 0, 0, 0, 1, 1, 2, 2, 3, 4, 5 };
static const char *const accounts[] = { "200000000011", "200000000012", "200000000013", "200000000021",
                                        "200000000022", "200000000031", "200000000041", "100000000001" };

/* What one event borrows its texts from. */
struct texts {
    char id[32], resource[32];
};

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

static void make_event(uint64_t number, uint64_t per_hour, struct texts *texts, struct usage_event *event)
{
    uint64_t resource = number % per_hour, hour = number / per_hour % HOURS;
    int meter = meter_of_ten[resource % 10];
    *event = (struct usage_event){ 0 };
    snprintf(texts->id, sizeof texts->id, "e%012llu", (unsigned long long)number);
    snprintf(texts->resource, sizeof texts->resource, "i-%016llx", (unsigned long long)resource * 0x9e3779b97f4a7c15u);
    set(event, USAGE_EVENT_event_id, texts->id);
    set(event, USAGE_EVENT_payer_account_id, "100000000001");
    set(event, USAGE_EVENT_usage_account_id, accounts[resource / 10 % ARRAY_COUNT(accounts)]);
    set(event, USAGE_EVENT_product_code, meters[meter].product);
    set(event, USAGE_EVENT_usage_type, meters[meter].usage_type);
    set(event, USAGE_EVENT_operation, meters[meter].operation);
    set(event, USAGE_EVENT_sku, meters[meter].sku);
    set(event, USAGE_EVENT_region, "us-east-1");
    set(event, USAGE_EVENT_resource_id, texts->resource);
    set(event, USAGE_EVENT_unit, meters[meter].unit);
    set(event, USAGE_EVENT_currency, "USD");
    set(event, USAGE_EVENT_description, meters[meter].description);
    event->usage_start = JUNE_2026_MS + (int64_t)hour * HOUR_MS;
    event->usage_end = event->usage_start + HOUR_MS;
    record_set(event, USAGE_EVENT_usage_start);
    record_set(event, USAGE_EVENT_usage_end);
    i128 amount = decimal_power(QUANTITY_SCALE - 2) * (i128)(1 + number % 100), rate = rate_of(meters[meter].rate);
    set_decimal(event, USAGE_EVENT_usage_amount, amount);
    set_decimal(event, USAGE_EVENT_public_on_demand_rate, rate);
    set_decimal(event, USAGE_EVENT_unblended_cost, amount * rate);
}

static void write_csv_row(FILE *out, const struct usage_event *event)
{
    char start[TIME_TEXT_MAX], end[TIME_TEXT_MAX], amount[DECIMAL_TEXT_MAX], rate[DECIMAL_TEXT_MAX], cost[DECIMAL_TEXT_MAX];
    time_format(event->usage_start, start);
    time_format(event->usage_end, end);
    decimal_format(event->usage_amount, QUANTITY_SCALE, amount);
    decimal_format(event->public_on_demand_rate, RATE_SCALE, rate);
    decimal_format(event->unblended_cost, AMOUNT_SCALE, cost);
    fprintf(out, "%s,%s/%s,AWS,%s,%s,Usage,%s,%s,%s,%s,%s,%s,%s,%s,%s,USD,%s,%s,%s,%s\n", event->event_id.data, start, end,
            event->payer_account_id.data, event->usage_account_id.data, event->product_code.data, event->usage_type.data,
            event->operation.data, event->sku.data, event->region.data, event->resource_id.data, start, end, amount, rate,
            cost, event->unit.data, event->description.data);
}

static const char csv_heading[] =
    "identity/LineItemId,identity/TimeInterval,bill/BillingEntity,bill/PayerAccountId,lineItem/UsageAccountId,"
    "lineItem/LineItemType,lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,product/sku,product/regionCode,"
    "lineItem/ResourceId,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/UsageAmount,lineItem/CurrencyCode,"
    "pricing/publicOnDemandRate,lineItem/UnblendedCost,pricing/unit,lineItem/LineItemDescription\n";

int main(int argc, char **argv)
{
    uint64_t events = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    char format = argc == 3 ? argv[2][0] : '\0';
    if (events == 0 || !strchr("jca", format)) {
        fprintf(stderr, "usage: generate_month EVENTS jsonl|csv|avro > FILE\n");
        return 2;
    }
    uint64_t per_hour = (events + HOURS - 1) / HOURS;
    struct error error;
    struct avro_file_writer *avro = NULL;
    struct buffer bytes = { 0 };
    bool done = format != 'a' || avro_file_create(stdout, &usage_event_type, AVRO_FILE_NULL, &avro, &error);
    if (format == 'c')
        fputs(csv_heading, stdout);
    for (uint64_t i = 0; i < events && done; i++) {
        struct texts texts;
        struct usage_event event;
        make_event(i, per_hour, &texts, &event);
        buffer_clear(&bytes);
        if (format == 'c') {
            write_csv_row(stdout, &event);
        } else if (format == 'a') {
            avro_encode(&usage_event_type, &event, &bytes);
            done = avro_file_append(avro, buffer_text(&bytes), &error);
        } else {
            json_write_record(&bytes, &usage_event_type, &event, JSON_ABSENT_LEFT_OUT);
            buffer_append_byte(&bytes, '\n');
            fwrite(bytes.data, 1, bytes.size, stdout);
        }
    }
    done = avro_file_finish(avro, &error) && done && fflush(stdout) == 0;
    buffer_done(&bytes);
    if (!done)
        fprintf(stderr, "generate_month: cannot write\n");
    return done ? 0 : 1;
}
