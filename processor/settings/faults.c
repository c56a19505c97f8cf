/* settings/faults.c: where, which key, what was found, what was expected. */
#include "settings/faults.h"

#include <stdarg.h>
#include <stdio.h>

#define PRINTABLE_BYTES_MAX 160

/* Not in the middle of a UTF-8 sequence. */
static struct text shorten(struct text text)
{
    if (text.size <= PRINTABLE_BYTES_MAX)
        return text;
    size_t size = PRINTABLE_BYTES_MAX;
    while (size > 0 && ((unsigned char)text.data[size] & 0xc0) == 0x80)
        size--;
    return (struct text){ text.data, size };
}

void append_printable(struct buffer *out, struct text text)
{
    struct text shown = shorten(text);
    bool utf8 = text_is_utf8(shown);
    for (size_t i = 0; i < shown.size; i++) {
        unsigned char byte = (unsigned char)shown.data[i];
        if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8))
            buffer_printf(out, "\\x%02x", byte);
        else
            buffer_append_byte(out, (char)byte);
    }
    if (shown.size < text.size)
        buffer_append_text(out, TEXT("…"));
}

/* False: enough has been told already. */
static bool begin(struct faults *faults, struct origin origin, struct text key)
{
    if (faults->total++ >= FAULTS_KEPT)
        return false;
    if (origin.line > 0)
        buffer_printf(faults->out, "%s:%u: ", origin.path, origin.line);
    else
        buffer_append_text(faults->out, TEXT("--set: "));
    append_printable(faults->out, key);
    buffer_append_text(faults->out, key.size > 0 ? TEXT(": ") : TEXT(""));
    return true;
}

void fault_add(struct faults *faults, struct origin origin, struct text key, const char *format, ...)
{
    if (!begin(faults, origin, key))
        return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct text whole = text_of(text);
    while (!text_is_utf8(whole)) /* cut at the end of `text`, in the middle of a letter */
        whole.size--;
    buffer_append_text(faults->out, whole);
    buffer_append_byte(faults->out, '\n');
}

void fault_add_value(struct faults *faults, struct origin origin, struct text key, struct text value, bool hidden,
                     struct text expected)
{
    if (!begin(faults, origin, key))
        return;
    buffer_append_text(faults->out, hidden ? TEXT("found ") : TEXT("found \""));
    append_printable(faults->out, hidden ? TEXT(HIDDEN) : value);
    buffer_append_text(faults->out, hidden ? TEXT(", expected ") : TEXT("\", expected "));
    buffer_append_text(faults->out, expected);
    buffer_append_byte(faults->out, '\n');
}
