"""A control: runs what follows it, which must fail, and by its own figures for answers that no client understands."""

import re
import subprocess
import sys

done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(done.stdout[-4000:], done.stderr[-2000:])
figures = re.search(r"^dropin: calls=(\d+) understood=(\d+)", done.stdout, re.M)
caught = done.returncode == 1 and figures and int(figures.group(2)) < int(figures.group(1))
print("control: found" if caught else f"control: NOT FOUND (exit status {done.returncode})")
sys.exit(0 if caught else 1)
