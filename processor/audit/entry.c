/* audit/entry.c: a table of which sources have to agree in which figures. */
#include "audit/entry.h"

#include <stdio.h>

#include "store/bytes.h"

#define BIT(value) (1u << (value))
#define ALL_SUMS \
    (BIT(AUDIT_USAGE_EVENTS) | BIT(AUDIT_COST) | BIT(AUDIT_PUBLIC_COST) | BIT(AUDIT_BILLABLE_COST) | BIT(AUDIT_TAX))

static const char *const source_texts[AUDIT_SOURCE_COUNT] = {
    [AUDIT_LINE_ITEMS] = "line items", [AUDIT_SUBTOTALS] = "subtotals", [AUDIT_BILLS] = "bills",
    [AUDIT_CUR_ROWS] = "cur rows",     [AUDIT_MANIFESTS] = "manifest",
};

static const struct {
    const char *text;
    unsigned scale;
} figures_known[AUDIT_FIGURE_COUNT] = {
    [AUDIT_ROWS] = { "rows", 0 },
    [AUDIT_USAGE_EVENTS] = { "usage_events", 0 },
    [AUDIT_COST] = { "cost", COST_SCALE },
    [AUDIT_PUBLIC_COST] = { "public_cost", AMOUNT_SCALE },
    [AUDIT_BILLABLE_COST] = { "billable_cost", AMOUNT_SCALE },
    [AUDIT_TAX] = { "tax", AMOUNT_SCALE },
    [AUDIT_CHECKSUM] = { "checksum", 0 },
    [AUDIT_OFFSETS] = { "offsets", 0 },
};

/* The first source is what the others are held against. */
static const struct {
    const char *text;
    struct {
        enum audit_source source;
        unsigned figures;
    } sources[3];
    size_t source_count;
} kinds[AUDIT_KIND_COUNT] = {
    [AUDIT_BILL] = { "bill", { { AUDIT_LINE_ITEMS, ALL_SUMS }, { AUDIT_BILLS, ALL_SUMS } }, 2 },
    [AUDIT_SUBTOTAL] = { "subtotal", { { AUDIT_LINE_ITEMS, ALL_SUMS }, { AUDIT_SUBTOTALS, ALL_SUMS } }, 2 },
    [AUDIT_REPORT] = { "report",
                       { { AUDIT_CUR_ROWS, ~0u },
                         { AUDIT_MANIFESTS, BIT(AUDIT_ROWS) | BIT(AUDIT_COST) | BIT(AUDIT_CHECKSUM) | BIT(AUDIT_OFFSETS) },
                         { AUDIT_LINE_ITEMS, BIT(AUDIT_COST) } },
                       3 },
    [AUDIT_REPORT_TOTAL] = { "report's total",
                             { { AUDIT_CUR_ROWS, ~0u }, { AUDIT_MANIFESTS, BIT(AUDIT_ROWS) | BIT(AUDIT_COST) } },
                             2 },
    [AUDIT_REPORT_ROW] = { "report row", { { AUDIT_LINE_ITEMS, ~0u }, { AUDIT_CUR_ROWS, BIT(AUDIT_COST) } }, 2 },
};

const char *audit_kind_text(enum audit_kind kind)
{
    return kinds[kind].text;
}

static void widen(struct audit_figures *figures, const struct audit_figures *part)
{
    if (!part->has_offsets)
        return;
    bool first = !figures->has_offsets;
    figures->has_offsets = true;
    if (first || part->first_partition < figures->first_partition)
        figures->first_partition = part->first_partition;
    if (first || part->last_partition > figures->last_partition)
        figures->last_partition = part->last_partition;
    if (first || part->first_offset < figures->first_offset)
        figures->first_offset = part->first_offset;
    if (first || part->last_offset > figures->last_offset)
        figures->last_offset = part->last_offset;
}

void audit_figures_add_offset(struct audit_figures *figures, int64_t partition, int64_t offset)
{
    widen(figures, &(struct audit_figures){ .has_offsets = true,
                                            .first_partition = partition,
                                            .last_partition = partition,
                                            .first_offset = offset,
                                            .last_offset = offset });
}

void audit_figures_add(struct audit_figures *figures, const struct audit_figures *part)
{
    figures->said = figures->said || part->said;
    figures->rows += part->rows;
    figures->usage_events += part->usage_events;
    for (size_t i = AUDIT_COST; i <= AUDIT_TAX; i++)
        sum_add_sum(&figures->amounts[i], &part->amounts[i]);
    figures->checksum.low += part->checksum.low;
    figures->checksum.high += part->checksum.high + (figures->checksum.low < part->checksum.low);
    widen(figures, part);
}

/* ---- comparing ---- */

static bool figure_equal(enum audit_figure figure, const struct audit_figures *first, const struct audit_figures *other)
{
    switch (figure) {
    case AUDIT_ROWS:
        return first->rows == other->rows;
    case AUDIT_USAGE_EVENTS:
        return first->usage_events == other->usage_events;
    case AUDIT_CHECKSUM:
        return first->checksum.high == other->checksum.high && first->checksum.low == other->checksum.low;
    case AUDIT_OFFSETS:
        return !first->has_offsets ||
               (first->first_partition == other->first_partition && first->last_partition == other->last_partition &&
                first->first_offset >= other->first_offset && first->last_offset <= other->last_offset);
    case AUDIT_COST:
    case AUDIT_PUBLIC_COST:
    case AUDIT_BILLABLE_COST:
    case AUDIT_TAX:
    case AUDIT_FIGURE_COUNT:
        break;
    }
    return sum_equal(&first->amounts[figure], &other->amounts[figure]);
}

static void append_sum(const struct sum *sum, unsigned scale, struct buffer *out)
{
    char text[SUM_TEXT_MAX];
    sum_format(sum, scale, text);
    buffer_append_text(out, text_of(text));
}

static void append_offsets(const struct audit_figures *figures, struct buffer *out)
{
    if (!figures->has_offsets) {
        buffer_append_text(out, TEXT("none"));
        return;
    }
    buffer_printf(out, "%lld to %lld of partition %lld", (long long)figures->first_offset, (long long)figures->last_offset,
                  (long long)figures->first_partition);
    if (figures->last_partition != figures->first_partition)
        buffer_printf(out, " to %lld", (long long)figures->last_partition);
}

static void append_figure(enum audit_figure figure, const struct audit_figures *figures, struct buffer *out)
{
    if (figure == AUDIT_ROWS)
        buffer_printf(out, "%lld", (long long)figures->rows);
    else if (figure == AUDIT_USAGE_EVENTS)
        buffer_printf(out, "%lld", (long long)figures->usage_events);
    else if (figure == AUDIT_CHECKSUM)
        buffer_printf(out, "%016llx%016llx", (unsigned long long)figures->checksum.high,
                      (unsigned long long)figures->checksum.low);
    else if (figure == AUDIT_OFFSETS)
        append_offsets(figures, out);
    else
        append_sum(&figures->amounts[figure], figures_known[figure].scale, out);
}

static size_t tell(enum audit_kind kind, struct text key, const char *what, struct buffer *out)
{
    buffer_printf(out, "%s %.*s: %s\n", kinds[kind].text, TEXT_ARGS(key), what);
    return 1;
}

static bool is_zero(const struct audit_figures *figures)
{
    for (enum audit_figure i = AUDIT_COST; i <= AUDIT_TAX; i++)
        if (!sum_is_zero(&figures->amounts[i]))
            return false;
    return figures->rows == 0 && figures->usage_events == 0;
}

/* Who says nothing says zero; but a row that is there must be answered by one. */
static size_t compare_presence(enum audit_kind kind, struct text key, const struct audit_figures *first,
                               const struct audit_figures *other, enum audit_source source, struct buffer *out)
{
    char what[64];
    if (first->said && !other->said && first->rows > 0) {
        snprintf(what, sizeof what, "%s: missing", source_texts[source]);
        return tell(kind, key, what, out);
    }
    if (first->said || is_zero(other))
        return 0;
    snprintf(what, sizeof what, "%s: there is no such key in %s", source_texts[source],
             source_texts[kinds[kind].sources[0].source]);
    return tell(kind, key, what, out);
}

static size_t compare_source(enum audit_kind kind, struct text key, const struct audit_entry *entry, size_t at,
                             struct buffer *out)
{
    enum audit_source source = kinds[kind].sources[at].source, reference = kinds[kind].sources[0].source;
    const struct audit_figures *first = &entry->of[reference], *other = &entry->of[source];
    size_t found = compare_presence(kind, key, first, other, source, out);
    if (found > 0 || !other->said)
        return found;
    for (enum audit_figure figure = 0; figure < AUDIT_FIGURE_COUNT; figure++) {
        bool both = kinds[kind].sources[at].figures & kinds[kind].sources[0].figures & BIT(figure);
        if (!both || figure_equal(figure, first, other))
            continue;
        buffer_printf(out, "%s %.*s: %s: %s ", kinds[kind].text, TEXT_ARGS(key), figures_known[figure].text,
                      source_texts[reference]);
        append_figure(figure, first, out);
        buffer_printf(out, ", %s ", source_texts[source]);
        append_figure(figure, other, out);
        buffer_append_byte(out, '\n');
        found++;
    }
    return found;
}

size_t audit_entry_compare(enum audit_kind kind, struct text key, const struct audit_entry *entry, unsigned may_lack,
                           struct buffer *out)
{
    size_t found = 0;
    enum audit_source reference = kinds[kind].sources[0].source;
    if (!entry->of[reference].said && (may_lack & BIT(reference)))
        return 0;
    for (size_t i = 1; i < kinds[kind].source_count; i++) {
        enum audit_source source = kinds[kind].sources[i].source;
        if (entry->of[source].said || !(may_lack & BIT(source)))
            found += compare_source(kind, key, entry, i, out);
    }
    return found;
}

/* ---- stored bytes ---- */

static void write_figures(const struct audit_figures *figures, struct buffer *out)
{
    bytes_put_signed(out, figures->rows);
    bytes_put_signed(out, figures->usage_events);
    for (size_t i = AUDIT_COST; i <= AUDIT_TAX; i++)
        bytes_put_sum(out, &figures->amounts[i]);
    bytes_put_varint(out, figures->checksum.high);
    bytes_put_varint(out, figures->checksum.low);
    bytes_put_varint(out, figures->has_offsets);
    bytes_put_signed(out, figures->first_partition);
    bytes_put_signed(out, figures->last_partition);
    bytes_put_signed(out, figures->first_offset);
    bytes_put_signed(out, figures->last_offset);
}

static void read_figures(struct byte_reader *reader, struct audit_figures *figures)
{
    *figures = (struct audit_figures){ .said = true, .rows = bytes_take_signed(reader) };
    figures->usage_events = bytes_take_signed(reader);
    for (size_t i = AUDIT_COST; i <= AUDIT_TAX; i++)
        figures->amounts[i] = bytes_take_sum(reader);
    figures->checksum.high = bytes_take_varint(reader);
    figures->checksum.low = bytes_take_varint(reader);
    figures->has_offsets = bytes_take_varint(reader) != 0;
    figures->first_partition = bytes_take_signed(reader);
    figures->last_partition = bytes_take_signed(reader);
    figures->first_offset = bytes_take_signed(reader);
    figures->last_offset = bytes_take_signed(reader);
}

void audit_entry_write(const struct audit_entry *entry, struct buffer *out)
{
    unsigned said = 0;
    for (enum audit_source i = 0; i < AUDIT_SOURCE_COUNT; i++)
        said |= entry->of[i].said ? BIT(i) : 0;
    bytes_put_varint(out, said);
    for (enum audit_source i = 0; i < AUDIT_SOURCE_COUNT; i++)
        if (entry->of[i].said)
            write_figures(&entry->of[i], out);
}

bool audit_entry_add_stored(struct audit_entry *entry, struct text bytes)
{
    struct byte_reader reader = bytes_reader(bytes);
    uint64_t said = bytes_take_varint(&reader);
    for (enum audit_source i = 0; i < AUDIT_SOURCE_COUNT; i++) {
        struct audit_figures part;
        if (!(said & BIT(i)))
            continue;
        read_figures(&reader, &part);
        audit_figures_add(&entry->of[i], &part);
    }
    return !reader.failed && reader.at == reader.end;
}
