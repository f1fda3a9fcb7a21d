import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

collect_ignore = ["mergekit"]  # has an environment and a runner of its own
