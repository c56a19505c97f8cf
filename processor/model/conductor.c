/* model/conductor.c: lifetime. */
#include "model/conductor.h"

#include <stdlib.h>

void conductor_done(struct conductor *conductor)
{
    arena_done(&conductor->arena);
    free(conductor->groups);
    free(conductor->plans);
    free(conductor->rules);
    free(conductor->custom_line_items);
    free(conductor->accounts);
    *conductor = (struct conductor){ 0 };
}
