typedef int aggregate_placeholder;
