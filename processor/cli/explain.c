/* cli/explain.c: proforma explain: a line item's cost, step by step, as a person would check it by hand. */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"
#include "codec/avro_file.h"
#include "codec/json_read.h"
#include "codec/record_reader.h"
#include "model/line_item.h"

#define LINE_BYTES_MAX ((size_t)1024 * 1024)
#define WHOLE_PERCENT 10000 /* 100 % at MODIFIER_SCALE */

static const char explain_help[] =
    "usage: proforma explain LINE_ITEM_ID --out DIR\n"
    "       proforma explain LINE_ITEM_ID [--config FILE] [--set KEY=VALUE]...\n"
    "\n"
    "Shows how a line item came to its cost and does the sum again: one of an earlier\n"
    "`proforma price --out DIR`, or one of the line-items topic.\n";

/* A line item and what its texts live in. */
struct found_item {
    struct line_item item;
    struct arena arena;
    struct buffer scratch;
    bool found;
};

static bool find_in_jsonl(struct input *input, struct text id, struct found_item *found, struct error *error)
{
    struct record_reader *records = record_reader_new(input, LINE_BYTES_MAX, false);
    struct text line;
    uint64_t number;
    bool done = true;
    while (done && !found->found && record_reader_next(records, &line, &number) == RECORD_OK) {
        if (!text_contains(line, id))
            continue;
        done = json_read_record(line, &line_item_type, &found->item, &found->arena, &found->scratch, error);
        found->found = done && text_equal(found->item.line_item_id, id);
    }
    record_reader_free(records);
    return done;
}

static bool find_in_avro(struct input *input, struct text id, struct found_item *found, struct error *error)
{
    struct avro_file_options options = { 0 };
    struct avro_file *file;
    struct refusal refusal;
    if (!avro_file_open(input, &line_item_type, &options, &file, error))
        return false;
    enum avro_file_status status = AVRO_FILE_RECORD;
    while (!found->found && status == AVRO_FILE_RECORD) {
        arena_reset(&found->arena);
        status = avro_file_next(file, &found->item, &found->arena, &refusal, error);
        found->found = status == AVRO_FILE_RECORD && text_equal(found->item.line_item_id, id);
    }
    /* Texts live in the file's block: they are taken over before it goes. */
    for (size_t i = 0; i < line_item_type.field_count && found->found; i++) {
        if (line_item_type.fields[i].kind != FIELD_TEXT || !record_has(&found->item, i))
            continue;
        struct text *member = record_member(&found->item, &line_item_type.fields[i]);
        *member = arena_copy(&found->arena, *member);
    }
    avro_file_close(file);
    if (status == AVRO_FILE_REFUSED || status == AVRO_FILE_TRUNCATED)
        return error_fail(error, ERROR_FAILED, "%s: %s", input_name(input), refusal.detail);
    return status != AVRO_FILE_FAILED;
}

static bool find_item(const char *directory, struct text id, struct found_item *found, struct error *error)
{
    static const struct {
        const char *name;
        bool (*find)(struct input *, struct text, struct found_item *, struct error *);
    } files[] = { { "line-items.jsonl", find_in_jsonl }, { "line-items.avro", find_in_avro } };
    struct buffer path = { 0 };
    struct input *input = NULL;
    bool done = false;
    for (size_t i = 0; i < ARRAY_COUNT(files) && !input; i++) {
        buffer_clear(&path);
        buffer_printf(&path, "%s/%s", directory, files[i].name);
        if (input_open(path.data, &input, error))
            done = files[i].find(input, id, found, error);
    }
    if (!input)
        error_fail(error, ERROR_FAILED, "%s: holds no line-items.jsonl or line-items.avro", directory);
    input_close(input);
    buffer_done(&path);
    if (done && !found->found)
        return error_fail(error, ERROR_FAILED, "%s: no line item %.*s", directory, TEXT_ARGS(id));
    return done;
}

/* ---- in the topic ---- */

struct topic_search {
    struct connection *connection;
    struct text id;
    struct found_item *found;
};

/* The last version counts; its texts are kept until the next one. */
static bool take_from_topic(void *context, const struct stream_record *record, struct error *error)
{
    struct topic_search *search = context;
    struct found_item *found = search->found;
    struct refusal refusal;
    if (!text_equal(record->key, search->id))
        return true;
    arena_reset(&found->arena);
    found->found = !record->is_null;
    if (record->is_null)
        return true;
    struct text kept = arena_copy(&found->arena, record->value);
    return wire_decode(search->connection->wire, &line_item_type, kept, &found->item, &found->arena, &refusal, error) ==
               WIRE_DONE ||
           error_fail(error, ERROR_FAILED, "line-items partition %d, offset %lld: no line item", record->partition,
                      (long long)record->offset);
}

/* The first three letters of an id name the task, and so the partition. */
static bool task_of_id(struct text id, int32_t *task)
{
    *task = 0;
    for (size_t i = 0; i < LINE_ITEM_TASK_LETTERS; i++) {
        char letter = id.size == LINE_ITEM_ID_LETTERS ? id.data[i] : '\0';
        if (letter >= 'a' && letter <= 'z')
            *task = *task * 32 + letter - 'a';
        else if (letter >= '2' && letter <= '7')
            *task = *task * 32 + letter - '2' + 26;
        else
            return false;
    }
    return true;
}

static bool find_in_topic(const struct arguments *arguments, struct connection *connection, struct text id,
                          struct found_item *found, struct error *error)
{
    struct topic_search search = { connection, id, found };
    int32_t task;
    if (!task_of_id(id, &task))
        return error_fail(error, ERROR_INVALID, "%.*s: no line item id; expected %d letters of a-z and 2-7", TEXT_ARGS(id),
                          LINE_ITEM_ID_LETTERS);
    if (!connection_settings(arguments, connection, error) || !connection_open(connection, "explain", error))
        return false;
    if (task >= connection->stream->ops->partition_count(connection->stream, STREAM_LINE_ITEMS))
        return error_fail(error, ERROR_FAILED, "no line item %.*s: there is no task %d", TEXT_ARGS(id), task);
    if (!connection_read(connection, STREAM_LINE_ITEMS, task, take_from_topic, &search, error))
        return false;
    return found->found || error_fail(error, ERROR_FAILED, "no line item %.*s in the topic", TEXT_ARGS(id));
}

static void print_text(const char *label, struct text value)
{
    if (value.size)
        printf("  %-22s %.*s\n", label, TEXT_ARGS(value));
}

static void print_decimal(const char *label, const struct line_item *item, enum line_item_field field)
{
    const struct field *described = &line_item_type.fields[field];
    char text[SUM_TEXT_MAX];
    if (!record_has(item, field))
        return;
    const void *member = record_member_const(item, described);
    struct sum value = described->kind == FIELD_SUM ? *(const struct sum *)member : sum_of(*(const i128 *)member);
    sum_format(&value, described->scale, text);
    printf("  %-22s %s\n", label, text);
}

static void print_what(const struct line_item *item)
{
    char start[TIME_TEXT_MAX];
    time_format(item->usage_start, start);
    printf("Line item %.*s, revision %lld\n\nWhat was used\n", TEXT_ARGS(item->line_item_id), (long long)item->revision);
    print_text("account", item->usage_account_id);
    print_text("from", text_of(start));
    print_text("type", item->line_item_type);
    print_text("service", item->product_code);
    print_text("usage type", item->usage_type);
    print_text("operation", item->operation);
    print_text("sku", item->sku);
    print_text("resource", item->resource_id);
    print_text("description", item->description);
    print_decimal("quantity", item, LINE_ITEM_usage_amount);
    print_text("unit", item->unit);
    if (record_has(item, LINE_ITEM_usage_events))
        printf("  %-22s %lld\n", "usage events", (long long)item->usage_events);
}

static const char *base_meaning(struct text base)
{
    static const char *const meanings[BASE_COUNT] = {
        [BASE_CUSTOM_TIERS] = "the rule's own tiers; no modifier applies",
        [BASE_PRICE_LIST] = "the published price list",
        [BASE_PUBLIC_ON_DEMAND_RATE] = "the event's own public rate: no price list has the meter",
        [BASE_PUBLIC_ON_DEMAND_COST] = "the event's own public cost: there is no rate",
        [BASE_UNBLENDED_COST] = "what AWS bills: the row is kept as billed, or has no public price",
        [BASE_FLAT] = "the custom line item's charge value",
        [BASE_PERCENTAGE] = "a percentage of what the custom line item is associated with",
    };
    for (enum price_base i = BASE_NONE + 1; i < BASE_COUNT; i++)
        if (text_equal(base, price_base_text(i)))
            return meanings[i];
    return "";
}

static void print_how(const struct line_item *item)
{
    printf("\nHow it is priced\n");
    print_text("status", item->status);
    print_text("reason", item->reason);
    if (item->billing_group.size)
        print_text("billing group", item->billing_group);
    else
        printf("  %-22s none: the account is in no group\n", "billing group");
    printf("  %-22s %lld\n", "document version", (long long)item->conductor_version);
    print_text("pricing plan", item->pricing_plan);
    print_text("pricing rule", item->pricing_rule);
    print_decimal("modifier, percent", item, LINE_ITEM_modifier);
    print_text("custom line item", item->custom_line_item);
    if (item->base.size)
        printf("  %-22s %.*s: %s\n", "base", TEXT_ARGS(item->base), base_meaning(item->base));
    if (record_has(item, LINE_ITEM_tier))
        printf("  %-22s %lld: this part of the row lies in that tier of the group's pool\n", "tier",
               (long long)item->tier);
    print_decimal("public rate", item, LINE_ITEM_public_rate);
    print_decimal("public cost", item, LINE_ITEM_public_cost);
    print_decimal("AWS bills", item, LINE_ITEM_billable_cost);
}

static void decimal_text(i128 value, unsigned scale, char out[DECIMAL_TEXT_MAX])
{
    decimal_format(value, scale, out);
}

/* Says the sum, does it, and tells whether the line item says the same. */
static bool check_product(const char *name, i128 a, unsigned scale_a, i128 b, unsigned scale_b, i128 expected,
                          unsigned scale)
{
    char a_text[DECIMAL_TEXT_MAX], b_text[DECIMAL_TEXT_MAX], text[DECIMAL_TEXT_MAX];
    i128 product = 0;
    bool equal = decimal_multiply(a, b, &product) && product == expected;
    decimal_text(a, scale_a, a_text);
    decimal_text(b, scale_b, b_text);
    decimal_text(expected, scale, text);
    printf("  %-22s %s x %s = %s  %s\n", name, a_text, b_text, text, equal ? "(checked)" : "DOES NOT ADD UP");
    return equal;
}

/* Of a row that has a cost they fit. */
static i128 decimal_of(const struct sum *sum)
{
    i128 value = 0;
    return sum_value(sum, &value) ? value : 0;
}

static bool sum_of_rate(const struct line_item *item)
{
    i128 factor = WHOLE_PERCENT + (record_has(item, LINE_ITEM_modifier) ? item->modifier : 0);
    bool equal = true;
    bool from_public = record_has(item, LINE_ITEM_public_rate) && !text_equal(item->base, TEXT("CUSTOM_TIERS"));
    if (from_public && item->public_rate == 0 && item->rate != 0)
        printf("  %-22s the free tier is off: the first paid rate counts\n", "rate");
    else if (from_public)
        equal = check_product("rate", item->public_rate, RATE_SCALE, factor, MODIFIER_SCALE + 2, item->rate,
                              PRICED_RATE_SCALE);
    return check_product("cost", decimal_of(&item->usage_amount), QUANTITY_SCALE, item->rate, PRICED_RATE_SCALE, item->cost,
                         COST_SCALE) && equal;
}

static bool sum_of_amount(const struct line_item *item)
{
    i128 factor = WHOLE_PERCENT + (record_has(item, LINE_ITEM_modifier) ? item->modifier : 0);
    bool public_base = text_equal(item->base, TEXT("PUBLIC_ON_DEMAND_COST"));
    const struct sum *own = record_has(item, LINE_ITEM_unblended_cost) ? &item->unblended_cost : &item->billable_cost;
    return check_product("cost", decimal_of(public_base ? &item->public_on_demand_cost : own), AMOUNT_SCALE, factor,
                         MODIFIER_SCALE + 2, item->cost, COST_SCALE);
}

static bool print_sum(const struct line_item *item)
{
    char cost[DECIMAL_TEXT_MAX];
    printf("\nThe sum\n");
    decimal_text(item->cost, COST_SCALE, cost);
    if (record_has(item, LINE_ITEM_rate))
        return sum_of_rate(item);
    if (text_equal(item->base, TEXT("PUBLIC_ON_DEMAND_COST")) || text_equal(item->base, TEXT("UNBLENDED_COST")))
        return sum_of_amount(item);
    printf("  %-22s %s %.*s\n", "cost", cost, TEXT_ARGS(item->currency));
    return true;
}

int command_explain(int argc, char **argv)
{
    struct arguments arguments;
    struct error error = { 0 };
    struct found_item found = { 0 };
    struct connection connection = { 0 };
    bool done = arguments_parse(argc, argv, OPTION_OUT | OPTION_SETTINGS, &arguments, &error);
    if (done && arguments.help) {
        fputs(explain_help, stdout);
        return EXIT_DONE;
    }
    if (done && arguments.operand_count != 1)
        done = error_fail(&error, ERROR_INVALID, "LINE_ITEM_ID is needed");
    struct text id = text_of(done ? arguments.operands[0] : NULL);
    done = done && (arguments.out ? find_item(arguments.out, id, &found, &error)
                                  : find_in_topic(&arguments, &connection, id, &found, &error));
    int code = EXIT_DONE;
    if (done) {
        print_what(&found.item);
        print_how(&found.item);
        code = print_sum(&found.item) ? EXIT_DONE : EXIT_FAILED;
    } else {
        code = print_failure("explain", &error);
    }
    arena_done(&found.arena);
    buffer_done(&found.scratch);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
