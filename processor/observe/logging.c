/* observe/logging.c: builds the line on the stack; what does not fit is cut. */
#include "observe/logging.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 4096

static _Atomic int level_written = LOGGING_INFO;

struct line {
    char bytes[LINE_BYTES];
    size_t size;
};

static void put(struct line *line, char byte)
{
    if (line->size < LINE_BYTES - 1)
        line->bytes[line->size++] = byte;
}

static void put_plain(struct line *line, const char *text)
{
    for (; *text; text++)
        put(line, *text);
}

static bool needs_quotes(const char *text)
{
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at <= ' ' || *at == '"' || *at == '=' || *at == '\\' || *at == 0x7f)
            return true;
    return *text == '\0';
}

static void put_value(struct line *line, const char *text)
{
    if (!needs_quotes(text)) {
        put_plain(line, text);
        return;
    }
    put(line, '"');
    for (; *text; text++) {
        if (*text == '\n' || *text == '\r') {
            put_plain(line, "\\n");
            continue;
        }
        if (*text == '"' || *text == '\\')
            put(line, '\\');
        put(line, (unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text);
    }
    put(line, '"');
}

static void put_time(struct line *line)
{
    struct timespec now;
    struct tm utc;
    char text[40];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t size = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + size, sizeof text - size, ".%03ldZ", now.tv_nsec / 1000000);
    put_plain(line, text);
}

void logging_set_level(enum logging_level level)
{
    atomic_store(&level_written, (int)level);
}

void logging_write(enum logging_level level, const char *event, const struct logging_field *fields, unsigned count)
{
    static const char *const names[] = { "error", "warn", "info", "debug" };
    struct line line = { .size = 0 };
    if ((int)level > atomic_load(&level_written))
        return;
    put_plain(&line, "time=");
    put_time(&line);
    put_plain(&line, " level=");
    put_plain(&line, names[level]);
    put_plain(&line, " event=");
    put_value(&line, event);
    for (unsigned i = 0; i < count; i++) {
        char number[24];
        put(&line, ' ');
        put_plain(&line, fields[i].name);
        put(&line, '=');
        snprintf(number, sizeof number, "%lld", (long long)fields[i].number);
        put_value(&line, fields[i].text ? fields[i].text : number);
    }
    line.bytes[line.size++] = '\n';
    ssize_t written = write(STDERR_FILENO, line.bytes, line.size);
    (void)written; /* nobody is left to tell */
}
