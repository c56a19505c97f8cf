/* service/preview.c: line items to rows, both documents, totals side by side. */
#include "service/preview.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/json_read.h"
#include "pipeline/price_run.h"

/* ---- a document as it prices ---- */

struct priced {
    struct conductor *conductor;
    struct pricing pricing;
    struct price_run_result result;
};

static bool read_document(const struct document *document, const struct price_list *prices, struct priced *ret,
                          struct error *error)
{
    if (!document_conductor(document, &ret->conductor, error))
        return false;
    pricing_init(&ret->pricing, ret->conductor, prices);
    return true;
}

static void priced_done(struct priced *priced)
{
    price_run_result_done(&priced->result);
    if (!priced->conductor)
        return;
    pricing_done(&priced->pricing);
    conductor_done(priced->conductor);
    free(priced->conductor);
}

/* ---- rows ---- */

struct filling {
    struct price_run *run;
    struct preview *preview;
    uint64_t left;
    struct arena arena;
    struct buffer scratch;
    struct error *error;
    bool failed;
};

/* Custom line items follow from the rows and the document. */
static bool take_line_item(void *context, struct text key, const struct text parts[5], struct text value)
{
    struct filling *filling = context;
    struct line_item item;
    (void)key;
    (void)parts;
    if (filling->left-- == 0)
        return filling->preview->is_complete = false;
    arena_reset(&filling->arena);
    if (!json_read_record(value, &line_item_type, &item, &filling->arena, &filling->scratch, filling->error)) {
        filling->failed = true;
        return false;
    }
    if (item.custom_line_item.size)
        return true;
    filling->preview->line_items++;
    filling->failed = !price_run_take_line_item(filling->run, &item, filling->error);
    return !filling->failed;
}

static bool fill(const struct preview_question *question, struct price_run *run, struct preview *preview,
                 struct error *error)
{
    struct filling filling = { .run = run, .preview = preview, .left = question->line_items_max, .error = error };
    struct view_range range = { .table = VIEW_LINE_ITEMS };
    char month[TIME_TEXT_MAX];
    period_format(question->period, month);
    snprintf(range.period, sizeof range.period, "%.7s", month);
    bool done = view_walk(question->view, &range, take_line_item, &filling, error) && !filling.failed;
    arena_done(&filling.arena);
    buffer_done(&filling.scratch);
    return done;
}

/* ---- totals ---- */

static struct preview_total *total_of(struct preview *preview, struct text group)
{
    size_t at = 0;
    while (at < preview->count && text_compare(preview->totals[at].group, group) < 0)
        at++;
    if (at < preview->count && text_equal(preview->totals[at].group, group))
        return &preview->totals[at];
    preview->totals = memory_reserve_one(preview->totals, preview->count, &preview->capacity, sizeof *preview->totals);
    memmove(preview->totals + at + 1, preview->totals + at, (preview->count - at) * sizeof *preview->totals);
    preview->totals[at] = (struct preview_total){ .group = arena_copy(&preview->arena, group) };
    preview->count++;
    return &preview->totals[at];
}

static void take_totals(struct preview *preview, const struct preview_question *question, const struct priced *priced,
                        bool then)
{
    for (size_t i = 0; i < priced->result.bill_count; i++) {
        const struct bill_line *line = &priced->result.bills[i];
        if (line->group == GROUP_NONE || line->service.size || line->period != question->period)
            continue;
        struct preview_total *total = total_of(preview, priced->conductor->groups[line->group].id);
        *(then ? &total->is : &total->was) = true;
        sum_add_sum(then ? &total->cost_then : &total->cost_now, &line->cost);
    }
}

static bool price_both(const struct preview_question *question, struct price_run *run, struct preview *preview,
                       struct error *error)
{
    const struct document *documents[] = { question->now, question->then };
    for (size_t i = 0; i < ARRAY_COUNT(documents); i++) {
        struct priced priced = { 0 };
        bool done = read_document(documents[i], question->prices, &priced, error) &&
                    price_run_compute(run, &priced.pricing, &priced.result, error);
        if (done)
            take_totals(preview, question, &priced, i == 1);
        priced_done(&priced);
        if (!done)
            return false;
    }
    return true;
}

bool preview_compute(const struct preview_question *question, struct preview *ret, struct error *error)
{
    struct periods closings = { 0 };
    struct price_run_options options = { .closings = &closings, .memory_bytes = question->memory_bytes };
    struct price_run *run;
    *ret = (struct preview){ .is_complete = true };
    if (!price_run_open(&options, &run, error))
        return false;
    bool done = fill(question, run, ret, error);
    if (done && ret->is_complete)
        done = price_both(question, run, ret, error);
    price_run_close(run);
    return done;
}

void preview_done(struct preview *preview)
{
    arena_done(&preview->arena);
    free(preview->totals);
    *preview = (struct preview){ 0 };
}
