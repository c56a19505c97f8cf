/* settings/document.c: one table, three texts. */
#include "settings/document.h"

#include "settings/kafka_keys.h"
#include "settings/property.h"

#define LINE_BYTES 100

/* Breaks between words, so that no line that can be broken is longer than LINE_BYTES. */
static void append_wrapped(struct buffer *out, const char *indent, struct text text)
{
    size_t width = 0;
    while (text.size > 0) {
        const char *blank = memchr(text.data, ' ', text.size);
        size_t word = blank ? (size_t)(blank - text.data) : text.size;
        bool fits = width > 0 && width + 1 + word <= LINE_BYTES;
        if (!fits) {
            buffer_printf(out, "%s%s", width > 0 ? "\n" : "", indent);
            width = strlen(indent);
        } else {
            buffer_append_byte(out, ' ');
            width++;
        }
        buffer_append(out, text.data, word);
        width += word;
        size_t taken = word + (blank != NULL);
        text = (struct text){ text.data + taken, text.size - taken };
    }
    buffer_append_byte(out, '\n');
}

/* "Description. Expected: a duration from …". What goes to librdkafka says in words what it may be. */
static void append_description(struct buffer *out, const char *indent, const struct property *property)
{
    struct buffer text = { 0 };
    buffer_append_text(&text, text_of(property->text));
    if (property->kind != PROPERTY_KAFKA) {
        buffer_append_text(&text, TEXT(" Expected: "));
        property_expected(property, &text);
        buffer_append_byte(&text, '.');
    }
    append_wrapped(out, indent, buffer_text(&text));
    buffer_done(&text);
}

void settings_help(struct buffer *out)
{
    buffer_append_text(out, TEXT("Properties, in the file or as --set key=value, with their defaults:\n"));
    for (size_t i = 0; i < property_count; i++) {
        if (properties[i].section)
            buffer_printf(out, "\n%s\n", properties[i].section);
        buffer_printf(out, "  %s =%s%s\n", properties[i].name, properties[i].standard[0] ? " " : "", properties[i].standard);
        append_description(out, "      ", &properties[i]);
    }
    buffer_append_text(out, TEXT("\nAny other kafka.* property goes to librdkafka as it is.\n"));
}

void settings_sample_file(struct buffer *out)
{
    buffer_append_text(out, TEXT("# Configuration of proforma. Generated from processor/settings/property.c: every "
                                 "property at its default.\n"
                                 "# A line is \"key = value\". CONFIGURATION.md says more.\n"));
    for (size_t i = 0; i < property_count; i++) {
        if (properties[i].section)
            buffer_printf(out, "\n## %s\n", properties[i].section);
        buffer_append_byte(out, '\n');
        append_description(out, "# ", &properties[i]);
        buffer_printf(out, "#%s =%s%s\n", properties[i].name, properties[i].standard[0] ? " " : "", properties[i].standard);
    }
}

static const char reference_head[] =
    "# Configuration\n"
    "\n"
    "Generated from `processor/settings/property.c` by `settings_document write config`; a test keeps it up to date.\n"
    "\n"
    "Commands take `--config FILE` and, over it, any number of `--set key=value`; of one key the last `--set` counts.\n"
    "`proforma.conf` beside this page has every property, commented out at its default.\n"
    "\n"
    "## The file\n"
    "\n"
    "UTF-8, a line `key = value` each. Blank lines and lines that begin with `#` are skipped; a `#` inside a line "
    "belongs\n"
    "to its value. A value in double quotes keeps its blanks (`\\\"` and `\\\\` inside). A line is never continued. A "
    "key\n"
    "may come once. Durations are `100ms`, `10s`, `5m`, `24h`, `5d`; sizes `65536`, `64KiB`, `512MiB`, `2GiB`, `1GB`.\n"
    "\n"
    "Everything that is wrong is reported at once, with its line, and nothing starts (exit 2).\n"
    "\n"
    "## Secrets\n"
    "\n"
    "`${file:/path}` inside a value is the content of a file (one newline at its end is dropped), `${env:NAME}` a\n"
    "variable of the environment; a plain `${` is written `$${`. For a secret, a file that every user may read is "
    "refused\n"
    "(`chmod o-rw`), and so is a secret written out in `--set` or in a configuration file that every user may read. "
    "Secrets,\n"
    "and all values with a reference in them, are never printed.\n";

static void append_cell(struct buffer *out, struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '|')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, text.data[i]);
    }
}

static void append_row(struct buffer *out, const struct property *property)
{
    struct buffer expected = { 0 };
    property_expected(property, &expected);
    if (property->standard[0])
        buffer_printf(out, "| `%s` | `%s` | ", property->name, property->standard);
    else
        buffer_printf(out, "| `%s` | | ", property->name);
    append_cell(out, buffer_text(&expected));
    buffer_append_text(out, TEXT(" | "));
    append_cell(out, text_of(property->text));
    buffer_printf(out, "%s |\n", property->secret ? " Secret." : "");
    buffer_done(&expected);
}

static void append_refusals(struct buffer *out)
{
    buffer_append_text(
        out, TEXT("\n## Other properties of librdkafka\n\n"
                  "Any `kafka.NAME = value` goes to librdkafka as `NAME`, in the order of the file; an empty value\n"
                  "leaves its default. Names with `password`, `secret`, `pem`, `token`, `jaas` or `private` in them are\n"
                  "secrets. Refused, because they would break exactly-once or let a stranger in:\n\n"
                  "| property | allowed | why |\n|---|---|---|\n"));
    for (size_t i = 0; i < kafka_refusal_count; i++) {
        const struct kafka_refusal *refusal = &kafka_refusals[i];
        buffer_printf(out, "| `kafka.%s` | %s%s%s | %s |\n", refusal->name, refusal->allowed ? "`" : "",
                      refusal->allowed ? refusal->allowed : "", refusal->allowed ? "`" : "", refusal->reason);
    }
}

void settings_reference(struct buffer *out)
{
    buffer_append_text(out, text_of(reference_head));
    for (size_t i = 0; i < property_count; i++) {
        if (properties[i].section)
            buffer_printf(out, "\n## %s\n\n| property | default | value | what |\n|---|---|---|---|\n",
                          properties[i].section);
        append_row(out, &properties[i]);
    }
    append_refusals(out);
}
