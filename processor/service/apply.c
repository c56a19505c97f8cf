/* service/apply.c: one transaction. */
#include "service/apply.h"

static enum stream_outcome produce(struct stream *stream, const struct conductor_change *items, size_t count,
                                   struct error *error)
{
    enum stream_outcome outcome = OUTCOME_DONE;
    for (size_t i = 0; i < count && outcome == OUTCOME_DONE; i++) {
        struct stream_record record = {
            .topic = STREAM_CONDUCTOR, .key = items[i].key, .value = items[i].value, .is_null = items[i].value.size == 0
        };
        outcome = stream->ops->produce(stream, &record, error);
    }
    return outcome;
}

enum stream_outcome apply_publish(struct stream *stream, const struct conductor_changes *changes,
                                  const struct conductor_change *beside, size_t beside_count, struct error *error)
{
    enum stream_outcome outcome = stream->ops->begin(stream, error);
    if (outcome == OUTCOME_DONE)
        outcome = produce(stream, beside, beside_count, error);
    if (outcome == OUTCOME_DONE)
        outcome = produce(stream, changes->items, changes->count, error);
    if (outcome == OUTCOME_DONE)
        outcome = stream->ops->commit(stream, NULL, 0, error);
    return outcome;
}
