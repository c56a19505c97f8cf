/* model/account.h: an AWS account id as a number: 12 digits fit 40 bits, and a number compares faster than text. */
#ifndef MODEL_ACCOUNT_H
#define MODEL_ACCOUNT_H

#include "base/text.h"

#define ACCOUNT_DIGITS 12

static inline uint64_t account_parse(struct text digits)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.size; i++)
        number = number * 10 + (uint64_t)(digits.data[i] - '0');
    return number;
}

/* Twelve digits and a final NUL. */
static inline void account_format(uint64_t account, char out[ACCOUNT_DIGITS + 1])
{
    for (int i = ACCOUNT_DIGITS; i-- > 0; account /= 10)
        out[i] = (char)('0' + account % 10);
    out[ACCOUNT_DIGITS] = '\0';
}

#endif
