/* tasks/bill_state.c: months, groups, and what was last written of them. */
#include "tasks/bill_state.h"

#include <stdlib.h>

#include "assign/assign.h"

struct bill_state *bill_state_new(void)
{
    struct bill_state *bills = memory_new(sizeof *bills);
    bills->revising.until = bills->revising.seen = OFFSET_NONE;
    return bills;
}

static void group_done(struct bill_group *group)
{
    totals_done(&group->totals);
    report_totals_done(&group->report);
    free(group->charges);
    free(group->rows);
}

static void month_done(struct bill_month *month)
{
    for (size_t i = 0; i < month->group_count; i++)
        group_done(&month->groups[i]);
    free(month->groups);
    free(month->dirty);
    intern_done(&month->payers);
    intern_done(&month->written.keys);
    free(month->written.items);
    intern_done(&month->keys);
    intern_done(&month->charge_ids);
    free(month->known);
    free(month->charges);
    free(month->closed_tasks);
}

void bill_state_free(struct bill_state *bills)
{
    if (!bills)
        return;
    for (size_t i = 0; i < bills->month_count; i++)
        month_done(&bills->months[i]);
    free(bills->months);
    bill_places_forget(bills);
    free(bills->places);
    free(bills->cur_ends);
    bill_revising_done(&bills->revising);
    intern_done(&bills->group_ids);
    buffer_done(&bills->gone);
    line_item_builder_done(&bills->builder);
    arena_done(&bills->arena);
    free(bills);
}

/* ---- months ---- */

static size_t month_place(const struct bill_state *bills, billing_period period)
{
    size_t at = 0;
    while (at < bills->month_count && bills->months[at].period < period)
        at++;
    return at;
}

struct bill_month *bill_month_find(struct bill_state *bills, billing_period period)
{
    size_t at = month_place(bills, period);
    return at < bills->month_count && bills->months[at].period == period ? &bills->months[at] : NULL;
}

struct bill_month *bill_month_of(struct bill_state *bills, billing_period period)
{
    size_t at = month_place(bills, period);
    if (at < bills->month_count && bills->months[at].period == period)
        return &bills->months[at];
    bills->months = memory_reserve_one(bills->months, bills->month_count, &bills->month_capacity, sizeof *bills->months);
    memmove(&bills->months[at + 1], &bills->months[at], (bills->month_count - at) * sizeof *bills->months);
    bills->months[at] = (struct bill_month){ .period = period };
    bills->month_count++;
    return &bills->months[at];
}

void bill_month_free(struct bill_state *bills, size_t place)
{
    month_done(&bills->months[place]);
    bills->month_count--;
    memmove(&bills->months[place], &bills->months[place + 1], (bills->month_count - place) * sizeof *bills->months);
}

/* ---- groups ---- */

uint32_t bill_group_number(struct bill_state *bills, struct text id)
{
    return intern_add(&bills->group_ids, id);
}

struct bill_group *bill_group_of(struct bill_month *month, uint32_t number)
{
    while (month->group_count <= number) {
        month->groups = memory_reserve_one(month->groups, month->group_count, &month->group_capacity, sizeof *month->groups);
        month->groups[month->group_count++] = (struct bill_group){ 0 };
    }
    return &month->groups[number];
}

void bill_group_touch(struct bill_month *month, uint32_t number)
{
    struct bill_group *group = bill_group_of(month, number);
    if (group->dirty)
        return;
    group->dirty = true;
    month->dirty = memory_reserve_one(month->dirty, month->dirty_count, &month->dirty_capacity, sizeof *month->dirty);
    month->dirty[month->dirty_count++] = number;
}

bool bill_group_is_mine(const struct task *task, struct text group)
{
    return task_partition_for(task, STREAM_SUBTOTALS, group) == task->input.partition;
}

static void place_groups(struct task *task, struct bill_places *places)
{
    struct bill_state *bills = task->bills;
    const struct conductor *conductor = places->conductor;
    places->numbers = memory_new_array(conductor->group_count + 1, sizeof *places->numbers);
    places->has_items = memory_new_array(conductor->group_count + 1, sizeof *places->has_items);
    for (size_t i = 0; i < conductor->group_count; i++) {
        bool is_mine = bill_group_is_mine(task, conductor->groups[i].id);
        places->numbers[i] = is_mine ? bill_group_number(bills, conductor->groups[i].id) : GROUP_NONE;
    }
    for (size_t i = 0; i < conductor->custom_line_item_count; i++)
        places->has_items[conductor->custom_line_items[i].group] = true;
    places->count = bills->group_ids.count;
    places->indexes = memory_new_array(places->count + 1, sizeof *places->indexes);
    for (size_t i = 0; i < places->count; i++)
        places->indexes[i] = GROUP_NONE;
    for (uint32_t i = 0; i < conductor->group_count; i++)
        if (places->numbers[i] != GROUP_NONE)
            places->indexes[places->numbers[i]] = i;
}

const struct bill_places *bill_places_of(struct task *task, billing_period period)
{
    struct bill_state *bills = task->bills;
    const struct conductor *conductor = task_conductor(task, period);
    for (size_t i = 0; i < bills->places_count; i++)
        if (bills->places[i].conductor == conductor)
            return &bills->places[i];
    bills->places = memory_reserve_one(bills->places, bills->places_count, &bills->places_capacity, sizeof *bills->places);
    struct bill_places *places = &bills->places[bills->places_count++];
    *places = (struct bill_places){ .conductor = conductor };
    place_groups(task, places);
    return places;
}

void bill_places_forget(struct bill_state *bills)
{
    for (size_t i = 0; i < bills->places_count; i++) {
        free(bills->places[i].indexes);
        free(bills->places[i].numbers);
        free(bills->places[i].has_items);
    }
    bills->places_count = 0;
}

uint32_t bill_group_index(const struct bill_places *places, uint32_t number)
{
    return number < places->count ? places->indexes[number] : GROUP_NONE;
}

/* ---- what was written ---- */

struct written_bill *bill_row_of(struct bill_month *month, uint32_t group, struct text key)
{
    struct written_bills *written = &month->written;
    size_t before = written->keys.count;
    uint32_t number = intern_add(&written->keys, key);
    if (written->keys.count == before)
        return &written->items[number];
    written->items = memory_reserve_one(written->items, number, &written->capacity, sizeof *written->items);
    written->items[number] = (struct written_bill){ 0 };
    struct bill_group *of = bill_group_of(month, group);
    of->rows = memory_reserve_one(of->rows, of->row_count, &of->row_capacity, sizeof *of->rows);
    of->rows[of->row_count++] = number;
    return &written->items[number];
}

uint32_t bill_month_key(struct bill_month *month, struct text key, bool *is_first)
{
    size_t before = month->keys.count;
    uint32_t number = intern_add(&month->keys, key);
    *is_first = month->keys.count > before;
    if (*is_first) {
        month->known = memory_reserve_one(month->known, number, &month->known_capacity, sizeof *month->known);
        month->known[number] = (struct known_total){ 0 };
    }
    return number;
}

struct written_charge *bill_charge_of(struct bill_month *month, uint32_t group, struct text id)
{
    size_t before = month->charge_ids.count;
    uint32_t number = intern_add(&month->charge_ids, id);
    if (month->charge_ids.count == before)
        return &month->charges[number];
    month->charges = memory_reserve_one(month->charges, number, &month->charge_capacity, sizeof *month->charges);
    month->charges[number] = (struct written_charge){ .written = false };
    struct bill_group *of = bill_group_of(month, group);
    of->charges = memory_reserve_one(of->charges, of->charge_count, &of->charge_capacity, sizeof *of->charges);
    of->charges[of->charge_count++] = number;
    return &month->charges[number];
}
