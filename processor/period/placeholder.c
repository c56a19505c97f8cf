typedef int period_placeholder;
