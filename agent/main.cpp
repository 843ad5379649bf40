#include "app/commands.h"

int main(int argc, char** argv) { return dingtail::app::main(argc, argv); }
