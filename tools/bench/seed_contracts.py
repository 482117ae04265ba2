"""Run in an Odoo shell: a contract for each project."""

import os
import sys

sys.path.insert(0, os.environ["TOOLS"])

from bench import seed

seed.create_contracts(env)
