from . import schedule_text
