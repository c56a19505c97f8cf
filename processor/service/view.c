/* service/view.c: keys, the batch that gathers, walks. */
#include "service/view.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/intern.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "store/state_dir.h"

/* One letter a table; parts end with a zero byte, which none of them holds. */
static const char table_letters[] = { [VIEW_BILLS] = 'B', [VIEW_DAILY] = 'D', [VIEW_LINE_ITEMS] = 'L' };
#define ID_LETTER 'I'
#define MARK_LETTER 'M'
#define PERIOD_LETTER 'P'

struct view {
    struct buffer directory;
    struct rocks_options options;
    pthread_rwlock_t lock; /* who makes it anew waits for who reads */
    struct rocks *rocks;
    struct rocks_batch *batch;
    struct intern written; /* ids of line items that wait */
    struct intern days;    /* keys of daily rows whose sums wait */
    struct view_daily *sums;
    size_t sum_capacity;
    struct arena arena;
    struct buffer key, other, value, scratch;
    struct buffer period; /* that was put last: rows of a month come together */
};

/* While it is being made anew there is nothing to read. */
static bool begin_read(struct view *view, struct error *error)
{
    pthread_rwlock_rdlock(&view->lock);
    if (view->rocks)
        return true;
    pthread_rwlock_unlock(&view->lock);
    return error_fail(error, ERROR_FAILED, "the view of the topics could not be made");
}

static void end_read(struct view *view)
{
    pthread_rwlock_unlock(&view->lock);
}

bool view_open(const char *directory, size_t memory_bytes, struct view **ret_view, struct error *error)
{
    struct view *view = memory_new(sizeof *view);
    view->options = (struct rocks_options){ memory_bytes / 8, memory_bytes / 2 };
    if (!rocks_open(directory, &view->options, &view->rocks, error)) {
        free(view);
        return false;
    }
    buffer_printf(&view->directory, "%s", directory);
    buffer_append_byte(&view->directory, '\0');
    pthread_rwlock_init(&view->lock, NULL);
    view->batch = rocks_batch_new();
    *ret_view = view;
    return true;
}

void view_close(struct view *view)
{
    if (!view)
        return;
    rocks_batch_free(view->batch);
    if (view->rocks)
        rocks_close(view->rocks);
    pthread_rwlock_destroy(&view->lock);
    buffer_done(&view->directory);
    intern_done(&view->written);
    intern_done(&view->days);
    arena_done(&view->arena);
    buffer_done(&view->key);
    buffer_done(&view->other);
    buffer_done(&view->value);
    buffer_done(&view->scratch);
    buffer_done(&view->period);
    free(view->sums);
    free(view);
}

static void append_part(struct buffer *key, struct text part)
{
    buffer_append_text(key, part);
    buffer_append_byte(key, '\0');
}

static void make_key(struct buffer *key, char letter, struct text period, const struct text *parts, size_t count)
{
    buffer_clear(key);
    buffer_append_byte(key, letter);
    append_part(key, period);
    for (size_t i = 0; i < count; i++)
        append_part(key, parts[i]);
}

/* ---- writing ---- */

static void put_period(struct view *view, struct text period)
{
    if (text_equal(buffer_text(&view->period), period))
        return;
    buffer_clear(&view->period);
    buffer_append_text(&view->period, period);
    make_key(&view->other, PERIOD_LETTER, period, NULL, 0);
    rocks_batch_put(view->batch, buffer_text(&view->other), TEXT_NONE);
}

bool view_put_bill(struct view *view, const struct bill *bill, struct error *error)
{
    const struct text parts[] = { bill->billing_group, bill->usage_account_id, bill->product_code, bill->line_item_type };
    (void)error;
    put_period(view, bill->billing_period);
    make_key(&view->key, table_letters[VIEW_BILLS], bill->billing_period, parts, ARRAY_COUNT(parts));
    buffer_clear(&view->value);
    json_write_record(&view->value, &bill_type, bill, JSON_ABSENT_NULL);
    rocks_batch_put(view->batch, buffer_text(&view->key), buffer_text(&view->value));
    return true;
}

void view_delete_bill(struct view *view, struct text group, struct text period, struct text account, struct text service,
                      struct text type)
{
    const struct text parts[] = { group, account, service, type };
    make_key(&view->key, table_letters[VIEW_BILLS], period, parts, ARRAY_COUNT(parts));
    rocks_batch_delete(view->batch, buffer_text(&view->key));
}

/* Adds what a line item holds to its day, or takes it off. */
static void add_to_day(struct view *view, const struct line_item *item, int sign)
{
    char time[TIME_TEXT_MAX];
    time_format(item->usage_start, time);
    struct text day = { time, sizeof "2026-06-01" - 1 };
    const struct text parts[] = { item->billing_group, item->usage_account_id, item->product_code, day };
    make_key(&view->other, table_letters[VIEW_DAILY], item->billing_period, parts, ARRAY_COUNT(parts));
    size_t before = view->days.count;
    uint32_t at = intern_add(&view->days, buffer_text(&view->other));
    if (view->days.count > before) {
        view->sums = memory_reserve_one(view->sums, at, &view->sum_capacity, sizeof *view->sums);
        view->sums[at] = (struct view_daily){ 0 };
    }
    struct view_daily *sums = &view->sums[at];
    if (sign > 0) {
        sum_add(&sums->cost, item->cost);
        sum_add_sum(&sums->billable_cost, &item->billable_cost);
    } else {
        sum_add(&sums->cost, -item->cost);
        sum_subtract(&sums->billable_cost, &item->billable_cost);
    }
}

static void item_key(struct buffer *key, const struct line_item *item)
{
    const struct text parts[] = { item->billing_group, item->usage_account_id, item->product_code, item->line_item_id };
    make_key(key, table_letters[VIEW_LINE_ITEMS], item->billing_period, parts, ARRAY_COUNT(parts));
}

static void id_key(struct buffer *key, struct text id)
{
    buffer_clear(key);
    buffer_append_byte(key, ID_LETTER);
    buffer_append_text(key, id);
}

/* Takes the item of this id, if there is one, out of its day and its place. */
static bool take_out(struct view *view, struct text id, struct error *error)
{
    struct line_item old;
    bool found;
    if (intern_find(&view->written, id) != INTERN_NONE && !view_commit(view, error))
        return false;
    intern_add(&view->written, id);
    if (!view_fetch_line_item(view, id, &view->value, &found, error) || !found)
        return !found;
    arena_reset(&view->arena);
    if (!json_read_record(buffer_text(&view->value), &line_item_type, &old, &view->arena, &view->scratch, error))
        return false;
    add_to_day(view, &old, -1);
    item_key(&view->key, &old);
    rocks_batch_delete(view->batch, buffer_text(&view->key));
    id_key(&view->key, id);
    rocks_batch_delete(view->batch, buffer_text(&view->key));
    return true;
}

bool view_put_line_item(struct view *view, const struct line_item *item, struct error *error)
{
    if (!take_out(view, item->line_item_id, error))
        return false;
    put_period(view, item->billing_period);
    add_to_day(view, item, 1);
    item_key(&view->key, item);
    buffer_clear(&view->value);
    json_write_record(&view->value, &line_item_type, item, JSON_ABSENT_LEFT_OUT);
    rocks_batch_put(view->batch, buffer_text(&view->key), buffer_text(&view->value));
    id_key(&view->other, item->line_item_id);
    rocks_batch_put(view->batch, buffer_text(&view->other), buffer_text(&view->key));
    return true;
}

bool view_delete_line_item(struct view *view, struct text id, struct error *error)
{
    return take_out(view, id, error);
}

void view_put_mark(struct view *view, struct text name, struct text value)
{
    buffer_clear(&view->key);
    buffer_append_byte(&view->key, MARK_LETTER);
    buffer_append_text(&view->key, name);
    rocks_batch_put(view->batch, buffer_text(&view->key), value);
}

void view_delete_mark(struct view *view, struct text name)
{
    buffer_clear(&view->key);
    buffer_append_byte(&view->key, MARK_LETTER);
    buffer_append_text(&view->key, name);
    rocks_batch_delete(view->batch, buffer_text(&view->key));
}

struct view_daily view_daily_read(struct text value)
{
    struct view_daily daily = { 0 };
    if (value.size == sizeof daily)
        memcpy(&daily, value.data, sizeof daily);
    return daily;
}

static bool put_days(struct view *view, struct error *error)
{
    for (uint32_t i = 0; i < view->days.count; i++) {
        struct text key = intern_text(&view->days, i);
        bool found;
        if (!rocks_fetch(view->rocks, key, &view->value, &found, error))
            return false;
        struct view_daily daily = view_daily_read(found ? buffer_text(&view->value) : TEXT_NONE);
        sum_add_sum(&daily.cost, &view->sums[i].cost);
        sum_add_sum(&daily.billable_cost, &view->sums[i].billable_cost);
        rocks_batch_put(view->batch, key, (struct text){ (const char *)&daily, sizeof daily });
    }
    intern_reset(&view->days);
    return true;
}

bool view_commit(struct view *view, struct error *error)
{
    if (!begin_read(view, error))
        return false;
    bool done = put_days(view, error);
    intern_reset(&view->written);
    done = done && rocks_write(view->rocks, view->batch, error);
    end_read(view);
    return done;
}

/* ---- taking out ---- */

static void delete_month(struct view *view, char letter, struct text period)
{
    make_key(&view->key, letter, period, NULL, 0);
    buffer_clear(&view->other);
    buffer_append_text(&view->other, buffer_text(&view->key));
    view->other.data[view->other.size - 1] = 1; /* behind every key that goes on with a zero byte */
    rocks_batch_delete_range(view->batch, buffer_text(&view->key), buffer_text(&view->other));
}

static struct text last_part(struct text key)
{
    size_t end = key.size - 1, begin = end;
    while (begin > 0 && key.data[begin - 1] != '\0')
        begin--;
    return (struct text){ key.data + begin, end - begin };
}

/* Deletes the first line items of the month with their ids. Returns how many there were. */
static size_t delete_line_items(struct view *view, struct text period, size_t rows_max, struct error *error, bool *ret_sound)
{
    struct text key, value;
    size_t rows = 0;
    make_key(&view->key, table_letters[VIEW_LINE_ITEMS], period, NULL, 0);
    struct rocks_iterator *iterator = rocks_iterate(view->rocks, buffer_text(&view->key));
    while (rows < rows_max && rocks_iterator_next(iterator, &key, &value)) {
        rocks_batch_delete(view->batch, key);
        id_key(&view->other, last_part(key));
        rocks_batch_delete(view->batch, buffer_text(&view->other));
        rows++;
    }
    *ret_sound = rocks_iterator_check(iterator, error);
    rocks_iterator_close(iterator);
    return rows;
}

bool view_drop_month(struct view *view, struct text period, size_t rows_max, bool *ret_done, struct error *error)
{
    bool sound;
    if (!view_commit(view, error))
        return false;
    if (!begin_read(view, error))
        return false;
    *ret_done = delete_line_items(view, period, rows_max, error, &sound) < rows_max;
    end_read(view);
    delete_month(view, table_letters[VIEW_BILLS], period);
    delete_month(view, table_letters[VIEW_DAILY], period);
    /* Last of all, so that whatever ends this half-way leaves the month to be found again. */
    if (*ret_done)
        delete_month(view, PERIOD_LETTER, period);
    buffer_clear(&view->period);
    return sound && view_commit(view, error);
}

bool view_remake(struct view *view, struct error *error)
{
    pthread_rwlock_wrlock(&view->lock);
    if (view->rocks)
        rocks_close(view->rocks);
    view->rocks = NULL;
    rocks_remove(view->directory.data);
    bool done =
        state_dir_make(view->directory.data, error) && rocks_open(view->directory.data, &view->options, &view->rocks, error);
    pthread_rwlock_unlock(&view->lock);
    rocks_batch_free(view->batch);
    view->batch = rocks_batch_new();
    intern_reset(&view->written);
    intern_reset(&view->days);
    buffer_clear(&view->period);
    return done;
}

/* Every database has this file. */
bool view_is_there(const struct view *view)
{
    struct buffer path = { 0 };
    buffer_printf(&path, "%s/CURRENT", view->directory.data);
    buffer_append_byte(&path, '\0');
    bool is_there = access(path.data, F_OK) == 0;
    buffer_done(&path);
    return is_there;
}

size_t view_pending(const struct view *view)
{
    return rocks_batch_bytes(view->batch) + intern_bytes(&view->days) + intern_bytes(&view->written);
}

/* ---- reading ---- */

static void split_key(struct text key, struct text parts[5])
{
    for (size_t i = 0; i < 5; i++) {
        const char *end = key.size ? memchr(key.data, '\0', key.size) : NULL;
        size_t size = end ? (size_t)(end - key.data) : key.size;
        parts[i] = (struct text){ key.data, size };
        size += end != NULL;
        key = (struct text){ key.data + size, key.size - size };
    }
}

bool view_walk(struct view *view, const struct view_range *range, view_visit *visit, void *context, struct error *error)
{
    struct buffer prefix = { 0 }, start = { 0 };
    struct text key, value, parts[5];
    char letter = table_letters[range->table];
    if (!begin_read(view, error))
        return false;
    make_key(&prefix, letter, text_of(range->period), range->parts, range->part_count);
    make_key(&start, letter, text_of(range->period), NULL, 0);
    size_t head = start.size;
    buffer_append_text(&start, range->after);
    bool goes_on = range->after.size > 0 && text_compare(buffer_text(&start), buffer_text(&prefix)) > 0;
    struct rocks_iterator *iterator = goes_on ? rocks_iterate_from(view->rocks, buffer_text(&prefix), buffer_text(&start))
                                              : rocks_iterate(view->rocks, buffer_text(&prefix));
    while (rocks_iterator_next(iterator, &key, &value)) {
        struct text rest = { key.data + head, key.size - head };
        if (range->after.size && text_compare(rest, range->after) <= 0)
            continue;
        split_key(rest, parts);
        if (!visit(context, rest, parts, value))
            break;
    }
    bool done = rocks_iterator_check(iterator, error);
    rocks_iterator_close(iterator);
    end_read(view);
    buffer_done(&prefix);
    buffer_done(&start);
    return done;
}

static bool fetch(struct view *view, struct text key, struct buffer *value, bool *found, struct error *error)
{
    if (!begin_read(view, error))
        return false;
    bool done = rocks_fetch(view->rocks, key, value, found, error);
    end_read(view);
    return done;
}

bool view_fetch_bill(struct view *view, const char *period, struct text group, struct text account, struct text service,
                     struct text type, struct buffer *json, bool *found, struct error *error)
{
    const struct text parts[] = { group, account, service, type };
    struct buffer key = { 0 };
    make_key(&key, table_letters[VIEW_BILLS], text_of(period), parts, ARRAY_COUNT(parts));
    bool done = fetch(view, buffer_text(&key), json, found, error);
    buffer_done(&key);
    return done;
}

bool view_fetch_line_item(struct view *view, struct text id, struct buffer *json, bool *found, struct error *error)
{
    struct buffer key = { 0 }, place = { 0 };
    id_key(&key, id);
    bool done = fetch(view, buffer_text(&key), &place, found, error);
    if (done && *found)
        done = fetch(view, buffer_text(&place), json, found, error);
    buffer_done(&key);
    buffer_done(&place);
    return done;
}

bool view_fetch_mark(struct view *view, struct text name, struct buffer *value, bool *found, struct error *error)
{
    struct buffer key = { 0 };
    buffer_append_byte(&key, MARK_LETTER);
    buffer_append_text(&key, name);
    bool done = fetch(view, buffer_text(&key), value, found, error);
    buffer_done(&key);
    return done;
}

bool view_marks(struct view *view, struct text prefix, void (*visit)(void *context, struct text name, struct text value),
                void *context, struct error *error)
{
    struct buffer key = { 0 };
    struct text name, value;
    if (!begin_read(view, error))
        return false;
    buffer_append_byte(&key, MARK_LETTER);
    buffer_append_text(&key, prefix);
    struct rocks_iterator *iterator = rocks_iterate(view->rocks, buffer_text(&key));
    while (rocks_iterator_next(iterator, &name, &value))
        visit(context, (struct text){ name.data + 1, name.size - 1 }, value);
    bool done = rocks_iterator_check(iterator, error);
    rocks_iterator_close(iterator);
    end_read(view);
    buffer_done(&key);
    return done;
}

bool view_periods(struct view *view, void (*visit)(void *context, struct text period), void *context, struct error *error)
{
    if (!begin_read(view, error))
        return false;
    struct rocks_iterator *iterator = rocks_iterate(view->rocks, (struct text){ (const char[]){ PERIOD_LETTER }, 1 });
    struct text key, value;
    while (rocks_iterator_next(iterator, &key, &value))
        visit(context, (struct text){ key.data + 1, key.size - 2 });
    bool done = rocks_iterator_check(iterator, error);
    rocks_iterator_close(iterator);
    end_read(view);
    return done;
}
