/* base/text.c: the parts of text.h that are more than a comparison. */
#include "base/text.h"

#include "base/word.h"

bool text_contains(struct text text, struct text part)
{
    if (part.size == 0)
        return true;
    for (size_t at = 0; at + part.size <= text.size; at++)
        if (memcmp(text.data + at, part.data, part.size) == 0)
            return true;
    return false;
}

/* Length of the well-formed sequence at `bytes`, 0 if there is none. */
static size_t utf8_sequence_size(const unsigned char *bytes, size_t left)
{
    unsigned char lead = bytes[0];
    size_t size = lead < 0x80                    ? 1
                  : lead >= 0xc2 && lead <= 0xdf ? 2
                  : (lead & 0xf0) == 0xe0        ? 3
                  : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                 : 0;
    if (size == 0 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    if ((lead == 0xe0 && bytes[1] < 0xa0) || (lead == 0xed && bytes[1] > 0x9f))
        return 0;
    if ((lead == 0xf0 && bytes[1] < 0x90) || (lead == 0xf4 && bytes[1] > 0x8f))
        return 0;
    return size;
}

bool text_is_utf8(struct text text)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    size_t at = 0;
    while (at < text.size) {
        uint64_t word;
        /* Eight ASCII bytes at once: nearly all of a bill is ASCII. */
        if (text.size - at >= sizeof word) {
            memcpy(&word, bytes + at, sizeof word);
            if ((word & 0x8080808080808080u) == 0) {
                at += sizeof word;
                continue;
            }
        }
        size_t size = utf8_sequence_size(bytes + at, text.size - at);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

static uint64_t not_digits(const char *at)
{
    uint64_t word = word_at(at);
    return word | (word + WORD_ONES * (0x7f - '9')) | (word - WORD_ONES * '0');
}

bool text_is_digits(struct text text, size_t count)
{
    if (text.size != count)
        return false;
    uint64_t strays = 0; /* the high bit of each byte that is no digit, and of some behind it */
    size_t at = 0;
    for (; count - at >= sizeof strays; at += sizeof strays)
        strays |= not_digits(text.data + at);
    if (at > 0 && at < count) /* the last eight once more */
        return ((strays | not_digits(text.data + count - sizeof strays)) & WORD_ONES << 7) == 0;
    for (; at < count; at++)
        if (text.data[at] < '0' || text.data[at] > '9')
            return false;
    return (strays & WORD_ONES << 7) == 0;
}
