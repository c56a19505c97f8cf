/* codec/foreign_heading.c: words that only one kind of file has in its first line. */
#include "codec/foreign_heading.h"

#include <strings.h>

/* A kind of file is known by two columns of it. */
static const struct {
    const char *columns[2], *name, *way_out;
} kinds[] = {
    { { "BilledCost", "ChargeCategory" },
      "a FOCUS export",
      "it has no usage types that could be priced; export the same month as COST_AND_USAGE_REPORT (CUR 2.0)" },
    { { "ListCost", "ChargePeriodStart" },
      "a FOCUS export",
      "it has no usage types that could be priced; export the same month as COST_AND_USAGE_REPORT (CUR 2.0)" },
    { { "InvoiceID", "PayerAccountId" },
      "an old detailed billing report",
      "it has no public prices; take the Cost and Usage Report or CUR 2.0 export of the same month" },
    { { "InvoiceID", "RecordType" },
      "an old detailed billing report",
      "it has no public prices; take the Cost and Usage Report or CUR 2.0 export of the same month" },
    { { "OfferTermCode", "PricePerUnit" }, "an offer file (price list)", "it belongs behind --price-list" },
};

static const struct {
    char separator;
    const char *name;
} separators[] = { { ';', "semicolons" }, { '\t', "tabs" }, { '|', "bars" } };

static bool contains(struct text heading, const char *word)
{
    size_t size = strlen(word);
    for (size_t at = 0; at + size <= heading.size; at++)
        if (strncasecmp(heading.data + at, word, size) == 0)
            return true;
    return false;
}

static size_t count(struct text heading, char wanted)
{
    size_t found = 0;
    for (size_t i = 0; i < heading.size; i++)
        found += heading.data[i] == wanted;
    return found;
}

static bool names_report_columns(struct text heading)
{
    return contains(heading, "lineItem/") || contains(heading, "line_item_") || contains(heading, "identity/LineItemId");
}

/* A row where a heading should be: a date and a number of twelve digits. */
static bool is_row(struct text heading)
{
    size_t digits = 0;
    bool has_account = false;
    for (size_t i = 0; i < heading.size; i++) {
        digits = heading.data[i] >= '0' && heading.data[i] <= '9' ? digits + 1 : 0;
        has_account = has_account || digits == 12;
    }
    return has_account && contains(heading, "Z/20");
}

bool foreign_heading_fail(struct text heading, const char *source, const char *missing, struct error *error)
{
    for (size_t i = 0; i < ARRAY_COUNT(separators); i++)
        if (names_report_columns(heading) && count(heading, separators[i].separator) > count(heading, ','))
            return error_fail(
                error, ERROR_FAILED,
                "%.200s: is separated by %s, expected commas; write it with commas: python3 -c \"import csv, sys; "
                "csv.writer(sys.stdout).writerows(csv.reader(sys.stdin, delimiter='%s'))\" < %.200s > report.csv",
                source, separators[i].name,
                separators[i].separator == '\t' ? "\\t" : (char[]){ separators[i].separator, '\0' }, source);
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (contains(heading, kinds[i].columns[0]) && contains(heading, kinds[i].columns[1]))
            return error_fail(error, ERROR_FAILED, "%s: is %s, expected a Cost and Usage Report; %s", source, kinds[i].name,
                              kinds[i].way_out);
    if (is_row(heading))
        return error_fail(
            error, ERROR_FAILED,
            "%s: line 1 is a row, expected a heading; is it a part that was cut off a report? Put the report's "
            "first line before it",
            source);
    return error_fail(error, ERROR_FAILED, "%s: no Cost and Usage Report: the heading lacks %s", source, missing);
}
