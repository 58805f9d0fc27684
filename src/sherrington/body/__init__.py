"""Bodies: described models, the contract of an engine, the engines."""

import os
import sys

# MuJoCo reads this once, when it is imported, and its own default on Linux wants a screen. A choice made outside is
# respected; here rather than beside the import, because this file comes before every way of importing it.
if sys.platform == "linux":
    os.environ.setdefault("MUJOCO_GL", "egl")
