/* observe/logging: whatever is said, an event is one line that a reader of logfmt takes apart again. */
#include "support/unit.h"

#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "model/calendar.h"
#include "observe/logging.h"

/* Standard error while it is listened to. Packets, so that each write is told from the next. */
static int listening = -1, standard_error = -1;

static void listen_to_standard_error(void)
{
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    fflush(stderr);
    standard_error = dup(STDERR_FILENO);
    CHECK(standard_error >= 0 && dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    close(ends[1]);
    listening = ends[0];
}

static void stop_listening(void)
{
    fflush(stderr);
    CHECK(dup2(standard_error, STDERR_FILENO) == STDERR_FILENO); /* closes the end that was written to */
    close(standard_error);
}

/* The next write, with a NUL behind it; false: there was no other. */
static bool next_write(struct buffer *out)
{
    buffer_clear(out);
    ssize_t got = recv(listening, buffer_reserve(out, 65536), 65535, 0);
    CHECK(got >= 0);
    out->size = (size_t)got;
    *buffer_reserve(out, 1) = '\0';
    if (got == 0)
        close(listening);
    return got > 0;
}

static void log_text(const char *text, int number)
{
    log_event(LOGGING_INFO, "e", LOG_TEXT("a", text), LOG_NUMBER("b", number));
}

/* What an event wrote, which was one write; without its time and its newline. */
static struct text written(const char *row, struct buffer *out)
{
    static struct buffer more;
    const size_t time_size = strlen("time=2026-06-01T00:00:00.000Z ");
    expect(row, next_write(out), true);
    expect(row, next_write(&more), false);
    buffer_done(&more);
    struct text line = buffer_text(out);
    expect(row, text_starts_with(line, TEXT("time=")) && text_ends_with(line, TEXT("\n")), true);
    expect(row, line.size > time_size && !memchr(line.data, '\n', line.size - 1), true);
    return (struct text){ line.data + time_size, line.size - time_size - 1 };
}

static void info_is_written_and_debug_is_not_until_it_is_asked_for(void **state)
{
    (void)state; /* the first of all tests: nobody has set a level yet */
    static const struct {
        enum logging_level level;
        bool written;
    } rows[] = { { LOGGING_ERROR, true }, { LOGGING_WARN, true }, { LOGGING_INFO, true }, { LOGGING_DEBUG, false } };
    struct buffer out = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        listen_to_standard_error();
        logging_write(rows[i].level, "e", NULL, 0);
        stop_listening();
        bool found = next_write(&out);
        expect("a level of its own", found, rows[i].written);
        if (found)
            expect("and no more", next_write(&out), false);
    }
    buffer_done(&out);
}

static void what_is_below_the_level_is_left_out(void **state)
{
    (void)state;
    static const enum logging_level levels[] = { LOGGING_ERROR, LOGGING_WARN, LOGGING_INFO, LOGGING_DEBUG };
    static const char *const lines[] = { "level=error event=e", "level=warn event=e", "level=info event=e",
                                         "level=debug event=e" };
    struct buffer out = { 0 };
    for (size_t set = ARRAY_COUNT(levels); set-- > 0;) {
        logging_set_level(levels[set]);
        for (size_t i = 0; i < ARRAY_COUNT(levels); i++) {
            listen_to_standard_error();
            logging_write(levels[i], "e", NULL, 0);
            stop_listening();
            if (i <= set)
                expect_text(lines[i], written(lines[i], &out), lines[i]);
            else
                expect(lines[i], next_write(&out), false);
        }
    }
    logging_set_level(LOGGING_INFO);
    buffer_done(&out);
}

static void a_text_is_quoted_where_a_reader_would_stumble(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *value;
    } rows[] = {
        { "a word", "usage", "usage" },
        { "what names are made of", "a-b_c.d/e:f,g+1", "a-b_c.d/e:f,g+1" },
        { "nothing", "", "\"\"" },
        { "no text", NULL, "\"\"" },
        { "a blank", "two words", "\"two words\"" },
        { "nothing but a blank", " ", "\" \"" },
        { "an equals sign", "a=b", "\"a=b\"" },
        { "quotes", "say \"no\"", "\"say \\\"no\\\"\"" },
        { "a quote alone", "\"", "\"\\\"\"" },
        { "a backslash", "C:\\logs", "\"C:\\\\logs\"" },
        { "what looks like an escape", "\\n", "\"\\\\n\"" },
        { "a newline", "one\ntwo", "\"one\\ntwo\"" },
        { "a newline of Windows", "one\r\ntwo", "\"one\\n\\ntwo\"" },
        { "newlines alone", "\n\n", "\"\\n\\n\"" },
        { "a line that is not ours", "x\ntime=1 level=error event=forged", "\"x\\ntime=1 level=error event=forged\"" },
        { "a tabulator", "a\tb", "\"a b\"" },
        { "an escape sequence", "\x1b[31mred", "\" [31mred\"" },
        { "the control characters at both ends", "\x01\x1f", "\"  \"" },
        { "letters beyond ASCII", "h\xc3\xb6st-\xe2\x82\xac", "h\xc3\xb6st-\xe2\x82\xac" },
        { "the same with a blank", "\xc3\xb6 \xc3\xa4", "\"\xc3\xb6 \xc3\xa4\"" },
        { "formats", "%s%n%d", "%s%n%d" },
    };
    struct buffer out = { 0 };
    char line[256];
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        listen_to_standard_error();
        log_text(rows[i].text, 1);
        stop_listening();
        snprintf(line, sizeof line, "level=info event=e a=%s b=1", rows[i].value);
        expect_text(rows[i].name, written(rows[i].name, &out), line);
        listen_to_standard_error(); /* an event's name is no different */
        logging_write(LOGGING_WARN, rows[i].text ? rows[i].text : "", NULL, 0);
        stop_listening();
        snprintf(line, sizeof line, "level=warn event=%s", rows[i].value);
        expect_text(rows[i].name, written(rows[i].name, &out), line);
    }
    buffer_done(&out);
}

static void no_byte_of_a_text_ends_the_line_or_the_field(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    for (int byte = 1; byte < 256; byte++) {
        const char text[] = { 'x', (char)byte, 'y', '\0' };
        char row[16];
        snprintf(row, sizeof row, "0x%02x", (unsigned)byte);
        listen_to_standard_error();
        log_text(text, 1);
        stop_listening();
        struct text line = written(row, &out);
        expect(row, text_starts_with(line, TEXT("level=info event=e a=")), true);
        expect(row, text_ends_with(line, TEXT("y b=1")) || text_ends_with(line, TEXT("y\" b=1")), true);
        for (size_t i = 0; i < line.size; i++)
            expect(row, (unsigned char)line.data[i] >= ' ', true);
    }
    buffer_done(&out);
}

static void numbers_are_written_in_full(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    listen_to_standard_error();
    log_event(LOGGING_INFO, "numbers", LOG_NUMBER("zero", 0), LOG_NUMBER("less", -1), LOG_NUMBER("most", INT64_MAX),
              LOG_NUMBER("least", INT64_MIN), LOG_TEXT("text", "7"));
    stop_listening();
    expect_text("numbers", written("numbers", &out),
                "level=info event=numbers zero=0 less=-1 most=9223372036854775807 least=-9223372036854775808 text=7");
    buffer_done(&out);
}

static void the_time_is_now_in_utc_to_the_millisecond(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    struct timespec before, after;
    int64_t found;
    setenv("TZ", "Pacific/Auckland", 1); /* where the test runs is of no interest */
    tzset();
    clock_gettime(CLOCK_REALTIME, &before);
    listen_to_standard_error();
    log_event(LOGGING_INFO, "e", LOG_NUMBER("a", 1));
    stop_listening();
    clock_gettime(CLOCK_REALTIME, &after);
    written("time", &out);
    unsetenv("TZ");
    tzset();
    struct text text = { out.data + strlen("time="), strlen("2026-06-01T00:00:00.000Z") };
    expect("a time", time_parse(text, &found), true);
    expect("not before", found >= before.tv_sec * INT64_C(1000) + before.tv_nsec / 1000000, true);
    expect("not after", found <= after.tv_sec * INT64_C(1000) + after.tv_nsec / 1000000, true);
    expect_text("of UTC", (struct text){ text.data + text.size - 1, 1 }, "Z");
    buffer_done(&out);
}

static void a_line_that_is_too_long_is_cut_and_still_a_line(void **state)
{
    (void)state;
    static char text[20001];
    struct buffer out = { 0 };
    for (size_t size = 3900; size < sizeof text; size += size < 4200 ? 1 : 5000) {
        char row[32];
        snprintf(row, sizeof row, "%zu letters", size);
        memset(text, 'x', size);
        text[size] = '\0';
        listen_to_standard_error();
        log_text(text, 1);
        stop_listening();
        struct text line = written(row, &out);
        expect(row, out.size <= 4096, true); /* what a pipe takes whole */
        size_t whole = strlen("level=info event=e a= b=1") + size;
        bool fits = out.size - line.size + whole <= 4096;
        expect_number(row, (long long)out.size, fits ? (long long)(out.size - line.size + whole) : 4096);
        expect(row, text_ends_with(line, TEXT(" b=1")), fits);
        expect(row, text_starts_with(line, TEXT("level=info event=e a=xxx")), true);
    }
    buffer_done(&out);
}

enum { THREADS = 4, LINES = 16 };

static void *write_lines(void *context)
{
    const char *letter = context;
    char text[64];
    memset(text, *letter, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < LINES; i++)
        log_text(text, i);
    return NULL;
}

static void threads_do_not_write_into_each_others_lines(void **state)
{
    (void)state;
    static char letters[THREADS] = { 'a', 'b', 'c', 'd' };
    pthread_t threads[THREADS];
    int lines[THREADS] = { 0 };
    struct buffer out = { 0 };
    listen_to_standard_error();
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, write_lines, &letters[i]) == 0);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    stop_listening();
    while (next_write(&out)) {
        const char *at = strstr(out.data, " a=");
        assert_non_null(at);
        size_t thread = (size_t)(at[3] - 'a');
        assert_true(thread < THREADS);
        char run[2] = { letters[thread], '\0' }, rest[32];
        assert_int_equal(strspn(at + 3, run), 63);
        snprintf(rest, sizeof rest, " b=%d\n", lines[thread]++); /* in the thread's own order */
        assert_string_equal(at + 3 + 63, rest);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(lines[i], LINES);
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(info_is_written_and_debug_is_not_until_it_is_asked_for),
        cmocka_unit_test(what_is_below_the_level_is_left_out),
        cmocka_unit_test(a_text_is_quoted_where_a_reader_would_stumble),
        cmocka_unit_test(no_byte_of_a_text_ends_the_line_or_the_field),
        cmocka_unit_test(numbers_are_written_in_full),
        cmocka_unit_test(the_time_is_now_in_utc_to_the_millisecond),
        cmocka_unit_test(a_line_that_is_too_long_is_cut_and_still_a_line),
        cmocka_unit_test(threads_do_not_write_into_each_others_lines),
    };
    return cmocka_run_group_tests_name("observe/logging", tests, NULL, NULL);
}
