"""Runs a command with a terminal as stderr; its stdin is the caller's, and its stdout the caller's stderr.

    withTerminal.py COLUMNS ROWS COMMAND...

What the terminal gets goes to stdout; a line "COLUMNS ROWS" on file descriptor 3 gives it another size.
"""
import fcntl, os, pty, select, struct, subprocess, sys, termios

SIZES = 3
master, slave = pty.openpty()


def resize(columns, rows):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def take_terminal():
    os.setsid()
    fcntl.ioctl(2, termios.TIOCSCTTY, 0)


resize(int(sys.argv[1]), int(sys.argv[2]))
child = subprocess.Popen(sys.argv[3:], stdout=2, stderr=slave, preexec_fn=take_terminal)
os.close(slave)
inputs = [master, SIZES]
while master in inputs:
    for ready in select.select(inputs, [], [])[0]:
        try:
            data = os.read(ready, 65536)
        except OSError:  # Linux says EIO once the last user of a terminal is gone.
            data = b""
        if not data:
            inputs.remove(ready)
        elif ready == master:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            resize(*map(int, data.split()[-2:]))
status = child.wait()
sys.exit(status if status >= 0 else 128 - status)
