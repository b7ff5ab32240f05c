"""
Run a command without the right to write where a file's mode forbids it.

Root has that right, and tests may run as root. As another user instead, the command
might not be allowed to read the interpreter or the checkout. Linux only.

    python unprivileged.py COMMAND ARGUMENT…
"""

import ctypes
import os
import sys

# linux/prctl.h, linux/capability.h
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE = 1

libc = ctypes.CDLL(None, use_errno=True)
# What is dropped from the bounding set is gone after exec.
has_right = libc.prctl(PR_CAPBSET_READ, CAP_DAC_OVERRIDE, 0, 0, 0) == 1
if os.geteuid() == 0 and has_right:
    failed = libc.prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)
    if failed:
        raise OSError(ctypes.get_errno(), "cannot drop CAP_DAC_OVERRIDE")
os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - no shell is wanted
