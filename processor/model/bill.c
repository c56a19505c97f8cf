/* model/bill.c: the field tables. */
#include "model/bill.h"

static const struct field bill_fields[] = {
#define X(kind, name, scale, required) RECORD_ROW(bill, kind, name, scale, required)
    BILL_FIELDS(X)
#undef X
};

const struct record_type bill_type = {
    .name = "Bill", .fields = bill_fields, .field_count = BILL_FIELD_COUNT, .size = sizeof(struct bill)
};

static const struct field subtotal_fields[] = {
#define X(kind, name, scale, required) RECORD_ROW(subtotal, kind, name, scale, required)
    SUBTOTAL_FIELDS(X)
#undef X
};

const struct record_type subtotal_type = {
    .name = "Subtotal", .fields = subtotal_fields, .field_count = SUBTOTAL_FIELD_COUNT, .size = sizeof(struct subtotal)
};
