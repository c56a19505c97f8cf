/* codec/foreign_format.c: a table of first bytes. */
#include "codec/foreign_format.h"

#include <stdio.h>

/* What the way out does with the file's name, which a command takes twice at most. */
struct foreign {
    struct text magic;
    const char *name, *way_out; /* %s: the file */
};

#define MAGIC(bytes)               \
    {                              \
        (bytes), sizeof(bytes) - 1 \
    }
#define UNPACKED_BY(command) "unpack it: " command " %s | proforma … -"

static const struct foreign formats[] = {
    { MAGIC("PAR1"), "a Parquet file", "make a CSV of it: duckdb -c \"COPY (FROM '%s') TO 'report.csv' (HEADER)\"" },
    { MAGIC("ORC\n\3"), "an ORC file", "%s must be made a CSV with a heading" },
    { MAGIC("\xff\xfe\0\0"), "in UTF-32", "make it UTF-8: iconv -f UTF-32 -t UTF-8 %s > report.csv" },
    { MAGIC("\0\0\xfe\xff"), "in UTF-32", "make it UTF-8: iconv -f UTF-32 -t UTF-8 %s > report.csv" },
    { MAGIC("\xff\xfe"), "in UTF-16", "make it UTF-8: iconv -f UTF-16 -t UTF-8 %s > report.csv" },
    { MAGIC("\xfe\xff"), "in UTF-16", "make it UTF-8: iconv -f UTF-16 -t UTF-8 %s > report.csv" },
    { MAGIC("PK\3\4"), "a zip archive in a pipe or in another container", UNPACKED_BY("unzip -p") },
    { MAGIC("PK\5\6"), "an empty zip archive", "%s must hold a report" },
    { MAGIC("\x28\xb5\x2f\xfd"), "compressed with zstd", UNPACKED_BY("zstd -dc") },
    { MAGIC("\xfd"
            "7zXZ\0"),
      "compressed with xz", UNPACKED_BY("xz -dc") },
    { MAGIC("\x04\x22\x4d\x18"), "compressed with lz4", UNPACKED_BY("lz4 -dc") },
    { MAGIC("BZh91AY&SY"), "compressed with bzip2", UNPACKED_BY("bzip2 -dc") },
    { MAGIC("\x1f\x9d"), "compressed with compress", UNPACKED_BY("gzip -dc") },
    { MAGIC("7z\xbc\xaf\x27\x1c"), "a 7-Zip archive", UNPACKED_BY("7z x -so") },
    { MAGIC("Rar!\x1a\7"), "a RAR archive", UNPACKED_BY("unrar p -inul") },
    { MAGIC("\xd0\xcf\x11\xe0"), "an Excel workbook", "save the sheet in %s as CSV UTF-8, with commas" },
    { MAGIC("SQLite format 3"), "a SQLite database", "%s must be made a CSV with a heading" },
    { MAGIC("%PDF-"), "a PDF", "%s is an invoice perhaps; a Cost and Usage Report has the usage" },
    { MAGIC("<"), "XML or HTML, perhaps the answer to a download that was denied", "look into %s and fetch the file again" },
};

/* Letters with a zero byte each: UTF-16 that does not say so. */
static const char *unmarked_utf16(struct text start)
{
    size_t zeros[2] = { 0, 0 }, pairs = start.size / 2;
    if (pairs < 4)
        return NULL;
    for (size_t i = 0; i < 2 * pairs; i++)
        zeros[i % 2] += start.data[i] == '\0';
    if (zeros[1] == pairs && zeros[0] == 0)
        return "UTF-16LE";
    return zeros[0] == pairs && zeros[1] == 0 ? "UTF-16BE" : NULL;
}

static bool fail(const char *name, const char *format, const char *way_out, struct error *error)
{
    char way[512];
    const char *file = strcmp(name, "-") == 0 ? "FILE" : name, *place = strstr(way_out, "%s");
    CHECK(place);
    snprintf(way, sizeof way, "%.*s%.300s%s", (int)(place - way_out), way_out, file, place + 2);
    return error_fail(error, ERROR_FAILED, "%.300s: is %s, expected a CUR's CSV, JSON lines or Avro; %s", name, format, way);
}

static bool is_blank(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!strchr(" \t\r\n", text.data[i]) || text.data[i] == '\0')
            return false;
    return true;
}

static bool check_empty(struct input *input, bool may_be_empty, struct error *error)
{
    char byte;
    size_t got;
    const char *name = input_name(input);
    enum input_status status = input_read(input, &byte, 1, &got);
    if (status != INPUT_END)
        return error_fail(error, ERROR_FAILED, "%s: cannot read: %s", name, input_failure(input));
    return may_be_empty || error_fail(error, ERROR_FAILED, "%s: is empty: expected usage; was it copied whole?", name);
}

bool foreign_format_check(struct input *input, bool may_be_empty, struct error *error)
{
    struct text start = input_peek(input);
    const char *name = input_name(input);
    if (start.size == 0)
        return check_empty(input, may_be_empty, error);
    for (size_t i = 0; i < ARRAY_COUNT(formats); i++)
        if (text_starts_with(start, formats[i].magic))
            return fail(name, formats[i].name, formats[i].way_out, error);
    const char *encoding = unmarked_utf16(start);
    if (encoding) {
        char way_out[96];
        snprintf(way_out, sizeof way_out, "make it UTF-8: iconv -f %s -t UTF-8 %%s > report.csv", encoding);
        return fail(name, "in UTF-16", way_out, error);
    }
    if (!may_be_empty && start.size < INPUT_PEEK_BYTES && is_blank(start))
        return error_fail(error, ERROR_FAILED, "%s: is empty: it has blank lines only, expected usage", name);
    return true;
}
