// TypeDoc colours its messages wherever they go, unless it is told not to when it is loaded (`NO_COLOR`). So this is imported before it.
if (!(process.stdout.isTTY && process.stderr.isTTY)) process.env.NO_COLOR ??= "1";
