/* documents/offer_csv.c: on-demand rows as numbers of their texts, sorted by sku, then made JSON sku by sku. */
#include "documents/offer_csv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/intern.h"
#include "codec/csv_row.h"
#include "codec/record_reader.h"

#define LINE_BYTES_MAX ((size_t)256 * 1024)

enum column {
    COLUMN_SKU,
    COLUMN_TERM,
    COLUMN_TERM_TYPE,
    COLUMN_DATE,
    COLUMN_BEGIN,
    COLUMN_END,
    COLUMN_UNIT,
    COLUMN_PRICE,
    COLUMN_CURRENCY,
    COLUMN_SERVICE,
    COLUMN_USAGE_TYPE,
    COLUMN_OPERATION,
    COLUMN_RELATED,
    COLUMN_COUNT
};

static const char *const headings[COLUMN_COUNT] = {
    [COLUMN_SKU] = "SKU",
    [COLUMN_TERM] = "OfferTermCode",
    [COLUMN_TERM_TYPE] = "TermType",
    [COLUMN_DATE] = "EffectiveDate",
    [COLUMN_BEGIN] = "StartingRange",
    [COLUMN_END] = "EndingRange",
    [COLUMN_UNIT] = "Unit",
    [COLUMN_PRICE] = "PricePerUnit",
    [COLUMN_CURRENCY] = "Currency",
    [COLUMN_SERVICE] = "serviceCode",
    [COLUMN_USAGE_TYPE] = "usageType",
    [COLUMN_OPERATION] = "operation",
    [COLUMN_RELATED] = "RelatedTo",
};
static const enum column needed[] = { COLUMN_SKU,   COLUMN_TERM_TYPE, COLUMN_BEGIN,     COLUMN_END,
                                      COLUMN_PRICE, COLUMN_CURRENCY,  COLUMN_USAGE_TYPE };

#define INDEX_NONE SIZE_MAX

/* Numbers in `texts`. */
struct price_row {
    uint32_t texts[COLUMN_COUNT];
    uint64_t line;
};

struct reader {
    struct record_reader *records;
    struct csv_row *row;
    size_t columns[COLUMN_COUNT]; /* index of each; INDEX_NONE */
    struct intern texts;
    struct price_row *rows;
    size_t row_count, row_capacity;
    uint32_t offer_code; /* INTERN_NONE: not named */
    const char *name;
    struct error *error;
};

/* AWS's own files spell "usageType" and "usagetype", "Product Family" and "productFamily". */
static bool same_word(struct text a, const char *b)
{
    for (size_t i = 0; i < a.size; i++) {
        if (a.data[i] == ' ')
            continue;
        if (*b == '\0' || ((unsigned char)a.data[i] | 0x20) != ((unsigned char)*b | 0x20))
            return false;
        b++;
    }
    return *b == '\0';
}

static bool next_row(struct reader *reader, bool *found, uint64_t *line)
{
    struct text record;
    enum record_status status = record_reader_next(reader->records, &record, line);
    *found = status == RECORD_OK;
    if (status == RECORD_END)
        return true;
    if (status == RECORD_OK && csv_row_parse(reader->row, record))
        return true;
    return error_fail(reader->error, status == RECORD_FAILED ? ERROR_FAILED : ERROR_INVALID,
                      "%s: line %llu: no row of an offer file: %s", reader->name, (unsigned long long)*line,
                      status == RECORD_OK          ? "its quotation marks do not match"
                      : status == RECORD_TOO_LARGE ? "it is too large"
                                                   : "the file ends inside or cannot be read");
}

static bool place_column(struct reader *reader, enum column column, uint64_t line)
{
    reader->columns[column] = INDEX_NONE;
    for (size_t i = 0; i < csv_row_count(reader->row); i++) {
        if (!same_word(csv_row_field(reader->row, i), headings[column]))
            continue;
        if (reader->columns[column] != INDEX_NONE)
            return error_fail(
                reader->error, ERROR_INVALID,
                "%s: line %llu: the column %s comes twice in the heading, and which of them counts is unknown; "
                "expected each once",
                reader->name, (unsigned long long)line, headings[column]);
        reader->columns[column] = i;
    }
    return true;
}

static bool take_heading(struct reader *reader, uint64_t line)
{
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        if (!place_column(reader, (enum column)c, line))
            return false;
    for (size_t i = 0; i < ARRAY_COUNT(needed); i++)
        if (reader->columns[needed[i]] == INDEX_NONE)
            return error_fail(reader->error, ERROR_INVALID, "%s: line %llu: no heading of an offer file: it lacks %s",
                              reader->name, (unsigned long long)line, headings[needed[i]]);
    return true;
}

static bool is_heading(const struct reader *reader)
{
    for (size_t i = 0; i < csv_row_count(reader->row) && csv_row_count(reader->row) > 2; i++)
        if (same_word(csv_row_field(reader->row, i), headings[COLUMN_SKU]))
            return true;
    return false;
}

/* Lines about the file ("OfferCode","AmazonEC2") come before the heading. */
static bool find_heading(struct reader *reader)
{
    uint64_t line;
    for (bool found = true;;) {
        if (!next_row(reader, &found, &line))
            return false;
        if (!found)
            return error_fail(reader->error, ERROR_INVALID, "%s: no offer file: it has no heading with SKU", reader->name);
        if (same_word(csv_row_field(reader->row, 0), "OfferCode"))
            reader->offer_code = intern_add(&reader->texts, csv_row_field(reader->row, 1));
        if (is_heading(reader))
            return take_heading(reader, line);
    }
}

static bool read_rows(struct reader *reader)
{
    uint64_t line;
    for (bool found = true;;) {
        if (!next_row(reader, &found, &line))
            return false;
        if (!found)
            return true;
        if (!same_word(csv_row_field(reader->row, reader->columns[COLUMN_TERM_TYPE]), "OnDemand"))
            continue;
        struct price_row row = { .line = line };
        for (size_t c = 0; c < COLUMN_COUNT; c++)
            row.texts[c] = intern_add(&reader->texts, csv_row_field(reader->row, reader->columns[c]));
        reader->rows = memory_reserve_one(reader->rows, reader->row_count, &reader->row_capacity, sizeof row);
        reader->rows[reader->row_count++] = row;
    }
}

/* ---- skus ---- */

static struct text field(const struct reader *reader, const struct price_row *row, enum column column)
{
    return intern_text(&reader->texts, row->texts[column]);
}

static void set_text(json_t *object, const char *name, struct text text)
{
    if (text.size)
        json_object_set_new(object, name, json_stringn(text.data, text.size));
}

static json_t *product_of(const struct reader *reader, const struct price_row *row)
{
    json_t *attributes = json_object();
    struct text service = field(reader, row, COLUMN_SERVICE);
    if (service.size == 0 && reader->offer_code != INTERN_NONE)
        service = intern_text(&reader->texts, reader->offer_code);
    set_text(attributes, "servicecode", service);
    set_text(attributes, "usagetype", field(reader, row, COLUMN_USAGE_TYPE));
    set_text(attributes, "operation", field(reader, row, COLUMN_OPERATION));
    return json_pack("{s:o}", "attributes", attributes);
}

/* "SKU1, SKU2" or "SKU1 SKU2". */
static json_t *skus_of(struct text text)
{
    json_t *skus = json_array();
    size_t from = 0;
    for (size_t at = 0; at <= text.size; at++) {
        bool ends = at == text.size || strchr(" ,;[]'\"", text.data[at]);
        if (ends && at > from)
            json_array_append_new(skus, json_stringn(text.data + from, at - from));
        if (ends)
            from = at + 1;
    }
    return skus;
}

static json_t *dimension_of(const struct reader *reader, const struct price_row *row)
{
    json_t *dimension = json_object(), *prices = json_object();
    struct text currency = field(reader, row, COLUMN_CURRENCY), price = field(reader, row, COLUMN_PRICE);
    set_text(dimension, "unit", field(reader, row, COLUMN_UNIT));
    set_text(dimension, "beginRange", field(reader, row, COLUMN_BEGIN));
    set_text(dimension, "endRange", field(reader, row, COLUMN_END));
    json_object_set_new(dimension, "appliesTo", skus_of(field(reader, row, COLUMN_RELATED)));
    if (currency.size)
        json_object_setn_new(prices, currency.data, currency.size, json_stringn(price.data ? price.data : "", price.size));
    json_object_set_new(dimension, "pricePerUnit", prices);
    return dimension;
}

/* Texts that are no UTF-8 give no JSON value; what then is missing is told where it is looked for. */
static json_t *term_of(json_t *terms, const struct reader *reader, const struct price_row *row)
{
    char name[160];
    struct text code = field(reader, row, COLUMN_TERM), date = field(reader, row, COLUMN_DATE);
    snprintf(name, sizeof name, "%.*s.%.*s", (int)(code.size < 64 ? code.size : 64), code.size ? code.data : "",
             (int)(date.size < 64 ? date.size : 64), date.size ? date.data : "");
    json_t *term = json_object_get(terms, name);
    if (term)
        return json_object_get(term, "priceDimensions");
    json_t *dimensions = json_object();
    term = json_pack("{s:o}", "priceDimensions", dimensions);
    set_text(term, "offerTermCode", code);
    set_text(term, "effectiveDate", date);
    if (json_object_set_new(terms, name, term) != 0)
        return NULL;
    return dimensions;
}

static void take_sku(const struct reader *reader, const struct price_row *rows, size_t count,
                     void (*take)(void *context, const struct offer_csv_sku *sku), void *context)
{
    struct offer_csv_sku sku = { field(reader, &rows[0], COLUMN_SKU), product_of(reader, &rows[0]), json_object() };
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "line %llu", (unsigned long long)rows[i].line);
        json_t *dimensions = term_of(sku.terms, reader, &rows[i]);
        if (dimensions)
            json_object_set_new(dimensions, name, dimension_of(reader, &rows[i]));
    }
    take(context, &sku);
    json_decref(sku.product);
    json_decref(sku.terms);
}

static int compare_rows(const void *left, const void *right, void *context)
{
    const struct price_row *a = left, *b = right;
    const struct reader *reader = context;
    int order = text_compare(field(reader, a, COLUMN_SKU), field(reader, b, COLUMN_SKU));
    return order ? order : (a->line > b->line) - (a->line < b->line);
}

static void take_skus(struct reader *reader, void (*take)(void *context, const struct offer_csv_sku *sku), void *context)
{
    if (reader->row_count)
        qsort_r(reader->rows, reader->row_count, sizeof *reader->rows, compare_rows, reader);
    for (size_t first = 0, end; first < reader->row_count; first = end) {
        for (end = first + 1; end < reader->row_count; end++)
            if (reader->rows[end].texts[COLUMN_SKU] != reader->rows[first].texts[COLUMN_SKU])
                break;
        take_sku(reader, reader->rows + first, end - first, take, context);
    }
}

bool offer_csv_read(struct input *input, void (*take)(void *context, const struct offer_csv_sku *sku), void *context,
                    struct error *error)
{
    struct reader reader = { .records = record_reader_new(input, LINE_BYTES_MAX, true),
                             .row = csv_row_new(),
                             .offer_code = INTERN_NONE,
                             .name = input_name(input),
                             .error = error };
    bool done = find_heading(&reader) && read_rows(&reader);
    if (done)
        take_skus(&reader, take, context);
    record_reader_free(reader.records);
    csv_row_free(reader.row);
    intern_done(&reader.texts);
    free(reader.rows);
    return done;
}
