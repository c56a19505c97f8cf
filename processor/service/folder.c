/* service/folder.c: document, bills, line items and reports of a result folder. */
#include "service/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/avro_file.h"
#include "codec/json_read.h"
#include "codec/record_reader.h"
#include "log/output_dir.h"

#define VIEW_BYTES ((size_t)64 * 1024 * 1024)
#define COMMIT_BYTES ((size_t)8 * 1024 * 1024)
#define LINE_BYTES_MAX ((size_t)1024 * 1024)
#define PROGRESS_ROWS 100000

struct folder {
    char *path, *state; /* state: the temporary folder */
    struct book *book;
    struct view *view;
    billing_period last_month;
    json_t *counts, *dead; /* of the summary; letters by reason */
    void (*progress)(uint64_t rows);
    uint64_t rows;
};

/* ---- records ---- */

union record {
    uint64_t present;
    struct bill bill;
    struct line_item item;
};

static bool take(struct folder *folder, const struct record_type *type, const union record *record, struct error *error)
{
    bool done = type == &bill_type ? view_put_bill(folder->view, &record->bill, error)
                                   : view_put_line_item(folder->view, &record->item, error);
    if (done && view_pending(folder->view) > COMMIT_BYTES)
        done = view_commit(folder->view, error);
    if (++folder->rows % PROGRESS_ROWS == 0 && folder->progress)
        folder->progress(folder->rows);
    return done;
}

static bool load_jsonl(struct folder *folder, struct input *input, const struct record_type *type, struct error *error)
{
    struct record_reader *records = record_reader_new(input, LINE_BYTES_MAX, false);
    struct arena arena = { 0 };
    struct buffer scratch = { 0 };
    struct text line;
    uint64_t number;
    union record record;
    bool done = true;
    enum record_status status = RECORD_OK;
    while (done && (status = record_reader_next(records, &line, &number)) == RECORD_OK) {
        arena_reset(&arena);
        struct error reason;
        if (json_read_record(line, type, &record, &arena, &scratch, &reason))
            done = take(folder, type, &record, error);
        else
            done = error_fail(error, ERROR_INVALID, "%s: line %llu: %s", input_name(input), (unsigned long long)number,
                              reason.message);
    }
    if (done && status != RECORD_END)
        done =
            error_fail(error, ERROR_FAILED, "%s: line %llu: cannot be read", input_name(input), (unsigned long long)number);
    record_reader_free(records);
    arena_done(&arena);
    buffer_done(&scratch);
    return done;
}

static bool load_avro(struct folder *folder, struct input *input, const struct record_type *type, struct error *error)
{
    struct avro_file_options options = { 0 };
    struct avro_file *file;
    struct arena arena = { 0 };
    struct refusal refusal;
    union record record;
    bool done = true;
    enum avro_file_status status = AVRO_FILE_RECORD;
    if (!avro_file_open(input, type, &options, &file, error))
        return false;
    while (done && status == AVRO_FILE_RECORD) {
        arena_reset(&arena);
        status = avro_file_next(file, &record, &arena, &refusal, error);
        if (status == AVRO_FILE_RECORD)
            done = take(folder, type, &record, error);
    }
    if (done && status != AVRO_FILE_END)
        done = status == AVRO_FILE_FAILED ? false
                                          : error_fail(error, ERROR_FAILED, "%s: %s", input_name(input), refusal.detail);
    avro_file_close(file);
    arena_done(&arena);
    return done;
}

static bool load_records(struct folder *folder, const char *name, const struct record_type *type, struct error *error)
{
    static const struct {
        const char *extension;
        bool (*load)(struct folder *, struct input *, const struct record_type *, struct error *);
    } forms[] = { { "jsonl", load_jsonl }, { "avro", load_avro } };
    for (size_t i = 0; i < ARRAY_COUNT(forms); i++) {
        struct buffer path = { 0 };
        struct input *input;
        buffer_printf(&path, "%s/%s.%s", folder->path, name, forms[i].extension);
        buffer_append_byte(&path, '\0');
        bool is_there = access(path.data, F_OK) == 0;
        bool done = is_there && input_open(path.data, &input, error);
        buffer_done(&path);
        if (done) {
            done = forms[i].load(folder, input, type, error);
            input_close(input);
        }
        if (is_there)
            return done;
    }
    return error_fail(error, ERROR_INVALID, "%s: holds no %s.jsonl or %s.avro", folder->path, name, name);
}

/* ---- the document ---- */

static bool read_whole(const char *path, struct buffer *bytes, struct error *error)
{
    struct input *input;
    size_t got = 0;
    enum input_status status;
    if (!input_open(path, &input, error))
        return false;
    while ((status = input_read(input, buffer_reserve(bytes, 65536), 65536, &got)) == INPUT_OK)
        bytes->size += got;
    bool done = status == INPUT_END || error_fail(error, ERROR_FAILED, "%s: %s", path, input_failure(input));
    input_close(input);
    return done;
}

/* Folders of an earlier release have none: bills are shown all the same. */
static bool load_document(struct folder *folder, int64_t applied_s, struct error *error)
{
    struct buffer path = { 0 }, json = { 0 };
    struct document *document;
    folder->book = book_new(TEXT_NONE);
    buffer_printf(&path, "%s/conductor.json", folder->path);
    buffer_append_byte(&path, '\0');
    bool is_there = access(path.data, F_OK) == 0;
    bool done = !is_there || (read_whole(path.data, &json, error) &&
                              document_parse(buffer_text(&json), TEXT_NONE, applied_s, &document, error));
    if (is_there && done)
        book_put(folder->book, document);
    buffer_done(&path);
    buffer_done(&json);
    return done;
}

/* ---- open and close ---- */

static void note_month(void *context, struct text period)
{
    struct folder *folder = context;
    billing_period month;
    if (period_parse(period, &month))
        folder->last_month = month;
}

static bool make_view(struct folder *folder, struct error *error)
{
    const char *temporary = getenv("TMPDIR");
    struct buffer path = { 0 };
    buffer_printf(&path, "%s/proforma-serve-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    buffer_append_byte(&path, '\0');
    if (!mkdtemp(path.data)) {
        error_fail(error, ERROR_FAILED, "%s: %s", path.data, strerror(errno));
        buffer_done(&path);
        return false;
    }
    folder->state = path.data;
    return view_open(folder->state, VIEW_BYTES, &folder->view, error);
}

/* ---- what became of the usage ---- */

/* The summary's counts; its texts and lists are shown elsewhere. */
static bool load_counts(struct folder *folder, const char *path, struct error *error)
{
    struct buffer bytes = { 0 };
    json_error_t reason;
    const char *name;
    json_t *value;
    if (!read_whole(path, &bytes, error)) {
        buffer_done(&bytes);
        return false;
    }
    json_t *summary = json_loadb(bytes.data, bytes.size, 0, &reason);
    buffer_done(&bytes);
    folder->counts = json_object();
    json_object_foreach (summary, name, value)
        if (json_is_integer(value))
            json_object_set(folder->counts, name, value);
    json_decref(summary);
    return true;
}

static void count_dead(struct folder *folder, struct text line)
{
    json_error_t error;
    json_t *letter = json_loadb(line.data, line.size, 0, &error);
    const char *reason = json_string_value(json_object_get(letter, "reason"));
    if (reason) {
        json_int_t before = json_integer_value(json_object_get(folder->dead, reason));
        json_object_set_new(folder->dead, reason, json_integer(before + 1));
    }
    json_decref(letter);
}

/* A folder without letters is as good as one whose file is empty. */
static bool load_dead(struct folder *folder, struct error *error)
{
    struct buffer path = { 0 };
    struct input *input;
    struct text line;
    uint64_t number;
    enum record_status status = RECORD_OK;
    folder->dead = json_object();
    buffer_printf(&path, "%s/dead-letters.jsonl", folder->path);
    buffer_append_byte(&path, '\0');
    bool is_there = access(path.data, F_OK) == 0, done = !is_there || input_open(path.data, &input, error);
    buffer_done(&path);
    if (!is_there || !done)
        return done;
    struct record_reader *records = record_reader_new(input, LINE_BYTES_MAX, false);
    while (status != RECORD_END && status != RECORD_FAILED)
        if ((status = record_reader_next(records, &line, &number)) == RECORD_OK)
            count_dead(folder, line);
    done = status == RECORD_END ||
           error_fail(error, ERROR_FAILED, "%s: line %llu: cannot be read", input_name(input), (unsigned long long)number);
    record_reader_free(records);
    input_close(input);
    return done;
}

static bool load(struct folder *folder, struct error *error)
{
    struct buffer path = { 0 };
    struct stat summary;
    buffer_printf(&path, "%s/summary.json", folder->path);
    buffer_append_byte(&path, '\0');
    bool whole =
        stat(path.data, &summary) == 0 ||
        error_fail(error, ERROR_INVALID, "%s: holds no summary.json, so no whole result of proforma price", folder->path);
    bool done = whole && load_counts(folder, path.data, error) && load_dead(folder, error);
    buffer_done(&path);
    return done && load_document(folder, (int64_t)summary.st_mtim.tv_sec, error) && make_view(folder, error) &&
           load_records(folder, "bills", &bill_type, error) && load_records(folder, "line-items", &line_item_type, error) &&
           view_commit(folder->view, error) && view_periods(folder->view, note_month, folder, error);
}

bool folder_open(const char *path, void (*progress)(uint64_t rows), struct folder **ret_folder, struct error *error)
{
    struct folder *folder = memory_new(sizeof *folder);
    folder->path = memory_copy_string(path);
    folder->progress = progress;
    folder->last_month = PERIOD_NONE;
    if (!load(folder, error)) {
        folder_close(folder);
        return false;
    }
    if (folder->last_month == PERIOD_NONE) {
        struct document *document = book_at(folder->book, INT32_MAX);
        folder->last_month = document->period != PERIOD_NONE ? document->period : 0;
        document_release(document);
    }
    *ret_folder = folder;
    return true;
}

void folder_close(struct folder *folder)
{
    if (!folder)
        return;
    view_close(folder->view);
    if (folder->state)
        remove_tree(folder->state);
    book_free(folder->book);
    json_decref(folder->counts);
    json_decref(folder->dead);
    free(folder->state);
    free(folder->path);
    free(folder);
}

struct book *folder_book(struct folder *folder)
{
    return folder->book;
}

struct view *folder_view(struct folder *folder)
{
    return folder->view;
}

/* ---- months and reports ---- */

static billing_period running_month(void *context)
{
    const struct folder *folder = context;
    return folder->last_month;
}

/* cur/GROUP[/accounts/ACCOUNT]/20260601-20260701 */
static void report_folder(const struct folder *folder, billing_period period, struct text group, struct text account,
                          struct buffer *out)
{
    char start[TIME_TEXT_MAX], end[TIME_TEXT_MAX];
    period_format(period, start);
    period_format(period + 1, end);
    buffer_clear(out);
    buffer_printf(out, "%s/cur/%.*s%s%.*s/%.4s%.2s01-%.4s%.2s01", folder->path, TEXT_ARGS(group),
                  account.size ? "/accounts/" : "", TEXT_ARGS(account), start, start + 5, end, end + 5);
    buffer_append_byte(out, '\0');
}

static bool has_report(const struct folder *folder, billing_period period, struct text group, struct text account)
{
    struct buffer path = { 0 };
    report_folder(folder, period, group, account, &path);
    bool is_there = access(path.data, F_OK) == 0;
    buffer_done(&path);
    return is_there;
}

/* Names in a folder, sorted; free each and the list. */
static int list_names(const char *path, struct dirent ***ret_names)
{
    int count = scandir(path, ret_names, NULL, alphasort);
    return count < 0 ? 0 : count;
}

typedef void visit_name(void *context, struct text name);

static void each_name(const char *path, visit_name *visit, void *context)
{
    struct dirent **names = NULL;
    int count = list_names(path, &names);
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.')
            visit(context, text_of(names[i]->d_name));
        free(names[i]);
    }
    free(names);
}

struct report_walk {
    const struct folder *folder;
    billing_period period;
    struct text group;
    void (*visit)(void *visitor, struct text group, struct text account);
    void *visitor;
    size_t count;
};

static void visit_account(void *context, struct text account)
{
    struct report_walk *walk = context;
    if (!has_report(walk->folder, walk->period, walk->group, account))
        return;
    walk->count++;
    if (walk->visit)
        walk->visit(walk->visitor, walk->group, account);
}

static void visit_group(void *context, struct text group)
{
    struct report_walk *walk = context;
    struct buffer accounts = { 0 };
    walk->group = group;
    visit_account(walk, TEXT_NONE);
    buffer_printf(&accounts, "%s/cur/%.*s/accounts", walk->folder->path, TEXT_ARGS(group));
    buffer_append_byte(&accounts, '\0');
    each_name(accounts.data, visit_account, walk);
    buffer_done(&accounts);
}

static size_t walk_reports(const struct folder *folder, billing_period period,
                           void (*visit)(void *visitor, struct text group, struct text account), void *visitor)
{
    struct report_walk walk = { .folder = folder, .period = period, .visit = visit, .visitor = visitor };
    struct buffer path = { 0 };
    buffer_printf(&path, "%s/cur", folder->path);
    buffer_append_byte(&path, '\0');
    each_name(path.data, visit_group, &walk);
    buffer_done(&path);
    return walk.count;
}

static bool reports(void *context, billing_period period,
                    void (*visit)(void *visitor, struct text group, struct text account), void *visitor, struct error *error)
{
    (void)error;
    walk_reports(context, period, visit, visitor);
    return true;
}

static enum month_state month_state(void *context, billing_period period)
{
    return walk_reports(context, period, NULL, NULL) > 0 ? MONTH_CLOSED : MONTH_OPEN;
}

static bool open_report(void *context, billing_period period, struct text group, struct text account, int *file,
                        uint64_t *bytes, struct error *error)
{
    struct folder *folder = context;
    struct buffer path = { 0 };
    struct stat status;
    struct text name = account.size ? account : group;
    (void)error;
    report_folder(folder, period, group, account, &path);
    path.size--;
    buffer_printf(&path, "/%.*s-00001.csv.gz", TEXT_ARGS(name));
    buffer_append_byte(&path, '\0');
    *file = open(path.data, O_RDONLY | O_CLOEXEC);
    if (*file >= 0 && (fstat(*file, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(*file);
        *file = -1;
    }
    if (*file >= 0)
        *bytes = (uint64_t)status.st_size;
    buffer_done(&path);
    return true;
}

static enum source_health health(void *context)
{
    (void)context;
    return SOURCE_READY;
}

static bool prices(void *context, billing_period period, struct price_list *list, struct error *error)
{
    (void)context;
    (void)period;
    (void)list;
    return error_fail(error, ERROR_FAILED, "a folder of results has no price list");
}

static bool state(void *context, struct buffer *out, struct error *error)
{
    const struct folder *folder = context;
    json_t *letters = json_array(), *count;
    const char *reason;
    (void)error;
    json_object_foreach (folder->dead, reason, count)
        json_array_append_new(letters, json_pack("{s:s,s:O}", "reason", reason, "count", count));
    json_t *all = json_pack("{s:O,s:o}", "counts", folder->counts, "dead_letters", letters);
    char *text = json_dumps(all, JSON_COMPACT);
    buffer_append_text(out, text_of(text));
    free(text);
    json_decref(all);
    return true;
}

struct source folder_source(struct folder *folder)
{
    return (struct source){ folder, running_month, month_state, reports, open_report, health, prices, state };
}
