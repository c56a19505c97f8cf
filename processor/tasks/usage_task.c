/* tasks/usage_task.c: decode → dedup → period → a flat price here, or on to a tier task; and the tier task's side of it. */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "tasks/task_parts.h"

#define DEAD_LETTER_BYTES_MAX ((size_t)64 * 1024)
#define NUMBER_TEXT 24

static struct stream_header header_of(const char *name, struct text value)
{
    return (struct stream_header){ name, value };
}

static struct text number_text(int64_t number, char out[NUMBER_TEXT])
{
    return (struct text){ out, (size_t)snprintf(out, NUMBER_TEXT, "%lld", (long long)number) };
}

static bool header_number(const struct stream_record *record, const char *name, int64_t *number)
{
    i128 value;
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) != 0)
            continue;
        if (decimal_parse(record->headers[i].value, 0, &value) != DECIMAL_EXACT || value < 0 || value > INT64_MAX)
            return false;
        *number = (int64_t)value;
        return true;
    }
    return false;
}

static struct text header_text(const struct stream_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    return TEXT_NONE;
}

static void hex_digest(struct text bytes, char out[2 * SHA256_DIGEST_LENGTH + 1])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)bytes.data, bytes.size, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
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
    int32_t count = task->world->stream->ops->partition_count(task->world->stream, STREAM_DEAD_LETTERS);
    struct stream_record out = { .topic = STREAM_DEAD_LETTERS, .partition = record->partition % count, .key = record->key,
                                 .value = record->value, .is_null = record->is_null, .headers = headers,
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

enum stream_outcome task_decode_event(struct task *task, struct text value, struct usage_event *event,
                                      enum wire_answer *answer, struct refusal *refusal, struct error *error)
{
    arena_reset(&task->arena);
    *answer = wire_decode(task->world->wire, &usage_event_type, value, event, &task->arena, refusal, error);
    task->waits = *answer == WIRE_LATER;
    if (*answer == WIRE_LATER)
        return OUTCOME_ABORT;
    if (*answer == WIRE_DONE && !usage_event_accept(event, refusal))
        *answer = WIRE_REFUSED;
    return OUTCOME_DONE;
}

static bool check_size(const struct task *task, const struct stream_record *record, struct refusal *refusal)
{
    if (record->is_null || record->value.size == 0)
        return refuse(refusal, REFUSAL_MALFORMED, NULL, TEXT_NONE, "the record has no value");
    if (record->value.size > task->world->event_bytes_max)
        return refuse(refusal, REFUSAL_TOO_LARGE, NULL, TEXT_NONE, "the record is larger than %zu bytes",
                      task->world->event_bytes_max);
    return true;
}

/* Late usage goes to the oldest open month, or to the dead letters. */
static bool billed_period(const struct task *task, const struct usage_event *event, billing_period *period,
                          struct refusal *refusal)
{
    *period = usage_event_period(event);
    billing_period closed = task->marker.closing != PERIOD_NONE ? task->marker.closing : task->marker.closed;
    if (closed == PERIOD_NONE || *period > closed)
        return true;
    if (task->world->reject_late)
        return refuse(refusal, REFUSAL_LATE, record_has(event, USAGE_EVENT_billing_period) ? "billing_period" : "usage_start",
                      TEXT_NONE, "its month is closed, and late.usage is reject");
    *period = closed + 1;
    return true;
}

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
        task->arrivals = memory_reserve_one(task->arrivals, task->arrival_count, &task->arrival_capacity,
                                            sizeof *task->arrivals);
        task->arrivals[task->arrival_count++] = (struct month_arrival){ .period = period };
    }
    if (time_ms > task->arrivals[at].latest_ms)
        task->arrivals[at].latest_ms = time_ms;
}

/* A tiered meter's usage travels once more, to where its pools are. */
static enum stream_outcome forward(struct task *task, const struct stream_record *record, const struct usage_event *event,
                                   billing_period period, struct error *error)
{
    char sender[NUMBER_TEXT], offset[NUMBER_TEXT], number[NUMBER_TEXT], period_text[TIME_TEXT_MAX];
    struct text family = routing_family(&task->world->document->routing, event->usage_type);
    int32_t partition = task_partition_for(task, STREAM_TIERED, family);
    int64_t *sent = marker_sent(&task->marker, partition);
    period_format(period, period_text);
    struct stream_header headers[] = {
        header_of("sender", number_text(task->number, sender)),
        header_of("offset", number_text(record->offset, offset)),
        header_of("period", text_of(period_text)),
        header_of("number", number_text(++*sent, number)),
    };
    struct stream_record out = { .topic = STREAM_TIERED, .partition = partition, .key = family,
                                 .value = record->value, .headers = headers, .header_count = ARRAY_COUNT(headers) };
    return task_produce_raw(task, &out, error);
}

/* Whether the event is to be priced; what is not is a duplicate or has its refusal. */
static bool accept_event(struct task *task, const struct stream_record *record, const struct usage_event *event,
                         enum seen_answer answer, billing_period *period, struct refusal *refusal)
{
    switch (answer) {
    case SEEN_DUPLICATE:
        task->world->counts.duplicates++;
        return false;
    case SEEN_REUSED:
        return refuse(refusal, REFUSAL_EVENT_ID_REUSED, "event_id", event->event_id,
                      "event_id came before in account %.*s with other content", TEXT_ARGS(event->usage_account_id));
    case SEEN_NEW:
        break;
    }
    if (event->usage_start > record->timestamp_ms + task->world->future_max_ms)
        return refuse(refusal, REFUSAL_FUTURE, "usage_start", TEXT_NONE, "usage_start lies too far in the future");
    if (period_start(usage_event_period(event)) > record->timestamp_ms + task->world->future_max_ms)
        return refuse(refusal, REFUSAL_FUTURE, "billing_period", event->billing_period,
                      "billing_period lies too far in the future");
    return billed_period(task, event, period, refusal);
}

enum stream_outcome usage_task_take(struct task *task, const struct stream_record *record, struct error *error)
{
    struct usage_event event;
    struct refusal refusal = { 0 };
    enum wire_answer answer;
    billing_period period = PERIOD_NONE;
    task->world->counts.events++;
    if (!check_size(task, record, &refusal))
        return produce_dead_letter(task, record, &refusal, error);
    enum stream_outcome outcome = task_decode_event(task, record->value, &event, &answer, &refusal, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (answer == WIRE_REFUSED)
        return produce_dead_letter(task, record, &refusal, error);
    buffer_clear(&task->facts);
    facts_encode(&event, &task->facts);
    /* Every record that decodes takes its id. */
    enum seen_answer seen;
    if (!task_take_id(task, &event, record->timestamp_ms, &seen, error))
        return OUTCOME_ABORT;
    if (!accept_event(task, record, &event, seen, &period, &refusal))
        return refusal.reason == REFUSAL_NONE ? OUTCOME_DONE : produce_dead_letter(task, record, &refusal, error);
    task_note_payer(task, period, event.payer_account_id);
    task_note_arrival(task, period, record->timestamp_ms);
    if (routing_is_tiered(&task->world->document->routing, &event))
        return forward(task, record, &event, period, error);
    return ledger_take(task->ledger, &event, buffer_text(&task->facts), period, error) ? OUTCOME_DONE
                                                                                       : task_ledger_failed(task, error);
}

bool usage_task_replay_id(struct task *task, const struct stream_record *record, struct error *error)
{
    struct usage_event event;
    struct refusal refusal;
    enum wire_answer answer;
    if (!check_size(task, record, &refusal))
        return true;
    if (task_decode_event(task, record->value, &event, &answer, &refusal, error) != OUTCOME_DONE)
        return false;
    if (answer != WIRE_DONE)
        return true;
    buffer_clear(&task->facts);
    facts_encode(&event, &task->facts);
    enum seen_answer seen;
    task->waits = !task_take_id(task, &event, record->timestamp_ms, &seen, error);
    return !task->waits;
}

/* ---- the tier task ---- */

/* A gap means that a record was lost on the way: nothing may be priced behind it. */
static enum stream_outcome check_number(struct task *task, const struct stream_record *record, int64_t sender,
                                        int64_t number, bool *is_new, struct error *error)
{
    int64_t *received = marker_received(&task->marker, (int32_t)sender);
    *is_new = number == *received + 1;
    if (*is_new) {
        *received = number;
        return OUTCOME_DONE;
    }
    if (number <= *received)
        return OUTCOME_DONE;
    error_fail(error, ERROR_FAILED, "tiered partition %d, offset %lld: record %lld of task %lld follows record %lld",
               record->partition, (long long)record->offset, (long long)number, (long long)sender,
               (long long)*received);
    task_stop(task, "%s", error->message);
    return OUTCOME_ABORT;
}

enum stream_outcome tier_task_take(struct task *task, const struct stream_record *record, struct error *error)
{
    int64_t sender, number;
    billing_period period;
    bool is_new;
    struct usage_event event;
    struct refusal refusal;
    enum wire_answer answer;
    if (!header_number(record, "sender", &sender) || !header_number(record, "number", &number) ||
        !period_parse(header_text(record, "period"), &period)) {
        task_stop(task, "tiered partition %d, offset %lld: its headers cannot be read", record->partition,
                  (long long)record->offset);
        error_fail(error, ERROR_FAILED, "%s", task->reason);
        return OUTCOME_ABORT;
    }
    enum stream_outcome outcome = check_number(task, record, sender, number, &is_new, error);
    if (outcome != OUTCOME_DONE || !is_new)
        return outcome;
    if (text_equal(header_text(record, "barrier"), TEXT("closed"))) {
        marker_add_barrier(&task->marker, (int32_t)sender);
        return OUTCOME_DONE;
    }
    outcome = task_decode_event(task, record->value, &event, &answer, &refusal, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (answer != WIRE_DONE) {
        task_stop(task, "tiered partition %d, offset %lld: %s", record->partition, (long long)record->offset, refusal.detail);
        error_fail(error, ERROR_FAILED, "%s", task->reason);
        return OUTCOME_ABORT;
    }
    buffer_clear(&task->facts);
    facts_encode(&event, &task->facts);
    return ledger_take(task->ledger, &event, buffer_text(&task->facts), period, error) ? OUTCOME_DONE
                                                                                       : task_ledger_failed(task, error);
}
