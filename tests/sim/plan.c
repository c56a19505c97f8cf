/* sim/plan.c: usage in some order, closes. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "control/conductor_topic.h"
#include "sim/markers.h"
#include "sim/simulation_parts.h"
#include "sim/trace.h"

#define USAGE_PARTITIONS 3

/* ---- making it ---- */

static void shuffle(struct sim *sim, size_t first)
{
    for (size_t i = first + 1; i < sim->plan_count; i++) {
        size_t at = first + (size_t)dice_below(&sim->dice, i - first + 1);
        const struct usage *other = sim->plan[at];
        sim->plan[at] = sim->plan[i];
        sim->plan[i] = other;
    }
}

static void add_month(struct sim *sim, unsigned month, size_t offset, size_t step)
{
    for (size_t i = offset; i < sim->world->usage_count; i += step)
        if (sim->world->usage[i].month == month)
            sim->plan[sim->plan_count++] = &sim->world->usage[i];
}

/* One right after the other; what they take the place of comes last. */
static void add_closes(struct sim *sim, unsigned closes, size_t at)
{
    for (unsigned month = 0; month < closes; month++, at++) {
        sim->plan[sim->plan_count++] = sim->plan[at];
        sim->plan[at] = NULL;
    }
}

/* Some of what lies before a close comes only behind it. */
static void make_late(struct sim *sim)
{
    for (size_t i = 0; i < sim->plan_count; i++) {
        size_t to = i + (size_t)dice_below(&sim->dice, sim->plan_count - i);
        const struct usage *moved = sim->plan[i];
        if (!moved || !sim->plan[to] || dice_below(&sim->dice, 6) > 0)
            continue;
        sim->plan[i] = sim->plan[to];
        sim->plan[to] = moved;
    }
}

void plan_make(struct sim *sim)
{
    size_t step = 8 + (size_t)dice_below(&sim->dice, 40), offset = (size_t)dice_below(&sim->dice, step);
    unsigned closes = sim->faults.has[FAULT_MONTHS] ? 1 + (unsigned)dice_below(&sim->dice, SIM_MONTHS) : 1;
    bool back_to_back = sim->faults.has[FAULT_BACK_TO_BACK];
    sim->newer_writer = sim->faults.has[FAULT_REGISTRY] ? (int32_t)dice_below(&sim->dice, USAGE_PARTITIONS) : -1;
    sim->plan = memory_new_array(sim->world->usage_count + SIM_MONTHS, sizeof *sim->plan);
    for (unsigned month = 0; month < SIM_MONTHS; month++) {
        size_t first = sim->plan_count;
        add_month(sim, month, offset, step);
        shuffle(sim, first);
        if (!back_to_back && month < closes)
            sim->plan[sim->plan_count++] = NULL;
    }
    if (back_to_back) {
        shuffle(sim, 0);
        add_closes(sim, closes, sim->faults.has[FAULT_LATE] ? sim->plan_count / 2 : sim->plan_count);
    }
    if (sim->faults.has[FAULT_LATE])
        make_late(sim);
}

/* ---- following it ---- */

static void append_usage(struct sim *sim, const struct usage *usage, int32_t partition)
{
    char *value = memory_new(usage->size);
    memcpy(value, usage->value, usage->size);
    if (partition == sim->newer_writer && dice_percent(&sim->dice, 30))
        sim_schemas_use_second(value);
    sim->fed = memory_reserve_one(sim->fed, sim->fed_count, &sim->fed_capacity, sizeof *sim->fed);
    int64_t offset =
        memory_log_append(sim->log, STREAM_USAGE, partition, TEXT_NONE, (struct text){ value, usage->size }, false);
    trace("outside: usage-%d@%lld %.*s", partition, (long long)offset, TEXT_ARGS(usage->entry.event.event_id));
    sim->fed[sim->fed_count++] = (struct fed){ usage, partition, offset, memory_log_now_ms(sim->log) };
    free(value);
}

static bool is_late(const struct sim *sim, const struct usage *usage)
{
    return usage->month < sim->close_count;
}

/* Which events are late is certain only once every task knows of the close. */
static void keep_late(struct sim *sim, const struct usage *usage)
{
    if (!sim->faults.has[FAULT_LATE])
        return;
    sim->late = memory_reserve_one(sim->late, sim->late_count, &sim->late_capacity, sizeof *sim->late);
    sim->late[sim->late_count++] = usage;
}

static int32_t partition_of(const struct sim *sim, const struct usage *usage)
{
    return (int32_t)usage->keyed % (sim->faults.has[FAULT_ADDED] ? USAGE_PARTITIONS + 1 : USAGE_PARTITIONS);
}

static bool was_fed(const struct sim *sim, const struct usage *usage)
{
    for (size_t i = 0; i < sim->fed_count; i++)
        if (sim->fed[i].usage == usage)
            return true;
    return false;
}

/* A correction comes once, behind what it takes back and in time. */
static void take_something_back(struct sim *sim)
{
    const struct usage *usage = sim->fed[dice_below(&sim->dice, sim->fed_count)].usage;
    if (dice_below(&sim->dice, 3) > 0 || !usage->back || is_late(sim, usage) || was_fed(sim, usage->back))
        return;
    append_usage(sim, usage->back, partition_of(sim, usage));
}

/* Accounts keep to their partition; those of one that is not there yet send nothing. */
static void feed(struct sim *sim, const struct usage *usage)
{
    int32_t partition = partition_of(sim, usage);
    if (partition >= memory_log_partitions(sim->log, STREAM_USAGE))
        return;
    if (is_late(sim, usage)) {
        keep_late(sim, usage);
        return;
    }
    append_usage(sim, usage, partition);
    take_something_back(sim);
    /* Now and then an event that came before comes again. */
    const struct usage *again = sim->fed[dice_below(&sim->dice, sim->fed_count)].usage;
    if (again->entry.event.correction.is_one)
        return;
    if (dice_below(&sim->dice, 20) == 0 && !again->is_poison && is_late(sim, again))
        keep_late(sim, again);
    else if (dice_below(&sim->dice, 20) == 0 && !again->is_poison && !is_late(sim, again))
        append_usage(sim, again, partition_of(sim, again));
}

void plan_feed_late(struct sim *sim)
{
    if (sim->late_count == 0 || !markers_close(sim->log, SIM_FIRST_PERIOD + (billing_period)sim->close_count - 1))
        return;
    for (size_t i = 0; i < sim->late_count; i++)
        append_usage(sim, sim->late[i], partition_of(sim, sim->late[i]));
    sim->late_count = 0;
}

static void append_close(struct sim *sim, const struct planned_close *close)
{
    struct buffer key = { 0 }, value = { 0 };
    struct close_record record = { .period = close->period,
                                   .version = conductor_topic_version(sim->control),
                                   .ends = (int64_t *)(uintptr_t)close->ends,
                                   .end_count = close->end_count };
    close_record_write(&record, dice_word(&sim->dice), &key, &value);
    if (mutation_is(MUTATION_CLOSE_KEY))
        key.size = sizeof "2026-06/close/" - 1;
    memory_log_append(sim->log, STREAM_CONDUCTOR, 0, buffer_text(&key), buffer_text(&value), false);
    buffer_done(&key);
    buffer_done(&value);
}

/* By others, who measured a little earlier or later, or at the same time. */
static void close_again(struct sim *sim, const struct planned_close *first)
{
    struct planned_close second = *first;
    for (size_t i = 0; i < second.end_count; i++) {
        int64_t end = first->ends[i] + (int64_t)dice_below(&sim->dice, 9) - 4;
        second.ends[i] = end < 0 ? 0 : end;
    }
    append_close(sim, &second);
    if (dice_percent(&sim->dice, 50))
        append_close(sim, first);
}

static void close_month(struct sim *sim)
{
    struct planned_close *close = &sim->closes[sim->close_count];
    close->period = SIM_FIRST_PERIOD + (billing_period)sim->close_count;
    close->documents = document_in_force(sim, close->period);
    close->end_count = (size_t)memory_log_partitions(sim->log, STREAM_USAGE);
    for (int32_t p = 0; p < (int32_t)close->end_count; p++)
        close->ends[p] = memory_log_end(sim->log, STREAM_USAGE, p);
    trace("outside: month %zu is closed", sim->close_count);
    append_close(sim, close);
    sim->close_count++;
    if (sim->faults.has[FAULT_CLOSED_TWICE] && dice_percent(&sim->dice, 50))
        close_again(sim, close);
}

void plan_follow(struct sim *sim, size_t count)
{
    for (; count > 0 && sim->plan_next < sim->plan_count; count--, sim->plan_next++)
        if (sim->plan[sim->plan_next])
            feed(sim, sim->plan[sim->plan_next]);
        else
            close_month(sim);
}
