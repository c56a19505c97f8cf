/* support/file_limit.h: a disk that is full: files of this process end at a size. */
#ifndef SUPPORT_FILE_LIMIT_H
#define SUPPORT_FILE_LIMIT_H

#include <signal.h>
#include <sys/resource.h>

#include "base/error.h"

/* Writes behind `bytes` fail until file_limit_lift. Reports of cmocka go to a terminal or a pipe. */
static inline void file_limit_set(unsigned long bytes)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = bytes;
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static inline void file_limit_lift(void)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

#endif
