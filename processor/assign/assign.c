/* assign/assign.c: a search in the sorted accounts. */
#include "assign/assign.h"

static uint32_t find_account(const struct conductor *conductor, uint64_t account, bool *listed)
{
    size_t low = 0, high = conductor->account_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (conductor->accounts[middle].account < account)
            low = middle + 1;
        else
            high = middle;
    }
    *listed = low < conductor->account_count && conductor->accounts[low].account == account;
    return *listed ? conductor->accounts[low].group : GROUP_NONE;
}

uint32_t assign_group(const struct conductor *conductor, uint64_t account, billing_period period)
{
    if (conductor->period != PERIOD_NONE && period < conductor->period)
        return GROUP_NONE;
    bool listed;
    uint32_t group = find_account(conductor, account, &listed);
    if (!listed)
        group = conductor->auto_associate_group;
    if (group == GROUP_NONE || conductor->groups[group].status == GROUP_PENDING)
        return GROUP_NONE;
    return group;
}
