/* documents/offer_term.c: picks a sku's term and builds its tiers: half-open, contiguous, from 0 to Inf. */
#include "documents/offer_term.h"

#include <stdlib.h>

#include "base/memory.h"
#include "documents/price_bounds.h"
#include "model/calendar.h"

#define DATE_NONE INT64_MIN

/* A term with what it is chosen by. */
struct candidate {
    struct text code;
    int64_t effective_ms; /* DATE_NONE: gives none */
};

static bool read_candidate(const struct node *term, struct text key, struct candidate *ret)
{
    struct node date = node_member(term, "effectiveDate"), code = node_member(term, "offerTermCode");
    struct text text;
    *ret = (struct candidate){ key, DATE_NONE };
    if (!node_is_object(term))
        return false;
    node_text(&code, &ret->code);
    if (!node_is_present(&date))
        return true;
    if (!node_text(&date, &text))
        return false;
    if (!time_parse(text, &ret->effective_ms)) {
        node_problem(&date, PROBLEM_FIELD_VALIDATION_FAILED, "a time such as 2026-06-01T00:00:00Z");
        return false;
    }
    return true;
}

static bool is_preferred(const struct candidate *a, const struct candidate *b)
{
    if (a->effective_ms != b->effective_ms)
        return a->effective_ms > b->effective_ms;
    return text_compare(a->code, b->code) < 0;
}

/* The member of terms.OnDemand.<sku> to read; absent if there is none, or if one that might be it is broken. */
static struct node choose_term(const struct node *terms)
{
    struct node chosen = { .problems = terms->problems };
    struct candidate best = { .effective_ms = DATE_NONE };
    const char *name;
    json_t *value;
    json_object_foreach (terms->value, name, value) {
        struct node term = node_member(terms, name);
        struct candidate candidate;
        if (!read_candidate(&term, text_of(name), &candidate)) {
            chosen.value = NULL;
            break;
        }
        if (!chosen.value || is_preferred(&candidate, &best)) {
            chosen = term;
            best = candidate;
        }
    }
    return chosen;
}

/* Bulk files say beginRange; the CSV headings and older files StartingRange. */
static struct node either_member(const struct node *object, const char *name, const char *other_name)
{
    struct node node = node_member(object, name);
    return node_is_present(&node) ? node : node_member(object, other_name);
}

static bool read_end(const struct node *end, const struct number_rule *range, i128 *ret)
{
    struct text text;
    *ret = TIER_NO_END;
    if (!node_is_present(end))
        return true;
    if (node_text(end, &text) && text_equal(text, TEXT("Inf")))
        return true;
    return node_decimal(end, range, ret);
}

/* One price dimension. *has_price is false where it has none in the currency. */
static bool read_dimension(const struct node *dimension, struct text currency, struct tier *tier, bool *has_price)
{
    static const struct number_rule range = { QUANTITY_SCALE, 0, PRICE_RANGE_MAX, PROBLEM_ILLEGAL_TIERING_INPUT,
                                              "a quantity from 0, of at most 10 decimals" };
    static const struct number_rule rate = { RATE_SCALE, 0, PRICE_RATE_MAX, PROBLEM_ILLEGAL_TIERING_INPUT,
                                             "a rate from 0 to below 10^14, of at most 10 decimals" };
    char name[8];
    CHECK(currency.size < sizeof name);
    memcpy(name, currency.data, currency.size);
    name[currency.size] = '\0';
    if (!node_is_object(dimension))
        return false;
    struct node prices = node_member(dimension, "pricePerUnit");
    if (!node_is_object(&prices) && node_is_present(&prices))
        return false;
    struct node price = node_member(&prices, name);
    struct node begin = either_member(dimension, "beginRange", "StartingRange");
    struct node end = either_member(dimension, "endRange", "EndingRange");
    *has_price = node_is_present(&price);
    if (!*has_price)
        return true;
    tier->begin = 0;
    if (node_is_present(&begin) && !node_decimal(&begin, &range, &tier->begin))
        return false;
    return read_end(&end, &range, &tier->end) && node_decimal(&price, &rate, &tier->rate);
}

static int compare_tiers(const void *left, const void *right)
{
    const struct tier *a = left, *b = right;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

static void append_range(struct buffer *out, const struct tier *tier)
{
    char begin[DECIMAL_TEXT_MAX], end[DECIMAL_TEXT_MAX] = "Inf";
    decimal_format(tier->begin, QUANTITY_SCALE, begin);
    if (tier->end != TIER_NO_END)
        decimal_format(tier->end, QUANTITY_SCALE, end);
    buffer_printf(out, "%s[%s, %s)", out->size ? " " : "", begin, end);
}

static bool check_ranges(const struct node *dimensions, struct text sku, const struct offer_term *term)
{
    i128 expected = 0;
    bool is_contiguous = term->count > 0;
    for (size_t i = 0; i < term->count && is_contiguous; i++) {
        is_contiguous = term->tiers[i].begin == expected && term->tiers[i].end > expected;
        expected = term->tiers[i].end;
    }
    if (is_contiguous && expected == TIER_NO_END)
        return true;
    struct buffer ranges = { 0 };
    for (size_t i = 0; i < term->count; i++)
        append_range(&ranges, &term->tiers[i]);
    problem_add(dimensions->problems, &dimensions->place, PROBLEM_ILLEGAL_TIERING_INPUT, buffer_text(&ranges),
                "ranges of sku %.*s that follow one another from 0 to Inf", TEXT_ARGS(sku));
    buffer_done(&ranges);
    return false;
}

static bool read_unit(const struct node *dimension, struct offer_term *term)
{
    struct node unit = node_member(dimension, "unit");
    struct text text = TEXT_NONE;
    if (!node_text(&unit, &text) && node_is_present(&unit))
        return false;
    if (term->count == 0)
        term->unit = text;
    if (text_equal(term->unit, text))
        return true;
    node_problem(&unit, PROBLEM_ILLEGAL_TIERING_INPUT, "the unit of the other ranges");
    return false;
}

static bool read_dimensions(const struct node *dimensions, struct text sku, struct text currency,
                            struct offer_term *term)
{
    bool is_sound = true, lacks_price = false;
    const char *name;
    json_t *value;
    json_object_foreach (dimensions->value, name, value) {
        struct node dimension = node_member(dimensions, name);
        struct tier tier;
        bool has_price = false;
        term->dimensions_seen = true;
        bool is_read = read_dimension(&dimension, currency, &tier, &has_price);
        term->currency_seen = term->currency_seen || has_price;
        is_sound = is_sound && is_read;
        lacks_price = lacks_price || !has_price;
        if (!is_read || !has_price)
            continue;
        is_sound = read_unit(&dimension, term) && is_sound;
        term->tiers = memory_reserve_one(term->tiers, term->count, &term->capacity, sizeof tier);
        term->tiers[term->count++] = tier;
    }
    term->lacks_currency = term->lacks_currency || (is_sound && lacks_price);
    if (!is_sound || lacks_price)
        return false;
    if (term->count)
        qsort(term->tiers, term->count, sizeof *term->tiers, compare_tiers);
    return check_ranges(dimensions, sku, term);
}

bool offer_term_read(const struct node *terms, struct text sku, struct text currency, struct offer_term *term)
{
    term->count = 0;
    term->unit = TEXT_NONE;
    term->lacks_currency = false;
    if (!node_is_object(terms))
        return false;
    struct node chosen = choose_term(terms);
    if (!node_is_present(&chosen))
        return false;
    struct node dimensions = node_member(&chosen, "priceDimensions");
    if (!node_is_present(&dimensions)) {
        node_problem(&dimensions, PROBLEM_FIELD_VALIDATION_FAILED, "the price dimensions of the term");
        return false;
    }
    return node_is_object(&dimensions) && read_dimensions(&dimensions, sku, currency, term);
}

void offer_term_done(struct offer_term *term)
{
    free(term->tiers);
    *term = (struct offer_term){ 0 };
}
