typedef int documents_placeholder;
