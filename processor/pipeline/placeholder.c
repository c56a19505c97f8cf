typedef int pipeline_placeholder;
