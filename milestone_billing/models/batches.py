"""Work that a scheduled job does batch by batch: kept, tried again, and halved."""

from functools import partial

from odoo.service.model import retrying


def work_off(parts, process, give_up, remaining):
    """Do something with records and keep it; where that fails, with the halves.

    What another transaction changed meanwhile lets the whole batch be tried again, as
    the server tries a request again; ``_commit_progress`` keeps what was done.

    :param list parts: recordsets of one model, each of which stays together
    :param process: called with all of the records
    :param give_up: called with the records of one part and the exception
    :param int remaining: how many records are left for the job after these
    :return: the seconds that are left to the job
    """
    records = parts[0].concat(*parts[1:])
    env = records.env
    try:
        retrying(partial(process, records), env)
    except Exception as error:  # noqa: BLE001  # pylint: disable=broad-except
        # whatever it is, the others are done all the same
        env.cr.rollback()
        if len(parts) > 1:
            middle = len(parts) // 2
            after_first = remaining + sum(map(len, parts[middle:]))
            work_off(parts[:middle], process, give_up, after_first)
            return work_off(parts[middle:], process, give_up, remaining)
        retrying(partial(give_up, records, error), env)
    return env["ir.cron"]._commit_progress(len(records), remaining=remaining)
