/* pipeline/run_reports.c: a report is a job; whoever is free takes the next one. */
#include "pipeline/run_reports.h"

#include <stdlib.h>

#include "base/relay.h"
#include "cur/cur_files.h"
#include "model/account.h"

#define JOBS_MAX (2 * RELAY_WORKERS_MAX)

struct job {
    struct cur_report report;
    bool done;
    struct error error;
};

struct work {
    const struct run_reports *reports;
    struct job items[JOBS_MAX];
    void *jobs[JOBS_MAX];
    struct error error; /* of the first report that failed */
};

static bool write_report(const struct run_reports *reports, struct cur_report report, struct error *error)
{
    const struct conductor *conductor = reports->conductor;
    const struct billing_group *group = &conductor->groups[report.group];
    struct buffer relative = { 0 }, folder = { 0 };
    char account[ACCOUNT_DIGITS + 1] = "";
    buffer_printf(&relative, "cur/%.*s", TEXT_ARGS(group->id));
    if (report.account != CUR_WHOLE_GROUP) {
        account_format(report.account, account);
        buffer_printf(&relative, "/accounts/%s", account);
    }
    buffer_printf(&folder, "%s/%s", output_dir_partial(reports->output), relative.data);
    struct cur_report_files files = {
        .folder = folder.data,
        .name = report.account == CUR_WHOLE_GROUP ? group->id : text_of(account),
        .period = reports->period,
        .payer = group->payer,
        .currency = conductor->currency,
        .document_hash = text_of(conductor->hash),
        .conductor_version = conductor->version,
        .revision = 1,
    };
    struct cur_report_totals totals;
    bool done = output_dir_make(reports->output, relative.data, error) &&
                cur_files_write(reports->spool, report, &files, &totals, error);
    buffer_done(&relative);
    buffer_done(&folder);
    return done;
}

static void work_job(void *context, void *place, size_t worker)
{
    const struct work *work = context;
    struct job *job = place;
    (void)worker;
    job->done = write_report(work->reports, job->report, &job->error);
}

static bool drain_job(void *context, void *place)
{
    struct work *work = context;
    const struct job *job = place;
    if (!job->done)
        work->error = job->error;
    return job->done;
}

static bool write_all(struct work *work, const struct cur_report *items, size_t count)
{
    static const struct relay_hands hands = { .work = work_job, .drain = drain_job };
    size_t threads = work->reports->threads < RELAY_WORKERS_MAX ? work->reports->threads : RELAY_WORKERS_MAX;
    for (size_t i = 0; i < JOBS_MAX; i++)
        work->jobs[i] = &work->items[i];
    struct relay *relay = relay_new(&hands, work, work->jobs, threads <= 1 ? 1 : 2 * threads, threads);
    struct job *job = NULL;
    for (size_t i = 0; i < count && (job = relay_next(relay)); i++) {
        job->report = items[i];
        if (work->reports->begun)
            work->reports->begun(work->reports->context);
    }
    bool done = relay_finish(relay);
    relay_free(relay);
    return done;
}

bool run_reports_write(const struct run_reports *reports, struct error *error)
{
    size_t count;
    struct work *work = memory_new(sizeof *work);
    struct cur_report *items = cur_spool_reports(reports->spool, &count);
    work->reports = reports;
    bool done = write_all(work, items, count);
    if (!done)
        *error = work->error;
    free(items);
    free(work);
    return done;
}
