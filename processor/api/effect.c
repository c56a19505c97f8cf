/* api/effect.c: GET /v1/effect: what another percentage of a pricing rule would make of the groups' totals of a month. */
#include <stdio.h>

#include "api/reads.h"
#include "base/error.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "money/sum.h"

/* More cannot be looked at while somebody waits: the answer says that it is not complete. */
#define ROWS_MAX 1000000
#define MODIFIER_MIN (-100)
#define MODIFIER_MAX 10000

struct effect {
    struct read *read;
    i128 factor;          /* (100 + modifier) percent, as an integer of scale MODIFIER_SCALE + 2 */
    struct buffer needle; /* what a row of the rule has in it: others need not be parsed */
    struct buffer group, bill, scratch;
    struct arena arena;
    struct sum change; /* of the group */
    size_t looked_at, groups;
    bool is_complete, has_group;
    struct error error;
    bool failed;
};

/* ---- a row ---- */

static i128 whole_percent(void)
{
    return 100 * decimal_power(MODIFIER_SCALE);
}

/* The same base under the new factor. False: it would be too large to hold. */
static bool priced_anew(const struct effect *effect, const struct line_item *item, i128 *ret)
{
    i128 factor = whole_percent() + item->modifier;
    if (factor > 0)
        return decimal_multiply_divide(item->cost, effect->factor, (u128)factor, ret);
    return decimal_multiply(item->public_cost, effect->factor, ret);
}

static bool is_priced_by_percentage(const struct line_item *item)
{
    return text_equal(item->status, line_item_status_text(STATUS_CHARGED)) && record_has(item, LINE_ITEM_modifier) &&
           !text_equal(item->base, price_base_text(BASE_CUSTOM_TIERS));
}

/* ---- groups, one behind the other as the rows are ---- */

static bool write_group(struct effect *effect)
{
    struct read *read = effect->read;
    struct buffer *out = &read->response->body;
    json_error_t reason;
    bool found;
    if (!effect->has_group)
        return true;
    effect->has_group = false;
    if (!view_fetch_bill(read->api->view, read->month, buffer_text(&effect->group), TEXT_NONE, TEXT_NONE, TEXT_NONE,
                         &effect->bill, &found, &effect->error))
        return false;
    json_t *bill = found ? json_loadb(effect->bill.data, effect->bill.size, 0, &reason) : NULL;
    const char *cost = entity_text(bill, "cost");
    buffer_append_text(out, effect->groups++ ? TEXT(",{\"billing_group\":") : TEXT("{\"billing_group\":"));
    json_write_text(out, buffer_text(&effect->group));
    buffer_append_text(out, TEXT(",\"cost\":"));
    json_write_text(out, text_of(cost ? cost : "0"));
    buffer_append_text(out, TEXT(",\"cost_change\":"));
    json_write_sum(out, &effect->change, COST_SCALE);
    buffer_append_byte(out, '}');
    json_decref(bill);
    return true;
}

static bool begin_group(struct effect *effect, struct text group)
{
    if (effect->has_group && text_equal(buffer_text(&effect->group), group))
        return true;
    if (!write_group(effect))
        return false;
    buffer_clear(&effect->group);
    buffer_append_text(&effect->group, group);
    effect->change = sum_of(0);
    effect->has_group = true;
    return true;
}

static bool take_row(void *context, struct text key, const struct text parts[5], struct text value)
{
    struct effect *effect = context;
    struct line_item item;
    i128 cost;
    (void)key;
    if (effect->looked_at++ == ROWS_MAX)
        return effect->is_complete = false;
    if (!text_contains(value, buffer_text(&effect->needle)))
        return true;
    arena_reset(&effect->arena);
    effect->failed = !json_read_record(value, &line_item_type, &item, &effect->arena, &effect->scratch, &effect->error) ||
                     !begin_group(effect, parts[0]);
    if (effect->failed || !is_priced_by_percentage(&item))
        return !effect->failed;
    if (!priced_anew(effect, &item, &cost))
        return effect->is_complete = false;
    sum_add(&effect->change, cost);
    sum_add(&effect->change, -item.cost);
    return true;
}

/* ---- the question ---- */

static bool read_modifier(struct read *read, i128 *ret_factor)
{
    struct text text;
    i128 modifier = 0;
    if (!read_parameter(read, "modifier", &text))
        return false;
    bool sound = text.size && decimal_parse(text, MODIFIER_SCALE, &modifier) == DECIMAL_EXACT &&
                 modifier >= MODIFIER_MIN * decimal_power(MODIFIER_SCALE) &&
                 modifier <= MODIFIER_MAX * decimal_power(MODIFIER_SCALE);
    *ret_factor = whole_percent() + modifier;
    return sound ||
           !read_fail(read, FAILURE_VALIDATION, "modifier: expected percent from -100 to 10000, at most 2 decimals");
}

static bool walk(struct effect *effect)
{
    struct read *read = effect->read;
    struct view_range range = { .table = VIEW_LINE_ITEMS };
    snprintf(range.period, sizeof range.period, "%.7s", read->month);
    return view_walk(read->api->view, &range, take_row, effect, &effect->error) && !effect->failed && write_group(effect);
}

static bool answer(struct effect *effect, struct text rule)
{
    struct read *read = effect->read;
    buffer_append_text(&effect->needle, TEXT("\"pricing_rule\":"));
    json_write_text(&effect->needle, rule);
    buffer_append_text(&read->response->body, TEXT("{\"groups\":["));
    if (!walk(effect))
        return read_fail_error(read, &effect->error);
    read->response->status = 200;
    read->response->content_type = "application/json";
    buffer_printf(&read->response->body, "],\"complete\":%s}", effect->is_complete ? "true" : "false");
    return true;
}

bool read_effect(struct read *read)
{
    struct effect effect = { .read = read, .is_complete = true };
    struct text rule;
    if (!read->caller->is_payer)
        return read_fail(read, FAILURE_ACCESS_DENIED, "rules are the payer's");
    if (!read_asked_month(read) || !read_parameter(read, "rule", &rule) || !read_modifier(read, &effect.factor))
        return true;
    if (!rule.size)
        return read_fail(read, FAILURE_VALIDATION, "rule: expected a pricing rule's id");
    bool done = answer(&effect, rule);
    buffer_done(&effect.needle);
    buffer_done(&effect.group);
    buffer_done(&effect.bill);
    buffer_done(&effect.scratch);
    arena_done(&effect.arena);
    return done;
}
