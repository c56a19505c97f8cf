typedef int log_placeholder;
