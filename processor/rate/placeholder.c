typedef int rate_placeholder;
