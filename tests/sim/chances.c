/* sim/chances.c: what may happen to processes, to the group, to brokers and disks, by weight. */
#include "log/output_dir.h"
#include "sim/memory_rocks.h"
#include "sim/simulation_parts.h"
#include "sim/trace.h"

/* ---- processes ---- */

static bool is_held(const struct sim *sim, unsigned folder)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (sim->slots[i] && sim->slots[i]->folder == folder)
            return true;
    for (size_t i = 0; i < ZOMBIES; i++)
        if (sim->zombies[i] && sim->zombies[i]->folder == folder)
            return true;
    return false;
}

/* Mostly its own; at times one that somebody left long ago. */
struct process *start_process(struct sim *sim, size_t slot)
{
    unsigned folder = dice_percent(&sim->dice, 70) ? (unsigned)slot : (unsigned)dice_below(&sim->dice, FOLDERS);
    while (is_held(sim, folder))
        folder = (folder + 1) % FOLDERS;
    bool is_static = !sim->faults.has[FAULT_ANYONE] || dice_percent(&sim->dice, 40);
    return process_start(sim, slot, folder, is_static);
}

static void crash(struct sim *sim, size_t slot)
{
    char folder[160];
    if (!sim->slots[slot])
        return;
    snprintf(folder, sizeof folder, "%s", sim->slots[slot]->state_dir);
    process_end(&sim->slots[slot], true);
    sim->counts.crashes++;
    if (sim->faults.has[FAULT_LOST_FOLDER] && dice_percent(&sim->dice, 30))
        memory_disk_remove(folder);
}

static void stop(struct sim *sim, size_t slot)
{
    if (!sim->slots[slot])
        return;
    atomic_store(&sim->slots[slot]->stop, true);
    process_sleep(sim->slots[slot], false);
}

/* It is taken for dead, and another process starts under its name while it goes on. */
static void make_zombie(struct sim *sim, size_t slot)
{
    for (size_t i = 0; i < ZOMBIES; i++) {
        if (!sim->slots[slot] || sim->zombies[i])
            continue;
        trace("%s is taken for dead", sim->slots[slot]->id);
        sim->zombies[i] = sim->slots[slot];
        sim->slots[slot] = NULL;
        sim->slots[slot] = start_process(sim, slot);
        return;
    }
}

static void sleep_or_wake(struct sim *sim, size_t slot)
{
    if (sim->slots[slot])
        process_sleep(sim->slots[slot], !sim->slots[slot]->asleep);
}

static void begin(struct sim *sim, size_t slot)
{
    if (!sim->slots[slot])
        sim->slots[slot] = start_process(sim, slot);
}

static void expel(struct sim *sim, size_t slot)
{
    if (!sim->slots[slot] || !sim->slots[slot]->stream)
        return;
    trace("%s is expelled", sim->slots[slot]->id);
    memory_stream_expel(sim->slots[slot]->stream);
    sim->counts.expelled++;
}

static void step_zombie(struct sim *sim, size_t slot)
{
    struct process **zombie = &sim->zombies[(slot + (size_t)dice_below(&sim->dice, ZOMBIES)) % ZOMBIES];
    if (*zombie)
        process_step(zombie);
}

/* Long enough for sessions and transactions to end. */
static void let_time_pass(struct sim *sim, size_t slot)
{
    (void)slot;
    memory_log_advance(sim->log, (int64_t)dice_below(&sim->dice, 12000));
}

static void pass_hours(struct sim *sim, size_t slot)
{
    (void)slot;
    /* At times more than a day, after which compaction takes deletions, too. */
    uint64_t hours = dice_percent(&sim->dice, 70) ? 16 : 48;
    memory_log_advance(sim->log, (int64_t)dice_below(&sim->dice, hours * 3600 * 1000));
}

/* Far enough to close months, if anybody believed it. */
static void move_clock(struct sim *sim, size_t slot)
{
    if (!sim->slots[slot])
        return;
    sim->slots[slot]->clock_ahead_ms += (int64_t)dice_below(&sim->dice, 40 * 24) * 3600 * 1000;
    trace("%s: its clock jumps to %lld ms ahead", sim->slots[slot]->id, (long long)sim->slots[slot]->clock_ahead_ms);
}

/* ---- brokers and disks ---- */

static void compact(struct sim *sim, size_t slot)
{
    (void)slot;
    memory_log_compact(sim->log, STREAM_LINE_ITEMS, 24 * 3600 * 1000);
}

static void compact_subtotals(struct sim *sim, size_t slot)
{
    (void)slot;
    memory_log_compact(sim->log, STREAM_SUBTOTALS, 24 * 3600 * 1000);
}

static void compact_control(struct sim *sim, size_t slot)
{
    (void)slot;
    memory_log_compact(sim->log, STREAM_CONDUCTOR, 24 * 3600 * 1000);
}

static void retain(struct sim *sim, size_t slot)
{
    (void)slot;
    memory_log_retain(sim->log, STREAM_USAGE, sim->settings.dedup_window_ms);
}

static void expire_offsets(struct sim *sim, size_t slot)
{
    (void)slot;
    for (size_t i = 0; i < SLOTS; i++)
        process_end(&sim->slots[i], true);
    for (size_t i = 0; i < ZOMBIES; i++)
        process_end(&sim->zombies[i], true);
    memory_log_advance(sim->log, 2 * 3600 * 1000);
    memory_log_expire_offsets(sim->log);
}

static void add_partition(struct sim *sim, size_t slot)
{
    (void)slot;
    if (memory_log_partitions(sim->log, STREAM_USAGE) > 3)
        return;
    trace("outside: a usage partition is added");
    memory_log_add_partition(sim->log, STREAM_LINE_ITEMS);
    memory_log_add_partition(sim->log, STREAM_USAGE);
}

/* Under keys that nobody else has: what takes the place of a good record is damage once the topic is compacted. */
static void break_control(struct sim *sim, size_t slot)
{
    static const struct text keys[] = {
        { "nonsense", 8 }, { "2026-06/close/", 14 }, { "2026-06/version/6", 17 }, { "//", 2 }, { NULL, 0 }
    };
    (void)slot;
    trace("outside: a broken record on the conductor topic");
    memory_log_append(sim->log, STREAM_CONDUCTOR, 0, keys[dice_below(&sim->dice, 5)], TEXT("{\"period\": "), false);
}

static void fill_disk(struct sim *sim, size_t slot)
{
    (void)slot;
    trace("the disk is full");
    sim->disk_full_until_ms = memory_log_now_ms(sim->log) + (int64_t)dice_below(&sim->dice, 3000);
}

static void lose_registry(struct sim *sim, size_t slot)
{
    (void)slot;
    trace("the registry is away");
    sim->registry_away_until_ms = memory_log_now_ms(sim->log) + (int64_t)dice_below(&sim->dice, 20000);
}

/* A task's folder that nobody has open now: whoever gets the task waits. */
static void lock_folder(struct sim *sim, size_t slot)
{
    unsigned task = (unsigned)dice_below(&sim->dice, (uint64_t)memory_log_partitions(sim->log, STREAM_LINE_ITEMS));
    if (!sim->slots[slot])
        return;
    snprintf(sim->locked, sizeof sim->locked, "%s/task-%u", sim->slots[slot]->state_dir, task);
    trace("%s is locked", sim->locked);
    sim->locked_until_ms = memory_log_now_ms(sim->log) + (int64_t)dice_below(&sim->dice, 20000);
}

/* What lasts for a while. */
static void set_what_lasts(struct sim *sim)
{
    int64_t now = memory_log_now_ms(sim->log);
    memory_disk_set_full(now < sim->disk_full_until_ms);
    memory_disk_lock(now < sim->locked_until_ms ? sim->locked : NULL);
    sim_schemas_set_away(sim->schemas, now < sim->registry_away_until_ms);
}

/* ---- what happens next ---- */

static const struct {
    enum fault fault; /* FAULT_COUNT: no fault */
    unsigned weight;  /* of 10000 */
    void (*happen)(struct sim *sim, size_t slot);
} chances[] = {
    { FAULT_CRASH, 40, crash },
    { FAULT_STOP, 10, stop },
    { FAULT_ZOMBIE, 15, make_zombie },
    { FAULT_ZOMBIE, 60, step_zombie },
    { FAULT_SLEEP, 25, sleep_or_wake },
    { FAULT_EXPEL, 20, expel },
    { FAULT_COUNT, 80, begin },
    { FAULT_COUNT, 30, let_time_pass },
    { FAULT_CLOCK, 10, move_clock },
    { FAULT_HOURS, 5, pass_hours },
    { FAULT_COMPACT, 20, compact },
    { FAULT_COMPACT_SUBTOTALS, 20, compact_subtotals },
    { FAULT_RETAIN, 20, retain },
    { FAULT_EXPIRED, 3, expire_offsets },
    { FAULT_ADDED, 10, add_partition },
    { FAULT_BROKEN_CONTROL, 5, break_control },
    { FAULT_FULL_DISK, 10, fill_disk },
    { FAULT_COMPACT_CONTROL, 20, compact_control },
    { FAULT_REGISTRY, 20, lose_registry },
    { FAULT_LOCKED, 20, lock_folder },
};

void chance(struct sim *sim)
{
    size_t slot = (size_t)dice_below(&sim->dice, SLOTS);
    uint64_t rolled = dice_below(&sim->dice, 10000);
    set_what_lasts(sim);
    for (size_t i = 0; i < ARRAY_COUNT(chances); i++) {
        if (rolled >= chances[i].weight) {
            rolled -= chances[i].weight;
            continue;
        }
        if (chances[i].fault == FAULT_COUNT || sim->faults.has[chances[i].fault])
            chances[i].happen(sim, slot);
        return;
    }
    if (sim->slots[slot])
        process_step(&sim->slots[slot]);
}
