/* cli/commands.h: one function a command; argv[0] is the command's name. The answer is the exit code. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

int command_price(int argc, char **argv);
int command_check(int argc, char **argv);
int command_compare(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_run(int argc, char **argv);
int command_topics(int argc, char **argv);
int command_apply(int argc, char **argv);
int command_export(int argc, char **argv);
int command_import(int argc, char **argv);
int command_close(int argc, char **argv);
int command_status(int argc, char **argv);
int command_cur(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_serve(int argc, char **argv);

#endif
