/*
 * tests/bench/generate_month.c: a month of usage (bench/month.h), or what it is priced by, as a file.
 *
 *   generate_month EVENTS jsonl|csv|avro [MONTH] > FILE      MONTH: dense unless given
 *   generate_month document|price-list MONTH [GROUPS [RULES]] > FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/month.h"
#include "codec/avro_encode.h"
#include "codec/avro_file.h"
#include "codec/json_write.h"

static const char csv_heading[] =
    "identity/LineItemId,identity/TimeInterval,bill/BillingEntity,bill/PayerAccountId,lineItem/UsageAccountId,"
    "lineItem/LineItemType,lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,product/sku,product/regionCode,"
    "lineItem/ResourceId,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/UsageAmount,lineItem/CurrencyCode,"
    "pricing/publicOnDemandRate,lineItem/UnblendedCost,pricing/unit,lineItem/LineItemDescription";
static const char csv_tag_heading[] = ",resourceTags/user:app,resourceTags/user:env,resourceTags/user:team";

static void write_csv_row(FILE *out, const struct usage_event *event)
{
    char start[TIME_TEXT_MAX], end[TIME_TEXT_MAX], amount[DECIMAL_TEXT_MAX], rate[DECIMAL_TEXT_MAX], cost[DECIMAL_TEXT_MAX];
    time_format(event->usage_start, start);
    time_format(event->usage_end, end);
    decimal_format(event->usage_amount, QUANTITY_SCALE, amount);
    decimal_format(event->public_on_demand_rate, RATE_SCALE, rate);
    decimal_format(event->unblended_cost, AMOUNT_SCALE, cost);
    fprintf(out, "%s,%s/%s,AWS,%s,%s,Usage,%s,%s,%s,%s,%s,%s,%s,%s,%s,USD,%s,%s,%s,%s", event->event_id.data, start, end,
            event->payer_account_id.data, event->usage_account_id.data, event->product_code.data, event->usage_type.data,
            event->operation.data, event->sku.data, event->region.data, event->resource_id.data, start, end, amount, rate,
            cost, event->unit.data, event->description.data);
    for (size_t i = 0; i < event->tags.count; i++)
        fprintf(out, ",%.*s", TEXT_ARGS(event->tags.items[i].value));
    putc('\n', out);
}

static bool write_usage(const struct month *month, char format)
{
    struct error error;
    struct avro_file_writer *avro = NULL;
    struct buffer bytes = { 0 };
    bool done = format != 'a' || avro_file_create(stdout, &usage_event_type, AVRO_FILE_NULL, &avro, &error);
    if (format == 'c')
        printf("%s%s\n", csv_heading, month->has_tags ? csv_tag_heading : "");
    for (uint64_t i = 0; i < month->events && done; i++) {
        struct month_texts texts;
        struct usage_event event;
        month_event(month, i, &texts, &event);
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
    done = avro_file_finish(avro, &error) && done;
    buffer_done(&bytes);
    return done;
}

static unsigned number_of(int argc, char **argv, int at, unsigned standard)
{
    return argc > at ? (unsigned)strtoul(argv[at], NULL, 10) : standard;
}

static void write_document(const struct month *month, bool prices, unsigned rules)
{
    struct buffer json = { 0 };
    if (prices)
        month_price_list(&json);
    else
        month_document(month, rules, 1, &json);
    fwrite(json.data, 1, json.size, stdout);
    buffer_done(&json);
}

int main(int argc, char **argv)
{
    struct month month;
    bool document = argc >= 3 && strcmp(argv[1], "document") == 0, prices = argc >= 3 && strcmp(argv[1], "price-list") == 0;
    uint64_t events = argc >= 3 ? strtoull(argv[1], NULL, 10) : 0;
    const char *name = document || prices ? argv[2] : argc > 3 ? argv[3] : "dense";
    if (argc < 3 || (!document && !prices && (events == 0 || !strchr("jca", argv[2][0]))) ||
        !month_make(&month, name, events, 0, document ? number_of(argc, argv, 3, 0) : 0)) {
        fprintf(stderr, "usage: generate_month EVENTS jsonl|csv|avro [MONTH] > FILE\n"
                        "       generate_month document|price-list MONTH [GROUPS [RULES]] > FILE\n");
        return 2;
    }
    bool done = true;
    if (document || prices)
        write_document(&month, prices, number_of(argc, argv, 4, 40));
    else
        done = write_usage(&month, argv[2][0]);
    if (done && fflush(stdout) == 0)
        return 0;
    fprintf(stderr, "generate_month: cannot write\n");
    return 1;
}
