/* model/cur_row.c: the field table. */
#include "model/cur_row.h"

static const struct field cur_row_fields[] = {
#define X(kind, name, scale, required) RECORD_ROW(cur_row, kind, name, scale, required)
    CUR_ROW_FIELDS(X)
#undef X
};

const struct record_type cur_row_type = {
    .name = "CurRow", .fields = cur_row_fields, .field_count = CUR_ROW_FIELD_COUNT, .size = sizeof(struct cur_row)
};
