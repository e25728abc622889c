"""Python runs this at its start where this folder is on PYTHONPATH: the engine's processes have the additions too."""

import addition

addition.add()
