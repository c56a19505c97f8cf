/* support/scratch_rocks.h: one small RocksDB in the test's own folder. After support/unit.h. */
#ifndef SUPPORT_SCRATCH_ROCKS_H
#define SUPPORT_SCRATCH_ROCKS_H

#include "store/rocks.h"
#include "support/scratch.h"

static inline struct rocks *open_rocks(void)
{
    const struct rocks_options small = { .write_buffer_bytes = 64 * 1024, .cache_bytes = 64 * 1024 };
    struct rocks *rocks;
    struct error error;
    if (!rocks_open(scratch_path("rocks"), &small, &rocks, &error))
        fail_msg("%s", error.message);
    return rocks;
}

/* And what is in it goes. */
static inline void close_rocks(struct rocks *rocks)
{
    rocks_close(rocks);
    remove_tree(scratch_path("rocks"));
}

#endif
