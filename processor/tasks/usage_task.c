/* tasks/usage_task.c: decode → dedup → period → a flat price here, or on to a tier task. */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "tasks/task_parts.h"

#define DEAD_LETTER_BYTES_MAX ((size_t)64 * 1024)
#define NUMBER_TEXT 24

/* ---- dead letters ---- */

static struct stream_header header_of(const char *name, struct text value)
{
    return (struct stream_header){ name, value };
}

static struct text number_text(int64_t number, char out[NUMBER_TEXT])
{
    return (struct text){ out, (size_t)snprintf(out, NUMBER_TEXT, "%lld", (long long)number) };
}

static void hex_digest(struct text bytes, char out[2 * SHA256_DIGEST_LENGTH + 1])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)bytes.data, bytes.size, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

int32_t task_letters_partition(const struct task *task)
{
    return task->input.partition % task->world->stream->ops->partition_count(task->world->stream, STREAM_DEAD_LETTERS);
}

/* The bytes as they came, with why and where. */
static enum stream_outcome produce_dead_letter(struct task *task, const struct stream_record *record,
                                               const struct refusal *refusal, struct error *error)
{
    char partition[NUMBER_TEXT], offset[NUMBER_TEXT], size[NUMBER_TEXT], digest[2 * SHA256_DIGEST_LENGTH + 1];
    struct stream_header headers[8] = {
        header_of("reason", text_of(refusal_reason_text(refusal->reason))),
        header_of("topic", text_of(stream_topic_name(record->topic))),
        header_of("partition", number_text(record->partition, partition)),
        header_of("offset", number_text(record->offset, offset)),
        header_of("detail", text_of(refusal->detail)),
        header_of("field", text_of(refusal->field)),
    };
    struct stream_record out = { .topic = STREAM_DEAD_LETTERS,
                                 .partition = task_letters_partition(task),
                                 .key = record->key,
                                 .value = record->value,
                                 .is_null = record->is_null,
                                 .headers = headers,
                                 .header_count = 6 };
    if (out.value.size > DEAD_LETTER_BYTES_MAX) {
        hex_digest(out.value, digest);
        headers[out.header_count++] = header_of("size", number_text((int64_t)out.value.size, size));
        headers[out.header_count++] = header_of("sha256", text_of(digest));
        out.value.size = DEAD_LETTER_BYTES_MAX;
    }
    task->world->counts.dead[refusal->reason]++;
    return task_produce_raw(task, &out, error);
}

/* ---- what a record is ---- */

/*
 * The latest month that takes no record of this offset any more: on time is exactly what lies below the end that the close
 * gives the partition, whatever the batch at hand holds.
 */
static billing_period closed_before(const struct task *task, int64_t offset)
{
    const struct conductor_topic *control = task->world->control;
    for (size_t i = conductor_topic_close_count(control); i-- > 0;) {
        const struct close_record *close = conductor_topic_close(control, i);
        int64_t end = close_end_of(close, task->input.partition);
        if (end == OFFSET_NONE || end <= offset)
            return close->period;
    }
    return PERIOD_NONE;
}

static billing_period later_of(billing_period a, billing_period b)
{
    return a == PERIOD_NONE || (b != PERIOD_NONE && b > a) ? b : a;
}

/* Late usage goes to the oldest open month. */
static billing_period billed_period(const struct task *task, const struct usage_event *event, billing_period closed)
{
    billing_period period = usage_event_period(event);
    closed = later_of(closed, later_of(task->marker.closed, task->marker.closing));
    return closed == PERIOD_NONE || period > closed ? period : closed + 1;
}

/* Whether it lies before or behind the end of a close that is announced is not known yet. */
static bool is_held(const struct task *task, const struct usage_event *event, billing_period closed, struct error *error)
{
    billing_period held = task->world->held;
    if (held == PERIOD_NONE || billed_period(task, event, closed) > held)
        return false;
    error_fail(error, ERROR_LATER, "its month is about to be closed");
    return true;
}

/* What is refused by its time does not take its id: it may be sent again. */
static bool check_time(const struct task *task, const struct stream_record *record, const struct usage_event *event,
                       billing_period closed, struct refusal *refusal)
{
    if (event->usage_start > record->timestamp_ms + task->world->future_max_ms)
        return refuse(refusal, REFUSAL_FUTURE, "usage_start", TEXT_NONE, "usage_start lies too far in the future");
    if (period_start(usage_event_period(event)) > record->timestamp_ms + task->world->future_max_ms)
        return refuse(refusal, REFUSAL_FUTURE, "billing_period", event->billing_period,
                      "billing_period lies too far in the future");
    if (task->world->reject_late && closed != PERIOD_NONE && usage_event_period(event) <= closed)
        return refuse(refusal, REFUSAL_LATE,
                      record_has(event, USAGE_EVENT_billing_period) ? "billing_period" : "usage_start", TEXT_NONE,
                      "its month is closed, and late.usage is reject");
    return true;
}

/* ---- notes for the bill tasks ---- */

void task_note_payer(struct task *task, billing_period period, struct text payer)
{
    uint32_t number = intern_add(&task->payers, payer);
    for (size_t i = 0; i < task->note_count; i++)
        if (task->notes[i].period == period && task->notes[i].payer == number)
            return;
    task->notes = memory_reserve_one(task->notes, task->note_count, &task->note_capacity, sizeof *task->notes);
    task->notes[task->note_count++] = (struct payer_note){ period, number, false };
}

void task_note_arrival(struct task *task, billing_period period, int64_t time_ms)
{
    size_t at = 0;
    while (at < task->arrival_count && task->arrivals[at].period != period)
        at++;
    if (at == task->arrival_count) {
        task->arrivals =
            memory_reserve_one(task->arrivals, task->arrival_count, &task->arrival_capacity, sizeof *task->arrivals);
        task->arrivals[task->arrival_count++] = (struct month_arrival){ .period = period };
    }
    if (time_ms > task->arrivals[at].latest_ms)
        task->arrivals[at].latest_ms = time_ms;
}

/* ---- taking ---- */

static enum stream_outcome price(struct task *task, const struct stream_record *record, const struct decoded_usage *usage,
                                 billing_period closed, struct error *error)
{
    const struct usage_event *event = &usage->decoded.event;
    struct row_identity identity = usage->decoded.identity;
    billing_period period = identity.period = billed_period(task, event, closed);
    task_note_payer(task, period, event->payer_account_id);
    task_note_arrival(task, period, record->timestamp_ms);
    const struct meter meter = meter_of_event(event);
    if (task_is_elsewhere(task, period, &meter)) { /* tiered: it travels once more, to where its pools are */
        const struct tier_message message = { TIER_MESSAGE_EVENT, record->offset, record->value };
        return task_route_event(task, period, &usage->decoded, &message, error);
    }
    return ledger_take(task->ledger, event, &identity, &usage->decoded.hashes, error) ? OUTCOME_DONE
                                                                                      : task_ledger_failed(task, error);
}

/* Each record that decodes and is of a possible time takes its id. */
static enum stream_outcome take_event(struct task *task, const struct stream_record *record,
                                      const struct decoded_usage *usage, billing_period closed, struct error *error)
{
    const struct usage_event *event = &usage->decoded.event;
    struct refusal NOT_CLEARED refusal;
    enum seen_answer seen;
    if (!check_time(task, record, event, closed, &refusal))
        return produce_dead_letter(task, record, &refusal, error);
    if (!task_take_id(task, &usage->id, &seen, error)) {
        task_wait(task, error);
        return OUTCOME_ABORT;
    }
    if (seen == SEEN_DUPLICATE) {
        task->world->counts.duplicates++;
        return OUTCOME_DONE;
    }
    if (seen == SEEN_NEW)
        return price(task, record, usage, closed, error);
    refuse(&refusal, REFUSAL_EVENT_ID_REUSED, "event_id", event->event_id,
           "event_id came before in account %.*s with other content", TEXT_ARGS(event->usage_account_id));
    return produce_dead_letter(task, record, &refusal, error);
}

static enum stream_outcome usage_task_take(struct task *task, const struct stream_record *record, struct error *error)
{
    const struct decoded_usage *usage = usage_task_decode(task, record, error);
    billing_period closed = closed_before(task, record->offset);
    const struct decoded_event *decoded = &usage->decoded;
    if (decoded->answer == WIRE_LATER || (decoded->answer == WIRE_DONE && is_held(task, &decoded->event, closed, error)))
        return OUTCOME_LATER;
    task->world->counts.events++;
    if (decoded->answer == WIRE_REFUSED)
        return produce_dead_letter(task, record, &decoded->refusal, error);
    task->world->counts.excess_decimals += decoded->event.excess_decimals;
    return take_event(task, record, usage, closed, error);
}

/* ---- coming back ---- */

/* Several usage partitions may share one of dead-letters, and anybody may have written what lies there. */
enum stream_outcome usage_task_replay_letter(struct task *task, const struct stream_record *record, struct error *error)
{
    (void)error;
    i128 partition, offset;
    struct text reason = stream_header_of(record, "reason");
    if (task->letters.known_from_ms == INT64_MAX)
        task->letters.known_from_ms = record->timestamp_ms;
    if (!text_equal(stream_header_of(record, "topic"), text_of(stream_topic_name(task->input.topic))) ||
        decimal_parse(stream_header_of(record, "partition"), 0, &partition) != DECIMAL_EXACT ||
        decimal_parse(stream_header_of(record, "offset"), 0, &offset) != DECIMAL_EXACT ||
        partition != task->input.partition || offset < 0 || offset >= task->marker.offset)
        return OUTCOME_DONE;
    bool reused = text_equal(reason, text_of(refusal_reason_text(REFUSAL_EVENT_ID_REUSED)));
    offset_runs_add(reused ? &task->letters.reused : &task->letters.refused, (int64_t)offset);
    return OUTCOME_DONE;
}

void usage_task_forget_letters(struct task *task)
{
    offset_runs_done(&task->letters.refused);
    offset_runs_done(&task->letters.reused);
}

/* Whether it was refused when it came. Where its letter may be gone, today's rules have to say so. */
static bool was_refused(const struct task *task, const struct stream_record *record)
{
    return record->is_null || record->value.size == 0 ||
           (record->timestamp_ms >= task->letters.known_from_ms && offset_runs_have(&task->letters.refused, record->offset));
}

enum stream_outcome usage_task_replay_id(struct task *task, const struct stream_record *record, struct error *error)
{
    struct refusal refusal;
    bool has_letters = record->timestamp_ms >= task->letters.known_from_ms;
    if (was_refused(task, record))
        return OUTCOME_DONE;
    const struct decoded_usage *usage = usage_task_decode(task, record, error);
    if (usage->decoded.answer != WIRE_DONE)
        return usage->decoded.answer == WIRE_LATER ? OUTCOME_LATER : OUTCOME_DONE;
    if (!has_letters && !check_time(task, record, &usage->decoded.event, closed_before(task, record->offset), &refusal))
        return OUTCOME_DONE;
    enum seen_answer seen;
    bool done = has_letters
                    ? task_replay_id(task, &usage->id, offset_runs_have(&task->letters.reused, record->offset), error)
                    : task_take_id(task, &usage->id, &seen, error);
    return done ? OUTCOME_DONE : OUTCOME_LATER;
}

const struct task_operations usage_task_operations = {
    .take = usage_task_take,
    .is_due = ledger_task_is_due,
    .work = ledger_task_work,
    .flush = ledger_task_flush,
    .replay_line_item = ledger_task_replay_line_item,
    .behind_ledger = RESTORE_LETTERS,
};
