typedef int assign_placeholder;
