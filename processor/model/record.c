/* model/record.c: setting members through the table. */
#include "model/record.h"

void record_set_text(void *record, const struct record_type *type, size_t field, struct text value)
{
    CHECK(type->fields[field].kind == FIELD_TEXT);
    if (value.size == 0)
        return;
    memcpy(record_member(record, &type->fields[field]), &value, sizeof value);
    record_set(record, field);
}
