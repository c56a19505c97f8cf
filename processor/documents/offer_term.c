/* documents/offer_term.c: a sku's terms in the order of their months, and the tiers of each: half-open, contiguous, from 0.
 */
#include "documents/offer_term.h"

#include <stdlib.h>

#include "base/memory.h"
#include "documents/price_bounds.h"

#define DATE_NONE INT64_MIN

/* A term with what it is chosen by. */
struct candidate {
    struct node node;
    struct text code;
    int64_t effective_ms; /* DATE_NONE: gives none */
    billing_period since;
};

/* The first month that begins with the term in force. */
static billing_period first_month(int64_t effective_ms)
{
    if (effective_ms == DATE_NONE)
        return 0;
    billing_period period = period_of(effective_ms);
    if (period_start(period) == effective_ms || !time_in_range(period_end(period)))
        return period;
    return period + 1;
}

static bool read_candidate(const struct node *term, struct text key, struct candidate *ret)
{
    struct node date = node_member(term, "effectiveDate"), code = node_member(term, "offerTermCode");
    struct text text;
    *ret = (struct candidate){ .node = *term, .code = key, .effective_ms = DATE_NONE };
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
    ret->since = first_month(ret->effective_ms);
    return true;
}

/* By month; of one month the one that counts comes first. */
static int compare_candidates(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->since != b->since)
        return a->since < b->since ? -1 : 1;
    if (a->effective_ms != b->effective_ms)
        return a->effective_ms > b->effective_ms ? -1 : 1;
    return text_compare(a->code, b->code);
}

/* The members of terms.OnDemand.<sku> to read, in order; none if one is broken. free() *ret. */
static size_t choose_terms(const struct node *terms, struct candidate **ret)
{
    size_t count = 0, kept = 0;
    const char *name;
    json_t *value;
    bool is_sound = true;
    struct candidate *candidates = memory_new_array(json_object_size(terms->value), sizeof *candidates);
    json_object_foreach (terms->value, name, value) {
        struct node term = node_member(terms, name);
        is_sound = is_sound && read_candidate(&term, text_of(name), &candidates[count++]);
    }
    if (is_sound && count > 0)
        qsort(candidates, count, sizeof *candidates, compare_candidates);
    for (size_t i = 0; i < count && is_sound; i++)
        if (kept == 0 || candidates[kept - 1].since != candidates[i].since)
            candidates[kept++] = candidates[i];
    *ret = candidates;
    return kept;
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

static bool check_ranges(const struct node *dimensions, struct text sku, const struct offer_term *term, size_t first)
{
    i128 expected = 0;
    bool is_contiguous = term->count > first;
    for (size_t i = first; i < term->count && is_contiguous; i++) {
        is_contiguous = term->tiers[i].begin == expected && term->tiers[i].end > expected;
        expected = term->tiers[i].end;
    }
    if (is_contiguous)
        return true;
    struct buffer ranges = { 0 };
    for (size_t i = first; i < term->count; i++)
        append_range(&ranges, &term->tiers[i]);
    problem_add(dimensions->problems, &dimensions->place, PROBLEM_ILLEGAL_TIERING_INPUT, buffer_text(&ranges),
                "ranges of sku %.*s that follow one another from 0 to Inf", TEXT_ARGS(sku));
    buffer_done(&ranges);
    return false;
}

/* Skus that an allowance is for; empty in what is none. False: a problem. */
static bool read_applies_to(const struct node *dimension, struct offer_term *term)
{
    struct node skus = node_member(dimension, "appliesTo");
    uint64_t problems = dimension->problems->total;
    size_t count = node_count(&skus);
    for (size_t i = 0; i < count; i++) {
        struct node sku = node_element(&skus, i);
        struct text text;
        if (!node_text(&sku, &text) || text.size == 0)
            continue;
        term->applies_to =
            memory_reserve_one(term->applies_to, term->applies_to_count, &term->applies_to_capacity, sizeof text);
        term->applies_to[term->applies_to_count++] = text;
    }
    return dimension->problems->total == problems;
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

static bool read_dimensions(const struct node *dimensions, struct text sku, struct text currency, struct offer_term *term)
{
    bool is_sound = true, lacks_price = false;
    size_t first = term->count;
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
        is_sound = read_applies_to(&dimension, term) && is_sound;
        term->tiers = memory_reserve_one(term->tiers, term->count, &term->capacity, sizeof tier);
        term->tiers[term->count++] = tier;
    }
    term->lacks_currency = term->lacks_currency || (is_sound && lacks_price);
    if (!is_sound || lacks_price)
        return false;
    if (term->count > first)
        qsort(term->tiers + first, term->count - first, sizeof *term->tiers, compare_tiers);
    return check_ranges(dimensions, sku, term, first);
}

static bool read_version(const struct candidate *candidate, struct text sku, struct text currency, struct offer_term *term)
{
    struct node dimensions = node_member(&candidate->node, "priceDimensions");
    size_t first = term->count;
    if (!node_is_present(&dimensions)) {
        node_problem(&dimensions, PROBLEM_FIELD_VALIDATION_FAILED, "the price dimensions of the term");
        return false;
    }
    if (!node_is_object(&dimensions) || !read_dimensions(&dimensions, sku, currency, term))
        return false;
    term->versions =
        memory_reserve_one(term->versions, term->version_count, &term->version_capacity, sizeof *term->versions);
    term->versions[term->version_count++] = (struct offer_version){ candidate->since, first, term->count - first };
    return true;
}

bool offer_term_read(const struct node *terms, struct text sku, struct text currency, struct offer_term *term)
{
    struct candidate *candidates;
    term->count = term->version_count = term->applies_to_count = 0;
    term->lacks_currency = false;
    term->unit = TEXT_NONE;
    if (!node_is_object(terms))
        return false;
    size_t count = choose_terms(terms, &candidates);
    bool is_sound = count > 0;
    for (size_t i = 0; i < count && is_sound; i++)
        is_sound = read_version(&candidates[i], sku, currency, term);
    free(candidates);
    return is_sound;
}

void offer_term_done(struct offer_term *term)
{
    free(term->versions);
    free(term->tiers);
    free(term->applies_to);
    *term = (struct offer_term){ 0 };
}
