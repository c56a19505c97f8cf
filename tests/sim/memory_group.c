/* sim/memory_group.c: the group coordinator. */
#include <stdlib.h>
#include <string.h>

#include "sim/memory_log_parts.h"

static const enum stream_topic inputs[] = { STREAM_USAGE, STREAM_TIERED, STREAM_SUBTOTALS };

/* Everybody has to join anew. */
void group_changed(struct memory_log *log)
{
    log->rebalancing = true;
    for (size_t i = 0; i < log->member_count; i++)
        log->members[i]->has_joined = false;
}

static bool all_have_joined(const struct memory_log *log)
{
    for (size_t i = 0; i < log->member_count; i++)
        if (!log->members[i]->is_gone && !log->members[i]->has_joined)
            return false;
    return true;
}

static size_t living(const struct memory_log *log)
{
    size_t count = 0;
    for (size_t i = 0; i < log->member_count; i++)
        count += !log->members[i]->is_gone;
    return count;
}

/* By range over each topic, in the order of the members. */
static void assign_members(struct memory_log *log)
{
    size_t count = living(log), number = 0;
    log->generation++;
    log->rebalancing = false;
    trace("group: generation %lld of %zu members", (long long)log->generation, count);
    for (size_t m = 0; m < log->member_count; m++) {
        struct member *member = log->members[m];
        if (member->is_gone)
            continue;
        member->generation = log->generation;
        member->assigned_count = 0;
        for (size_t t = 0; t < ARRAY_COUNT(inputs); t++)
            for (int32_t p = 0; p < log->partition_counts[inputs[t]]; p++) {
                if ((size_t)p * count / (size_t)log->partition_counts[inputs[t]] != number)
                    continue;
                member->assigned = memory_grow(member->assigned, member->assigned_count + 1, sizeof *member->assigned);
                member->assigned[member->assigned_count++] = (struct stream_partition){ inputs[t], p, OFFSET_NONE, 0 };
            }
        number++;
    }
}

static void expel(struct memory_log *log, struct member *member)
{
    if (member->is_gone)
        return;
    member->is_gone = true;
    if (member->stream)
        producer_close(member->stream);
    group_changed(log);
}

/* A static member that is known is the same one again; its older self is no longer asked. */
static struct member *find_static(struct memory_log *log, const char *instance)
{
    for (size_t i = 0; i < log->member_count; i++)
        if (instance[0] && !log->members[i]->is_gone && strcmp(log->members[i]->instance, instance) == 0)
            return log->members[i];
    return NULL;
}

void group_join(struct memory_stream *stream)
{
    struct memory_log *log = stream->log;
    struct member *member = find_static(log, stream->instance);
    if (!member) {
        member = memory_new(sizeof *member);
        memcpy(member->instance, stream->instance, sizeof member->instance);
        log->members = memory_reserve_one(log->members, log->member_count, &log->member_capacity, sizeof *log->members);
        log->members[log->member_count++] = member;
        group_changed(log);
    } else {
        if (member->stream)
            member->stream->is_replaced = true;
        member->has_joined = false;
    }
    member->stream = stream;
    member->heard_ms = log->now_ms;
    stream->member = member;
}

/* A static member stays until it has been silent for too long. */
void group_leave(struct memory_stream *stream)
{
    struct member *member = stream->member;
    if (stream->is_replaced || member->stream != stream)
        return;
    member->stream = NULL;
    if (!stream->crashed && !stream->instance[0])
        expel(stream->log, member);
}

void memory_stream_expel(struct stream *port)
{
    struct memory_stream *stream = memory_stream_of(port);
    if (!stream->is_replaced)
        expel(stream->log, stream->member);
}

void memory_stream_sleep(struct stream *port, bool asleep)
{
    memory_stream_of(port)->asleep = asleep;
}

bool memory_stream_is_replaced(const struct stream *port)
{
    return ((const struct memory_stream *)port)->is_replaced;
}

void group_advance(struct memory_log *log)
{
    for (size_t i = 0; i < log->member_count; i++) {
        struct member *member = log->members[i];
        if (member->is_gone)
            continue;
        if (member->stream && !member->stream->asleep)
            member->heard_ms = log->now_ms;
        if (log->now_ms - member->heard_ms < SESSION_TIMEOUT_MS)
            continue;
        trace("group: member %zu has been silent for too long", i);
        expel(log, member);
    }
}

bool memory_log_group_is_whole(const struct memory_log *log)
{
    for (size_t i = 0; i < log->member_count; i++)
        if (!log->members[i]->is_gone && (!log->members[i]->stream || !group_is_current(log->members[i]->stream)))
            return false;
    return !log->rebalancing;
}

bool group_is_current(const struct memory_stream *stream)
{
    return !stream->is_replaced && !stream->member->is_gone && stream->has_partitions &&
           stream->member->generation == stream->log->generation;
}

static bool give_up(struct memory_stream *stream, bool lost, const struct stream_handler *handler, struct error *error)
{
    if (stream->has_partitions && !handler->revoked(handler->context, lost, error))
        return false;
    stream->has_partitions = false;
    stream->reading_count = 0;
    return true;
}

bool group_take_part(struct memory_stream *stream, const struct stream_handler *handler, struct error *error)
{
    struct memory_log *log = stream->log;
    bool lost = stream->member->is_gone;
    if (stream->is_replaced)
        return error_fail(error, ERROR_FAILED, "simulated: another process has this instance id");
    if (lost) {
        stream->member->stream = NULL;
        group_join(stream);
    }
    struct member *member = stream->member;
    member->heard_ms = log->now_ms;
    if (log->rebalancing && !member->has_joined) {
        if (!give_up(stream, lost, handler, error))
            return false;
        member->has_joined = true;
    }
    if (log->rebalancing && all_have_joined(log))
        assign_members(log);
    if (log->rebalancing || stream->has_partitions || member->generation != log->generation)
        return true;
    stream->has_partitions = true;
    return handler->assigned(handler->context, member->assigned, member->assigned_count, error);
}

void group_free(struct memory_log *log)
{
    for (size_t i = 0; i < log->member_count; i++) {
        free(log->members[i]->assigned);
        free(log->members[i]);
    }
    free(log->members);
}
