/* documents/problem.c: collects problems; a path is only written out when there is something to say. */
#include "documents/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define VALUE_BYTES_MAX 160

static const char *const reason_texts[] = {
#define X(name) #name,
    PROBLEM_REASONS(X)
#undef X
};

const char *problem_reason_text(enum problem_reason reason)
{
    CHECK(reason < PROBLEM_REASON_COUNT);
    return reason_texts[reason];
}

void problems_begin(struct problems *problems, const char *document)
{
    problems->document = arena_copy(&problems->arena, text_of(document));
}

static void append_path(struct buffer *out, const struct place *place)
{
    if (!place)
        return;
    append_path(out, place->parent);
    if (!place->member.data) {
        buffer_printf(out, "[%zu]", place->index);
        return;
    }
    if (out->size)
        buffer_append_byte(out, '.');
    buffer_append_text(out, place->member);
}

/* Not in the middle of a UTF-8 sequence. */
static struct text shorten(struct text value)
{
    if (value.size <= VALUE_BYTES_MAX)
        return value;
    size_t size = VALUE_BYTES_MAX;
    while (size > 0 && ((unsigned char)value.data[size] & 0xc0) == 0x80)
        size--;
    return (struct text){ value.data, size };
}

void problem_add(struct problems *problems, const struct place *place, enum problem_reason reason, struct text value,
                 const char *expected_format, ...)
{
    if (problems->total++ >= PROBLEMS_KEPT)
        return;
    char expected[512];
    va_list args;
    va_start(args, expected_format);
    vsnprintf(expected, sizeof expected, expected_format, args);
    va_end(args);
    struct buffer path = { 0 };
    append_path(&path, place);
    problems->items = memory_reserve_one(problems->items, problems->count, &problems->capacity, sizeof *problems->items);
    problems->items[problems->count++] = (struct problem){
        .reason = reason,
        .document = problems->document,
        .path = arena_copy(&problems->arena, buffer_text(&path)),
        .value = arena_copy(&problems->arena, shorten(value)),
        .expected = arena_copy(&problems->arena, text_of(expected)),
    };
    buffer_done(&path);
}

/* One problem is one line of printable text, whatever its document holds. */
static void append_printable(struct buffer *out, struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < 0x20 || byte == 0x7f)
            buffer_printf(out, "\\x%02x", byte);
        else
            buffer_append_byte(out, (char)byte);
    }
}

void problem_format(const struct problem *problem, struct buffer *out)
{
    append_printable(out, problem->document);
    buffer_append_text(out, TEXT(": "));
    append_printable(out, problem->path);
    buffer_printf(out, ": %s: found ", problem_reason_text(problem->reason));
    if (problem->value.size) {
        buffer_append_byte(out, '"');
        append_printable(out, problem->value);
        buffer_append_byte(out, '"');
    } else {
        buffer_append_text(out, TEXT("nothing"));
    }
    buffer_append_text(out, TEXT(", expected "));
    append_printable(out, problem->expected);
}

void problems_first(const struct problems *problems, char out[PROBLEM_TEXT_MAX])
{
    struct buffer text = { 0 };
    if (problems->count > 0)
        problem_format(&problems->items[0], &text);
    snprintf(out, PROBLEM_TEXT_MAX, "%.*s", (int)text.size, text.size ? text.data : "");
    buffer_done(&text);
}

void problems_done(struct problems *problems)
{
    arena_done(&problems->arena);
    free(problems->items);
    *problems = (struct problems){ 0 };
}
