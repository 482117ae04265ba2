"""Run in an Odoo shell: 200,000 journal items."""

import os
import sys

sys.path.insert(0, os.environ["TOOLS"])

from bench import seed

seed.add_items(env, 200_000)
