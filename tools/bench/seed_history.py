"""Run in an Odoo shell: a used database, without the addon."""

import os
import sys

sys.path.insert(0, os.environ["TOOLS"])

from bench import seed

seed.seed(env)
