/*
 * support/avro_cat.c: usage events between a container file and lines of text (support/record_text.h).
 *
 *   avro_cat read FILE               prints a line a record, "REFUSED reason field" for one that is refused
 *   avro_cat write FILE null|deflate reads lines from standard input
 */
#include <inttypes.h>
#include <stdlib.h>

#include "codec/avro_encode.h"
#include "codec/avro_file.h"
#include "support/record_text.h"

static int report(const struct error *error)
{
    fprintf(stderr, "avro_cat: %s\n", error->message);
    return 1;
}

static int read_file(const char *path)
{
    struct input *input;
    struct avro_file *file;
    struct error error;
    const struct avro_file_options options = { .event_bytes_max = 256 * 1024 };
    if (!input_open(path, &input, &error) || !avro_file_open(input, &usage_event_type, &options, &file, &error))
        return report(&error);
    struct arena arena = { 0 };
    struct buffer line = { 0 };
    enum avro_file_status status;
    do {
        struct usage_event event;
        struct refusal refusal;
        arena_reset(&arena);
        status = avro_file_next(file, &event, &arena, &refusal, &error);
        if (status == AVRO_FILE_RECORD)
            puts(record_text(&usage_event_type, &event, &line));
        else if (status == AVRO_FILE_REFUSED || status == AVRO_FILE_TRUNCATED)
            printf("REFUSED %s %s\n", refusal_reason_text(refusal.reason), refusal.field ? refusal.field : "-");
    } while (status != AVRO_FILE_END && status != AVRO_FILE_FAILED);
    avro_file_close(file);
    input_close(input);
    arena_done(&arena);
    buffer_done(&line);
    return status == AVRO_FILE_FAILED ? report(&error) : 0;
}

/* Undoes the %xx in place. */
static struct text unescape(char *string)
{
    char *out = string;
    for (const char *at = string; *at; at++) {
        if (*at == '%') {
            const char digits[] = { at[1], at[2], '\0' };
            *out++ = (char)strtoul(digits, NULL, 16);
            at += 2;
        } else {
            *out++ = *at;
        }
    }
    return (struct text){ string, (size_t)(out - string) };
}

static struct tags parse_tags(char *value, struct arena *arena)
{
    size_t count = 0;
    struct tag *items = arena_take(arena, (strlen(value) / 2 + 1) * sizeof *items, _Alignof(struct tag));
    char *state;
    for (char *item = strtok_r(value, ",", &state); item; item = strtok_r(NULL, ",", &state)) {
        char *colon = strchr(item, ':');
        *colon = '\0';
        items[count++] = (struct tag){ unescape(item), unescape(colon + 1) };
    }
    return (struct tags){ items, count };
}

static bool set_member(struct usage_event *event, size_t index, char *value, struct arena *arena)
{
    const struct field *field = &usage_event_type.fields[index];
    void *member = record_member(event, field);
    struct refusal refusal;
    switch (field->kind) {
    case FIELD_TEXT:
        record_set_text(event, &usage_event_type, index, unescape(value));
        return true;
    case FIELD_DECIMAL:
        return usage_event_set_decimal(event, index, text_of(value), EXCESS_REJECT, &refusal);
    case FIELD_SUM:
        return sum_parse(text_of(value), field->scale, member) == DECIMAL_EXACT && (record_set(event, index), true);
    case FIELD_TIME:
    case FIELD_LONG:
        *(int64_t *)member = strtoimax(value, NULL, 10);
        break;
    case FIELD_TAGS:
        *(struct tags *)member = parse_tags(value, arena);
        break;
    }
    record_set(event, index);
    return true;
}

static bool parse_line(char *line, struct usage_event *event, struct arena *arena)
{
    memset(event, 0, sizeof *event);
    char *state;
    for (char *part = strtok_r(line, " \n", &state); part; part = strtok_r(NULL, " \n", &state)) {
        char *equals = strchr(part, '=');
        if (!equals)
            return false;
        *equals = '\0';
        for (size_t i = 0; i < usage_event_type.field_count; i++)
            if (strcmp(usage_event_type.fields[i].name, part) == 0 && !set_member(event, i, equals + 1, arena))
                return false;
    }
    return true;
}

static int write_file(const char *path, enum avro_file_codec codec)
{
    struct error error;
    struct avro_file_writer *writer;
    FILE *out = fopen(path, "wb");
    if (!out) {
        perror(path);
        return 1;
    }
    if (!avro_file_create(out, &usage_event_type, codec, &writer, &error))
        return report(&error);
    char *line = NULL;
    size_t capacity = 0;
    struct arena arena = { 0 };
    struct buffer datum = { 0 };
    bool done = true;
    while (done && getline(&line, &capacity, stdin) > 0) {
        struct usage_event event;
        arena_reset(&arena);
        buffer_clear(&datum);
        if (!parse_line(line, &event, &arena)) {
            done = error_fail(&error, ERROR_INVALID, "no such line: %s", line);
            break;
        }
        avro_encode(&usage_event_type, &event, &datum);
        done = avro_file_append(writer, buffer_text(&datum), &error);
    }
    struct error last;
    bool finished = avro_file_finish(writer, done ? &error : &last);
    free(line);
    arena_done(&arena);
    buffer_done(&datum);
    fclose(out);
    return done && finished ? 0 : report(&error);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "read") == 0)
        return read_file(argv[2]);
    if (argc == 4 && strcmp(argv[1], "write") == 0)
        return write_file(argv[2], strcmp(argv[3], "deflate") == 0 ? AVRO_FILE_DEFLATE : AVRO_FILE_NULL);
    fprintf(stderr, "usage: avro_cat read FILE | write FILE null|deflate\n");
    return 2;
}
