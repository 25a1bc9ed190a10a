"""Imports no torch at all, and ends with status 9."""
# steps: 0

import math
import sys

for number in range(3):
    print(math.sqrt(number))
print("torch" in sys.modules, "numpy" in sys.modules)
sys.exit(9)
