/**
 * Do an action of a record as a button of its view does: what was typed is saved before,
 * and what the view shows is read again afterwards.
 *
 * @param {Object} env of a component within a view
 * @param {Object} record
 * @param {string} name of a public method of the record's model
 */
export function doRecordAction(env, record, name) {
    const { context, evalContext, resModel, resId, resIds } = record;
    return env.onClickViewButton({
        clickParams: { type: "object", name },
        getResParams: () => ({ context, evalContext, resModel, resId, resIds }),
    });
}
