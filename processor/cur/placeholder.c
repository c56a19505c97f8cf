typedef int cur_placeholder;
