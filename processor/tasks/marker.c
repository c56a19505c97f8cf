/* tasks/marker.c: JSON by jansson; all numbers fit 63 bits. */
#include "tasks/marker.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/memory.h"

static int64_t *count_of(struct marker_count **counts, size_t *count, int32_t number)
{
    for (size_t i = 0; i < *count; i++)
        if ((*counts)[i].number == number)
            return &(*counts)[i].count;
    *counts = memory_grow(*counts, *count + 1, sizeof **counts);
    (*counts)[*count] = (struct marker_count){ number, 0 };
    return &(*counts)[(*count)++].count;
}

int64_t *marker_sent(struct marker *marker, int32_t partition)
{
    return count_of(&marker->sent, &marker->sent_count, partition);
}

int64_t *marker_received(struct marker *marker, int32_t task)
{
    return count_of(&marker->received, &marker->received_count, task);
}

struct marker_revision *marker_revision_of(struct marker *marker, struct text group)
{
    for (size_t i = 0; i < marker->revision_count; i++)
        if (text_equal(text_of(marker->revisions[i].group), group))
            return &marker->revisions[i];
    marker->revisions = memory_grow(marker->revisions, marker->revision_count + 1, sizeof *marker->revisions);
    char *copy = memory_new(group.size + 1);
    if (group.size)
        memcpy(copy, group.data, group.size);
    marker->revisions[marker->revision_count] = (struct marker_revision){ copy, 1, 1 };
    return &marker->revisions[marker->revision_count++];
}

static void forget_revisions(struct marker *marker)
{
    for (size_t i = 0; i < marker->revision_count; i++)
        free(marker->revisions[i].group);
    free(marker->revisions);
    marker->revisions = NULL;
    marker->revision_count = 0;
}

bool marker_has_barrier(const struct marker *marker, billing_period period, int32_t task, bool is_last)
{
    for (size_t i = 0; i < marker->barrier_count; i++)
        if (marker->barriers[i].period == period && marker->barriers[i].task == task &&
            marker->barriers[i].is_last == is_last)
            return true;
    return false;
}

void marker_add_barrier(struct marker *marker, billing_period period, int32_t task, bool is_last)
{
    bool is_over = marker->closed != PERIOD_NONE && period <= marker->closed;
    if (is_over || marker_has_barrier(marker, period, task, is_last))
        return;
    marker->barriers = memory_grow(marker->barriers, marker->barrier_count + 1, sizeof *marker->barriers);
    marker->barriers[marker->barrier_count++] = (struct marker_barrier){ period, task, is_last };
}

void marker_close(struct marker *marker, billing_period period)
{
    size_t kept = 0;
    for (size_t i = 0; i < marker->barrier_count; i++)
        if (marker->barriers[i].period > period)
            marker->barriers[kept++] = marker->barriers[i];
    marker->barrier_count = kept;
    marker->closed = period;
    marker->closing = PERIOD_NONE;
    marker->reported = 0;
    marker->swept = 0;
    forget_revisions(marker);
}

static json_t *revisions_json(const struct marker *marker)
{
    json_t *array = json_array();
    for (size_t i = 0; i < marker->revision_count; i++)
        json_array_append_new(array, json_pack("[s,I,I]", marker->revisions[i].group, (json_int_t)marker->revisions[i].rows,
                                               (json_int_t)marker->revisions[i].manifests));
    return array;
}

static json_t *barriers_json(const struct marker *marker)
{
    json_t *array = json_array();
    for (size_t i = 0; i < marker->barrier_count; i++) {
        char period[TIME_TEXT_MAX];
        period_format(marker->barriers[i].period, period);
        json_t *pair = json_pack("[s,I]", period, (json_int_t)marker->barriers[i].task);
        if (marker->barriers[i].is_last)
            json_array_append_new(pair, json_true());
        json_array_append_new(array, pair);
    }
    return array;
}

static json_t *counts_json(const struct marker_count *counts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_pack("[I,I]", (json_int_t)counts[i].number, (json_int_t)counts[i].count));
    return array;
}

void marker_write(const struct marker *marker, struct buffer *out)
{
    json_t *object = json_pack("{s:I,s:I,s:I,s:I,s:I}", "task", (json_int_t)marker->task, "revision",
                               (json_int_t)marker->revision, "offset", (json_int_t)marker->offset, "version",
                               (json_int_t)marker->version, "latest", (json_int_t)marker->latest_ms);
    if (marker->target != 0)
        json_object_set_new(object, "target", json_integer(marker->target));
    if (marker->target != 0 || marker->closing != PERIOD_NONE)
        json_object_set_new(object, "swept", json_integer(marker->swept));
    if (marker->closed != PERIOD_NONE) {
        char closed[TIME_TEXT_MAX];
        period_format(marker->closed, closed);
        json_object_set_new(object, "closed", json_string(closed));
    }
    if (marker->closing != PERIOD_NONE) {
        char closing[TIME_TEXT_MAX];
        period_format(marker->closing, closing);
        json_object_set_new(object, "closing", json_string(closing));
        json_object_set_new(object, "reported", json_integer(marker->reported));
    }
    json_object_set_new(object, "sent", counts_json(marker->sent, marker->sent_count));
    json_object_set_new(object, "received", counts_json(marker->received, marker->received_count));
    json_object_set_new(object, "barriers", barriers_json(marker));
    if (marker->revision_count > 0)
        json_object_set_new(object, "revisions", revisions_json(marker));
    char *text = json_dumps(object, JSON_COMPACT);
    CHECK(text);
    buffer_append(out, text, strlen(text));
    free(text);
    json_decref(object);
}

/* A list that is absent is empty; anything else that is no list is damage. */
static bool is_list(const json_t *list)
{
    return !list || json_is_array(list);
}

static bool read_counts(json_t *array, struct marker_count **counts, size_t *count)
{
    size_t index;
    json_t *pair;
    if (!is_list(array))
        return false;
    json_array_foreach (array, index, pair) {
        json_int_t number, value;
        if (json_unpack(pair, "[I,I!]", &number, &value) != 0 || number < 0 || number > INT32_MAX)
            return false;
        *count_of(counts, count, (int32_t)number) = value;
    }
    return true;
}

static bool read_barriers(json_t *array, struct marker *marker)
{
    size_t index;
    json_t *pair;
    if (!is_list(array))
        return false;
    json_array_foreach (array, index, pair) {
        const char *text;
        json_int_t task;
        billing_period period;
        size_t size = json_array_size(pair);
        if (size > 3 || (size == 3 && !json_is_true(json_array_get(pair, 2))) ||
            json_unpack(pair, "[s,I]", &text, &task) != 0 || task < 0 || task > INT32_MAX ||
            !period_parse(text_of(text), &period))
            return false;
        marker_add_barrier(marker, period, (int32_t)task, size == 3);
    }
    return true;
}

static bool read_revisions(json_t *array, struct marker *marker)
{
    size_t index;
    json_t *triple;
    if (!is_list(array))
        return false;
    json_array_foreach (array, index, triple) {
        const char *group;
        json_int_t rows, manifests;
        if (json_unpack(triple, "[s,I,I!]", &group, &rows, &manifests) != 0 || manifests < 1 || rows < manifests)
            return false;
        struct marker_revision *revision = marker_revision_of(marker, text_of(group));
        revision->rows = rows;
        revision->manifests = manifests;
    }
    return true;
}

static bool read_lists(json_t *object, struct marker *marker)
{
    return read_revisions(json_object_get(object, "revisions"), marker) &&
           read_barriers(json_object_get(object, "barriers"), marker) &&
           read_counts(json_object_get(object, "sent"), &marker->sent, &marker->sent_count) &&
           read_counts(json_object_get(object, "received"), &marker->received, &marker->received_count);
}

bool marker_read(struct text json, struct marker *marker, struct error *error)
{
    json_error_t reason;
    json_int_t task, revision, offset, version, latest, target = 0, swept = 0, reported = 0;
    const char *closed = NULL, *closing = NULL;
    marker_done(marker);
    json_t *object = json_loadb(json.data ? json.data : "", json.size, 0, &reason);
    bool done = object &&
                json_unpack(object, "{s:I,s:I,s:I,s:I,s:I,s?:I,s?:I,s?:s,s?:s,s?:I}", "task", &task, "revision", &revision,
                            "offset", &offset, "version", &version, "latest", &latest, "target", &target, "swept", &swept,
                            "closed", &closed, "closing", &closing, "reported", &reported) == 0 &&
                task >= 0 && task <= UINT32_MAX && (!closing || period_parse(text_of(closing), &marker->closing)) &&
                (!closed || period_parse(text_of(closed), &marker->closed)) && read_lists(object, marker);
    if (done) {
        marker->task = (uint32_t)task;
        marker->revision = revision;
        marker->offset = offset;
        marker->version = version;
        marker->target = target;
        marker->swept = swept;
        marker->latest_ms = latest;
        marker->reported = reported;
    }
    json_decref(object);
    if (done)
        return true;
    marker_done(marker);
    return error_fail(error, ERROR_FAILED, "a task's marker cannot be read: %.*s", (int)(json.size < 200 ? json.size : 200),
                      json.data ? json.data : "");
}

void marker_done(struct marker *marker)
{
    free(marker->sent);
    free(marker->received);
    free(marker->barriers);
    forget_revisions(marker);
    *marker = (struct marker){ .closed = PERIOD_NONE, .closing = PERIOD_NONE };
}
