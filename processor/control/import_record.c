/* control/import_record.c: a small JSON object. */
#include "control/import_record.h"

#include <jansson.h>

bool import_record_read(struct text value, struct import_record *record, struct arena *arena, struct error *error)
{
    json_error_t reason;
    json_t *object = json_loadb(value.data ? value.data : "", value.size, 0, &reason), *offset;
    size_t index;
    *record = (struct import_record){ 0 };
    if (!json_is_object(object)) {
        json_decref(object);
        return error_fail(error, ERROR_FAILED, "conductor topic: an import record cannot be read");
    }
    json_t *offsets = json_object_get(object, "offsets");
    const char *state = json_string_value(json_object_get(object, "state"));
    record->is_done = !state || strcmp(state, "done") == 0;
    record->is_unmarked = !offsets || json_is_true(json_object_get(object, "unmarked"));
    record->offset_count = json_array_size(offsets);
    record->offsets = arena_take(arena, (record->offset_count + 1) * sizeof *record->offsets, _Alignof(int64_t));
    json_array_foreach (offsets, index, offset)
        record->offsets[index] = json_integer_value(offset);
    json_decref(object);
    return true;
}

void import_record_print(const struct import_record *record, struct buffer *out)
{
    buffer_printf(out, "{\"state\":\"%s\",%s\"offsets\":[", record->is_done ? "done" : "begun",
                  record->is_unmarked ? "\"unmarked\":true," : "");
    for (size_t i = 0; i < record->offset_count; i++)
        buffer_printf(out, "%s%lld", i ? "," : "", (long long)record->offsets[i]);
    buffer_append_text(out, TEXT("]}"));
}
