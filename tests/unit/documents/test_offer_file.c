/* documents/offer_file: which published prices a file gives, and how broken ones are reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "documents/offer_file.h"

/* One tiered sku and one flat one. */
static const char valid[] =
    "{\"offerCode\": \"AmazonS3\", \"products\": {"
    "\"SKU1\": {\"sku\": \"SKU1\", \"attributes\": {\"servicecode\": \"AmazonS3\", \"usagetype\": \"Storage\","
    " \"operation\": \"Put\"}},"
    "\"SKU2\": {\"attributes\": {\"usagetype\": \"Requests\"}}},"
    "\"terms\": {\"OnDemand\": {"
    "\"SKU1\": {\"SKU1.T1\": {\"offerTermCode\": \"T1\", \"effectiveDate\": \"2026-06-01T00:00:00Z\", \"priceDimensions\": {"
    "\"b\": {\"unit\": \"GB\", \"beginRange\": \"100\", \"endRange\": \"Inf\", \"pricePerUnit\": {\"USD\": "
    "\"0.0220000000\"}},"
    "\"a\": {\"unit\": \"GB\", \"beginRange\": \"0\", \"endRange\": \"100\", \"pricePerUnit\": {\"USD\": "
    "\"0.0230000000\"}}}}},"
    "\"SKU2\": {\"SKU2.T1\": {\"priceDimensions\": {"
    "\"c\": {\"StartingRange\": 0, \"EndingRange\": \"Inf\", \"pricePerUnit\": {\"USD\": 0.0000000001}}}}}},"
    "\"Reserved\": {\"SKU1\": {\"anything\": [{}]}}}}";

static bool read_text(struct text document, struct text currency, struct price_list *list, struct problems *problems,
                      struct error *error)
{
    struct input *input = input_from_memory(document.data, document.size, "offer.json");
    bool done = offer_file_read(input, currency, list, problems, error);
    input_close(input);
    if (done)
        price_list_index(list);
    return done;
}

static void replace_once(const char *document, const char *from, const char *to, struct buffer *out)
{
    const char *at = strstr(document, from);
    if (!at || strstr(at + 1, from))
        fail_msg("\"%s\" is in the document %s", from, at ? "twice" : "not at all");
    buffer_append(out, document, (size_t)(at - document));
    buffer_append_text(out, text_of(to));
    buffer_append_text(out, text_of(at + strlen(from)));
}

/* "sku service usage_type operation unit begin:rate…" of each entry, a line each. */
static void describe(const struct price_list *list, struct buffer *out)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct price_list_entry *entry = &list->entries[i];
        buffer_printf(out, "%.*s %.*s %.*s %.*s %.*s", TEXT_ARGS(entry->sku), TEXT_ARGS(entry->service),
                      TEXT_ARGS(entry->usage_type), TEXT_ARGS(entry->operation), TEXT_ARGS(entry->unit));
        for (uint32_t j = 0; j < entry->schedule.count; j++) {
            char begin[DECIMAL_TEXT_MAX], rate[DECIMAL_TEXT_MAX];
            decimal_format(entry->schedule.tiers[j].begin, QUANTITY_SCALE, begin);
            decimal_format(entry->schedule.tiers[j].rate, RATE_SCALE, rate);
            buffer_printf(out, " %s:%s", begin, rate);
        }
        if (price_list_entry_is_allowance(entry)) {
            char end[DECIMAL_TEXT_MAX];
            decimal_format(entry->schedule.tiers[entry->schedule.count - 1].end, QUANTITY_SCALE, end);
            buffer_printf(out, " to %s", end);
        }
        for (uint32_t j = 0; j < entry->applies_to_count; j++)
            buffer_printf(out, " for %.*s", TEXT_ARGS(entry->applies_to[j]));
        if (entry->since != 0 && entry->since != 2026 * 12 + 5) {
            char since[TIME_TEXT_MAX];
            period_format(entry->since, since);
            buffer_printf(out, " since %s", since);
        }
        buffer_append_byte(out, '\n');
    }
}

#define SKU1_LINE "SKU1 AmazonS3 Storage Put GB 0:0.023 100:0.022\n"
#define SKU2_LINE "SKU2 AmazonS3 Requests   0:0.0000000001\n"

static void files_become_entries(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *entries;
    } rows[] = {
        { "\"anything\"", "\"anything\"", SKU1_LINE SKU2_LINE },
        /* each term from the first month that begins with it; of one month the latest term, then the smallest code */
        { "\"SKU1\": {\"SKU1.T1\":",
          "\"SKU1\": {\"SKU1.T0\": {\"effectiveDate\": \"2026-04-02T00:00:00Z\", \"offerTermCode\":"
          " \"T0\", \"priceDimensions\": {\"x\": {\"unit\": \"GB\", \"pricePerUnit\": {\"USD\": \"7\"}}}}, \"SKU1.T1\":",
          "SKU1 AmazonS3 Storage Put GB 0:7 since 2026-05\n" SKU1_LINE SKU2_LINE },
        { "\"SKU1\": {\"SKU1.T1\":",
          "\"SKU1\": {\"SKU1.T2\": {\"effectiveDate\": \"2026-06-01T00:00:00Z\","
          " \"offerTermCode\": \"T2\", \"priceDimensions\": {}}, \"SKU1.T1\":",
          SKU1_LINE SKU2_LINE },
        { "\"SKU1\": {\"SKU1.T1\":",
          "\"SKU1\": {\"SKU1.T2\": {\"effectiveDate\": \"2026-06-02T00:00:00Z\", \"offerTermCode\":"
          " \"T2\", \"priceDimensions\": {\"x\": {\"unit\": \"GB\", \"pricePerUnit\": {\"USD\": \"7\"}}}}, \"SKU1.T1\":",
          SKU1_LINE "SKU1 AmazonS3 Storage Put GB 0:7 since 2026-07\n" SKU2_LINE },
        { "\"SKU1\": {\"SKU1.T1\":",
          "\"SKU1\": {\"SKU1.T2\": {\"effectiveDate\": \"2026-05-20T00:00:00Z\", \"offerTermCode\":"
          " \"T2\", \"priceDimensions\": {\"x\": {\"unit\": \"GB\", \"pricePerUnit\": {\"USD\": \"7\"}}}}, \"SKU1.T1\":",
          SKU1_LINE SKU2_LINE },
        /* ranges that end are an allowance */
        { "\"EndingRange\": \"Inf\", ", "\"EndingRange\": \"1000000\", \"appliesTo\": [\"SKU1\", \"SKU9\"], ",
          SKU1_LINE "SKU2 AmazonS3 Requests   0:0.0000000001 to 1000000 for SKU1 for SKU9\n" },
        { "\"0.0230000000\"", "\"0\"", "SKU1 AmazonS3 Storage Put GB 0:0 100:0.022\n" SKU2_LINE },
        /* nothing to price by: no terms, no product, no usage type */
        { "\"SKU2\": {\"SKU2.T1\"", "\"SKU3\": {\"SKU2.T1\"", SKU1_LINE },
        { "\"usagetype\": \"Requests\"", "\"location\": \"x\"", SKU1_LINE },
        { "\"OnDemand\": {", "\"OnDemand\": {\"SKU0\": {},", SKU1_LINE SKU2_LINE },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer document = { 0 }, entries = { 0 };
        struct price_list list = { 0 };
        struct problems problems = { 0 };
        struct error error = { 0 };
        replace_once(valid, rows[i].from, rows[i].to, &document);
        if (!read_text(buffer_text(&document), TEXT("USD"), &list, &problems, &error) || problems.total)
            fail_msg("%s: %s, %zu problems", rows[i].to, error.message, problems.count);
        describe(&list, &entries);
        if (!text_equal(buffer_text(&entries), text_of(rows[i].entries)))
            fail_msg("%s: found\n%.*s", rows[i].to, TEXT_ARGS(buffer_text(&entries)));
        buffer_done(&document);
        buffer_done(&entries);
        price_list_done(&list);
        problems_done(&problems);
    }
}

static void products_and_offer_code_may_come_after_the_terms(void **state)
{
    (void)state;
    const char *products = strstr(valid, "\"products\""), *terms = strstr(valid, "\"terms\"");
    struct buffer document = { 0 }, entries = { 0 };
    struct price_list list = { 0 };
    struct problems problems = { 0 };
    struct error error = { 0 };
    buffer_append_byte(&document, '{');
    buffer_append(&document, terms, strlen(terms) - 1);
    buffer_append_byte(&document, ',');
    buffer_append(&document, products, (size_t)(terms - products));
    buffer_append_text(&document, TEXT("\"offerCode\": \"AmazonS3\"}"));
    assert_true(read_text(buffer_text(&document), TEXT("USD"), &list, &problems, &error));
    describe(&list, &entries);
    assert_true(text_equal(buffer_text(&entries), TEXT(SKU1_LINE SKU2_LINE)));
    buffer_done(&document);
    buffer_done(&entries);
    price_list_done(&list);
    problems_done(&problems);
}

#define SKU1_DIMENSIONS "terms.OnDemand.SKU1.SKU1.T1.priceDimensions"

static void broken_prices_are_reported_and_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *reason, *path, *value;
    } rows[] = {
        { "\"beginRange\": \"100\"", "\"beginRange\": \"101\"", "ILLEGAL_TIERING_INPUT", SKU1_DIMENSIONS,
          "[0, 100) [101, Inf)" },
        { "\"beginRange\": \"100\"", "\"beginRange\": \"99.5\"", "ILLEGAL_TIERING_INPUT", SKU1_DIMENSIONS,
          "[0, 100) [99.5, Inf)" },
        { "\"beginRange\": \"0\"", "\"beginRange\": \"1\"", "ILLEGAL_TIERING_INPUT", SKU1_DIMENSIONS,
          "[1, 100) [100, Inf)" },
        { "\"endRange\": \"Inf\", \"pricePerUnit\": {\"USD\": \"0.022",
          "\"endRange\": \"900\", \"pricePerUnit\": {\"USD\": \"0.022", "ILLEGAL_TIERING_INPUT", "terms.OnDemand.SKU1",
          "Storage" },
        { "\"EndingRange\": \"Inf\"", "\"EndingRange\": \"900\"", "ILLEGAL_TIERING_INPUT", "terms.OnDemand.SKU2",
          "Requests" },
        { "\"endRange\": \"100\"", "\"endRange\": \"100\", \"appliesTo\": \"SKU2\"", "FIELD_VALIDATION_FAILED",
          SKU1_DIMENSIONS ".a.appliesTo", "SKU2" },
        { "{\"unit\": \"GB\", \"beginRange\": \"0\"", "{\"unit\": \"MB\", \"beginRange\": \"0\"", "ILLEGAL_TIERING_INPUT",
          SKU1_DIMENSIONS ".a.unit", "MB" },
        { "0.0230000000", "0.00000000001", "ILLEGAL_TIERING_INPUT", SKU1_DIMENSIONS ".a.pricePerUnit.USD", "0.00000000001" },
        { "0.0230000000", "-1", "ILLEGAL_TIERING_INPUT", SKU1_DIMENSIONS ".a.pricePerUnit.USD", "-1" },
        { "0.0230000000", "free", "FIELD_VALIDATION_FAILED", SKU1_DIMENSIONS ".a.pricePerUnit.USD", "free" },
        { "\"beginRange\": \"0\"", "\"beginRange\": []", "FIELD_VALIDATION_FAILED", SKU1_DIMENSIONS ".a.beginRange", "[]" },
        { "\"2026-06-01T00:00:00Z\"", "\"June\"", "FIELD_VALIDATION_FAILED", "terms.OnDemand.SKU1.SKU1.T1.effectiveDate",
          "June" },
        { "\"SKU2\": {\"SKU2.T1\"", "\"SKU1\": {\"SKU2.T1\"", "FIELD_VALIDATION_FAILED", "terms.OnDemand.SKU1", "SKU1" },
        { "\"SKU2\": {\"attributes\"", "\"SKU1\": {\"attributes\"", "FIELD_VALIDATION_FAILED", "products.SKU1", "SKU1" },
        { "\"usagetype\": \"Storage\"", "\"usagetype\": false", "FIELD_VALIDATION_FAILED",
          "products.SKU1.attributes.usagetype", "false" },
        { "{\"SKU2.T1\": {\"priceDimensions\": {", "{\"SKU2.T1\": {\"dimensions\": {", "FIELD_VALIDATION_FAILED",
          "terms.OnDemand.SKU2.SKU2.T1.priceDimensions", "" },
        { "{\"USD\": 0.0000000001}", "{\"CNY\": 0.0000000001}", "FIELD_VALIDATION_FAILED", "terms.OnDemand.SKU2", "" },
        { "{\"USD\": \"0.0220000000\"}", "{\"CNY\": \"0.0220000000\"}", "FIELD_VALIDATION_FAILED", "terms.OnDemand.SKU1",
          "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer document = { 0 }, line = { 0 };
        struct price_list list = { 0 };
        struct problems problems = { 0 };
        struct error error = { 0 };
        replace_once(valid, rows[i].from, rows[i].to, &document);
        assert_true(read_text(buffer_text(&document), TEXT("USD"), &list, &problems, &error));
        assert_int_equal(problems.total, 1);
        const struct problem *problem = &problems.items[0];
        problem_format(problem, &line);
        if (strcmp(problem_reason_text(problem->reason), rows[i].reason) != 0 ||
            !text_equal(problem->path, text_of(rows[i].path)) || !text_equal(problem->value, text_of(rows[i].value)))
            fail_msg("%s: found %.*s", rows[i].to, TEXT_ARGS(buffer_text(&line)));
        assert_int_equal(list.count, 1);
        assert_int_equal(list.left_out, 1);
        buffer_done(&document);
        buffer_done(&line);
        price_list_done(&list);
        problems_done(&problems);
    }
}

static void a_file_without_any_price_in_the_currency_is_one_problem(void **state)
{
    (void)state;
    struct price_list list = { 0 };
    struct problems problems = { 0 };
    struct error error = { 0 };
    assert_true(read_text(text_of(valid), TEXT("CNY"), &list, &problems, &error));
    assert_int_equal(problems.total, 1);
    assert_true(text_equal(problems.items[0].path, TEXT("terms.OnDemand")));
    assert_true(text_equal(problems.items[0].expected, TEXT("a price in CNY in any dimension")));
    price_list_done(&list);
    problems_done(&problems);
}

#define ITEM(sku, rate)                                                                                                 \
    "{\"product\":{\"sku\":\"" sku "\",\"attributes\":{\"servicecode\":\"S\",\"usagetype\":\"U-" sku "\"}},\"terms\":{" \
    "\"OnDemand\":{\"" sku ".T\":{\"sku\":\"" sku "\",\"priceDimensions\":{\"d\":{\"pricePerUnit\":{\"USD\":\"" rate    \
    "\"}}}}}}}"
#define ITEM_TEXT(sku, rate)                                                                                               \
    "\"{\\\"product\\\":{\\\"sku\\\":\\\"" sku "\\\",\\\"attributes\\\":{\\\"servicecode\\\":\\\"S\\\",\\\"usagetype\\\":" \
    "\\\"U-" sku "\\\"}},\\\"terms\\\":{\\\"OnDemand\\\":{\\\"" sku ".T\\\":{\\\"priceDimensions\\\":{\\\"d\\\":{"         \
    "\\\"pricePerUnit\\\":{\\\"USD\\\":\\\"" rate "\\\"}}}}}}}\""
#define ITEM_LINES "A S U-A   0:1\nB S U-B   0:2\n"

static void replies_of_get_products_are_read_in_every_shape(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "{\"FormatVersion\":\"aws_v1\",\"PriceList\":[" ITEM_TEXT("A", "1") "," ITEM_TEXT("B", "2") "]}",
        "{\"PriceList\":[" ITEM("A", "1") "," ITEM("B", "2") "],\"NextToken\":null}",
        "{\"PriceList\":[" ITEM("A", "1") "],\"NextToken\":\"t\"}\n{\"PriceList\":[" ITEM_TEXT("B", "2") "]}",
        "[" ITEM("A", "1") "," ITEM_TEXT("B", "2") "]",
        "[{\"PriceList\":[" ITEM("A", "1") "]},{\"PriceList\":[" ITEM("B", "2") "]}]",
        ITEM("A", "1") "\n" ITEM("B", "2") "\n",
    };
    for (size_t i = 0; i < ARRAY_COUNT(documents); i++) {
        struct buffer entries = { 0 };
        struct price_list list = { 0 };
        struct problems problems = { 0 };
        struct error error = { 0 };
        if (!read_text(text_of(documents[i]), TEXT("USD"), &list, &problems, &error) || problems.total)
            fail_msg("%s: %s, %zu problems", documents[i], error.message, problems.count);
        describe(&list, &entries);
        if (!text_equal(buffer_text(&entries), TEXT(ITEM_LINES)))
            fail_msg("%s: found\n%.*s", documents[i], TEXT_ARGS(buffer_text(&entries)));
        buffer_done(&entries);
        price_list_done(&list);
        problems_done(&problems);
    }
}

static void a_reply_that_is_not_the_last_page_is_a_problem(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "{\"PriceList\":[" ITEM("A", "1") "],\"NextToken\":\"t\"}",
        "{\"PriceList\":[" ITEM("A", "1") "],\"NextToken\":\"t\"}{\"PriceList\":[" ITEM("B", "1") "],\"NextToken\":\"u\"}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(documents); i++) {
        struct price_list list = { 0 };
        struct problems problems = { 0 };
        struct error error = { 0 };
        assert_true(read_text(text_of(documents[i]), TEXT("USD"), &list, &problems, &error));
        assert_int_equal(problems.total, 1);
        assert_true(text_contains(problems.items[0].expected, TEXT("aws pricing get-products")));
        assert_int_equal(list.left_out, 0);
        price_list_done(&list);
        problems_done(&problems);
    }
}

static void what_has_no_products_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *document, *named;
    } rows[] = {
        { "{\"formatVersion\":\"v1.0\",\"offers\":{\"AmazonEC2\":{\"offerCode\":\"AmazonEC2\"}}}", "index of offer files" },
        { "{\"regions\":{\"eu-west-1\":{}}}", "index of regions" },
        { "{\"versions\":{\"20260501\":{}}}", "index of versions" },
        { "{\"BillingGroups\":[]}", "conductor document" },
        { "{}", "no products" },
        { "{\"terms\":{\"OnDemand\":{}}}", "no products" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price_list list = { 0 };
        struct problems problems = { 0 };
        struct error error = { 0 };
        assert_false(read_text(text_of(rows[i].document), TEXT("USD"), &list, &problems, &error));
        assert_int_equal(error.kind, ERROR_INVALID);
        if (!strstr(error.message, rows[i].named) || !strstr(error.message, "offer.json"))
            fail_msg("%s: %s", rows[i].document, error.message);
        price_list_done(&list);
        problems_done(&problems);
    }
}

#define CSV_HEAD                                                                                                        \
    "\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"a, b\"\n\"OfferCode\",\"AmazonS3\"\n"                                 \
    "\"SKU\",\"OfferTermCode\",\"RateCode\",\"TermType\",\"EffectiveDate\",\"StartingRange\",\"EndingRange\",\"Unit\"," \
    "\"PricePerUnit\",\"Currency\",\"serviceCode\",\"usageType\",\"operation\"\n"

static void the_csv_form_gives_the_same_entries(void **state)
{
    (void)state;
    static const struct {
        const char *rows, *entries;
        size_t problems;
    } rows[] = {
        { "SKU1,T1,r,OnDemand,2026-06-01,100,Inf,GB,0.0220000000,USD,AmazonS3,Storage,Put\n"
          "SKU2,T1,r,OnDemand,,0,Inf,,0.0000000001,USD,,Requests,\n"
          "SKU1,T1,r,Reserved,2026-06-01,0,Inf,GB,9,USD,AmazonS3,Storage,Put\n"
          "SKU1,T1,r,OnDemand,2026-06-01,0,100,GB,0.0230000000,USD,AmazonS3,Storage,Put\n",
          SKU1_LINE SKU2_LINE, 0 },
        { "SKU1,T1,r,OnDemand,2026-06-01,0,100,GB,0.023,USD,AmazonS3,Storage,Put\n"
          "SKU1,T1,r,OnDemand,2026-06-01,200,Inf,GB,0.022,USD,AmazonS3,Storage,Put\n"
          "SKU2,T1,r,OnDemand,,0,Inf,,0.0000000001,USD,,Requests,\n",
          SKU2_LINE, 1 },
        { "SKU1,T1,r,OnDemand,2026-06-01,0,Inf,GB,1,CNY,AmazonS3,Storage,Put\n"
          "SKU2,T1,r,OnDemand,,0,Inf,,0.0000000001,USD,,Requests,\n",
          SKU2_LINE, 1 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer document = { 0 }, entries = { 0 };
        struct price_list list = { 0 };
        struct problems problems = { 0 };
        struct error error = { 0 };
        buffer_printf(&document, "%s%s", CSV_HEAD, rows[i].rows);
        if (!read_text(buffer_text(&document), TEXT("USD"), &list, &problems, &error))
            fail_msg("row %zu: %s", i, error.message);
        describe(&list, &entries);
        if (!text_equal(buffer_text(&entries), text_of(rows[i].entries)) || problems.total != rows[i].problems)
            fail_msg("row %zu: %zu problems, found\n%.*s", i, problems.count, TEXT_ARGS(buffer_text(&entries)));
        assert_int_equal(list.left_out, rows[i].problems);
        buffer_done(&document);
        buffer_done(&entries);
        price_list_done(&list);
        problems_done(&problems);
    }
}

static void a_csv_that_is_no_offer_file_is_an_error_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *document, *named;
    } rows[] = {
        { "\"FormatVersion\",\"v1.0\"\n\"SKU\",\"OfferTermCode\",\"TermType\"\n",
          "line 2: no heading of an offer file: it lacks" },
        { "\"FormatVersion\",\"OfferTermCode\"\n", "no heading with SKU" },
        { CSV_HEAD "SKU1,T1,\"open\n", "quotation marks" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price_list list = { 0 };
        struct problems problems = { 0 };
        struct error error = { 0 };
        assert_false(read_text(text_of(rows[i].document), TEXT("USD"), &list, &problems, &error));
        assert_int_equal(error.kind, ERROR_INVALID);
        if (!strstr(error.message, rows[i].named) && !strstr(error.message, "the file ends inside"))
            fail_msg("%s: %s", rows[i].document, error.message);
        price_list_done(&list);
        problems_done(&problems);
    }
}

static void a_file_that_is_cut_off_is_an_error(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof valid - 1; size += 7) {
        struct price_list list = { 0 };
        struct problems problems = { 0 };
        struct error error = { 0 };
        assert_false(read_text((struct text){ valid, size }, TEXT("USD"), &list, &problems, &error));
        assert_int_equal(error.kind, ERROR_INVALID);
        assert_non_null(strstr(error.message, "found the end of the file, expected"));
        price_list_done(&list);
        problems_done(&problems);
    }
}

static void the_sample_files_give_their_meters(void **state)
{
    (void)state;
    static const char *const paths[] = { "tests/data/pricelist/AmazonEC2.json", "tests/data/pricelist/AmazonS3.json" };
    struct price_list list = { 0 };
    struct problems problems = { 0 };
    struct error error = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
        struct input *input;
        assert_true(input_open(paths[i], &input, &error));
        assert_true(offer_file_read(input, TEXT("USD"), &list, &problems, &error));
        input_close(input);
    }
    price_list_index(&list);
    struct buffer entries = { 0 };
    describe(&list, &entries);
    assert_true(text_equal(
        buffer_text(&entries),
        TEXT("3SYNTHDTOUT00001 AmazonEC2 DataTransfer-Out-Bytes RunInstances GB 0:0.09 10240:0.085 51200:0.07 153600:0.05\n"
             "3SYNTHM5LARGE001 AmazonEC2 BoxUsage:m5.large RunInstances Hrs 0:0.096\n"
             "3SYNTHS3STD00001 AmazonS3 TimedStorage-ByteHrs  GB-Mo 0:0.023 51200:0.022 512000:0.021\n"
             "3SYNTHS3STD00002 AmazonS3 EU-TimedStorage-ByteHrs  GB-Mo 0:0.023 51200:0.022 512000:0.021\n")));
    assert_int_equal(problems.total, 0);
    buffer_done(&entries);
    price_list_done(&list);
    problems_done(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_become_entries),
        cmocka_unit_test(products_and_offer_code_may_come_after_the_terms),
        cmocka_unit_test(broken_prices_are_reported_and_left_out),
        cmocka_unit_test(a_file_without_any_price_in_the_currency_is_one_problem),
        cmocka_unit_test(replies_of_get_products_are_read_in_every_shape),
        cmocka_unit_test(a_reply_that_is_not_the_last_page_is_a_problem),
        cmocka_unit_test(what_has_no_products_is_named),
        cmocka_unit_test(the_csv_form_gives_the_same_entries),
        cmocka_unit_test(a_csv_that_is_no_offer_file_is_an_error_with_its_line),
        cmocka_unit_test(a_file_that_is_cut_off_is_an_error),
        cmocka_unit_test(the_sample_files_give_their_meters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
